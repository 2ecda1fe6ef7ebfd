//! The log of the database, and when it is put on disk.

use super::*;
use crate::{
	database_log::DatabaseLog, protection::SlashingProtection, record::Record, start::Start,
};
use sc_keystore::{Keystore, LocalKeystore};
use sp_consensus_grandpa::localized_payload;
use sp_core::crypto::key_types;
use std::fs;

/// A database with two logs that have content.
fn database() -> (tempfile::TempDir, DatabaseLog) {
	let folder = tempfile::tempdir().expect("there is room");
	for (name, content) in [
		("log0", "records"),
		("log12", "records"),
		("log3", ""),
		("logs", "something else"),
		("table_00_00", "values"),
	] {
		fs::write(folder.path().join(name), content).expect("there is room");
	}
	let log = DatabaseLog::of(folder.path().to_path_buf());
	(folder, log)
}

#[test]
fn log_is_synced_once_for_each_block_and_stays_as_it_is() {
	let (folder, log) = database();
	let synced =
		[1, 2, 1, 2, 3].map(|block| log.sync_for(hash(block)).expect("they can be synced"));
	assert_eq!(synced, [2, 2, 0, 0, 2]);
	let content = fs::read_to_string(folder.path().join("log12")).expect("it exists");
	assert_eq!(content, "records");
}

#[test]
fn log_that_could_not_be_synced_is_synced_with_the_next_vote() {
	let (folder, log) = database();
	let (here, away) = (folder.path().to_path_buf(), folder.path().with_extension("away"));
	fs::rename(&here, &away).expect("it is in the same folder");
	assert!(log.sync_for(hash(1)).is_err());
	fs::rename(&away, &here).expect("as above");
	assert_eq!(log.sync_for(hash(1)).expect("it is back"), 2);
}

#[test]
fn log_is_synced_before_a_vote_for_a_new_block_and_not_for_a_hint() {
	let (_folder, log) = database();
	let keystore = LocalKeystore::in_memory();
	let key = keystore.ed25519_generate_new(key_types::GRANDPA, Some("//Alice")).unwrap();
	let record = Record::new(hash(0));
	let node = SlashingProtection::new(keystore.into(), None, record, Start::Sign, 1_000)
		.syncing(Some(log));
	let sign = |stage, block| {
		let payload = localized_payload(1, 0, &message(stage, block));
		node.permit_vote(H256(key.0), &payload).expect("it is the first one");
	};
	sign(Stage::PrimaryPropose, 1);
	sign(Stage::Prevote, 2);
	sign(Stage::Precommit, 3);
	let log = node.database_log.as_ref().expect("it was passed");
	let left = [1, 2, 3].map(|block| log.sync_for(hash(block)).expect("they can be synced"));
	assert_eq!(left, [2, 0, 0]);
}
