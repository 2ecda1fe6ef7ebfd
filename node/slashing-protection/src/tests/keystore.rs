//! The keystore that signs what the record permits.

use super::*;
use crate::{
	database::HasVoted,
	keystore::ProtectedKeystore,
	protection::{Imported, Phase, SlashingProtection, Standing},
	pulse::{Moment, MAX_PAUSE},
	record::Record,
	start::{Doubt, Start},
	tests::database::voter_of,
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
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::{atomic::Ordering, Arc},
	time::Duration,
};

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

fn header() -> Header {
	Header::new(1, hash(0), hash(0), hash(1), Default::default())
}

/// What Alice, on another node, seals and votes.
struct Alice;

impl Alice {
	fn seal(header: &Header) -> sr25519::Signature {
		let pair = sr25519::Pair::from_string("//Alice", None).unwrap();
		pair.sign(header.hash().as_bytes())
	}

	fn prevote(round: u64, block: u8) -> sp_consensus_grandpa::SignedMessage<Header> {
		Self::vote(round, Stage::Prevote, block)
	}

	fn vote(round: u64, stage: Stage, block: u8) -> sp_consensus_grandpa::SignedMessage<Header> {
		let pair = ed25519::Pair::from_string("//Alice", None).unwrap();
		let message = message(stage, block);
		let signature = pair.sign(&localized_payload(round, 0, &message)).into();
		let id = pair.public().into();
		sp_consensus_grandpa::SignedMessage::<Header> { message, signature, id }
	}
}

/// Block `number` on the block with the hash `parent`.
fn imported(number: u32, parent: u8, is_own: bool) -> Imported {
	let hash = hash(parent + 1);
	Imported { number, slot: 1_000, hash, parent_hash: crate::tests::hash(parent), is_own }
}

#[test]
fn only_a_block_that_was_proposed_is_sealed_and_only_one_a_slot() {
	let node = node(Start::Sign);
	assert!(!node.seals(hash(1).as_bytes()), "nobody has proposed it");
	node.protection.note_proposal(5, 1, hash(1));
	node.protection.note_proposal(5, 1, hash(2));
	assert!(node.seals(hash(1).as_bytes()));
	assert!(node.seals(hash(1).as_bytes()));
	assert!(!node.seals(hash(2).as_bytes()));
	node.protection.note_proposal(4, 1, hash(3));
	assert!(!node.seals(hash(3).as_bytes()));
	node.protection.note_proposal(6, 2, hash(2));
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
		(Start::Fresh, (false, true)),
		(Start::Listen(Doubt::Missing), (false, true)),
		(Start::Listen(Doubt::Older), (false, true)),
		(Start::Listen(Doubt::Newer), (false, true)),
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
	node.protection.note_proposal(5, 1, hash(1));
	assert!(!node.seals(hash(1).as_bytes()));
	node.protection.adopt_keys(None).expect("there is no file");
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
	let node = node(Start::Listen(Doubt::Missing));
	let public = node.operator.sr25519_generate_new(key_types::AURA, None).unwrap();
	assert!(node.protection.record().seals.contains_key(&H256(public.0)));
	node.protection.refresh_keys();
	let keys = [node.aura.0, node.grandpa.0].map(H256);
	let untrusted = node.protection.untrusted_keys();
	assert_eq!(untrusted, BTreeSet::from(keys), "they may have been used elsewhere");
	node.protection.trust(keys);
	assert!(node.protection.untrusted_keys().is_empty());
}

#[test]
fn seal_and_vote_of_another_node_count_as_own() {
	let node = node(Start::Sign);
	let header = header();
	node.protection.observe_seal(&header, 1_010, &Alice::seal(&header));
	assert!(node.protection.heard(|_| None).is_some());
	node.protection.note_proposal(1_010, 1, hash(1));
	assert!(!node.seals(hash(1).as_bytes()));

	let signed = Alice::prevote(3, 2);
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
	let header = header();
	node.protection.note_proposal(1_010, 1, header.hash());
	assert!(node.seals(header.hash().as_bytes()));
	node.protection.observe_seal(&header, 1_010, &Alice::seal(&header));
	assert_eq!(node.protection.heard(|_| Some(1_010)), None);
}

