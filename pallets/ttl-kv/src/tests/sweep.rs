//! The removal of dead entries (TTL-R18).

use super::*;
use crate::{ExpiryPages, SweepHeight, Totals, PAGE_LENGTH};
use frame_support::{storage::StoragePrefixedMap, traits::Hooks};
use sp_runtime::StateVersion;
use std::collections::BTreeMap;

/// Keys and values stored under `prefix`.
pub fn items_under(prefix: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
	let mut items = BTreeMap::new();
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|key| key.starts_with(prefix)) {
		items.insert(next.clone(), sp_io::storage::get(&next).expect("it has a key").to_vec());
		key = next;
	}
	items
}

/// Number of items in the storage of entries and index.
pub fn keys_of_entries_and_index() -> usize {
	items_under(&Entries::<Test>::final_prefix()).len()
		+ items_under(&ExpiryPages::<Test>::final_prefix()).len()
}

/// Puts `count` entries of Alice that all end after `ttl` blocks.
fn put_storm(count: u32, ttl: u32) {
	for n in 0..count {
		assert_ok!(put(ALICE, &n.to_le_bytes(), &[7; 40], ttl));
	}
}

/// Ends the block and returns the counts of its `Pruned` events.
fn pruned_in_block(idle: Weight) -> Vec<u32> {
	end_block(idle);
	let pruned = |event| match event {
		Event::Pruned { count } => Some(count),
		_ => None,
	};
	events().into_iter().filter_map(pruned).collect()
}

fn backlog() -> u64 {
	TtlKv::statistics(None).backlog
}

/// Weight of a sweep that takes `count` references, each from a page of its own.
fn weight_of(count: u64) -> Weight {
	Weights::sweep_pages(0) + TtlKv::removal_weight().saturating_mul(count)
}

/// TTL-R18: no entry is found at its end, and `count / quota` blocks, rounded up, remove them all.
#[test]
fn storm_is_unreadable_at_once_and_removed_quota_by_quota() {
	for (count, quota) in
		[(30_000, 4_999), (30_000, 5_000), (30_000, 5_001), (5_000, 5_000), (1, 1)]
	{
		new_chain().execute_with(|| {
			SweepWeight::set(Weight::MAX);
			SweepQuota::set(quota);
			put_storm(count, 10);
			end_block(Weight::zero());
			begin_block(10);
			assert_eq!(get(&ALICE, &0u32.to_le_bytes()), Some(vec![7; 40]));
			end_block(Weight::zero());

			let mut left = count;
			for block in 0..count.div_ceil(quota) {
				begin_block(11 + block);
				left -= quota.min(left);
				assert_eq!(backlog(), u64::from(left));
				assert_eq!(TtlKv::statistics(None).entries, u64::from(left));
				for n in [0, count / 2, count - 1] {
					assert_eq!(get(&ALICE, &n.to_le_bytes()), None);
				}
				let swept = if left == 0 { (count - 1) % quota + 1 } else { quota };
				assert_eq!(pruned_in_block(Weight::zero()), [swept]);
				assert_invariants();
			}
			assert_eq!(left, 0);
			assert_eq!(keys_of_entries_and_index(), 0);
		});
	}
}

/// TTL-R18: once every entry has ended, the storage has the same items and bytes as at the start.
#[test]
fn storage_returns_to_its_start_after_everything_has_expired() {
	let pallet = sp_io::hashing::twox_128(b"TtlKv");
	let state = || {
		let mut items = items_under(&pallet);
		// These two values show the progress of the chain and differ.
		items.remove(&LastRevision::<Test>::hashed_key()[..]).expect("it is stored");
		items.remove(&SweepHeight::<Test>::hashed_key()[..]).expect("it is stored");
		let root =
			sp_io::trie::blake2_256_root(items.clone().into_iter().collect(), StateVersion::V1);
		(items.len(), root)
	};
	on_chain(|| {
		// The first put creates the item `Totals`, which stays when its values are back at zero.
		assert_ok!(put(BOB, KEY, VALUE, 1));
		// Swept in block 2. Block 3 begins without the progress of that sweep.
		go_to(3);
		let start = state();

		SweepQuota::set(700);
		SweepWeight::set(Weight::MAX);
		for n in 0..3_000u32 {
			assert_ok!(put(ALICE, &n.to_le_bytes(), &[7; 100], 1 + n % 50));
			assert_ok!(match n % 5 {
				0 => extend(ALICE, &n.to_le_bytes(), 60),
				1 => put(ALICE, &n.to_le_bytes(), b"again", 1 + n % 7),
				2 => delete(ALICE, &n.to_le_bytes()),
				_ => Ok(()),
			});
		}
		assert!(keys_of_entries_and_index() > 2_400);
		go_to(80);
		assert_eq!(state(), start);
	});
}

