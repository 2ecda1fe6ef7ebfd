//! The record of a running node, and what may be signed by it. Each subject has a file below this one.

mod hearing;
mod keys;
mod pauses;
mod permits;
mod rounds;

pub(crate) use hearing::signer;
pub use hearing::Imported;
pub use permits::SignError;
pub use rounds::Standing;

use crate::{
	counters::Counters,
	database_log::DatabaseLog,
	error::Error,
	file::{RecordFile, RecordLock},
	new_chain::NewChain,
	pulse::Pulse,
	record::Record,
	start::{Doubt, Start},
};
use gtos_runtime::{BlockNumber, Hash};
use parking_lot::Mutex;
use sp_core::H256;
use sp_keystore::KeystorePtr;
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	sync::{atomic::Ordering, Arc},
};
use tokio::sync::{watch, Notify};

/// What the node may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
	/// Database and record are empty. If the peers have no block either, the node may seal block 1, and
	/// nothing else before it has seen a block of another node. If that cannot be one of a new chain, or
	/// if a peer claims more blocks than a new chain can have, the node listens.
	Fresh,
	/// The node listens for its own keys.
	Listening(Doubt),
	/// The node signs what its record permits.
	Signing,
	/// Another node has the keys.
	Stopped,
}

impl From<Start> for Phase {
	fn from(start: Start) -> Self {
		match start {
			Start::Sign => Self::Signing,
			Start::Fresh => Self::Fresh,
			Start::Listen(doubt) => Self::Listening(doubt),
		}
	}
}

/// A block that this node has proposed.
#[derive(Clone, Copy)]
struct Proposed {
	pre_seal_hash: Hash,
	slot: u64,
	number: BlockNumber,
}

/// The slashing protection of a running node.
pub struct SlashingProtection {
	keystore: KeystorePtr,
	/// `None` if the keys are only in memory: they then end with the process, as the record does.
	file: Option<RecordFile>,
	/// See [`SlashingProtection::holding`].
	_lock: Option<RecordLock>,
	/// See [`SlashingProtection::syncing`].
	pub(crate) database_log: Option<DatabaseLog>,
	state: Mutex<State>,
	phase: watch::Sender<Phase>,
	/// Wakes the listener.
	pub(crate) news: Notify,
	/// Slot in which the node started.
	start_slot: u64,
	pub(crate) counters: Arc<Counters>,
}

struct State {
	record: Record,
	/// Whether the record holds something that is not on disk: what was heard, or found at start.
	has_unstored: bool,
	/// What was heard of keys that are not trusted yet. It is not in the record, which would seem to
	/// hold all that they have signed.
	untrusted: Record,
	/// By GRANDPA key and set, the last round with a vote in the record that the voter does not know.
	// By set, because rounds of a set that the database has not reached say nothing about those of the
	// present one: the voter knows all of these.
	unrestored: BTreeMap<(H256, u64), u64>,
	/// The last blocks that were proposed.
	proposals: VecDeque<Proposed>,
	/// The last blocks that this process has sealed, without their seals.
	own_seals: VecDeque<Hash>,
	/// The keystore's Aura keys, as [`SlashingProtection::refresh_keys`] has found them.
	aura_keys: Vec<H256>,
	grandpa_keys: Vec<H256>,
	/// Keys whose signatures the record holds since their first one, or for which the node has listened.
	trusted_keys: BTreeSet<H256>,
	/// Targets of own votes that arrived from the network.
	heard_votes: VecDeque<Hash>,
	/// See [`SlashingProtection::note_slot`].
	since_slot: u64,
	/// The last slot of a seal that was made with a key of this node, and not by this process.
	heard_seal: Option<u64>,
	/// Height and slot of the first block of another node that was imported.
	first_block: Option<(BlockNumber, u64)>,
	/// Hash of the block 1 that this node has made.
	own_first: Option<Hash>,
	/// Whether the node has peers and none of them has a block.
	is_chain_new: bool,
	/// See [`SlashingProtection::expecting`].
	new_chain: Option<NewChain>,
	pulse: Pulse,
	/// How often the process has stood still.
	pauses: u64,
}

impl SlashingProtection {
	/// The protection of a node that starts in `start_slot`. A node that signs at once trusts the keys
	/// that its keystore holds.
	pub fn new(
		keystore: KeystorePtr,
		file: Option<RecordFile>,
		record: Record,
		start: Start,
		start_slot: u64,
	) -> Self {
		let protection = Self {
			keystore,
			file,
			_lock: None,
			database_log: None,
			state: Mutex::new(State {
				untrusted: Record::new(record.genesis_hash),
				record,
				has_unstored: true,
				unrestored: BTreeMap::new(),
				proposals: VecDeque::new(),
				own_seals: VecDeque::new(),
				since_slot: start_slot,
				aura_keys: Vec::new(),
				grandpa_keys: Vec::new(),
				trusted_keys: BTreeSet::new(),
				heard_votes: VecDeque::new(),
				heard_seal: None,
				first_block: None,
				own_first: None,
				is_chain_new: false,
				new_chain: None,
				pulse: Pulse::default(),
				pauses: 0,
			}),
			phase: watch::Sender::new(start.into()),
			news: Notify::new(),
			start_slot,
			counters: Arc::default(),
		};
		protection.refresh_keys();
		if start == Start::Sign {
			protection.trust(protection.untrusted_keys());
		}
		protection
	}

	/// Keeps the lock of the record for as long as the node may sign.
	pub fn holding(mut self, lock: Option<RecordLock>) -> Self {
		self._lock = lock;
		self
	}

	/// Puts this log on disk before a vote for a new block is signed.
	pub fn syncing(mut self, database_log: Option<DatabaseLog>) -> Self {
		self.database_log = database_log;
		self
	}

	/// Lets a node that may take the chain for a new one listen, once, when it imports a block that such a chain cannot
	/// have, even if it signs by then.
	pub fn expecting(mut self, new_chain: Option<NewChain>) -> Self {
		self.state.get_mut().new_chain = new_chain;
		self
	}

	/// What the node may sign now.
	pub fn phase(&self) -> Phase {
		*self.phase.borrow()
	}

	/// The phase and its changes.
	pub fn phases(&self) -> watch::Receiver<Phase> {
		self.phase.subscribe()
	}

	pub(crate) fn set_phase(&self, phase: Phase) {
		self.counters.is_signing.store((phase == Phase::Signing).into(), Ordering::Relaxed);
		self.phase.send_replace(phase);
	}

	/// Slot in which the node started.
	pub fn start_slot(&self) -> u64 {
		self.start_slot
	}

	/// A copy of the record.
	pub fn record(&self) -> Record {
		self.state.lock().record.clone()
	}

	/// Says whether the node has peers and none of them has a block.
	pub(crate) fn set_chain_new(&self, is_new: bool) {
		self.state.lock().is_chain_new = is_new;
	}

	fn store(&self, record: &Record) -> Result<(), Error> {
		self.file.as_ref().map_or(Ok(()), |file| file.save(record))
	}
}
