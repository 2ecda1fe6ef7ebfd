//! What the record permits.

use super::*;
use crate::record::{Permit, Record, Refusal, MAX_ROUNDS};

fn blank() -> Record {
	Record::new(hash(0))
}

#[test]
fn seal_of_a_later_slot_is_permitted_and_others_are_refused() {
	let mut record = blank();
	assert_eq!(record.sign_seal(KEY, seal(5, 1)), Ok(Permit::New));
	assert_eq!(record.sign_seal(KEY, seal(5, 1)), Ok(Permit::Repeated));
	assert_eq!(record.sign_seal(KEY, seal(5, 2)), Err(Refusal));
	assert_eq!(record.sign_seal(KEY, seal(4, 1)), Err(Refusal));
	assert_eq!(record.sign_seal(KEY, seal(6, 2)), Ok(Permit::New));
	assert_eq!(record.sign_seal(KEY, seal(5, 1)), Err(Refusal));
}

#[test]
fn keys_do_not_limit_each_other() {
	let mut record = blank();
	assert_eq!(record.sign_seal(KEY, seal(5, 1)), Ok(Permit::New));
	assert_eq!(record.sign_seal(H256([8; 32]), seal(5, 2)), Ok(Permit::New));
	assert_eq!(record.sign_vote(KEY, &prevote(0, 1, 1)), Ok(Permit::New));
	assert_eq!(record.sign_vote(H256([8; 32]), &prevote(0, 1, 2)), Ok(Permit::New));
}

#[test]
fn second_vote_of_a_round_and_stage_is_refused_unless_it_is_the_same() {
	for stage in Stage::ALL {
		let mut record = blank();
		assert_eq!(record.sign_vote(KEY, &vote(3, 9, stage, 1)), Ok(Permit::New));
		assert_eq!(record.sign_vote(KEY, &vote(3, 9, stage, 1)), Ok(Permit::Repeated));
		assert_eq!(record.sign_vote(KEY, &vote(3, 9, stage, 2)), Err(Refusal), "{stage:?}");
	}
}

#[test]
fn vote_for_the_same_hash_at_another_height_is_refused() {
	let mut record = blank();
	let first = prevote(0, 1, 1);
	let mut second = first;
	second.target.number += 1;
	assert_eq!(record.sign_vote(KEY, &first), Ok(Permit::New));
	assert_eq!(record.sign_vote(KEY, &second), Err(Refusal));
}

#[test]
fn stages_of_a_round_are_separate() {
	let mut record = blank();
	for (block, stage) in Stage::ALL.into_iter().enumerate() {
		assert_eq!(record.sign_vote(KEY, &vote(0, 1, stage, block as u8)), Ok(Permit::New));
	}
}

// A voter precommits in a round that it has left behind.
#[test]
fn precommit_of_the_round_before_is_permitted() {
	let mut record = blank();
	assert_eq!(record.sign_vote(KEY, &prevote(0, 1, 1)), Ok(Permit::New));
	assert_eq!(record.sign_vote(KEY, &prevote(0, 2, 2)), Ok(Permit::New));
	assert_eq!(record.sign_vote(KEY, &vote(0, 1, Stage::Precommit, 1)), Ok(Permit::New));
	assert_eq!(record.sign_vote(KEY, &vote(0, 1, Stage::Precommit, 2)), Err(Refusal));
}

#[test]
fn record_keeps_a_bounded_number_of_rounds_and_refuses_earlier_ones() {
	let mut record = blank();
	let last = MAX_ROUNDS as u64 + 10;
	for round in 1..=last {
		assert_eq!(record.sign_vote(KEY, &prevote(0, round, 1)), Ok(Permit::New));
	}
	let votes = &record.votes[&KEY];
	assert_eq!(votes.rounds.len(), MAX_ROUNDS);
	assert_eq!((votes.first, votes.last()), (at(0, 11), at(0, last)));
	// Even the identical vote: nobody knows any more that it is.
	assert_eq!(record.sign_vote(KEY, &prevote(0, 10, 1)), Err(Refusal));
	assert_eq!(record.sign_vote(KEY, &vote(0, 10, Stage::Precommit, 1)), Err(Refusal));
	assert_eq!(record.sign_vote(KEY, &prevote(0, 11, 1)), Ok(Permit::Repeated));
}

