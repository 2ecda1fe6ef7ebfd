//! The file of the record.

use super::*;
use crate::{error::Error, file::RecordFile, record::Record};
use std::fs;

fn record() -> Record {
	let mut record = Record::new(hash(9));
	record.sign_seal(KEY, seal(5, 1)).expect("it is new");
	for stage in Stage::ALL {
		record.sign_vote(KEY, &vote(2, 7, stage, 3)).expect("it is new");
	}
	record.sign_vote(KEY, &prevote(2, 8, 4)).expect("it is new");
	record
}

fn file() -> (tempfile::TempDir, RecordFile) {
	let folder = tempfile::tempdir().expect("there is room");
	let file = RecordFile::beside(&folder.path().join("keystore"));
	(folder, file)
}

#[test]
fn stored_record_is_read_back() {
	let (_folder, file) = file();
	assert!(matches!(file.load(), Ok(None)));
	file.save(&record()).expect("there is room");
	file.save(&record()).expect("it can be replaced");
	assert_eq!(file.load().expect("it is valid"), Some(record()));
}

#[test]
fn record_lies_beside_the_keystore_and_nothing_unfinished_stays() {
	let (folder, file) = file();
	file.save(&record()).expect("there is room");
	let names: Vec<_> = fs::read_dir(folder.path())
		.expect("it exists")
		.map(|entry| entry.unwrap().file_name())
		.collect();
	assert_eq!(names, ["slashing-protection.json"]);
}

#[test]
fn record_is_locked_by_one_process_at_a_time() {
	let (_folder, file) = file();
	let lock = file.lock().expect("nobody else has it");
	file.save(&record()).expect("its owner may replace the record");
	let error = file.lock().expect_err("it is locked");
	assert!(matches!(error, Error::InUse { .. }));
	assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
	drop(lock);
	assert!(file.lock().is_ok());
}

#[test]
fn encoding_is_stable() {
	let (_folder, file) = file();
	let mut record = Record::new(hash(9));
	record.sign_seal(KEY, seal(5, 1)).expect("it is new");
	record.sign_vote(KEY, &prevote(2, 8, 4)).expect("it is new");
	file.save(&record).expect("there is room");
	let text = fs::read_to_string(file.path()).expect("it exists");
	let stored: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
	let key = format!("0x{}", "07".repeat(32));
	let block = |byte: &str| format!("0x{}", byte.repeat(32));
	assert_eq!(text.lines().count(), 1, "compact, because it is written for each signature");
	assert_eq!(stored["version"], 1);
	assert_eq!(
		stored["record"],
		serde_json::json!({
			"genesisHash": block("09"),
			"seals": { key.clone(): { "slot": 5, "preSealHash": block("01") } },
			"votes": { key: {
				"first": { "setId": 0, "round": 0 },
				"rounds": [
					{ "setId": 2, "round": 8, "prevote": { "hash": block("04"), "number": 4 } },
				],
			} },
		})
	);
}

// As earlier versions of the node wrote it, or an editor that formats JSON.
#[test]
fn record_with_white_space_is_read() {
	let (_folder, file) = file();
	file.save(&record()).expect("there is room");
	let text = fs::read_to_string(file.path()).expect("it exists");
	let content: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
	let pretty = serde_json::to_vec_pretty(&content).expect("it is JSON");
	fs::write(file.path(), pretty).expect("there is room");
	assert_eq!(file.load().expect("it is valid"), Some(record()));
}

// A record that cannot be read must never count as one that is empty.
#[test]
fn every_changed_or_missing_byte_is_an_error() {
	let (_folder, file) = file();
	file.save(&record()).expect("there is room");
	let bytes = fs::read(file.path()).expect("it exists");
	for length in [0, 1, bytes.len() / 2, bytes.len() - 3] {
		fs::write(file.path(), &bytes[..length]).expect("there is room");
		assert!(matches!(file.load(), Err(Error::Damaged { .. })), "{length} bytes");
	}
	for position in 0..bytes.len() {
		let mut changed = bytes.clone();
		changed[position] ^= 1;
		fs::write(file.path(), &changed).expect("there is room");
		match file.load() {
			Err(Error::Damaged { .. }) => {},
			// The case of a hexadecimal digit, and white space, carry nothing.
			Ok(loaded) => assert_eq!(loaded, Some(record()), "byte {position}"),
			Err(error) => panic!("{error}"),
		}
	}
}

