//! A node that takes an old chain for a new one.

use super::*;
use crate::{
	new_chain::NewChain,
	protection::{Imported, Phase, SlashingProtection},
	record::Record,
	start::{Doubt, Start},
};
use sc_keystore::{Keystore, LocalKeystore};
use sp_consensus_grandpa::localized_payload;
use sp_core::crypto::key_types;
use std::time::Duration;

const START_SLOT: u64 = 10_000;

/// 120 slots before the start.
const LAST_EMPTY_SLOT: u64 = 9_880;

const LISTENING: Phase = Phase::Listening(Doubt::Missing);

fn new_chain() -> NewChain {
	NewChain::new(START_SLOT, Duration::from_millis(500))
}

struct Node {
	protection: SlashingProtection,
	key: H256,
}

impl Node {
	/// A node without record and database, in which an operator has put a key.
	fn fresh() -> Self {
		let keystore = LocalKeystore::in_memory();
		let key = keystore.ed25519_generate_new(key_types::GRANDPA, Some("//Alice"));
		let key = H256(key.expect("the seed is valid").0);
		let (record, start) = (Record::new(hash(0)), Start::Fresh);
		let protection = SlashingProtection::new(keystore.into(), None, record, start, START_SLOT)
			.expecting(Some(new_chain()));
		Self { protection, key }
	}

	/// Lets it sign, if `seen` is still its phase.
	fn begins_to_sign(&self, seen: Phase) -> bool {
		let present = Some(at(0, 1));
		self.protection.begin_signing(seen, present, 0).expect("there is no file")
	}

	fn imports(&self, number: u32, slot: u64) {
		let (hash, parent_hash) = (hash(2), hash(1));
		let block = Imported { number, slot, hash, parent_hash, is_own: false };
		self.protection.observe_import(&block);
	}

	fn votes(&self, round: u64) -> bool {
		let payload = localized_payload(round, 0, &message(Stage::Prevote, 1));
		self.protection.permit_vote(self.key, &payload).is_ok()
	}
}

#[test]
fn new_chain_has_at_most_one_block_in_each_slot_since_a_minute_before_the_start() {
	let chain = new_chain();
	assert!(chain.can_have(0, START_SLOT));
	assert!(chain.can_have(1, LAST_EMPTY_SLOT + 1));
	assert!(!chain.can_have(1, LAST_EMPTY_SLOT));
	assert!(!chain.can_have(1, 0));
	assert!(chain.can_have(120, START_SLOT));
	assert!(!chain.can_have(121, START_SLOT));
	assert!(chain.can_have(121, START_SLOT + 1));
	assert!(NewChain::new(5, Duration::ZERO).can_have(1, 1), "the slots before the start are few");
}

// A warp sync begins with a recent block.
#[test]
fn node_that_signs_listens_when_it_imports_a_block_that_a_new_chain_cannot_have() {
	for (number, slot) in [(1, LAST_EMPTY_SLOT), (7, 0), (121, START_SLOT), (5_000, START_SLOT)] {
		let node = Node::fresh();
		node.imports(1, START_SLOT);
		assert!(node.begins_to_sign(Phase::Fresh));
		node.imports(2, START_SLOT + 1);
		assert!(node.votes(1), "so far the chain looks like a new one");
		node.imports(number, slot);
		assert_eq!(node.protection.phase(), LISTENING, "block {number} of slot {slot}");
		assert!(!node.votes(2));
		assert_eq!(node.protection.untrusted_keys().len(), 1, "it has to listen for its key");
	}
}

#[test]
fn node_listens_once_for_the_blocks_of_an_old_chain() {
	let node = Node::fresh();
	assert!(node.begins_to_sign(Phase::Fresh));
	node.imports(1, 5);
	node.imports(2, 6);
	assert!(node.begins_to_sign(LISTENING), "it has listened");
	node.imports(3, 7);
	assert_eq!(node.protection.phase(), Phase::Signing, "the blocks before a warp sync come last");
	assert!(node.votes(1));
}

// The listener has decided by a block 1, and another import thread sees an old block meanwhile.
#[test]
fn node_that_has_seen_an_old_block_does_not_begin_to_sign() {
	let node = Node::fresh();
	node.imports(1, START_SLOT);
	node.imports(1, 5);
	assert_eq!(node.protection.phase(), LISTENING);
	assert!(!node.begins_to_sign(Phase::Fresh));
	assert!(!node.votes(1));
}

#[test]
fn node_that_stands_still_or_has_stopped_stays_so_when_it_imports_an_old_block() {
	for phase in [Phase::Listening(Doubt::Suspended), Phase::Stopped] {
		let node = Node::fresh();
		node.protection.set_phase(phase);
		node.imports(1, 5);
		assert_eq!(node.protection.phase(), phase);
	}
}
