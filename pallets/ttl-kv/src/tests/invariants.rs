//! Each invariant is broken by hand, and `try_state` has to name it.

use super::*;
use crate::{
	index::page_key, BlockSweep, ExpiryPages, Reference, SweepHeight, SweptInBlock, Totals,
};
use frame_support::BoundedVec;

/// Applies `break_it` to a sound state and expects that `try_state` reports `expected`. The state has
/// three entries, of which the first two share a page.
fn assert_noticed(expected: &str, break_it: impl FnOnce()) {
	new_chain().execute_with(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(put(BOB, KEY, VALUE, 10));
		assert_ok!(put(ALICE, b"other", VALUE, 20));
		end_block(Weight::zero());
		assert_invariants();
		break_it();
		let error = TtlKv::do_try_state(System::block_number()).expect_err(expected);
		assert_eq!(<&str>::from(error), expected);
	});
}

fn reference(owner: AccountId32, key: &[u8]) -> Reference<AccountId32, KeyOf<Test>> {
	Reference { owner, key: bounded(key) }
}

fn change_entry(change: impl FnOnce(&mut EntryOf<Test>)) {
	Entries::<Test>::mutate(ALICE, bounded(KEY), |entry| {
		change(entry.as_mut().expect("it is stored"))
	});
}

/// Changes an entry and moves its reference, so that TTL-I1 still holds.
fn change_entry_and_index(change: impl FnOnce(&mut EntryOf<Test>)) {
	change_entry(|entry| {
		TtlKv::remove_reference(entry.expires_at, entry.revision, &reference(ALICE, KEY));
		change(entry);
		TtlKv::add_reference(entry.expires_at, entry.revision, reference(ALICE, KEY));
	});
}

/// TTL-I1: every entry has a reference.
#[test]
fn entry_without_a_reference_is_noticed() {
	assert_noticed("TTL-I1: an entry has no reference", || {
		TtlKv::remove_reference(11, 1, &reference(ALICE, KEY));
	});
}

/// TTL-I1: every reference names a stored entry.
#[test]
fn reference_without_an_entry_is_noticed() {
	assert_noticed("TTL-I1: a reference has no entry", || {
		TtlKv::add_reference(11, 1, reference(BOB, b"unknown"));
	});
	assert_noticed("TTL-I1: a reference has no entry", || {
		Entries::<Test>::remove(ALICE, bounded(KEY));
	});
}

/// TTL-I1: a reference is on the page of its entry's end and revision.
#[test]
fn reference_at_another_height_or_revision_is_noticed() {
	let expected = "TTL-I1: a reference is on another page than its entry's";
	assert_noticed(expected, || TtlKv::add_reference(12, 1, reference(ALICE, KEY)));
	assert_noticed(expected, || TtlKv::add_reference(11, 32, reference(ALICE, KEY)));
	assert_noticed(expected, || change_entry(|entry| entry.expires_at = 12));
}

/// TTL-I1: an entry has only one reference.
#[test]
fn entry_with_two_references_is_noticed() {
	assert_noticed("TTL-I1: two references name one entry", || {
		TtlKv::add_reference(11, 1, reference(ALICE, KEY));
	});
}

/// TTL-I1: every page decodes and holds a reference.
#[test]
fn page_that_is_empty_or_malformed_is_noticed() {
	let (height, page) = page_key::<Test>(50, 1);
	assert_noticed("TTL-I1: a page of the index is empty", || {
		ExpiryPages::<Test>::insert(height, page, BoundedVec::new());
	});
	assert_noticed("TTL-I1: a page of the index cannot be decoded", || {
		let key = ExpiryPages::<Test>::hashed_key_for(height, page);
		sp_io::storage::set(&key, &[4, 0]);
	});
}