/// TTL-R18: the sweep removes all entries of a height before those of the next.
#[test]
fn backlog_of_several_heights_is_swept_from_the_lowest() {
	on_chain(|| {
		SweepQuota::set(0);
		for (key, ttl) in [(b"e", 5), (b"c", 3), (b"d", 4), (b"f", 9), (b"a", 1), (b"b", 2)] {
			assert_ok!(put(ALICE, key, VALUE, ttl));
		}
		go_to(6);
		assert_eq!(SweepHeight::<Test>::get(), 2);
		SweepQuota::set(2);
		let keys = || [b"a", b"b", b"c", b"d", b"e", b"f"].map(|key| stored(&ALICE, key).is_some());
		go_to(7);
		assert_eq!(keys(), [false, false, true, true, true, true]);
		assert_eq!(SweepHeight::<Test>::get(), 4);
		go_to(8);
		assert_eq!(keys(), [false, false, false, false, true, true]);
		assert_eq!(SweepHeight::<Test>::get(), 6);
		go_to(9);
		assert_eq!(keys(), [false, false, false, false, false, true]);
		// Nothing else is due yet.
		assert_eq!(SweepHeight::<Test>::get(), 10);
		go_to(10);
		assert_eq!(keys(), [false; 6]);
	});
}

/// TTL-R18: the next block sweeps the entries of heights at which no hooks ran.
#[test]
fn heights_without_a_block_are_swept_by_the_next_block() {
	on_chain(|| {
		for ttl in 1..=50u8 {
			assert_ok!(put(ALICE, &[ttl], VALUE, ttl.into()));
		}
		end_block(Weight::zero());
		begin_block(30);
		assert_eq!(pruned_in_block(Weight::zero()), [29]);
		assert_invariants();
		begin_block(1_000);
		assert_eq!(pruned_in_block(Weight::zero()), [21]);
		assert_eq!(keys_of_entries_and_index(), 0);
	});
}

/// TTL-R18: `SweepWeight` limits the sweep in both dimensions of weight.
#[test]
fn sweep_before_the_extrinsics_stays_within_its_weight() {
	for reference_alone in [true, false] {
		for dimension in [0, 1] {
			on_chain(|| {
				if reference_alone {
					for n in 0..100u8 {
						LastRevision::<Test>::mutate(|last| *last += u64::from(PAGE_LENGTH));
						assert_ok!(put(ALICE, &[n], VALUE, 1));
					}
				} else {
					put_storm(100, 1);
				}
				end_block(Weight::zero());
				let most = weight_of(7);
				SweepWeight::set(match dimension {
					0 => Weight::from_parts(most.ref_time(), u64::MAX),
					_ => Weight::from_parts(u64::MAX, most.proof_size()),
				});
				System::set_block_number(2);
				System::reset_events();
				let used = TtlKv::on_initialize(2);
				assert!(used.all_lte(SweepWeight::get().saturating_add(TtlKv::block_weight())));
				let swept = 100 - backlog();
				if reference_alone {
					assert_eq!(swept, 7);
				} else {
					// Further references on a page cost less than the first.
					assert!((7..100).contains(&swept), "{swept}");
				}
				SweepWeight::set(Weight::MAX);
				go_to(3);
				assert_eq!(backlog(), 0);
			});
		}
	}
}

