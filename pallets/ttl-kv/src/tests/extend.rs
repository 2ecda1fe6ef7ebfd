//! `kv_extend`.

use super::*;

/// TTL-R11: value, revision and creation height stay.
#[test]
fn extend_moves_the_end_and_nothing_else() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		go_to(4);
		let before = stored(&ALICE, KEY).expect("it is stored");
		let paid = free(&ALICE);
		assert_ok!(extend(ALICE, KEY, 10));
		let after = stored(&ALICE, KEY).expect("it is stored");
		assert_eq!(after.expires_at, 14);
		assert_eq!(after, EntryOf::<Test> { expires_at: 14, ..before });
		assert_eq!(paid - free(&ALICE), rent(3, 5, 3));
		assert_eq!(
			events(),
			[Event::EntryExtended {
				owner: ALICE,
				key: bounded(KEY),
				revision: 1,
				expires_at: 14,
				charge: rent(3, 5, 3),
			}]
		);
		go_to(13);
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
		go_to(14);
		assert_eq!(get(&ALICE, KEY), None);
		assert_eq!(stored(&ALICE, KEY), None);
	});
}

/// TTL-R11: an extension never shortens a life.
#[test]
fn extend_by_no_more_than_is_left_changes_nothing() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		let before = (stored(&ALICE, KEY), free(&ALICE), TtlKv::statistics(None));
		for ttl in [1, 9, 10] {
			System::reset_events();
			assert_ok!(extend(ALICE, KEY, ttl));
			assert_eq!((stored(&ALICE, KEY), free(&ALICE), TtlKv::statistics(None)), before);
			// The event is deposited all the same.
			assert_eq!(
				events(),
				[Event::EntryExtended {
					owner: ALICE,
					key: bounded(KEY),
					revision: 1,
					expires_at: 11,
					charge: 0,
				}]
			);
		}
		assert_ok!(extend(ALICE, KEY, 11));
		assert_eq!(before.1 - free(&ALICE), rent(3, 5, 1));
	});
}

/// TTL-R11: retrying an extension is harmless.
#[test]
fn extend_repeated_in_one_block_costs_nothing_more() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(extend(ALICE, KEY, 50));
		let before = (stored(&ALICE, KEY), free(&ALICE));
		assert_ok!(extend(ALICE, KEY, 50));
		assert_eq!((stored(&ALICE, KEY), free(&ALICE)), before);
	});
}

/// TTL-R11, TTL-R3: a dead entry cannot be revived, whether it is still stored or not.
#[test]
fn extend_of_an_absent_or_dead_entry_fails() {
	for quota in [5_000, 0] {
		on_chain(|| {
			SweepQuota::set(quota);
			assert_noop!(extend(ALICE, KEY, 10), Error::<Test>::EntryNotFound);
			assert_ok!(put(ALICE, KEY, VALUE, 10));
			go_to(11);
			assert_noop!(extend(ALICE, KEY, 10), Error::<Test>::EntryNotFound);
		});
	}
}

/// TTL-R3: an entry is live in the block before `expires_at`.
#[test]
fn extend_in_the_last_block_keeps_the_entry_alive() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		go_to(10);
		assert_ok!(extend(ALICE, KEY, 2));
		go_to(11);
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
		go_to(12);
		assert_eq!(get(&ALICE, KEY), None);
	});
}

/// TTL-R1: every account has its own keyspace.
#[test]
fn extend_of_another_owners_entry_is_not_found() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_noop!(extend(BOB, KEY, 10), Error::<Test>::EntryNotFound);
	});
}

/// TTL-R11: the first check that fails decides the error.
#[test]
fn extend_checks_the_key_then_the_lifetime_then_the_entry() {
	on_chain(|| {
		assert_noop!(extend(ALICE, b"", 0), Error::<Test>::EmptyKey);
		assert_noop!(extend(ALICE, KEY, 0), Error::<Test>::TtlOutOfRange);
		assert_noop!(extend(ALICE, KEY, 1), Error::<Test>::EntryNotFound);
	});
}

/// TTL-R8: the charge has to leave the existential deposit.
#[test]
fn extend_that_cannot_be_paid_fails_and_changes_nothing() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		set_free(&ALICE, DEPOSIT + rent(3, 5, 1) - 1);
		assert_noop!(extend(ALICE, KEY, 11), Error::<Test>::InsufficientBalance);
		// An extension that costs nothing always succeeds.
		assert_ok!(extend(ALICE, KEY, 10));
		set_free(&ALICE, DEPOSIT + rent(3, 5, 1));
		assert_ok!(extend(ALICE, KEY, 11));
		assert_eq!(free(&ALICE), DEPOSIT);
	});
}

#[test]
fn extend_without_a_signature_is_refused() {
	on_chain(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				TtlKv::kv_extend(origin, KEY.to_vec(), 10),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	});
}
