//! The condition of `kv_put_if`.

use super::*;

/// TTL-R10: `Absent` holds if no entry is found.
#[test]
fn absent_with_no_entry_puts() {
	on_chain(|| {
		assert_ok!(put_if(ALICE, KEY, VALUE, 10, Condition::Absent));
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
	});
}

/// TTL-R10: `Absent` does not hold while an entry is live.
#[test]
fn absent_with_a_live_entry_fails() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_noop!(put_if(ALICE, KEY, VALUE, 10, Condition::Absent), Error::<Test>::EntryExists);
		go_to(10);
		assert_noop!(put_if(ALICE, KEY, VALUE, 10, Condition::Absent), Error::<Test>::EntryExists);
	});
}

/// TTL-R10, TTL-R3: a dead entry is not found, whether it is still stored or not.
#[test]
fn absent_with_a_dead_entry_puts() {
	for quota in [5_000, 0] {
		on_chain(|| {
			SweepQuota::set(quota);
			assert_ok!(put(ALICE, KEY, VALUE, 10));
			go_to(11);
			assert_ok!(put_if(ALICE, KEY, b"new", 10, Condition::Absent));
			let entry = stored(&ALICE, KEY).expect("it is stored");
			assert_eq!((entry.created_at, entry.revision), (11, 2));
		});
	}
}

/// TTL-R1: a condition is about the signer's entry only.
#[test]
fn absent_with_an_entry_of_another_owner_puts() {
	on_chain(|| {
		assert_ok!(put(BOB, KEY, VALUE, 10));
		assert_ok!(put_if(ALICE, KEY, VALUE, 10, Condition::Absent));
		assert_noop!(
			put_if(ALICE, KEY, VALUE, 10, Condition::Revision(1)),
			Error::<Test>::RevisionMismatch
		);
	});
}

/// TTL-R10: a compare-and-swap succeeds once for each revision.
#[test]
fn revision_that_matches_puts_and_is_replaced() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(put_if(ALICE, KEY, b"second", 10, Condition::Revision(1)));
		assert_eq!(get(&ALICE, KEY), Some(b"second".to_vec()));
		assert_eq!(revision_of(&ALICE, KEY), Some(2));
		// A client that has read the first revision is too late.
		assert_noop!(
			put_if(ALICE, KEY, b"third", 10, Condition::Revision(1)),
			Error::<Test>::RevisionMismatch
		);
	});
}

/// TTL-R10: a revision matches only if it is equal.
#[test]
fn revision_that_differs_fails() {
	on_chain(|| {
		assert_ok!(put(BOB, KEY, VALUE, 10));
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		for revision in [0, 1, 3, u64::MAX] {
			assert_noop!(
				put_if(ALICE, KEY, VALUE, 10, Condition::Revision(revision)),
				Error::<Test>::RevisionMismatch
			);
		}
	});
}

/// TTL-R10: no revision matches an absent or dead entry, whether it is still stored or not.
#[test]
fn revision_of_an_absent_or_dead_entry_fails() {
	for quota in [5_000, 0] {
		on_chain(|| {
			SweepQuota::set(quota);
			for revision in [0, 1] {
				assert_noop!(
					put_if(ALICE, KEY, VALUE, 10, Condition::Revision(revision)),
					Error::<Test>::RevisionMismatch
				);
			}
			assert_ok!(put(ALICE, KEY, VALUE, 10));
			go_to(11);
			assert_noop!(
				put_if(ALICE, KEY, VALUE, 10, Condition::Revision(1)),
				Error::<Test>::RevisionMismatch
			);
		});
	}
}

/// TTL-R11: an extension keeps the revision.
#[test]
fn revision_still_matches_after_an_extension() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(extend(ALICE, KEY, 20));
		assert_ok!(put_if(ALICE, KEY, VALUE, 10, Condition::Revision(1)));
	});
}

/// TTL-R10: the condition is checked after TTL-R4 and TTL-R5 and before TTL-R8.
#[test]
fn condition_is_checked_between_lifetime_and_payment() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_noop!(put_if(ALICE, KEY, b"", 10, Condition::Absent), Error::<Test>::EmptyValue);
		assert_noop!(put_if(ALICE, KEY, VALUE, 0, Condition::Absent), Error::<Test>::TtlOutOfRange);
		RentPerByteBlock::set(u128::MAX / 1_000_000_000_000);
		assert_noop!(
			put_if(ALICE, b"other", VALUE, 10, Condition::Revision(7)),
			Error::<Test>::RevisionMismatch
		);
		assert_noop!(put_if(ALICE, KEY, VALUE, 11, Condition::Absent), Error::<Test>::EntryExists);
		assert_noop!(
			put_if(ALICE, KEY, VALUE, 11, Condition::Revision(1)),
			Error::<Test>::InsufficientBalance
		);
	});
}