/// TTL-R18: a sweep that has less weight than its base cost removes nothing and skips nothing.
#[test]
fn sweep_without_weight_does_nothing() {
	on_chain(|| {
		put_storm(10, 1);
		SweepWeight::set(weight_of(0) - Weight::from_parts(1, 0));
		go_to(2);
		assert_eq!(backlog(), 10);
		assert_eq!(SweepHeight::<Test>::get(), 2);
		SweepWeight::set(weight_of(0));
		go_to(3);
		assert_eq!(backlog(), 10);
		SweepWeight::set(weight_of(1));
		go_to(4);
		assert_eq!(backlog(), 9);
	});
}

/// TTL-R18: `on_idle` continues the sweep within the weight that the block has left.
#[test]
fn idle_sweep_continues_within_the_remaining_weight() {
	on_chain(|| {
		put_storm(200, 1);
		SweepQuota::set(50);
		end_block(Weight::zero());
		begin_block(2);
		assert_eq!(backlog(), 150);
		for idle in [Weight::zero(), weight_of(0), Weight::from_parts(u64::MAX, 0)] {
			assert!(TtlKv::on_idle(2, idle).all_lte(idle));
			assert_eq!(backlog(), 150);
		}
		// Takes as many references as fit the weight.
		let used = TtlKv::on_idle(2, weight_of(10));
		assert!(used.all_lte(weight_of(10)));
		assert!((used + TtlKv::removal_weight()).any_gt(weight_of(10)));
		let left = backlog();
		assert!((1..=140).contains(&left), "{left}");
		assert!(TtlKv::on_idle(2, Weight::MAX).all_lte(weight_of(left)));
		assert_eq!(backlog(), 0);
		// A sweep with nothing to do costs its base weight.
		assert_eq!(TtlKv::on_idle(2, Weight::MAX), weight_of(0));
		// Both hooks share one event.
		assert_eq!(pruned_in_block(Weight::zero()), [200]);
	});
}

/// TTL-R18: `on_idle` uses no more than `IdleSweepWeight`, however much weight the block has left.
#[test]
fn idle_sweep_stays_within_its_own_weight() {
	for dimension in [0, 1] {
		on_chain(|| {
			put_storm(100, 1);
			SweepQuota::set(0);
			go_to(2);
			let most = weight_of(7);
			IdleSweepWeight::set(match dimension {
				0 => Weight::from_parts(most.ref_time(), u64::MAX),
				_ => Weight::from_parts(u64::MAX, most.proof_size()),
			});
			let used = TtlKv::on_idle(2, Weight::MAX);
			assert!(used.all_lte(IdleSweepWeight::get()), "{used:?}");
			let swept = 100 - backlog();
			assert!((7..100).contains(&swept), "{swept}");
			assert_eq!(pruned_in_block(Weight::zero()), [u32::try_from(swept).expect("few")]);
			SweepQuota::set(1_000);
			begin_block(3);
		});
	}
}

/// TTL-R18: without a weight of its own, `on_idle` does not sweep.
#[test]
fn idle_sweep_can_be_switched_off() {
	on_chain(|| {
		put_storm(100, 1);
		SweepQuota::set(40);
		IdleSweepWeight::set(Weight::zero());
		go_to(2);
		assert_eq!(TtlKv::on_idle(2, Weight::MAX), Weight::zero());
		assert_eq!(backlog(), 60);
	});
}

/// TTL-R16: there is a `Pruned` event only if an entry was removed.
#[test]
fn block_without_a_removal_has_no_event() {
	on_chain(|| {
		assert_eq!(pruned_in_block(Weight::MAX), [0; 0]);
		begin_block(2);
		assert_ok!(put(ALICE, KEY, VALUE, 2));
		assert_eq!(pruned_in_block(Weight::MAX), [0; 0]);
		begin_block(3);
		assert_eq!(pruned_in_block(Weight::MAX), [0; 0]);
		begin_block(4);
		assert_eq!(pruned_in_block(Weight::MAX), [1]);
		begin_block(5);
		assert_eq!(pruned_in_block(Weight::MAX), [0; 0]);
	});
}

/// TTL-R18: a quota can end within a page, at the end of a page, or one reference before or after
/// that end.
#[test]
fn sweep_that_stops_within_a_page_continues_there() {
	for quota in [1, 31, 32, 33, 50, 63, 64, 65] {
		on_chain(|| {
			put_storm(150, 1);
			SweepQuota::set(quota);
			end_block(Weight::zero());
			let mut left = 150;
			let mut block = 1;
			while left > 0 {
				block += 1;
				begin_block(block);
				left -= quota.min(left);
				assert_eq!(backlog(), u64::from(left));
				end_block(Weight::zero());
				assert_invariants();
			}
			assert_eq!(keys_of_entries_and_index(), 0);
		});
	}
}

