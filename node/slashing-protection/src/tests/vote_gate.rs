//! Votes that wait for the permission to sign.

use super::*;
use crate::{
	database::HasVoted,
	protection::{Phase, SlashingProtection},
	record::Record,
	start::{Doubt, Start},
	tests::database::voter_of,
	vote_gate::VoteGate,
};
use futures::{task::noop_waker, FutureExt};
use gtos_node_types::Block;
use sc_client_api::in_mem::Blockchain;
use sc_consensus_grandpa::{VotingRule, VotingRuleResult};
use sc_keystore::{Keystore, LocalKeystore};
use sp_core::crypto::key_types;
use sp_runtime::traits::Header as _;
use std::{
	collections::BTreeMap,
	sync::Arc,
	task::{Context, Poll},
};

/// A node with a key that votes.
struct Node {
	protection: Arc<SlashingProtection>,
	gate: VoteGate<()>,
	database: Arc<Blockchain<Block>>,
	key: H256,
}

impl Node {
	fn new(start: Start) -> Self {
		let keystore = LocalKeystore::in_memory();
		let key = keystore.ed25519_generate_new(key_types::GRANDPA, Some("//Alice")).unwrap();
		let record = Record::new(hash(0));
		let protection = SlashingProtection::new(keystore.into(), None, record, start, 1_000);
		let protection = Arc::new(protection);
		let gate = VoteGate::new((), Some(protection.clone()));
		let node = Self { protection, gate, database: Arc::default(), key: H256(key.0) };
		node.enter_round(1);
		node
	}

	fn enter_round(&self, round: u64) {
		let current = BTreeMap::from([(round, HasVoted::No)]);
		let voter = voter_of(&[self.key], 0, round - 1, current);
		voter.store(&*self.database).expect("it is in memory");
	}

	fn ask(&self) -> VotingRuleResult<Block> {
		ask(&self.gate, &self.database)
	}
}

fn ask(gate: &VoteGate<()>, database: &Arc<Blockchain<Block>>) -> VotingRuleResult<Block> {
	let header = Header::new(1, hash(0), hash(0), hash(1), Default::default());
	gate.restrict_vote(database.clone(), &header, &header, &header)
}

fn is_waiting(vote: &mut VotingRuleResult<Block>) -> bool {
	vote.poll_unpin(&mut Context::from_waker(&noop_waker())) == Poll::Pending
}

#[test]
fn signing_node_votes_at_once() {
	let node = Node::new(Start::Sign);
	assert!(!is_waiting(&mut node.ask()));
	assert!(!is_waiting(&mut ask(&VoteGate::new((), None), &Arc::default())));
}

// The voter may have caught up meanwhile, and a round that it has left behind may ask after the new one.
#[test]
fn listening_node_votes_when_it_may_and_only_in_the_present_round() {
	for start in [Start::Fresh, Start::Listen(Doubt::Missing), Start::Listen(Doubt::Newer)] {
		let node = Node::new(start);
		let mut earlier = node.ask();
		node.enter_round(4);
		let (mut present, mut late) = (node.ask(), node.ask());
		assert!([&mut earlier, &mut present, &mut late].into_iter().all(is_waiting));
		node.protection.set_phase(Phase::Signing);
		assert!(is_waiting(&mut earlier), "an earlier round stays without this node");
		assert!(!is_waiting(&mut present), "whatever asked after it");
		assert!(!is_waiting(&mut node.ask()));
	}
}

#[test]
fn round_whose_votes_only_the_record_knows_stays_without_this_node() {
	let node = Node::new(Start::Sign);
	node.protection.note_unrestored(node.key, at(0, 2));
	for round in [1, 2] {
		node.enter_round(round);
		assert!(is_waiting(&mut node.ask()), "round {round}");
	}
	node.enter_round(3);
	assert!(!is_waiting(&mut node.ask()));
}

#[test]
fn stopped_node_never_votes() {
	let node = Node::new(Start::Listen(Doubt::Missing));
	let mut vote = node.ask();
	node.protection.set_phase(Phase::Stopped);
	assert!(is_waiting(&mut vote));
}