/// TTL-I2: the totals are the number of stored entries and their length.
#[test]
fn totals_that_are_not_the_sums_are_noticed() {
	let expected = "TTL-I2: the totals differ from the sums";
	assert_noticed(expected, || Totals::<Test>::mutate(|totals| totals.entries += 1));
	assert_noticed(expected, || Totals::<Test>::mutate(|totals| totals.bytes -= 1));
	assert_noticed(expected, Totals::<Test>::kill);
	assert_noticed(expected, || {
		change_entry(|entry| entry.value = vec![7; 6].try_into().expect("it is short"))
	});
}

/// TTL-I3: a key has at least one byte.
#[test]
fn entry_with_an_empty_key_is_noticed() {
	assert_noticed("TTL-I3: a key is empty", || {
		let entry = stored(&ALICE, KEY).expect("it is stored");
		let empty = EntryOf::<Test> { revision: 4, ..entry };
		Entries::<Test>::insert(ALICE, KeyOf::<Test>::default(), empty);
		TtlKv::add_reference(11, 4, reference(ALICE, b""));
		Totals::<Test>::mutate(|totals| totals.add(5));
		LastRevision::<Test>::put(4);
	});
}

/// TTL-I3: a value has at least one byte.
#[test]
fn entry_with_an_empty_value_is_noticed() {
	assert_noticed("TTL-I3: a value is empty", || {
		change_entry(|entry| entry.value = Default::default());
		Totals::<Test>::mutate(|totals| totals.bytes -= 5);
	});
}

/// TTL-I3: every stored entry decodes.
#[test]
fn entry_that_cannot_be_decoded_is_noticed() {
	assert_noticed("TTL-I3: an entry cannot be decoded", || {
		// The head decodes, the value does not.
		let key = Entries::<Test>::hashed_key_for(ALICE, bounded(KEY));
		let bytes = sp_io::storage::get(&key).expect("it is stored");
		sp_io::storage::set(&key, &bytes[..bytes.len() - 1]);
	});
}

/// TTL-I3: no entry was created after the current block.
#[test]
fn entry_created_in_the_future_is_noticed() {
	assert_noticed("TTL-I3: an entry was created in the future", || {
		change_entry(|entry| entry.created_at = 2);
	});
}

/// TTL-I3: an entry lives for at least one block.
#[test]
fn entry_that_never_lived_is_noticed() {
	assert_noticed("TTL-I3: an entry never lived", || {
		SweepHeight::<Test>::put(1);
		change_entry_and_index(|entry| entry.expires_at = 1);
	});
}

/// TTL-I3: revisions are from 1 to the newest one.
#[test]
fn revision_that_was_never_assigned_is_noticed() {
	let expected = "TTL-I3: a revision was never assigned";
	assert_noticed(expected, || change_entry_and_index(|entry| entry.revision = 4));
	assert_noticed(expected, || change_entry_and_index(|entry| entry.revision = 0));
	assert_noticed(expected, || LastRevision::<Test>::put(2));
}

/// TTL-I3: no two entries have the same revision.
#[test]
fn revision_of_two_entries_is_noticed() {
	assert_noticed("TTL-I3: two entries have the same revision", || {
		change_entry_and_index(|entry| entry.revision = 2);
	});
}

/// TTL-I4: no stored entry ended below the height of the sweep.
#[test]
fn dead_entry_behind_the_sweep_is_noticed() {
	assert_noticed("TTL-I4: the sweep has passed a dead entry", || {
		System::set_block_number(11);
		SweepHeight::<Test>::put(12);
	});
}

/// TTL-I4: the height of the sweep is at most one above the block.
#[test]
fn sweep_ahead_of_the_chain_is_noticed() {
	assert_noticed("TTL-I4: the sweep is ahead of the chain", || SweepHeight::<Test>::put(3));
}

/// TTL-I5: nothing is stored between blocks about the sweep of a block.
#[test]
fn progress_that_outlives_its_block_is_noticed() {
	assert_noticed("TTL-I5: the sweep's progress is stored after the block", || {
		SweptInBlock::<Test>::put(BlockSweep::default());
	});
}
