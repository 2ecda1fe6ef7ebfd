//! The record of a running node, and what may be signed by it.

mod hearing;

use crate::{
	counters::Counters,
	database::VoterState,
	database_log::DatabaseLog,
	error::Error,
	file::{RecordFile, RecordLock},
	payload,
	pulse::{Moment, Pulse},
	record::{Permit, Record, Refusal, RoundId, Seal, Stage, Vote},
	start::{Doubt, Start},
	LOG_TARGET,
};
use gtos_runtime::{BlockNumber, Hash};
use parking_lot::Mutex;
use sp_core::{crypto::key_types, sr25519, Pair, H256};
use sp_keystore::KeystorePtr;
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	sync::{atomic::Ordering, Arc},
	time::Instant,
};
use tokio::sync::{watch, Notify};

/// Proposed blocks that wait for their seal. Aura seals each before it proposes the next.
const MAX_PROPOSALS: usize = 4;

/// Own seals that are remembered. A peer may offer the block of a lost fork again.
const MAX_OWN_SEALS: usize = 256;

/// By how many slots a signature must be later than the start of the node, or the end of its last
/// pause, to show that another node has the keys: the clocks of validators differ a little.
const CLOCK_SLOTS: u64 = 2;

/// What the node may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
	/// Database and record are empty. If the peers have no block either, the node may seal block 1,
	/// and nothing else before it has seen a block of another node: if that is old, the chain is not
	/// new, and the node listens.
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

/// Whether the voter may vote in its present round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
	/// Whatever the record holds of this round, the voter casts again.
	Open,
	/// The record holds a vote of this round or of a later one of this set that the voter does not know.
	/// After a restart it does.
	Unrestored,
	/// The record does not hold all votes of this round: it has forgotten them, or the precommit was
	/// heard and the prevote was not. A restart does not change that.
	Behind,
}

/// A block that is imported.
#[derive(Clone, Copy, Debug)]
pub struct Imported {
	/// Height of the block.
	pub number: BlockNumber,
	/// Its slot; 0 if it names none.
	pub slot: u64,
	/// Its hash.
	pub hash: Hash,
	/// Hash of the block before it.
	pub parent_hash: Hash,
	/// Whether this node has just made it.
	pub is_own: bool,
}

/// A block that this node has proposed.
#[derive(Clone, Copy)]
struct Proposed {
	pre_seal_hash: Hash,
	slot: u64,
	number: BlockNumber,
}

/// Why a signature is withheld.
#[derive(Debug)]
pub enum SignError {
	/// The node does not sign yet, or no more.
	NotSigning,
	/// It is not a message that the key signs.
	Unknown,
	/// The record forbids it.
	Refused(Refusal),
	/// The record cannot be stored.
	Record(Error),
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

	/// Looks which Aura and GRANDPA keys the keystore holds.
	pub(crate) fn refresh_keys(&self) {
		let aura_keys = self.keystore.sr25519_public_keys(key_types::AURA);
		let grandpa = self.keystore.ed25519_public_keys(key_types::GRANDPA);
		let mut state = self.state.lock();
		state.aura_keys = aura_keys.into_iter().map(|key| H256(key.0)).collect();
		state.grandpa_keys = grandpa.into_iter().map(|key| H256(key.0)).collect();
	}

	/// The GRANDPA keys that the keystore held when [`Self::refresh_keys`] looked.
	pub(crate) fn grandpa_keys(&self) -> BTreeSet<H256> {
		self.state.lock().grandpa_keys.iter().copied().collect()
	}

	/// Whether the keystore may say that it holds this Aura key.
	pub fn may_seal(&self, key: H256) -> bool {
		self.notice_pause(Moment::now());
		let state = self.state.lock();
		match self.phase() {
			Phase::Signing => state.trusted_keys.contains(&key),
			Phase::Fresh => {
				state.is_chain_new && state.own_first.is_none() && state.first_block.is_none()
			},
			Phase::Listening(_) | Phase::Stopped => false,
		}
	}

	/// Whether the keystore may say that it holds this GRANDPA key.
	///
	/// A round asks once, when it begins. [`VoteGate`](crate::VoteGate) withholds the votes of a node
	/// that listens: a round of which this node has no part may be the last one if every vote is
	/// needed. A key that has been copied to a node that signs has no part until the node has
	/// listened for it.
	pub fn may_begin_round(&self, key: H256) -> bool {
		match self.phase() {
			Phase::Signing => self.state.lock().trusted_keys.contains(&key),
			Phase::Fresh | Phase::Listening(_) => true,
			Phase::Stopped => false,
		}
	}

