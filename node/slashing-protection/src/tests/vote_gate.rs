//! Votes that wait for the permission to sign.

use super::*;
use crate::{
	protection::{Phase, SlashingProtection},
	record::Record,
	start::{Doubt, Start},
	vote_gate::VoteGate,
};
use futures::{task::noop_waker, FutureExt};
use gtos_node_types::Block;
use sc_client_api::in_mem::Blockchain;
use sc_consensus_grandpa::{VotingRule, VotingRuleResult};
use sc_keystore::LocalKeystore;
use sp_runtime::traits::Header as _;
use std::{
	sync::Arc,
	task::{Context, Poll},
};

fn protection(start: Start) -> Arc<SlashingProtection> {
	let keystore = LocalKeystore::in_memory().into();
	Arc::new(SlashingProtection::new(keystore, None, Record::new(hash(0)), start, 1_000))
}

fn ask(gate: &VoteGate<()>) -> VotingRuleResult<Block> {
	let header = Header::new(1, hash(0), hash(0), hash(1), Default::default());
	gate.restrict_vote(Arc::new(Blockchain::<Block>::new()), &header, &header, &header)
}

fn is_waiting(vote: &mut VotingRuleResult<Block>) -> bool {
	vote.poll_unpin(&mut Context::from_waker(&noop_waker())) == Poll::Pending
}

#[test]
fn signing_node_votes_at_once() {
	let gate = VoteGate::new((), Some(protection(Start::Sign)));
	assert!(!is_waiting(&mut ask(&gate)));
	assert!(!is_waiting(&mut ask(&VoteGate::new((), None))));
}

#[test]
fn listening_node_votes_when_it_may_and_only_in_its_last_round() {
	for start in [Start::Fresh, Start::Listen(Doubt::Missing)] {
		let protection = protection(start);
		let gate = VoteGate::new((), Some(protection.clone()));
		let (mut first, mut last) = (ask(&gate), ask(&gate));
		assert!(is_waiting(&mut first) && is_waiting(&mut last));
		protection.set_phase(Phase::Signing);
		assert!(is_waiting(&mut first), "an earlier round stays without this node");
		assert!(!is_waiting(&mut last));
		assert!(!is_waiting(&mut ask(&gate)));
	}
}

#[test]
fn stopped_node_never_votes() {
	let protection = protection(Start::Listen(Doubt::Missing));
	let gate = VoteGate::new((), Some(protection.clone()));
	let mut vote = ask(&gate);
	protection.set_phase(Phase::Stopped);
	assert!(is_waiting(&mut vote));
}