// A node that listens sends hints and has no record of them; its peers send them back.
#[test]
fn primarys_hint_that_comes_back_is_not_anothers() {
	for start in [Start::Listen(Doubt::Missing), Start::Fresh, Start::Sign] {
		let node = node(start);
		assert!(node.votes(&localized_payload(3, 0, &message(Stage::PrimaryPropose, 2))));
		node.protection.observe_vote(&Alice::vote(3, Stage::PrimaryPropose, 2), 3, 0);
		assert_eq!(node.protection.heard(|_| Some(1_010)), None, "{start:?}");
		node.protection.observe_vote(&Alice::vote(3, Stage::Precommit, 2), 3, 0);
		assert!(node.protection.heard(|_| Some(1_010)).is_some(), "{start:?}");
	}
}

// A node that syncs imports all blocks of the chain, and each verification takes time.
#[test]
fn seal_is_verified_only_if_it_may_be_news() {
	let node = node(Start::Listen(Doubt::Stale));
	let header = header();
	node.protection.observe_seal(&header, 900, &Alice::seal(&header));
	let keys = |slot| node.protection.keys_of_interest(slot, hash(1)).len();
	assert_eq!([0, 899, 900, 901].map(keys), [0, 0, 0, 1]);
	let header = Header::new(2, hash(0), hash(0), hash(1), Default::default());
	node.protection.observe_seal(&header, 1_010, &Alice::seal(&header));
	assert_eq!([901, 1_002, 1_003, 1_011].map(keys), [0, 0, 1, 1], "the node starts in slot 1,000");
}

// A peer offers it again, after the block of another fork was sealed.
#[test]
fn own_block_of_a_lost_fork_is_not_anothers() {
	let node = node(Start::Sign);
	let header = header();
	node.protection.note_proposal(1_010, 1, header.hash());
	node.protection.note_proposal(1_012, 1, hash(2));
	assert!(node.seals(header.hash().as_bytes()) && node.seals(hash(2).as_bytes()));
	node.protection.observe_seal(&header, 1_010, &Alice::seal(&header));
	assert_eq!(node.protection.heard(|_| None), None);
	assert_eq!(node.protection.counters.heard.load(Ordering::Relaxed), 0);
}

#[test]
fn signature_from_before_the_end_of_a_pause_is_not_anothers() {
	let node = node(Start::Listen(Doubt::Suspended));
	let header = header();
	node.protection.note_slot(1_020, true);
	node.protection.observe_seal(&header, 1_010, &Alice::seal(&header));
	node.protection.observe_vote(&Alice::prevote(3, 2), 3, 0);
	assert_eq!(node.protection.heard(|_| Some(1_022)), None);
	node.protection.observe_vote(&Alice::prevote(4, 2), 4, 0);
	assert!(node.protection.heard(|_| Some(1_023)).is_some());
	assert_eq!(node.protection.counters.heard.load(Ordering::Relaxed), 1);

	// The clock was ahead when the pause ended, and is correct now.
	node.protection.note_slot(1_015, false);
	node.protection.note_slot(1_016, false);
	node.protection.observe_vote(&Alice::prevote(5, 2), 5, 0);
	assert!(node.protection.heard(|_| Some(1_018)).is_some());
}

#[test]
fn signature_from_before_the_start_is_not_anothers() {
	let node = node(Start::Listen(Doubt::Missing));
	let header = header();
	node.protection.observe_seal(&header, 1_000, &Alice::seal(&header));
	assert_eq!(node.protection.heard(|_| None), None);
	assert_eq!(node.protection.record().last_slot(), 1_000);
}

