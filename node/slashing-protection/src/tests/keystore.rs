//! The keystore that signs what the record permits.

use super::*;
use crate::{
	keystore::ProtectedKeystore,
	protection::{Phase, SlashingProtection},
	record::Record,
	start::{Doubt, Start},
};
use sc_keystore::LocalKeystore;
use sp_consensus_grandpa::localized_payload;
use sp_core::{
	crypto::{key_types, ByteArray, CryptoTypeId, KeyTypeId},
	ed25519,
	proof_of_possession::statement_of_ownership,
	sr25519, Pair,
};
use sp_keystore::{Keystore, KeystorePtr};
use sp_runtime::traits::Header as _;
use std::sync::{atomic::Ordering, Arc};

struct Node {
	protection: Arc<SlashingProtection>,
	workers: KeystorePtr,
	operator: KeystorePtr,
	aura: sr25519::Public,
	grandpa: ed25519::Public,
}

fn node(start: Start) -> Node {
	let keystore = LocalKeystore::in_memory();
	let aura = keystore.sr25519_generate_new(key_types::AURA, Some("//Alice")).unwrap();
	let grandpa = keystore.ed25519_generate_new(key_types::GRANDPA, Some("//Alice")).unwrap();
	let inner: KeystorePtr = keystore.into();
	let record = Record::new(hash(0));
	let protection = Arc::new(SlashingProtection::new(inner.clone(), None, record, start, 1_000));
	let workers = ProtectedKeystore::of_workers(inner.clone(), protection.clone());
	let operator = ProtectedKeystore::of_operator(inner, protection.clone());
	Node { protection, workers, operator, aura, grandpa }
}

impl Node {
	fn signs(&self, id: KeyTypeId, crypto: CryptoTypeId, key: &[u8], message: &[u8]) -> bool {
		match self.workers.sign_with(id, crypto, key, message) {
			Ok(signature) => signature.is_some(),
			Err(_) => false,
		}
	}

	fn seals(&self, message: &[u8]) -> bool {
		self.signs(key_types::AURA, sr25519::CRYPTO_ID, self.aura.as_slice(), message)
	}

	fn votes(&self, message: &[u8]) -> bool {
		self.signs(key_types::GRANDPA, ed25519::CRYPTO_ID, self.grandpa.as_slice(), message)
	}

	fn holds(&self, keystore: &KeystorePtr) -> (bool, bool) {
		(
			keystore.has_keys(&[(self.aura.to_raw_vec(), key_types::AURA)]),
			keystore.has_keys(&[(self.grandpa.to_raw_vec(), key_types::GRANDPA)]),
		)
	}
}

fn payload(round: u64, block: u8) -> Vec<u8> {
	localized_payload(round, 0, &message(Stage::Prevote, block))
}

#[test]
fn only_a_block_that_was_proposed_is_sealed_and_only_one_a_slot() {
	let node = node(Start::Sign);
	assert!(!node.seals(hash(1).as_bytes()), "nobody has proposed it");
	node.protection.note_proposal(5, hash(1));
	node.protection.note_proposal(5, hash(2));
	assert!(node.seals(hash(1).as_bytes()));
	assert!(node.seals(hash(1).as_bytes()));
	assert!(!node.seals(hash(2).as_bytes()));
	node.protection.note_proposal(4, hash(3));
	assert!(!node.seals(hash(3).as_bytes()));
	node.protection.note_proposal(6, hash(2));
	assert!(node.seals(hash(2).as_bytes()));
	assert_eq!(node.protection.counters.refused_seals.load(Ordering::Relaxed), 3);
}

#[test]
fn only_one_vote_of_a_round_is_signed() {
	let node = node(Start::Sign);
	assert!(node.votes(&payload(1, 1)));
	assert!(node.votes(&payload(1, 1)));
	assert!(!node.votes(&payload(1, 2)));
	assert!(node.votes(&payload(2, 2)));
	assert!(!node.votes(b"anything else"));
	assert_eq!(node.protection.counters.refused_votes.load(Ordering::Relaxed), 2);
}

#[test]
fn proofs_of_ownership_are_signed_in_every_phase() {
	for start in [Start::Sign, Start::Fresh, Start::Listen(Doubt::Newer)] {
		let node = node(start);
		let statement = statement_of_ownership(&[1; 32]);
		assert!(node.seals(&statement) && node.votes(&statement), "{start:?}");
		assert!(node.protection.record().is_blank());
	}
}

#[test]
fn keys_of_other_types_are_not_affected() {
	let node = node(Start::Listen(Doubt::Newer));
	let public = node.workers.sr25519_generate_new(key_types::ACCOUNT, None).unwrap();
	let key = [(public.to_raw_vec(), key_types::ACCOUNT)];
	assert!(node.workers.has_keys(&key));
	assert!(node.workers.sr25519_sign(key_types::ACCOUNT, &public, b"text").unwrap().is_some());
}

