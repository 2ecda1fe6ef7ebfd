//! The voter's state in the database.

use super::*;
use crate::{
	database::{CompletedRound, CompletedRounds, HasVoted, RoundState, StoredVotes, VoterState},
	record::{Record, Votes},
};
use codec::{Decode, Encode};
use gtos_node_types::Block;
use sc_client_api::{in_mem::Blockchain, AuxStore, NewBlockState};
use sp_consensus_grandpa::AuthorityId;
use sp_core::ed25519;
use sp_runtime::traits::Header as _;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};

fn id(key: H256) -> AuthorityId {
	AuthorityId::from(ed25519::Public::from_raw(key.0))
}

fn block(byte: u8) -> (Hash, u32) {
	(hash(byte), byte.into())
}

/// A voter of set 2 whose last completed round is 7.
pub fn voter(current: BTreeMap<u64, HasVoted>) -> VoterState {
	voter_of(&[KEY, H256([8; 32])], 2, 7, current)
}

/// A voter of a set of these authorities.
pub fn voter_of(
	authorities: &[H256],
	set_id: u64,
	last_completed: u64,
	current: BTreeMap<u64, HasVoted>,
) -> VoterState {
	let state =
		RoundState { prevote_ghost: None, finalized: None, estimate: None, completable: true };
	let message = message(Stage::Prevote, 1);
	let signature = ed25519::Signature::from_raw([0; 64]).into();
	let signed = sp_consensus_grandpa::SignedMessage::<Header> { message, signature, id: id(KEY) };
	let number = last_completed;
	let round = CompletedRound { number, state, base: block(0), votes: vec![signed] };
	let completed = CompletedRounds {
		rounds: vec![round],
		set_id,
		voters: authorities.iter().copied().map(id).collect(),
	};
	VoterState::Live { completed, current }
}

fn idle() -> VoterState {
	voter(BTreeMap::from([(8, HasVoted::No)]))
}

fn recorded(votes: &[Vote]) -> Votes {
	let mut record = Record::new(hash(0));
	for vote in votes {
		record.sign_vote(KEY, vote).expect("it is new");
	}
	record.votes[&KEY].clone()
}

fn current_of(voter: &VoterState) -> &BTreeMap<u64, HasVoted> {
	match voter {
		VoterState::Live { current, .. } => current,
		VoterState::Paused { .. } => panic!("it is live"),
	}
}

// As `VoterSetState` of `sc-consensus-grandpa` encodes it.
#[test]
fn encoding_is_that_of_the_sdk() {
	let votes = StoredVotes::Prevote(None, block(3));
	let voter = voter(BTreeMap::from([(8, HasVoted::Yes(id(KEY), votes))]));
	let signed = (0u8, hash(1), 1u32, [0u8; 64], [7u8; 32]);
	let round = (7u64, (0u8, 0u8, 0u8, true), block(0), vec![signed]);
	let completed = (vec![round], 2u64, vec![[7u8; 32], [8u8; 32]]);
	let current = vec![(8u64, (1u8, [7u8; 32], 1u8, 0u8, block(3)))];
	let bytes = (0u8, completed, current).encode();
	assert_eq!(voter.encode(), bytes);
	assert_eq!(VoterState::decode(&mut &bytes[..]), Ok(voter));
}

// The SDK reads what we write, and we read what it writes: reverting a block loads the state and
// replaces it.
#[test]
fn sdk_reads_and_writes_the_same_encoding() {
	let chain = Arc::new(Blockchain::<Block>::new());
	let genesis = Header::new(0, hash(0), hash(0), Default::default(), Default::default());
	let first = Header::new(1, hash(0), hash(0), genesis.hash(), Default::default());
	for header in [genesis, first] {
		let state = NewBlockState::Best;
		chain.insert(header.hash(), header, None, None, state, true).expect("it fits the chain");
	}
	// `AuthoritySet`: authorities with their weights, set, no pending changes and none before.
	let none = Vec::<u8>::new();
	let pending = (none.clone(), Option::<u32>::None, none.clone());
	let authorities = (vec![(id(KEY), 1u64)], 2u64, pending, none).encode();
	let aux: [(&[u8], &[u8]); 2] =
		[(b"grandpa_schema_version", &3u32.encode()), (b"grandpa_voters", &authorities)];
	chain.insert_aux(&aux, &[]).expect("it is in memory");
	let revert = || sc_consensus_grandpa::revert::<Block, _>(chain.clone(), 1);

	let [propose, prevote, precommit] = [block(2), block(3), block(4)];
	for votes in [
		StoredVotes::Propose(propose),
		StoredVotes::Prevote(Some(propose), prevote),
		StoredVotes::Precommit(None, prevote, precommit),
	] {
		let current = BTreeMap::from([(8, HasVoted::Yes(id(KEY), votes)), (9, HasVoted::No)]);
		voter(current).store(&*chain).expect("it is in memory");
		revert().expect("the SDK decodes the state");
		let state = VoterState::load(&*chain).expect("it decodes").expect("there is one");
		assert_eq!(state.present(), at(2, 1));
		assert_eq!(*current_of(&state), BTreeMap::from([(1, HasVoted::No)]));
		assert!(state.has_voter(KEY) && !state.has_voter(H256([8; 32])));
	}
	// The SDK does notice what it cannot decode.
	chain.insert_aux(&[(&b"grandpa_completed_round"[..], &[7u8][..])], &[]).expect("as above");
	assert!(revert().is_err());
}