#[test]
fn fresh_node_seals_block_1_and_no_other_and_only_if_its_peers_have_no_block() {
	let node = node(Start::Fresh);
	node.protection.note_proposal(999, 1, hash(1));
	node.protection.note_proposal(999, 2, hash(2));
	assert!(!node.seals(hash(1).as_bytes()), "it does not know what its peers have");
	node.protection.set_chain_new(true);
	assert_eq!(node.holds(&node.workers), (true, true));
	assert!(!node.seals(hash(2).as_bytes()), "it is on a state that was imported");
	assert!(node.seals(hash(1).as_bytes()));
	node.protection.observe_import(&imported(1, 1, true));
	assert_eq!(node.holds(&node.workers), (false, true), "it has sealed the first block");
}

// An own block 1 would be one on an old chain, too, if the node seals before it has synced.
#[test]
fn own_block_tells_nothing_about_the_age_of_the_chain_and_one_on_it_does() {
	let node = node(Start::Fresh);
	node.protection.observe_import(&imported(1, 1, true));
	assert_eq!(node.protection.first_block(), None);
	node.protection.observe_import(&imported(2, 2, false));
	assert_eq!(node.protection.first_block(), Some((1, 1_000)));
	node.protection.observe_import(&imported(3, 3, false));
	assert_eq!(node.protection.first_block(), Some((1, 1_000)));
}

#[test]
fn first_block_of_another_node_counts_with_its_own_height() {
	let node = node(Start::Fresh);
	node.protection.observe_import(&imported(5_000, 1, false));
	assert_eq!(node.protection.first_block(), Some((5_000, 1_000)));
	node.protection.set_chain_new(true);
	node.protection.note_proposal(1_000, 1, hash(1));
	assert!(!node.seals(hash(1).as_bytes()));
}

#[test]
fn key_that_appears_in_a_signing_node_is_not_used_before_the_node_has_listened() {
	let node = node(Start::Sign);
	let bob = node.operator.sr25519_generate_new(key_types::AURA, Some("//Bob")).unwrap();
	let key = [(bob.to_raw_vec(), key_types::AURA)];
	let seals = |node: &Node| {
		let signed = node.workers.sr25519_sign(key_types::AURA, &bob, hash(1).as_bytes());
		matches!(signed, Ok(Some(_)))
	};
	node.protection.note_proposal(1_000, 7, hash(1));
	assert!(!node.workers.has_keys(&key) && !seals(&node));
	assert_eq!(node.holds(&node.workers), (true, true), "the other keys go on");

	// What is heard of it meanwhile does not make it known.
	node.protection.refresh_keys();
	let header = header();
	let pair = sr25519::Pair::from_string("//Bob", None).unwrap();
	let seal = pair.sign(header.hash().as_bytes());
	node.protection.observe_seal(&header, 1_001, &seal);
	assert!(!node.protection.record().seals.contains_key(&H256(bob.0)));

	node.protection.adopt_keys(Some(at(0, 5))).expect("there is no file");
	assert!(node.workers.has_keys(&key));
	assert_eq!(node.protection.record().seals[&H256(bob.0)].slot, 1_001);
	assert!(!seals(&node), "the slot is not later than what was heard");
	node.protection.note_proposal(1_002, 8, hash(1));
	assert!(seals(&node));
	assert!(node.votes(&payload(1, 1)), "of the old keys the record knows everything");
}

#[test]
fn node_that_has_listened_does_not_vote_in_earlier_rounds() {
	let node = node(Start::Listen(Doubt::Missing));
	node.protection.adopt_keys(Some(at(0, 5))).expect("there is no file");
	node.protection.set_phase(Phase::Signing);
	assert!(!node.votes(&payload(4, 1)));
	assert!(node.votes(&payload(5, 1)));
	assert!(!node.protection.record().is_blank(), "it would listen again after a restart");
}

