//! Opens the slashing protection of a node, before its voter starts.

use crate::{
	database::VoterState,
	database_log::DatabaseLog,
	error::Error,
	file::RecordFile,
	listener::listening_time,
	new_chain::NewChain,
	protection::{signer, SlashingProtection},
	pulse::now_ms,
	record::{Record, RoundId, Seal},
	start::{compare, Database, Doubt, Start},
	LOG_TARGET,
};
use gtos_node_types::{Block, FullClient};
use sc_client_api::AuxStore;
use sc_consensus_aura::standalone::find_pre_digest;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_core::{crypto::key_types, H256};
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Header as _;
use std::{path::Path, sync::Arc, time::Duration};

/// How many of the last blocks are searched for own seals: more than a validator lets pass without
/// one of its own, even if 100 of them take turns.
const SEARCHED_BLOCKS: usize = 256;

/// How much protection the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
	/// All of it.
	On,
	/// The record, but no listening unless the database is behind it.
	SignAtOnce,
	/// None.
	Off,
}

/// Opens the record beside `keystore_path`, compares it with the database and enters its votes there.
///
/// Without a path the keys are only in memory, and so is the record. `database_path` is the folder of
/// the ParityDB behind `client`.
pub fn open(
	client: &FullClient,
	database_path: Option<&Path>,
	keystore: KeystorePtr,
	keystore_path: Option<&Path>,
	mode: Mode,
	slot_duration: Duration,
) -> Result<Option<Arc<SlashingProtection>>, String> {
	if mode == Mode::Off {
		tracing::warn!(
			target: LOG_TARGET,
			"⚠️ Slashing protection is off. This node signs whatever its database does not contradict: if \
			another node has its keys, or if the database is restored, the validator is slashed",
		);
		return Ok(None);
	}
	let genesis_hash = client.info().genesis_hash;
	let text = |error: Error| error.to_string();
	let file = keystore_path.map(RecordFile::beside);
	let lock = file.as_ref().map(RecordFile::lock).transpose().map_err(text)?;
	let stored = file.as_ref().map(|file| file.load_of(genesis_hash)).transpose().map_err(text)?;
	let stored = stored.flatten();

	let keys = Keys::of(&keystore);
	let slot_duration_ms = u64::try_from(slot_duration.as_millis()).unwrap_or(u64::MAX);
	let start_slot = now_ms() / slot_duration_ms.max(1);
	let mut database = read(client, &keys, stored.as_ref(), start_slot)?;
	let found = match &file {
		Some(_) => compare(stored.as_ref(), &keys.all(), &database, slot_duration_ms),
		None => Start::Sign,
	};
	let start = announce(found, mode, &database, slot_duration);

	let mut record = stored.unwrap_or_else(|| Record::new(genesis_hash));
	let known_keys = known_keys(&record, &keys.all());
	let unrestored = restore(client, &record, &mut database)?;
	learn(&mut record, &keys, &database);
	let database_log = database_path.map(|path| DatabaseLog::of(path.to_path_buf()));
	let is_fresh = start == Start::Fresh;
	let protection = SlashingProtection::new(keystore, file, record, start, start_slot)
		.expecting(is_fresh.then(|| NewChain::new(start_slot, slot_duration)))
		.holding(lock)
		.syncing(database_log);
	protection.trust(known_keys);
	for (key, last) in unrestored {
		protection.note_unrestored(key, last);
	}
	if start == Start::Sign {
		protection.adopt_keys(None).map_err(text)?;
	}
	protection.set_phase(start.into());
	Ok(Some(Arc::new(protection)))
}

/// Keys of the keystore whose signatures the record holds. A key that is not there may be in use
/// elsewhere, and is listened for when it comes back. A blank record says nothing of its keys.
pub(crate) fn known_keys(record: &Record, held: &[H256]) -> Vec<H256> {
	if record.is_blank() {
		return Vec::new();
	}
	let is_known = |key: &&H256| record.seals.contains_key(*key) || record.votes.contains_key(*key);
	held.iter().filter(is_known).copied().collect()
}