	/// Whether the voter may vote in its present round.
	pub(crate) fn standing(&self, voter: &VoterState) -> Standing {
		let present = voter.present();
		let state = self.state.lock();
		let mut standing = Standing::Open;
		let may_vote = |key: &&H256| state.trusted_keys.contains(*key) && voter.has_voter(**key);
		for key in state.grandpa_keys.iter().filter(may_vote) {
			if state.record.votes.get(key).is_some_and(|votes| votes.is_incomplete(present)) {
				return Standing::Behind;
			}
			if state.is_unrestored(*key, present) {
				standing = Standing::Unrestored;
			}
		}
		standing
	}

	/// Notes that the record holds votes of a key, up to this round of its set, that the voter does not
	/// know.
	pub(crate) fn note_unrestored(&self, key: H256, last: RoundId) {
		self.state.lock().note_unrestored(key, last);
	}

	/// Lets a node that has stood still listen before it signs again. One that listens begins anew: it
	/// has heard nothing meanwhile.
	pub(crate) fn notice_pause(&self, now: Moment) {
		// The lock is held until the phase has changed, so that no other thread signs in between.
		let mut state = self.state.lock();
		let Some(pause) = state.pulse.pause(now) else { return };
		state.pulse.beat(now);
		state.pauses = state.pauses.saturating_add(1);
		if self.phase() != Phase::Stopped {
			tracing::warn!(
				target: LOG_TARGET,
				"This node has stood still for {} s, and another one may have taken over. It listens for \
				its own keys before it signs again",
				pause.as_secs(),
			);
			self.set_phase(Phase::Listening(Doubt::Suspended));
			self.news.notify_one();
		}
	}

	/// How often the process has stood still.
	pub(crate) fn pauses(&self) -> u64 {
		self.state.lock().pauses
	}

	/// Tells the present slot, and whether the process has stood still before it.
	///
	/// A signature of an own key is another node's if it is later than the start, or than the end of
	/// the last pause, or than the present if the clock was ahead at that time.
	pub(crate) fn note_slot(&self, slot: u64, has_paused: bool) {
		let mut state = self.state.lock();
		state.since_slot = if has_paused { slot } else { slot.min(state.since_slot) };
	}

	/// Says that the process runs.
	pub(crate) fn beat(&self, now: Moment) {
		self.notice_pause(now);
		self.state.lock().pulse.beat(now);
	}

	/// Says whether the node has peers and none of them has a block.
	pub(crate) fn set_chain_new(&self, is_new: bool) {
		self.state.lock().is_chain_new = is_new;
	}

	/// Notes a block that this node has proposed and will seal.
	pub fn note_proposal(&self, slot: u64, number: BlockNumber, pre_seal_hash: Hash) {
		let mut state = self.state.lock();
		state.proposals.push_back(Proposed { pre_seal_hash, slot, number });
		if state.proposals.len() > MAX_PROPOSALS {
			state.proposals.pop_front();
		}
	}

	/// Permits an Aura key to sign `message`, and stores that it has.
	pub fn permit_seal(&self, key: H256, message: &[u8]) -> Result<(), SignError> {
		if payload::is_ownership_statement(message) {
			return Ok(());
		}
		let proposed = self.may_seal(key).then(|| {
			let is_fresh = self.phase() == Phase::Fresh;
			let state = self.state.lock();
			let mut last_first = state.proposals.iter().rev();
			let proposed = last_first.find(|block| block.pre_seal_hash.as_bytes() == message);
			proposed.copied().filter(|block| !is_fresh || block.number == 1)
		});
		let Some(Proposed { pre_seal_hash, slot, .. }) = proposed.flatten() else {
			self.counters.refused_seals.fetch_add(1, Ordering::Relaxed);
			return Err(SignError::Unknown);
		};
		let seal = Seal { slot, pre_seal_hash };
		self.enter(|record| record.sign_seal(key, seal)).inspect_err(|error| {
			self.counters.refused_seals.fetch_add(1, Ordering::Relaxed);
			log_refusal(&format!("the seal of a block in slot {slot}"), error);
		})?;
		let mut state = self.state.lock();
		state.own_seals.push_back(pre_seal_hash);
		if state.own_seals.len() > MAX_OWN_SEALS {
			state.own_seals.pop_front();
		}
		Ok(())
	}

