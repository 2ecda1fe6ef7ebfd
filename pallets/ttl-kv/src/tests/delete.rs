//! `kv_delete`.

use super::*;

/// TTL-R12: the entry and its reference go, and the owner's balance stays.
#[test]
fn delete_removes_the_entry_without_paying_back() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		let paid = free(&ALICE);
		System::reset_events();
		assert_ok!(delete(ALICE, KEY));
		assert_eq!(stored(&ALICE, KEY), None);
		assert_eq!(free(&ALICE), paid);
		let statistics = TtlKv::statistics(None);
		assert_eq!((statistics.entries, statistics.bytes, statistics.backlog), (0, 0, 0));
		assert_eq!(
			events(),
			[Event::EntryDeleted { owner: ALICE, key: bounded(KEY), revision: 1 }]
		);
		// Nothing is left for the sweep.
		go_to(11);
		assert_eq!(events(), []);
	});
}

/// TTL-R12: a second deletion finds nothing either.
#[test]
fn delete_of_an_absent_entry_fails() {
	on_chain(|| {
		assert_noop!(delete(ALICE, KEY), Error::<Test>::EntryNotFound);
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(delete(ALICE, KEY));
		assert_noop!(delete(ALICE, KEY), Error::<Test>::EntryNotFound);
	});
}

/// TTL-R12, TTL-R3: a dead entry is not found, whether it is still stored or not.
#[test]
fn delete_of_a_dead_entry_fails_and_leaves_it_to_the_sweep() {
	for quota in [5_000, 0] {
		on_chain(|| {
			SweepQuota::set(quota);
			assert_ok!(put(ALICE, KEY, VALUE, 10));
			go_to(11);
			assert_noop!(delete(ALICE, KEY), Error::<Test>::EntryNotFound);
			assert_eq!(TtlKv::statistics(None).backlog, u64::from(quota == 0));
			SweepQuota::set(5_000);
			go_to(12);
			assert_eq!(TtlKv::statistics(None).entries, 0);
		});
	}
}

/// TTL-R1: every account has its own keyspace.
#[test]
fn delete_of_another_owners_entry_is_not_found() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_noop!(delete(BOB, KEY), Error::<Test>::EntryNotFound);
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
	});
}

#[test]
fn delete_without_a_signature_is_refused() {
	on_chain(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				TtlKv::kv_delete(origin, KEY.to_vec()),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	});
}

/// An account keeps its entries when it is reaped and can delete them when it exists again.
#[test]
fn delete_after_the_owner_was_reaped_succeeds() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 100));
		assert_ok!(Balances::transfer_all(RuntimeOrigin::signed(ALICE), BOB, false));
		assert!(!System::account_exists(&ALICE));
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
		assert_ok!(delete(ALICE, KEY));
	});
}