#[test]
fn workers_see_the_keys_that_may_be_used_and_the_operator_sees_all() {
	for (start, seen) in [
		(Start::Sign, (true, true)),
		(Start::Fresh, (true, true)),
		(Start::Listen(Doubt::Missing), (false, true)),
		(Start::Listen(Doubt::Older), (false, true)),
		(Start::Listen(Doubt::Newer), (false, false)),
	] {
		let node = node(start);
		assert_eq!(node.holds(&node.workers), seen, "{start:?}");
		assert_eq!(node.holds(&node.operator), (true, true));
	}
	let node = node(Start::Sign);
	node.protection.set_phase(Phase::Stopped);
	assert_eq!(node.holds(&node.workers), (false, false));
}

#[test]
fn listening_node_seals_nothing_even_if_it_has_proposed() {
	let node = node(Start::Listen(Doubt::Missing));
	node.protection.note_proposal(5, hash(1));
	assert!(!node.seals(hash(1).as_bytes()));
	node.protection.set_phase(Phase::Signing);
	assert!(node.seals(hash(1).as_bytes()));
}

// No other vote is asked for, because the gate withholds it; if one were, it would not be signed.
#[test]
fn listening_node_signs_a_primarys_hint_and_no_other_vote() {
	for start in [Start::Fresh, Start::Listen(Doubt::Missing)] {
		let node = node(start);
		let payload = |stage| localized_payload(1, 0, &message(stage, 1));
		assert!(node.votes(&payload(Stage::PrimaryPropose)));
		assert!(!node.votes(&payload(Stage::Prevote)) && !node.votes(&payload(Stage::Precommit)));
	}
}

#[test]
fn generated_key_is_known_to_the_record() {
	let node = node(Start::Sign);
	let public = node.operator.sr25519_generate_new(key_types::AURA, None).unwrap();
	assert!(node.protection.record().seals.contains_key(&H256(public.0)));
	node.protection.refresh_keys();
	assert!(!node.protection.trusts_keys(), "Alice's keys may have been used elsewhere");
	let keys = [node.aura.0, node.grandpa.0].map(H256);
	node.protection.trust(keys);
	assert!(node.protection.trusts_keys());
}

#[test]
fn seal_and_vote_of_another_node_count_as_own() {
	let node = node(Start::Sign);
	let header = Header::new(1, hash(0), hash(0), hash(1), Default::default());
	let aura = sr25519::Pair::from_string("//Alice", None).unwrap();
	let seal = aura.sign(header.hash().as_bytes());
	node.protection.observe_seal(&header, 1_010, &seal, false);
	assert!(node.protection.heard(|_| None).is_some());
	node.protection.note_proposal(1_010, hash(1));
	assert!(!node.seals(hash(1).as_bytes()));

	let grandpa = ed25519::Pair::from_string("//Alice", None).unwrap();
	let message = message(Stage::Prevote, 2);
	let signature = grandpa.sign(&localized_payload(3, 0, &message)).into();
	let id = grandpa.public().into();
	let signed = sp_consensus_grandpa::SignedMessage::<Header> { message, signature, id };
	// A signature for another round is no vote of this one.
	node.protection.observe_vote(&signed, 4, 0);
	assert!(node.votes(&payload(4, 1)));
	node.protection.observe_vote(&signed, 3, 0);
	assert!(!node.votes(&payload(3, 1)));
	assert!(node.votes(&payload(3, 2)));
}

#[test]
fn own_signatures_that_come_back_are_not_anothers() {
	let node = node(Start::Sign);
	let header = Header::new(1, hash(0), hash(0), hash(1), Default::default());
	node.protection.note_proposal(1_010, header.hash());
	assert!(node.seals(header.hash().as_bytes()));
	let aura = sr25519::Pair::from_string("//Alice", None).unwrap();
	let seal = aura.sign(header.hash().as_bytes());
	node.protection.observe_seal(&header, 1_010, &seal, false);
	assert_eq!(node.protection.heard(|_| Some(1_010)), None);
}

#[test]
fn signature_from_before_the_start_is_not_anothers() {
	let node = node(Start::Listen(Doubt::Missing));
	let header = Header::new(1, hash(0), hash(0), hash(1), Default::default());
	let aura = sr25519::Pair::from_string("//Alice", None).unwrap();
	let seal = aura.sign(header.hash().as_bytes());
	node.protection.observe_seal(&header, 1_000, &seal, false);
	assert_eq!(node.protection.heard(|_| None), None);
	assert_eq!(node.protection.first_block(), Some((1, 1_000)));
	assert_eq!(node.protection.record().last_slot(), 1_000);
}