#[test]
fn voter_works_on_the_round_after_the_last_completed_one() {
	assert_eq!(idle().present(), at(2, 8));
	assert_eq!(idle().authorities(), 2);
}

#[test]
fn votes_of_completed_and_of_open_rounds_are_read() {
	let votes = StoredVotes::Precommit(Some(block(2)), block(3), block(4));
	let voter = voter(BTreeMap::from([(8, HasVoted::Yes(id(KEY), votes))]));
	assert_eq!(voter.signed_votes().collect::<Vec<_>>(), [(KEY, prevote(2, 7, 1))]);
	let stored = [
		(KEY, vote(2, 8, Stage::PrimaryPropose, 2)),
		(KEY, vote(2, 8, Stage::Prevote, 3)),
		(KEY, vote(2, 8, Stage::Precommit, 4)),
	];
	assert_eq!(voter.stored_votes(), stored);
	assert_eq!(voter.present_targets(&BTreeSet::from([KEY])), [hash(2), hash(3), hash(4)]);
	assert!(voter.present_targets(&BTreeSet::from([H256([8; 32])])).is_empty());
}

#[test]
fn recorded_votes_of_open_and_later_rounds_are_restored() {
	let mut voter = idle();
	let votes = recorded(&[
		prevote(2, 7, 9),
		prevote(2, 8, 3),
		vote(2, 8, Stage::Precommit, 4),
		prevote(2, 9, 5),
		prevote(3, 1, 6),
	]);
	assert!(voter.restore(KEY, &votes));
	assert_eq!(
		*current_of(&voter),
		BTreeMap::from([
			(8, HasVoted::Yes(id(KEY), StoredVotes::Precommit(None, block(3), block(4)))),
			(9, HasVoted::Yes(id(KEY), StoredVotes::Prevote(None, block(5)))),
		])
	);
	assert!(!voter.restore(KEY, &votes), "nothing is left to restore");
}

#[test]
fn vote_that_only_the_database_holds_stays_if_the_record_agrees() {
	let stored = StoredVotes::Precommit(None, block(3), block(4));
	let mut voter = voter(BTreeMap::from([(8, HasVoted::Yes(id(KEY), stored))]));
	assert!(!voter.restore(KEY, &recorded(&[prevote(2, 8, 3)])));
	// What was signed counts, not what was about to be.
	assert!(voter.restore(KEY, &recorded(&[prevote(2, 8, 5)])));
	let restored = HasVoted::Yes(id(KEY), StoredVotes::Prevote(None, block(5)));
	assert_eq!(*current_of(&voter), BTreeMap::from([(8, restored)]));
}

// An operator has given a node the database of another validator, because its own was too old.
#[test]
fn recorded_votes_replace_those_of_the_node_whose_database_it_was() {
	let other = H256([8; 32]);
	let voted = |key| HasVoted::Yes(id(key), StoredVotes::Prevote(None, block(9)));
	let mut voter = voter(BTreeMap::from([(8, voted(other)), (9, voted(other))]));
	let mut record = Record::new(hash(0));
	record.sign_vote(KEY, &prevote(2, 8, 3)).expect("it is new");
	assert!(voter.forget_others(&record));
	assert!(voter.restore(KEY, &record.votes[&KEY]));
	let restored = HasVoted::Yes(id(KEY), StoredVotes::Prevote(None, block(3)));
	assert_eq!(*current_of(&voter), BTreeMap::from([(8, restored.clone()), (9, voted(other))]));
	// Two keys of one node: the voter uses one of them in a round.
	record.know(&[], &[other]);
	record.sign_vote(KEY, &prevote(2, 9, 3)).expect("it is new");
	assert!(!voter.forget_others(&record));
	assert_eq!(*current_of(&voter), BTreeMap::from([(8, restored), (9, voted(other))]));
}

// A new set begins without rounds, so the voter could not cast them again.
#[test]
fn votes_of_a_later_set_have_no_place() {
	let voter = idle();
	let unrestored = |votes: &[Vote]| voter.unrestored(&recorded(votes));
	assert!(unrestored(&[prevote(1, 9, 3)]).is_empty());
	assert!(unrestored(&[prevote(2, 90, 3)]).is_empty());
	let votes = [prevote(2, 9, 3), prevote(3, 1, 3), prevote(3, 2, 3), prevote(4, 1, 3)];
	assert_eq!(unrestored(&votes), [at(3, 2), at(4, 1)]);
}

#[test]
fn votes_of_another_set_or_of_no_authority_are_not_restored() {
	let mut voter = idle();
	assert!(!voter.restore(KEY, &recorded(&[prevote(1, 8, 3)])));
	assert!(!voter.restore(KEY, &recorded(&[prevote(3, 8, 3)])));
	assert!(!voter.restore(H256([9; 32]), &recorded(&[prevote(2, 8, 3)])));
	assert_eq!(voter, idle());
}
