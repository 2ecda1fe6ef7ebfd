//! Whatever a node is asked to sign, and whenever it restarts, no key signs twice.

use super::*;
use crate::{
	file::RecordFile,
	protection::SlashingProtection,
	record::Record,
	start::{Doubt, Start},
};
use proptest::prelude::*;
use sc_keystore::LocalKeystore;
use sp_consensus_grandpa::localized_payload;
use sp_core::{crypto::key_types, Pair};
use sp_keyring::Ed25519Keyring;
use sp_keystore::Keystore;
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
	thread,
};

#[derive(Clone, Debug)]
enum Step {
	/// Proposes a block and asks for its seal.
	Seal { key: u8, slot: u64, block: u8 },
	/// Asks for a vote.
	Vote { key: u8, set_id: u64, round: u64, stage: usize, block: u8 },
	/// The process ends, and starts with what is on disk.
	Restart,
	/// The operator imports a copy that was exported before.
	Import,
	/// The copy for the next import is made.
	Export,
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		6 => (0u8..2, 1u64..12, 1u8..4).prop_map(|(key, slot, block)| Step::Seal { key, slot, block }),
		12 => (0u8..2, 0u64..3, 1u64..40, 0usize..3, 1u8..4).prop_map(
			|(key, set_id, round, stage, block)| Step::Vote { key, set_id, round, stage, block }
		),
		2 => Just(Step::Restart),
		1 => Just(Step::Export),
		1 => Just(Step::Import),
	]
}

fn started(file: &RecordFile) -> SlashingProtection {
	let record = file.load().expect("it is valid").unwrap_or_else(|| Record::new(hash(0)));
	let keystore = LocalKeystore::in_memory().into();
	let node = SlashingProtection::new(keystore, Some(file.clone()), record, Start::Sign, 0);
	node.trust([KEY, H256([0; 32]), H256([1; 32])]);
	node
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn nothing_is_signed_twice_differently(steps in prop::collection::vec(step(), 1..120)) {
		let folder = tempfile::tempdir().expect("there is room");
		let file = RecordFile::at(folder.path().join("record"));
		let mut node = started(&file);
		let mut seals: HashMap<u8, BTreeMap<u64, u8>> = HashMap::new();
		let mut votes: BTreeMap<(u8, RoundId, usize), u8> = BTreeMap::new();
		let mut exported = None;
		for step in steps {
			match step {
				Step::Seal { key, slot, block } => {
					node.note_proposal(slot, 1, hash(block));
					// The same hash may stand for several slots here: the last proposal counts.
					if node.permit_seal(H256([key; 32]), hash(block).as_bytes()).is_ok() {
						let slot = node.record().seals[&H256([key; 32])].slot;
						let of_key = seals.entry(key).or_default();
						let before = of_key.insert(slot, block);
						prop_assert!(before.is_none_or(|before| before == block));
						prop_assert_eq!(of_key.keys().next_back(), Some(&slot), "never below the last");
					}
				},
				Step::Vote { key, set_id, round, stage, block } => {
					let payload = localized_payload(round, set_id, &message(Stage::ALL[stage], block));
					if node.permit_vote(H256([key; 32]), &payload).is_ok() {
						let before = votes.insert((key, at(set_id, round), stage), block);
						// Two hints of a primary are no offence, and are permitted where votes are withheld.
						let is_hint = Stage::ALL[stage] == Stage::PrimaryPropose;
						prop_assert!(is_hint || before.is_none_or(|before| before == block));
					}
				},
				Step::Restart => node = started(&file),
				Step::Export => exported = Some(node.record()),
				Step::Import => if let Some(exported) = &exported {
					let mut record = file.load().expect("it is valid").unwrap_or_else(|| Record::new(hash(0)));
					record.merge(exported.clone());
					file.save(&record).expect("there is room");
					node = started(&file);
				},
			}
		}
		// What was signed is on disk.
		let stored = file.load().expect("it is valid");
		for (key, of_key) in &seals {
			let last = of_key.keys().next_back().copied().unwrap_or_default();
			let stored = stored.as_ref().map(|record| record.seals[&H256([*key; 32])].slot);
			prop_assert_eq!(stored, Some(last));
		}
	}
}

#[test]
fn threads_that_ask_for_different_votes_get_one() {
	let folder = tempfile::tempdir().expect("there is room");
	let node = Arc::new(started(&RecordFile::at(folder.path().join("record"))));
	for round in 1..20 {
		let threads: Vec<_> = (1..5)
			.map(|block| {
				let node = node.clone();
				thread::spawn(move || {
					let payload = localized_payload(round, 0, &message(Stage::Prevote, block));
					node.permit_vote(KEY, &payload).is_ok()
				})
			})
			.collect();
		let signed =
			threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|signed| *signed);
		assert_eq!(signed.count(), 1, "round {round}");
	}
}

#[test]
fn vote_that_cannot_be_stored_is_not_signed_and_may_be_later() {
	let folder = tempfile::tempdir().expect("there is room");
	let missing = folder.path().join("missing");
	let node = started(&RecordFile::at(missing.join("record")));
	let payload = localized_payload(1, 0, &message(Stage::Prevote, 1));
	assert!(node.permit_vote(KEY, &payload).is_err());
	// Not even as one that was signed before.
	assert!(node.permit_vote(KEY, &payload).is_err());
	std::fs::create_dir(missing).expect("there is room");
	assert!(node.permit_vote(KEY, &payload).is_ok());
}

#[test]
fn node_that_listens_leaves_no_record_that_would_end_the_listening() {
	let folder = tempfile::tempdir().expect("there is room");
	let file = RecordFile::at(folder.path().join("record"));
	let keystore = LocalKeystore::in_memory().into();
	let start = Start::Listen(Doubt::Missing);
	let node =
		SlashingProtection::new(keystore, Some(file.clone()), Record::new(hash(0)), start, 0);
	let hint = localized_payload(1, 0, &message(Stage::PrimaryPropose, 1));
	assert!(node.permit_vote(KEY, &hint).is_ok());
	assert_eq!(file.load().expect("it is valid"), None);
}

// The vote counts as signed from the moment it is heard, but it is not on disk yet.
#[test]
fn vote_that_was_heard_is_stored_before_this_node_signs_it() {
	let folder = tempfile::tempdir().expect("there is room");
	let file = RecordFile::at(folder.path().join("record"));
	let keystore = LocalKeystore::in_memory();
	keystore.ed25519_generate_new(key_types::GRANDPA, Some("//Alice")).expect("the seed is valid");
	let record = Record::new(hash(0));
	let node =
		SlashingProtection::new(keystore.into(), Some(file.clone()), record, Start::Sign, 1_000);
	let pair = Ed25519Keyring::Alice.pair();
	let key = H256(pair.public().0);
	let [first, second] =
		[1, 2].map(|round| localized_payload(round, 0, &message(Stage::Prevote, 1)));
	let signature = pair.sign(&second).into();
	let (id, message) = (pair.public().into(), message(Stage::Prevote, 1));
	let heard = sp_consensus_grandpa::SignedMessage::<Header> { message, signature, id };

	assert!(node.permit_vote(key, &first).is_ok());
	node.observe_vote(&heard, 2, 0);
	assert!(node.permit_vote(key, &second).is_ok());
	assert_eq!(file.load().expect("it is valid"), Some(node.record()));
}
