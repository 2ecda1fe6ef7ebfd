//! Whether a node may sign at once.

use super::{
	database::{voter, voter_of},
	*,
};
use crate::{
	database::VoterState,
	open::{known_keys, restore},
	protection::{SlashingProtection, Standing},
	record::{Record, MAX_ROUNDS},
	start::{compare, Database, Doubt, Start, LOST_WRITES_MS},
};
use gtos_node_types::Block;
use sc_client_api::in_mem::Blockchain;
use sc_keystore::{Keystore, LocalKeystore};
use sp_core::crypto::key_types;
use std::collections::BTreeMap;

const SLOT_MS: u64 = 500;
const LOST_SLOTS: u64 = LOST_WRITES_MS / SLOT_MS;

fn record() -> Record {
	let mut record = Record::new(hash(0));
	record.sign_seal(KEY, seal(1_000, 1)).expect("it is new");
	record.sign_vote(KEY, &prevote(2, 7, 1)).expect("it is new");
	record
}

fn database() -> Database {
	Database {
		is_empty: false,
		best_slot: 1_000,
		present_slot: 1_010,
		own_seals: vec![(KEY, seal(1_000, 1))],
		voter: Some(voter(BTreeMap::new())),
	}
}

fn start(record: Option<&Record>, database: &Database) -> Start {
	compare(record, &[KEY], database, SLOT_MS)
}

#[test]
fn record_that_agrees_with_the_database_signs_at_once() {
	assert_eq!(start(Some(&record()), &database()), Start::Sign);
}

#[test]
fn missing_record_listens_unless_the_database_is_empty() {
	assert_eq!(start(None, &database()), Start::Listen(Doubt::Missing));
	let empty = Database {
		is_empty: true,
		voter: None,
		own_seals: Vec::new(),
		best_slot: 5_000,
		present_slot: 5_000,
	};
	assert_eq!(start(None, &empty), Start::Fresh);
	assert_eq!(start(Some(&Record::new(hash(0))), &empty), Start::Fresh);
}

// It may be the record of a new keystore, or what is left of another one.
#[test]
fn blank_record_beside_a_database_with_blocks_listens() {
	let mut blank = Record::new(hash(0));
	assert_eq!(start(Some(&blank), &database()), Start::Listen(Doubt::Missing));
	blank.know(&[KEY], &[KEY]);
	assert_eq!(start(Some(&blank), &database()), Start::Listen(Doubt::Missing));
}

#[test]
fn record_with_an_empty_database_listens() {
	let empty = Database {
		is_empty: true,
		voter: None,
		own_seals: Vec::new(),
		best_slot: 5_000,
		present_slot: 5_000,
	};
	assert_eq!(start(Some(&record()), &empty), Start::Listen(Doubt::Newer));
}

#[test]
fn record_without_a_key_of_the_keystore_listens() {
	let keys = [KEY, H256([8; 32])];
	let start = compare(Some(&record()), &keys, &database(), SLOT_MS);
	assert_eq!(start, Start::Listen(Doubt::Missing));
}

// A key that was removed may be in use elsewhere until it comes back.
#[test]
fn only_keys_that_the_keystore_holds_are_known_by_the_record() {
	let other = H256([8; 32]);
	assert_eq!(known_keys(&record(), &[KEY, other]), [KEY]);
	assert!(known_keys(&record(), &[other]).is_empty());
	let mut blank = Record::new(hash(0));
	blank.know(&[KEY], &[KEY]);
	assert!(known_keys(&blank, &[KEY]).is_empty());
}

#[test]
fn record_behind_a_seal_of_the_database_listens() {
	let mut database = database();
	database.own_seals.push((KEY, seal(1_001, 2)));
	assert_eq!(start(Some(&record()), &database), Start::Listen(Doubt::Older));
}

#[test]
fn record_without_a_vote_of_a_completed_round_listens() {
	let mut record = Record::new(hash(0));
	record.sign_seal(KEY, seal(1_000, 1)).expect("it is new");
	record.sign_vote(KEY, &prevote(2, 6, 1)).expect("it is new");
	assert_eq!(start(Some(&record), &database()), Start::Listen(Doubt::Older));
}