	/// Permits a GRANDPA key to sign `message`, and stores that it has.
	pub fn permit_vote(&self, key: H256, message: &[u8]) -> Result<(), SignError> {
		if payload::is_ownership_statement(message) {
			return Ok(());
		}
		self.notice_pause(Moment::now());
		let permitted = payload::decode_vote(message).ok_or(SignError::Unknown).and_then(|vote| {
			if vote.stage == Stage::PrimaryPropose && self.withholds_votes(key, vote.at) {
				// Two hints of a primary are no offence, and a refusal would end the voter.
				return Ok(());
			}
			if self.phase() != Phase::Signing || !self.state.lock().trusted_keys.contains(&key) {
				// The gate withholds the first vote of a round, so only a round that had begun before
				// the process was suspended asks for its second one.
				tracing::error!(
					target: LOG_TARGET,
					"The {:?} in round {} of set {} is not signed: the node has to listen for its own keys \
					first. GRANDPA's voter, and with it the node, stops. Start the node again",
					vote.stage, vote.at.round, vote.at.set_id,
				);
				return Err(SignError::NotSigning);
			}
			self.sync_database(&vote);
			self.enter(|record| record.sign_vote(key, &vote)).inspect_err(|error| {
				let Vote { at, stage, .. } = vote;
				let what = format!("the {stage:?} in round {} of set {}", at.round, at.set_id);
				log_refusal(&what, error);
			})
		});
		permitted.inspect_err(|_| {
			self.counters.refused_votes.fetch_add(1, Ordering::Relaxed);
		})
	}

	/// Puts the block that is voted for on disk. The voter waits for that, in its own thread.
	fn sync_database(&self, vote: &Vote) {
		let Some(log) = &self.database_log else { return };
		if vote.stage == Stage::PrimaryPropose {
			return;
		}
		let start = Instant::now();
		match log.sync_for(vote.target.hash) {
			Ok(0) => {},
			Ok(files) => tracing::debug!(
				target: LOG_TARGET,
				"{files} logs of the database were put on disk in {} µs",
				start.elapsed().as_micros(),
			),
			// A vote for a block that is lost harms only if all validators lose it.
			Err(error) => tracing::warn!(
				target: LOG_TARGET,
				"The log of the database cannot be put on disk: {error}. If the power of all validators fails \
				now, finality may stop",
			),
		}
	}

	/// Whether the key casts no prevote and no precommit in this round.
	fn withholds_votes(&self, key: H256, at: RoundId) -> bool {
		let state = self.state.lock();
		self.phase() != Phase::Signing
			|| state.record.votes.get(&key).is_some_and(|votes| votes.is_incomplete(at))
			|| state.is_unrestored(key, at)
	}

	/// Changes the record, and stores it before anybody sees the change.
	fn enter(
		&self,
		sign: impl FnOnce(&mut Record) -> Result<Permit, Refusal>,
	) -> Result<(), SignError> {
		let mut state = self.state.lock();
		// The process may have been suspended since the caller looked.
		let phase = self.phase();
		let has_paused = state.pulse.pause(Moment::now()).is_some();
		if has_paused || !matches!(phase, Phase::Fresh | Phase::Signing) {
			return Err(SignError::NotSigning);
		}
		let mut next = state.record.clone();
		let permit = sign(&mut next).map_err(SignError::Refused)?;
		if permit == Permit::Repeated && !state.has_unstored {
			return Ok(());
		}
		if phase == Phase::Fresh {
			next.know(&state.aura_keys, &state.grandpa_keys);
		}
		self.store(&next).map_err(SignError::Record)?;
		state.has_unstored = false;
		state.record = next;
		Ok(())
	}

	/// Stores what was heard.
	pub(crate) fn store_heard(&self) -> Result<(), Error> {
		let mut state = self.state.lock();
		self.store(&state.record)?;
		state.has_unstored = false;
		Ok(())
	}

	fn store(&self, record: &Record) -> Result<(), Error> {
		self.file.as_ref().map_or(Ok(()), |file| file.save(record))
	}

	/// Says that the record holds all that these keys have ever signed.
	pub(crate) fn trust(&self, keys: impl IntoIterator<Item = H256>) {
		self.state.lock().trusted_keys.extend(keys);
	}