#[test]
fn damaged_record_is_explained_with_its_path_and_remedy() {
	let (_folder, file) = file();
	fs::write(file.path(), "{}").expect("there is room");
	let error = file.load().expect_err("it is no record").to_string();
	assert!(error.contains(&file.path().display().to_string()), "{error}");
	assert!(error.contains("gtos slashing-protection import"), "{error}");
	assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn damaged_record_that_is_set_aside_leaves_its_place_to_another() {
	let (_folder, file) = file();
	for text in ["{}", "[]"] {
		fs::write(file.path(), text).expect("there is room");
		let aside = file.set_aside().expect("it exists");
		assert!(matches!(file.load(), Ok(None)));
		assert_eq!(fs::read_to_string(aside).expect("it was renamed"), text);
	}
	let error = file.set_aside().expect_err("there is no record").to_string();
	assert!(error.contains(&file.path().display().to_string()), "{error}");
}

#[test]
fn record_of_another_chain_or_of_a_later_version_is_refused() {
	let (_folder, file) = file();
	file.save(&record()).expect("there is room");
	assert!(file.load_of(hash(9)).is_ok());
	assert!(matches!(file.load_of(hash(8)), Err(Error::OtherChain { .. })));

	let text = fs::read_to_string(file.path()).expect("it exists");
	fs::write(file.path(), text.replacen("\"version\":1", "\"version\":2", 1))
		.expect("there is room");
	let error = file.load().expect_err("the version is unknown");
	assert!(matches!(error, Error::LaterVersion { found: 2, known: 1, .. }), "{error}");
	assert!(error.to_string().contains("has version 2"), "{error}");
	// Whatever else has changed in its format.
	fs::write(file.path(), r#"{"version":2,"records":[]}"#).expect("there is room");
	assert!(matches!(file.load(), Err(Error::LaterVersion { .. })));
}

#[test]
fn file_that_cannot_be_written_is_an_error_that_names_it() {
	let file = RecordFile::at("/nonexistent/folder/record.json".into());
	let error = file.save(&record()).expect_err("there is no folder").to_string();
	assert!(error.contains("/nonexistent/folder/record.json"), "{error}");
}

/// As in `gtos slashing-protection export record.json`.
#[test]
fn file_without_a_folder_is_written_to_the_current_one() {
	let file = RecordFile::at(format!("record-{}.json", std::process::id()).into());
	let saved = file.save(&record());
	let loaded = file.load();
	fs::remove_file(file.path()).expect("it was written");
	saved.expect("the current folder exists");
	assert_eq!(loaded.expect("it is valid"), Some(record()));
}

#[test]
fn file_system_without_locks_is_an_error_that_says_what_to_do() {
	let error = std::io::ErrorKind::Unsupported.into();
	let error = Error::CannotLock { path: "/nfs/record.json".into(), error }.to_string();
	assert!(error.contains("/nfs/record.json") && error.contains("local disk"), "{error}");
	assert_eq!(error.lines().count(), 1, "{error}");
}

// Votes that were cast in one stage say nothing of the others, on disk as in memory.
#[test]
fn votes_that_were_not_cast_are_absent_after_a_restart() {
	let (_folder, file) = file();
	file.save(&record()).expect("there is room");
	let mut loaded = file.load().expect("it is valid").expect("it exists");
	let votes = loaded.votes[&KEY].rounds[&at(2, 8)];
	let of_stages = Stage::ALL.map(|stage| votes.at(stage));
	assert_eq!(of_stages, [None, Some(target(4)), None]);
	assert!(loaded.sign_vote(KEY, &vote(2, 8, Stage::Precommit, 5)).is_ok());
	assert!(loaded.sign_vote(KEY, &prevote(2, 8, 5)).is_err());
}
