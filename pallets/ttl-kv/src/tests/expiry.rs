//! When an entry is found, and from which block on it is not.

use super::*;

/// TTL-R3: from the block of the put to the block before `expires_at`, for every reader and call.
#[test]
fn entry_is_found_until_its_last_block_and_not_after_it() {
	for (ttl, swept) in [(1, true), (1, false), (2, true), (2, false), (10, true), (10, false)] {
		on_chain(|| {
			SweepQuota::set(if swept { 5_000 } else { 0 });
			go_to(5);
			assert_ok!(put(ALICE, KEY, VALUE, ttl));
			for block in 5..5 + ttl {
				go_to(block);
				assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()), "at {block}");
				let metadata = TtlKv::metadata(&ALICE, KEY.to_vec()).expect("it is found");
				assert_eq!(metadata.remaining_blocks, 5 + ttl - block);
				assert_eq!(TtlKv::list(&ALICE, b"", None, 10).items.len(), 1);
				assert_noop!(
					put_if(ALICE, KEY, VALUE, 1, Condition::Absent),
					Error::<Test>::EntryExists
				);
			}
			for block in [5 + ttl, 6 + ttl] {
				go_to(block);
				assert_eq!(stored(&ALICE, KEY).is_none(), swept, "at {block}");
				assert_eq!(get(&ALICE, KEY), None, "at {block}");
				assert_eq!(TtlKv::metadata(&ALICE, KEY.to_vec()), None);
				assert_eq!(TtlKv::list(&ALICE, b"", None, 10).items, []);
				assert_noop!(extend(ALICE, KEY, 1), Error::<Test>::EntryNotFound);
				assert_noop!(delete(ALICE, KEY), Error::<Test>::EntryNotFound);
				assert_noop!(
					put_if(ALICE, KEY, VALUE, 1, Condition::Revision(1)),
					Error::<Test>::RevisionMismatch
				);
			}
		});
	}
}

/// TTL-R3: a query at the state of block `n` finds what a call in block `n` finds.
#[test]
fn entry_is_found_by_a_query_after_the_blocks_last_hook() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 1));
		end_block(Weight::MAX);
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
		begin_block(2);
		assert_eq!(get(&ALICE, KEY), None);
	});
}

/// TTL-R3: an entry ends at its height even if no block has exactly that height.
#[test]
fn entry_that_ends_at_a_skipped_height_is_dead_in_the_next_block() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 3));
		assert_ok!(put(ALICE, b"other", VALUE, 20));
		end_block(Weight::zero());
		begin_block(10);
		assert_eq!(get(&ALICE, KEY), None);
		assert_eq!(stored(&ALICE, KEY), None);
		assert_eq!(get(&ALICE, b"other"), Some(VALUE.to_vec()));
	});
}