	/// The keys of the keystore that may have signed what the record does not hold.
	pub(crate) fn untrusted_keys(&self) -> BTreeSet<H256> {
		let state = self.state.lock();
		let keys = state.aura_keys.iter().chain(&state.grandpa_keys);
		keys.filter(|key| !state.trusted_keys.contains(key)).copied().collect()
	}

	/// Enters a key that was generated here and has therefore signed nothing.
	pub(crate) fn enter_new_key(&self, key: H256, enter: impl FnOnce(&mut Record)) {
		let phase = self.phase();
		let mut state = self.state.lock();
		state.trusted_keys.insert(key);
		enter(&mut state.record);
		state.has_unstored = true;
		if matches!(phase, Phase::Listening(_)) {
			return;
		}
		match self.store(&state.record) {
			Ok(()) => state.has_unstored = false,
			Err(error) => tracing::warn!(target: LOG_TARGET, "{error}"),
		}
	}

	/// Lets the node sign with all of its keys, unless the process has stood still since the listener
	/// counted these `pauses`. Returns whether it may.
	pub(crate) fn begin_signing(
		&self,
		present: Option<RoundId>,
		pauses: u64,
	) -> Result<bool, Error> {
		// As in `notice_pause`, the lock is held until the phase has changed.
		let mut state = self.state.lock();
		if state.pauses != pauses {
			return Ok(false);
		}
		self.adopt(&mut state, present)?;
		if self.phase() != Phase::Signing {
			self.set_phase(Phase::Signing);
		}
		Ok(true)
	}

	/// Stores the record, with entries for the keys that have signed nothing. From here on the node
	/// knows what its keys sign.
	///
	/// A node that has listened does not know what they have signed in rounds before the `present`
	/// one, and will not vote there.
	pub(crate) fn adopt_keys(&self, present: Option<RoundId>) -> Result<(), Error> {
		self.adopt(&mut self.state.lock(), present)
	}

	fn adopt(&self, state: &mut State, present: Option<RoundId>) -> Result<(), Error> {
		let has_signed = self.phase() == Phase::Signing;
		let mut next = state.record.clone();
		next.know(&state.aura_keys, &state.grandpa_keys);
		next.merge(state.untrusted.clone());
		for key in &state.grandpa_keys {
			let is_known = has_signed && state.trusted_keys.contains(key);
			if let (Some(present), false) = (present, is_known) {
				next.forget_votes_before(*key, present);
			}
		}
		self.store(&next)?;
		state.has_unstored = false;
		state.record = next;
		state.untrusted = Record::new(state.record.genesis_hash);
		let keys = [&state.aura_keys[..], &state.grandpa_keys[..]].concat();
		state.trusted_keys.extend(keys);
		Ok(())
	}
}

impl State {
	/// Where a signature of this key is noted that was heard.
	fn record_of(&mut self, key: H256, phase: Phase) -> &mut Record {
		if phase == Phase::Signing && !self.trusted_keys.contains(&key) {
			&mut self.untrusted
		} else {
			&mut self.record
		}
	}

	/// Whether a block of this slot cannot have been known before the node started or stood still.
	fn is_recent(&self, slot: u64) -> bool {
		slot > self.since_slot.saturating_add(CLOCK_SLOTS)
	}

	fn note_unrestored(&mut self, key: H256, at: RoundId) {
		let last = self.unrestored.entry((key, at.set_id)).or_insert(at.round);
		*last = at.round.max(*last);
	}

	fn is_unrestored(&self, key: H256, at: RoundId) -> bool {
		self.unrestored.get(&(key, at.set_id)).is_some_and(|last| at.round <= *last)
	}
}

/// The one of these Aura keys that has made the seal.
pub(crate) fn signer(keys: &[H256], hash: Hash, seal: &sr25519::Signature) -> Option<H256> {
	let is_signer =
		|key: &&H256| sr25519::Pair::verify(seal, hash, &sr25519::Public::from_raw(key.0));
	keys.iter().find(is_signer).copied()
}

fn log_refusal(what: &str, error: &SignError) {
	match error {
		SignError::NotSigning | SignError::Unknown => {},
		SignError::Refused(_) => tracing::error!(
			target: LOG_TARGET,
			"Refused to sign {what}: the key has signed another one, or a later one. Make sure that no \
			other node has the keys of this one",
		),
		SignError::Record(error) => {
			tracing::error!(target: LOG_TARGET, "Cannot sign {what}: {error}")
		},
	}
}
