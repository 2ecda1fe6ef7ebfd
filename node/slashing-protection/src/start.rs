//! How a node begins: whether its record and its database agree.

use crate::{
	database::VoterState,
	record::{Record, RoundId, Seal, MAX_ROUNDS},
};
use sp_core::H256;
use std::fmt;

/// How far the record may be ahead of the database, and the database behind the clock, without a
/// doubt about either, in milliseconds.
///
/// A process that is killed loses the last moments of its database and never the record, and a
/// restart takes some seconds.
pub const LOST_WRITES_MS: u64 = 60_000;

/// What decides whether the node may sign at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
	/// Record and database agree.
	Sign,
	/// Neither holds anything. If the chain seems to be new, the node signs; see
	/// [`Phase::Fresh`](crate::Phase::Fresh).
	Fresh,
	/// They do not agree: the node listens first.
	Listen(Doubt),
}

/// Why a node listens before it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
	/// There is no record, or it is blank, or it does not know a key of the keystore.
	Missing,
	/// The database holds signatures that the record does not.
	Older,
	/// The record is far ahead of the database.
	Newer,
	/// Both end long ago, or the record does, and the node was stopped while it listened. It may have
	/// been switched off, or record and database may have been restored together.
	Stale,
	/// The process stood still for longer than half a minute. Another node may have taken over.
	Suspended,
}

impl fmt::Display for Doubt {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		f.write_str(match self {
			Self::Missing => "there is no record of what the keys of this node have signed",
			Self::Older => {
				"the record of what the keys of this node have signed is older than the database"
			},
			Self::Stale => {
				"the record of this node, or both record and database, end more than a minute ago"
			},
			Self::Suspended => "this process or its machine stood still for more than 30 s",
			Self::Newer => {
				"the database is older than the record of what the keys of this node have signed"
			},
		})
	}
}

/// What the database shows.
pub struct Database {
	/// Whether it holds no block but the genesis.
	pub is_empty: bool,
	/// Slot of the best block; the present one if the database is empty.
	pub best_slot: u64,
	/// The slot in which the node starts.
	pub present_slot: u64,
	/// Seals of this node's keys among the best chain's last blocks, with their keys.
	pub own_seals: Vec<(H256, Seal)>,
	/// State of GRANDPA's voter; `None` in a new database.
	pub voter: Option<VoterState>,
}

/// Compares the two. `keys` are the Aura and GRANDPA keys of the keystore.
pub fn compare(
	record: Option<&Record>,
	keys: &[H256],
	database: &Database,
	slot_duration_ms: u64,
) -> Start {
	// A blank record beside a database with blocks says nothing: it may be that of a new keystore.
	let Some(record) = record.filter(|record| !record.is_blank()) else {
		let doubt = Start::Listen(Doubt::Missing);
		return if database.is_empty { Start::Fresh } else { doubt };
	};
	let lost_slots = LOST_WRITES_MS / slot_duration_ms.max(1);
	if is_newer(record, database, lost_slots) {
		return Start::Listen(Doubt::Newer);
	}
	let is_known = |key: &H256| record.seals.contains_key(key) || record.votes.contains_key(key);
	if !keys.iter().all(is_known) {
		return Start::Listen(Doubt::Missing);
	}
	if is_older(record, database) {
		return Start::Listen(Doubt::Older);
	}
	if database.present_slot > database.best_slot.saturating_add(lost_slots)
		|| is_silent(record, database)
	{
		return Start::Listen(Doubt::Stale);
	}
	Start::Sign
}

fn is_newer(record: &Record, database: &Database, lost_slots: u64) -> bool {
	let present = database.voter.as_ref().map(VoterState::present).unwrap_or_default();
	// Something was signed, so the chain has a block that an empty database does not.
	database.is_empty
		|| record.last_slot() > database.best_slot.saturating_add(lost_slots)
		|| record.votes.values().any(|votes| votes.first > present)
}

/// Whether a key of the authority set has cast no vote for as many rounds as a record holds.
fn is_silent(record: &Record, database: &Database) -> bool {
	let Some(voter) = &database.voter else { return false };
	let present = voter.present();
	let rounds = MAX_ROUNDS as u64;
	let is_long_ago = |last: RoundId| match present.set_id.saturating_sub(last.set_id) {
		0 => present.round > last.round.saturating_add(rounds),
		1 => present.round > rounds,
		_ => true,
	};
	let mut votes = record.votes.iter();
	votes.any(|(key, votes)| voter.has_voter(*key) && is_long_ago(votes.last()))
}

fn is_older(record: &Record, database: &Database) -> bool {
	let is_seal_unknown =
		|(key, own): &(H256, Seal)| record.seals.get(key).is_some_and(|last| own.slot > last.slot);
	// A vote that only the voter's state of an open round holds may not have been signed.
	let mut signed = database.voter.iter().flat_map(VoterState::signed_votes);
	database.own_seals.iter().any(is_seal_unknown)
		|| signed
			.any(|(key, vote)| record.votes.get(&key).is_some_and(|votes| !votes.covers(&vote)))
}