#[test]
fn rounds_of_a_later_set_are_later() {
	let mut record = blank();
	for round in 1..=MAX_ROUNDS as u64 {
		record.sign_vote(KEY, &prevote(0, round, 1)).expect("it is new");
	}
	assert_eq!(record.sign_vote(KEY, &prevote(1, 1, 2)), Ok(Permit::New));
	assert_eq!(record.votes[&KEY].first, at(0, 2));
	assert_eq!(record.sign_vote(KEY, &prevote(0, 2, 2)), Err(Refusal));
}

#[test]
fn merge_takes_the_later_seal_and_the_later_first_round_whatever_the_order() {
	let (mut one, mut other) = (blank(), blank());
	one.sign_seal(KEY, seal(5, 1)).expect("it is new");
	other.sign_seal(KEY, seal(6, 2)).expect("it is new");
	let most = MAX_ROUNDS as u64;
	for round in 1..=most {
		one.sign_vote(KEY, &prevote(0, round, 1)).expect("it is new");
	}
	other.sign_vote(KEY, &prevote(0, 20, 1)).expect("it is new");
	other.sign_vote(KEY, &prevote(0, most + 10, 2)).expect("it is new");

	let mut merged = one.clone();
	merged.merge(other.clone());
	other.merge(one);
	assert_eq!(merged, other);
	assert_eq!(merged.seals[&KEY], seal(6, 2));
	assert_eq!(merged.votes[&KEY].first, at(0, 2));
	assert_eq!(merged.sign_vote(KEY, &prevote(0, most + 10, 3)), Err(Refusal));
	assert_eq!(merged.sign_vote(KEY, &prevote(0, most, 3)), Err(Refusal));
}

#[test]
fn rounds_that_may_have_unknown_votes_are_refused() {
	let mut record = blank();
	for round in [3, 5] {
		record.sign_vote(KEY, &prevote(1, round, 1)).expect("it is new");
	}
	record.forget_votes_before(KEY, at(1, 5));
	assert_eq!(record.sign_vote(KEY, &prevote(1, 3, 1)), Err(Refusal));
	assert_eq!(record.sign_vote(KEY, &prevote(1, 4, 1)), Err(Refusal));
	assert_eq!(record.sign_vote(KEY, &prevote(1, 5, 1)), Ok(Permit::Repeated));
	record.forget_votes_before(KEY, at(1, 4));
	assert_eq!(record.votes[&KEY].first, at(1, 5), "it never goes back");
	record.forget_votes_before(H256([8; 32]), at(1, 4));
	assert!(record.votes.contains_key(&H256([8; 32])));
}

// Somebody else's precommit of the key was heard, and the prevote before it was not.
#[test]
fn round_with_a_precommit_and_no_prevote_is_incomplete() {
	let mut record = blank();
	record.sign_vote(KEY, &vote(1, 3, Stage::Precommit, 1)).expect("it is new");
	record.sign_vote(KEY, &prevote(1, 4, 1)).expect("it is new");
	let is_incomplete = |record: &Record, round| record.votes[&KEY].is_incomplete(at(1, round));
	assert_eq!(
		[2, 3, 4, 5].map(|round| is_incomplete(&record, round)),
		[false, true, false, false]
	);
	record.sign_vote(KEY, &prevote(1, 3, 1)).expect("it is new");
	assert!(!is_incomplete(&record, 3));
	record.forget_votes_before(KEY, at(1, 4));
	assert!(is_incomplete(&record, 3));
}

#[test]
fn votes_of_a_key_that_is_no_longer_used_are_dropped_and_stay_refused() {
	let mut record = blank();
	let [old, other, unused] = [8, 9, 10].map(|byte| H256([byte; 32]));
	record.know(&[], &[unused]);
	record.sign_vote(old, &prevote(1, 7, 1)).expect("it is new");
	record.sign_vote(other, &prevote(1, 7, 1)).expect("it is new");
	record.sign_vote(other, &prevote(2, 1, 1)).expect("it is new");
	record.retire_before(2);
	assert_eq!(
		record.votes[&old].rounds.len(),
		1,
		"the database may have lost the begin of the set"
	);
	record.retire_before(3);
	assert!(record.votes[&old].rounds.is_empty());
	assert_eq!(record.votes[&old].first, at(1, 8));
	assert_eq!(record.sign_vote(old, &prevote(1, 7, 1)), Err(Refusal));
	assert_eq!(record.votes[&other].rounds.len(), 2);
	assert_eq!(record.votes[&unused].first, at(0, 0));
}

#[test]
fn only_a_record_without_signatures_is_blank() {
	let mut record = blank();
	record.know(&[KEY], &[KEY]);
	assert!(record.is_blank());
	record.sign_seal(KEY, seal(1, 1)).expect("it is new");
	assert!(!record.is_blank());
}