// A process that was killed: the database has lost its last writes, and with them the begin of a set.
// All validators may have lost the same, so this one has to vote in every round of its set.
#[test]
fn record_a_little_ahead_of_the_database_signs_at_once_and_votes_in_every_round() {
	let keystore = LocalKeystore::in_memory();
	let key = keystore.ed25519_generate_new(key_types::GRANDPA, Some("//Alice")).unwrap();
	let key = H256(key.0);
	let mut record = record();
	record.sign_seal(KEY, seal(1_000 + LOST_SLOTS, 2)).expect("it is new");
	for round in 8..12 {
		record.sign_vote(key, &prevote(2, round, 1)).expect("it is new");
	}
	for round in 1..4 {
		record.sign_vote(key, &prevote(3, round, 1)).expect("it is new");
	}
	let voter = |set_id, completed| voter_of(&[key], set_id, completed, BTreeMap::new());
	let mut database = Database { voter: Some(voter(2, 7)), ..database() };
	assert_eq!(compare(Some(&record), &[key], &database, SLOT_MS), Start::Sign);

	let unrestored = restore(&Blockchain::<Block>::new(), &record, &mut database);
	let unrestored = unrestored.expect("it is in memory");
	assert_eq!(unrestored, [(key, at(3, 3))]);
	let node = SlashingProtection::new(keystore.into(), None, record, Start::Sign, 1_010);
	for (key, last) in unrestored {
		node.note_unrestored(key, last);
	}
	for completed in 7..20 {
		assert_eq!(node.standing(&voter(2, completed)), Standing::Open, "after {completed}");
	}
	// The voter begins the next set without knowing these.
	assert_eq!(node.standing(&voter(3, 2)), Standing::Unrestored);
	assert_eq!(node.standing(&voter(3, 3)), Standing::Open);
}

#[test]
fn record_far_ahead_of_the_database_listens() {
	let mut by_seal = record();
	by_seal.sign_seal(KEY, seal(1_001 + LOST_SLOTS, 2)).expect("it is new");
	assert_eq!(start(Some(&by_seal), &database()), Start::Listen(Doubt::Newer));

	let mut by_votes = record();
	for round in 8..=8 + MAX_ROUNDS as u64 {
		by_votes.sign_vote(KEY, &prevote(2, round, 1)).expect("it is new");
	}
	assert_eq!(start(Some(&by_votes), &database()), Start::Listen(Doubt::Newer));
}

// A node that was off, has synced, and was stopped while it listened.
#[test]
fn record_without_votes_for_long_listens_although_the_database_is_fresh() {
	let rounds = MAX_ROUNDS as u64;
	let start = |key, set_id, completed| {
		let mut database = database();
		let mut voter = voter_of(&[key], set_id, completed, BTreeMap::new());
		if let VoterState::Live { completed, .. } = &mut voter {
			completed.rounds[0].votes.clear();
		}
		database.voter = Some(voter);
		start(Some(&record()), &database)
	};
	let stale = Start::Listen(Doubt::Stale);
	// The record ends in round 7 of set 2.
	assert_eq!(start(KEY, 2, 7 + rounds - 1), Start::Sign);
	assert_eq!(start(KEY, 2, 7 + rounds), stale);
	assert_eq!(start(KEY, 3, rounds - 1), Start::Sign);
	assert_eq!(start(KEY, 3, rounds), stale);
	assert_eq!(start(KEY, 4, 1), stale);
	assert_eq!(start(H256([8; 32]), 4, 1), Start::Sign, "the key is no authority");
}

// A snapshot of the whole disk that was restored looks like a node that was switched off.
#[test]
fn record_and_database_that_end_long_ago_listen() {
	let mut database = database();
	database.present_slot = 1_000 + LOST_SLOTS;
	assert_eq!(start(Some(&record()), &database), Start::Sign);
	database.present_slot += 1;
	assert_eq!(start(Some(&record()), &database), Start::Listen(Doubt::Stale));
}