/// Says what the node will do, and applies the operator's choice.
fn announce(start: Start, mode: Mode, database: &Database, slot_duration: Duration) -> Start {
	let doubt = match start {
		Start::Sign => return start,
		Start::Fresh if mode == Mode::On => return start,
		Start::Fresh => Doubt::Missing,
		Start::Listen(doubt) => doubt,
	};
	// A database that is older than the record may be a restored one, and another node may run.
	if mode == Mode::SignAtOnce && doubt != Doubt::Newer {
		tracing::warn!(
			target: LOG_TARGET,
			"⚠️ {doubt}, and this node signs at once, because it was told to. If another node has the \
			keys, or had them in the current session, the validator is slashed",
		);
		return Start::Sign;
	}
	let authorities = database.voter.as_ref().map(VoterState::authorities).unwrap_or_default();
	let seconds = listening_time(authorities, slot_duration).as_secs();
	tracing::warn!(
		target: LOG_TARGET,
		"{doubt}. The node listens for its own keys for {seconds} s, counted while it has peers and is in \
		sync, before it signs",
	);
	start
}

struct Keys {
	aura: Vec<H256>,
	grandpa: Vec<H256>,
}

impl Keys {
	fn of(keystore: &KeystorePtr) -> Self {
		let aura = keystore.sr25519_public_keys(key_types::AURA);
		let grandpa = keystore.ed25519_public_keys(key_types::GRANDPA);
		Self {
			aura: aura.into_iter().map(|key| H256(key.0)).collect(),
			grandpa: grandpa.into_iter().map(|key| H256(key.0)).collect(),
		}
	}

	fn all(&self) -> Vec<H256> {
		[&self.aura[..], &self.grandpa[..]].concat()
	}
}

fn read(
	client: &FullClient,
	keys: &Keys,
	record: Option<&Record>,
	start_slot: u64,
) -> Result<Database, String> {
	let info = client.info();
	let recorded = record.iter().flat_map(|record| record.seals.keys()).copied();
	let sealers: Vec<H256> = keys.aura.iter().copied().chain(recorded).collect();
	let mut database = Database {
		is_empty: info.best_number == 0,
		best_slot: start_slot,
		present_slot: start_slot,
		own_seals: Vec::new(),
		voter: VoterState::load(client)?,
	};
	let mut hash = info.best_hash;
	for depth in 0..SEARCHED_BLOCKS {
		let header = client.header(hash).map_err(|error| error.to_string())?;
		let Some(mut header) = header else { break };
		let Ok(slot) = find_pre_digest::<Block, AuthoritySignature>(&header) else { break };
		if header.number == 0 {
			break;
		}
		if depth == 0 {
			database.best_slot = *slot;
		}
		hash = header.parent_hash;
		let seal: Option<AuthoritySignature> =
			header.digest_mut().pop().and_then(|item| item.as_aura_seal());
		let Some(seal) = seal else { continue };
		let pre_seal_hash = header.hash();
		if let Some(key) = signer(&sealers, pre_seal_hash, &seal.into_inner()) {
			database.own_seals.push((key, Seal { slot: *slot, pre_seal_hash }));
		}
	}
	Ok(database)
}

/// Enters the votes of the record into the voter's state. Answers, for each key and set whose votes it
/// has no place for, the last round.
pub(crate) fn restore(
	database: &impl AuxStore,
	record: &Record,
	Database { voter, .. }: &mut Database,
) -> Result<Vec<(H256, RoundId)>, String> {
	let Some(voter) = voter else {
		let votes = record.votes.iter();
		let last =
			votes.flat_map(|(key, votes)| votes.last_of_sets().map(move |last| (*key, last)));
		return Ok(last.collect());
	};
	let mut has_changed = voter.forget_others(record);
	let mut unrestored = Vec::new();
	for (key, votes) in &record.votes {
		has_changed |= voter.restore(*key, votes);
		unrestored.extend(voter.unrestored(votes).into_iter().map(|last| (*key, last)));
	}
	if has_changed {
		tracing::info!(
			target: LOG_TARGET,
			"The database has lost votes that the record holds; they are cast again",
		);
		voter.store(database)?;
	}
	Ok(unrestored)
}

/// Takes what the database knows into the record, and drops what is no longer needed. What the record
/// holds already counts.
fn learn(record: &mut Record, keys: &Keys, database: &Database) {
	for (key, seal) in &database.own_seals {
		let _ = record.sign_seal(*key, *seal);
	}
	let Some(voter) = &database.voter else { return };
	let own: Vec<H256> = keys.grandpa.iter().copied().chain(record.votes.keys().copied()).collect();
	let votes = voter.signed_votes().chain(voter.stored_votes());
	for (key, vote) in votes.filter(|(key, _)| own.contains(key)) {
		let _ = record.sign_vote(key, &vote);
	}
	record.retire_before(voter.present().set_id);
}
