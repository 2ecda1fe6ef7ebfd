//! The behaviour that `kv_put_ttl` and `kv_put_if` share.

use super::*;

/// TTL-R9: the entry is stored as requested and the event names it.
#[test]
fn put_stores_the_entry_and_deposits_an_event() {
	with_each_put(|put| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		let entry = stored(&ALICE, KEY).expect("it is stored");
		assert_eq!(
			entry,
			EntryOf::<Test> {
				expires_at: 11,
				created_at: 1,
				revision: 1,
				value: VALUE.to_vec().try_into().expect("it is short"),
			}
		);
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
		assert_eq!(
			events(),
			[Event::EntryPut {
				owner: ALICE,
				key: bounded(KEY),
				value_len: 5,
				revision: 1,
				expires_at: 11,
				charge: rent(3, 5, 10),
			}]
		);
	});
}

/// TTL-R1: every account has its own keyspace.
#[test]
fn put_of_the_same_key_by_another_owner_is_another_entry() {
	with_each_put(|put| {
		assert_ok!(put(ALICE, KEY, b"alice", 10));
		assert_ok!(put(BOB, KEY, b"bob", 20));
		assert_eq!(get(&ALICE, KEY), Some(b"alice".to_vec()));
		assert_eq!(get(&BOB, KEY), Some(b"bob".to_vec()));
		assert_ok!(delete(BOB, KEY));
		assert_eq!(get(&ALICE, KEY), Some(b"alice".to_vec()));
	});
}

#[test]
fn put_without_a_signature_is_refused() {
	on_chain(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			let (key, value) = (KEY.to_vec(), VALUE.to_vec());
			assert_noop!(
				TtlKv::kv_put_ttl(origin.clone(), key.clone(), value.clone(), 10),
				sp_runtime::DispatchError::BadOrigin
			);
			assert_noop!(
				TtlKv::kv_put_if(origin, key, value, 10, Condition::Absent),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	});
}

/// TTL-R9: the new end counts, even if it is earlier than the old one.
#[test]
fn put_over_a_live_entry_may_shorten_its_life() {
	with_each_put(|put| {
		assert_ok!(put(ALICE, KEY, VALUE, 100));
		assert_ok!(put(ALICE, KEY, b"new", 2));
		assert_eq!(stored(&ALICE, KEY).map(|entry| entry.expires_at), Some(3));
		go_to(3);
		assert_eq!(get(&ALICE, KEY), None);
		assert_eq!(stored(&ALICE, KEY), None);
		go_to(101);
	});
}

/// TTL-R13: one counter of revisions for all accounts.
#[test]
fn put_takes_the_next_revision_of_all_accounts() {
	with_each_put(|put| {
		assert_eq!(LastRevision::<Test>::get(), 0);
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(put(BOB, KEY, VALUE, 10));
		assert_ok!(put(ALICE, b"other", VALUE, 10));
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_eq!(revision_of(&BOB, KEY), Some(2));
		assert_eq!(revision_of(&ALICE, b"other"), Some(3));
		assert_eq!(revision_of(&ALICE, KEY), Some(4));
		assert_eq!(LastRevision::<Test>::get(), 4);
	});
}

/// TTL-R13: a key that is put again never gets an earlier revision, and a failed put uses up none.
#[test]
fn revision_after_deletion_expiry_and_failure_is_the_next() {
	with_each_put(|put| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(extend(ALICE, KEY, 20));
		assert_eq!(revision_of(&ALICE, KEY), Some(1));
		assert_ok!(delete(ALICE, KEY));
		assert_noop!(put(ALICE, KEY, VALUE, 0), Error::<Test>::TtlOutOfRange);
		assert_ok!(put(ALICE, KEY, VALUE, 1));
		assert_eq!(revision_of(&ALICE, KEY), Some(2));
		go_to(2);
		assert_eq!(stored(&ALICE, KEY), None);
		assert_eq!(LastRevision::<Test>::get(), 2);
		assert_ok!(put(ALICE, KEY, VALUE, 1));
		assert_eq!(revision_of(&ALICE, KEY), Some(3));
	});
}

#[test]
fn put_after_the_last_revision_fails_and_changes_nothing() {
	with_each_put(|put| {
		LastRevision::<Test>::put(u64::MAX - 1);
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_eq!(revision_of(&ALICE, KEY), Some(u64::MAX));
		assert_noop!(
			put(ALICE, KEY, VALUE, 10),
			sp_runtime::DispatchError::Arithmetic(sp_runtime::ArithmeticError::Overflow)
		);
	});
}

/// TTL-R14: a put over a live entry changes that entry.
#[test]
fn put_over_a_live_entry_keeps_its_creation_height() {
	with_each_put(|put| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		go_to(5);
		assert_ok!(put(ALICE, KEY, b"new", 10));
		let entry = stored(&ALICE, KEY).expect("it is stored");
		assert_eq!((entry.created_at, entry.expires_at, entry.revision), (1, 15, 2));
	});
}

/// TTL-R14: a put over a dead entry creates a new one, whether the sweep has removed the old one or
/// not.
#[test]
fn put_over_a_dead_entry_creates_a_new_entry() {
	for swept in [true, false] {
		with_each_put(|put| {
			SweepQuota::set(if swept { 5_000 } else { 0 });
			assert_ok!(put(ALICE, KEY, VALUE, 2));
			go_to(3);
			assert_eq!(stored(&ALICE, KEY).is_none(), swept);
			let before = free(&ALICE);
			assert_ok!(put(ALICE, KEY, b"new value", 10));
			let entry = stored(&ALICE, KEY).expect("it is stored");
			assert_eq!((entry.created_at, entry.expires_at, entry.revision), (3, 13, 2));
			// No credit.
			assert_eq!(before - free(&ALICE), rent(3, 9, 10));
			let statistics = TtlKv::statistics();
			assert_eq!((statistics.entries, statistics.bytes, statistics.backlog), (1, 12, 0));
			SweepQuota::set(5_000);
			go_to(13);
			assert_eq!(TtlKv::statistics().entries, 0);
		});
	}
}

/// TTL-R4: a value has at least one byte, even in a put over a live entry.
#[test]
fn put_of_an_empty_value_is_refused() {
	with_each_put(|put| {
		for _ in 0..2 {
			assert_noop!(put(ALICE, KEY, b"", 10), Error::<Test>::EmptyValue);
			assert_ok!(put(ALICE, KEY, VALUE, 10));
		}
		assert_eq!(get(&ALICE, KEY), Some(VALUE.to_vec()));
	});
}

/// The last put of a block wins, and the references of the others are removed.
#[test]
fn puts_of_one_key_in_one_block_leave_one_entry() {
	with_each_put(|put| {
		for (value, ttl) in [(b"a", 5), (b"b", 3), (b"c", 5), (b"d", 4), (b"e", 5)] {
			assert_ok!(put(ALICE, KEY, value, ttl));
			assert_invariants();
		}
		assert_eq!(get(&ALICE, KEY), Some(b"e".to_vec()));
		assert_eq!(TtlKv::statistics().entries, 1);
		go_to(6);
		assert_eq!(TtlKv::statistics().entries, 0);
	});
}