/// TTL-R14: a put over a dead entry takes its reference out of the backlog.
#[test]
fn dead_entries_that_are_put_again_leave_the_backlog() {
	on_chain(|| {
		put_storm(100, 1);
		SweepQuota::set(10);
		go_to(2);
		assert_eq!(backlog(), 90);
		let mut again = 0;
		for n in (0..100u32).step_by(3) {
			if stored(&ALICE, &n.to_le_bytes()).is_some() {
				again += 1;
			}
			assert_ok!(put(ALICE, &n.to_le_bytes(), b"again", 50));
		}
		assert_eq!(backlog(), 90 - again);
		assert!(TtlKv::on_idle(2, Weight::MAX).all_gt(Weight::zero()));
		assert_eq!(backlog(), 0);
		assert_eq!(TtlKv::statistics(None).entries, 34);
		for n in (0..100u32).step_by(3) {
			assert_eq!(get(&ALICE, &n.to_le_bytes()), Some(b"again".to_vec()));
		}
		assert_eq!(pruned_in_block(Weight::zero()), [100 - u32::try_from(again).expect("few")]);
		SweepQuota::set(5_000);
		begin_block(52);
		assert_eq!(backlog(), 0);
		assert_eq!(TtlKv::statistics(None).entries, 0);
	});
}

/// Calls can empty a whole page between the two hooks of a block.
#[test]
fn pages_emptied_between_the_hooks_do_not_stop_the_sweep() {
	on_chain(|| {
		put_storm(200, 1);
		SweepQuota::set(40);
		go_to(2);
		for n in 0..200u32 {
			// Revisions 1 to 31 share the first page, 32 to 63 the second, and so on.
			if (63..95).contains(&n) {
				assert_ok!(put(ALICE, &n.to_le_bytes(), b"again", 50));
			}
		}
		TtlKv::on_idle(2, Weight::MAX);
		assert_eq!(backlog(), 0);
		assert_eq!(TtlKv::statistics(None).entries, 32);
	});
}

/// No account can make a put of another account fail by filling a height.
#[test]
fn height_takes_any_number_of_entries() {
	on_chain(|| {
		SweepWeight::set(Weight::MAX);
		put_storm(10_000, 9);
		assert_ok!(put(BOB, KEY, VALUE, 9));
		assert_eq!(
			items_under(&ExpiryPages::<Test>::final_prefix()).len(),
			10_002usize.div_ceil(PAGE_LENGTH as usize)
		);
		assert_invariants();
		SweepQuota::set(20_000);
		go_to(10);
		assert_eq!(backlog(), 0);
	});
}

/// Entries that are put during a backlog live and end as usual.
#[test]
fn puts_during_a_backlog_live_and_end_as_usual() {
	on_chain(|| {
		SweepQuota::set(10);
		put_storm(100, 1);
		for block in 2..=8u8 {
			go_to(block.into());
			assert_ok!(put(BOB, &[block], VALUE, 3));
			assert_eq!(get(&BOB, &[block]), Some(VALUE.to_vec()));
			assert_eq!(get(&BOB, &[block.saturating_sub(3)]), None);
			if block > 2 {
				assert_eq!(get(&BOB, &[block - 1]), Some(VALUE.to_vec()));
			}
		}
		go_to(15);
		assert_eq!(TtlKv::statistics(None).entries, 0);
	});
}

/// TTL-I2: the sweep subtracts the entries that it removes.
#[test]
fn totals_follow_the_sweep() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 5));
		assert_ok!(put(BOB, b"longerkey", b"v", 1));
		let totals = |entries, bytes| crate::StoreTotals { entries, bytes };
		assert_eq!(Totals::<Test>::get(), totals(2, 18));
		go_to(2);
		assert_eq!(Totals::<Test>::get(), totals(1, 8));
		go_to(6);
		assert_eq!(Totals::<Test>::get(), totals(0, 0));
	});
}