#[test]
fn process_that_has_stood_still_listens_again() {
	for start in [Start::Sign, Start::Fresh, Start::Listen(Doubt::Missing)] {
		let node = node(start);
		let now = Moment::now();
		node.protection.beat(now);
		let later = |pause: Duration| Moment { monotonic: now.monotonic + pause, wall: now.wall };
		node.protection.notice_pause(later(MAX_PAUSE));
		assert_eq!(node.protection.phase(), Phase::from(start));
		node.protection.notice_pause(later(MAX_PAUSE + Duration::from_secs(1)));
		assert_eq!(node.protection.phase(), Phase::Listening(Doubt::Suspended));
		assert_eq!(node.protection.pauses(), 1);
		assert!(!node.votes(&payload(1, 1)));
		assert_eq!(node.holds(&node.workers), (false, true));
	}
}

// What the listener has decided before the pause no longer counts.
#[test]
fn process_that_stands_still_while_it_listens_does_not_begin_to_sign() {
	let node = node(Start::Listen(Doubt::Missing));
	let now = Moment::now();
	node.protection.beat(now);
	let pauses = node.protection.pauses();
	let pause = MAX_PAUSE + Duration::from_secs(1);
	node.protection.notice_pause(Moment { monotonic: now.monotonic + pause, wall: now.wall });
	assert!(matches!(
		node.protection.begin_signing(node.protection.phase(), None, pauses),
		Ok(false)
	));
	assert_eq!(node.protection.phase(), Phase::Listening(Doubt::Suspended));
	assert!(!node.protection.untrusted_keys().is_empty());
	let pauses = node.protection.pauses();
	assert!(matches!(
		node.protection.begin_signing(node.protection.phase(), None, pauses),
		Ok(true)
	));
	assert_eq!(node.protection.phase(), Phase::Signing);
}

#[test]
fn voter_may_vote_where_it_knows_what_the_record_holds() {
	let node = node(Start::Sign);
	let key = H256(node.grandpa.0);
	let standing = |set_id, last_completed| {
		let idle = BTreeMap::from([(last_completed + 1, HasVoted::No)]);
		node.protection.standing(&voter_of(&[key], set_id, last_completed, idle))
	};
	assert_eq!(standing(0, 0), Standing::Open);
	node.protection.adopt_keys(None).expect("there is no file");
	node.protection.observe_vote(&Alice::prevote(3, 2), 3, 0);
	assert_eq!(standing(0, 2), Standing::Unrestored, "the voter would cast another vote");
	assert_eq!(standing(0, 3), Standing::Open);
	node.protection.note_unrestored(key, at(1, 2));
	assert_eq!(standing(0, 3), Standing::Open, "a later set says nothing about this one");
	assert_eq!(standing(0, 2), Standing::Unrestored, "and hides nothing of it");
	assert_eq!(standing(1, 1), Standing::Unrestored);
	assert_eq!(standing(1, 2), Standing::Open);

	// The prevote of this round was not heard, and a restart would not bring it back.
	node.protection.observe_vote(&Alice::vote(6, Stage::Precommit, 2), 6, 0);
	assert_eq!(standing(0, 5), Standing::Behind);
	assert!(node.votes(&localized_payload(6, 0, &message(Stage::PrimaryPropose, 1))));
	node.protection.observe_vote(&Alice::prevote(6, 2), 6, 0);
	assert_eq!(standing(0, 5), Standing::Unrestored);

	node.protection.set_phase(Phase::Listening(Doubt::Missing));
	node.protection.adopt_keys(Some(at(1, 7))).expect("there is no file");
	node.protection.set_phase(Phase::Signing);
	assert_eq!(standing(1, 5), Standing::Behind);
	let hint = localized_payload(6, 1, &message(Stage::PrimaryPropose, 1));
	assert!(node.votes(&hint), "a hint that is refused would end the voter");
	assert_eq!(standing(1, 6), Standing::Open);
	// Keys that are no authority have no say.
	let other = voter_of(&[H256([9; 32])], 1, 1, BTreeMap::new());
	assert_eq!(node.protection.standing(&other), Standing::Open);
}
