//! The record of a running node, and what may be signed by it.

use crate::{
	counters::Counters,
	error::Error,
	file::RecordFile,
	payload,
	record::{Permit, Record, Refusal, Seal, Stage, Vote},
	start::{Doubt, Start},
	LOG_TARGET,
};
use gtos_runtime::{opaque::Header, Hash};
use parking_lot::Mutex;
use sp_consensus_grandpa::SignedMessage;
use sp_core::{crypto::key_types, sr25519, Pair, H256};
use sp_keystore::KeystorePtr;
use std::{
	collections::{BTreeSet, VecDeque},
	sync::{atomic::Ordering, Arc},
};
use tokio::sync::{watch, Notify};

/// Proposed blocks that wait for their seal. Aura seals each before it proposes the next.
const MAX_PROPOSALS: usize = 4;

/// Own votes that wait until the block they are for is known.
const MAX_HEARD_VOTES: usize = 256;

/// By how many slots a signature must be later than the start of the node to show that another node
/// has the keys: the clocks of validators differ a little.
const CLOCK_SLOTS: u64 = 2;

/// What the node may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
	/// Database and record are empty. The node may seal the first block, but does not vote until it
	/// has seen one: if that is old, the chain is not new, and the node listens.
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
	/// Slots of the blocks that were proposed, by the hash that the seal signs.
	proposals: VecDeque<(Hash, u64)>,
	/// The keystore's Aura keys, as [`SlashingProtection::refresh_keys`] has found them.
	aura_keys: Vec<H256>,
	grandpa_keys: Vec<H256>,
	/// Keys whose signatures the record holds since their first one.
	trusted_keys: BTreeSet<H256>,
	/// Targets of own votes that arrived from the network.
	heard_votes: VecDeque<Hash>,
	/// A seal that another node has made with a key of this one.
	heard_seal: Option<u64>,
	/// Height and slot of the first block that was imported.
	first_block: Option<(u32, u64)>,
}

impl SlashingProtection {
	/// The protection of a node that starts in `start_slot`.
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
			state: Mutex::new(State {
				record,
				has_unstored: true,
				proposals: VecDeque::new(),
				aura_keys: Vec::new(),
				grandpa_keys: Vec::new(),
				trusted_keys: BTreeSet::new(),
				heard_votes: VecDeque::new(),
				heard_seal: None,
				first_block: None,
			}),
			phase: watch::Sender::new(start.into()),
			news: Notify::new(),
			start_slot,
			counters: Arc::default(),
		};
		protection.refresh_keys();
		protection
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

	/// Whether the keystore may say that it holds an Aura key.
	pub fn may_seal(&self) -> bool {
		matches!(self.phase(), Phase::Signing | Phase::Fresh)
	}

	/// Whether the keystore may say that it holds a GRANDPA key.
	///
	/// A round asks once, when it begins. While the database is behind the record, the round may be
	/// one that the record does not permit, and a refusal within a round would end the voter. In the
	/// other phases [`VoteGate`](crate::VoteGate) withholds the votes: a round of which this node
	/// has no part may be the last one if every vote is needed.
	pub fn may_begin_round(&self) -> bool {
		!matches!(self.phase(), Phase::Listening(Doubt::Newer) | Phase::Stopped)
	}

	/// Notes a block that this node has proposed and will seal.
	pub fn note_proposal(&self, slot: u64, pre_seal_hash: Hash) {
		let mut state = self.state.lock();
		state.proposals.push_back((pre_seal_hash, slot));
		if state.proposals.len() > MAX_PROPOSALS {
			state.proposals.pop_front();
		}
	}

	/// Permits an Aura key to sign `message`, and stores that it has.
	pub fn permit_seal(&self, key: H256, message: &[u8]) -> Result<(), SignError> {
		if payload::is_ownership_statement(message) {
			return Ok(());
		}
		let slot = self.may_seal().then(|| {
			let state = self.state.lock();
			let mut last_first = state.proposals.iter().rev();
			let proposal = last_first.find(|(hash, _)| hash.as_bytes() == message);
			proposal.copied()
		});
		let Some((pre_seal_hash, slot)) = slot.flatten() else {
			self.counters.refused_seals.fetch_add(1, Ordering::Relaxed);
			return Err(SignError::Unknown);
		};
		let seal = Seal { slot, pre_seal_hash };
		self.enter(|record| record.sign_seal(key, seal)).inspect_err(|error| {
			self.counters.refused_seals.fetch_add(1, Ordering::Relaxed);
			log_refusal(&format!("the seal of a block in slot {slot}"), error);
		})
	}

	/// Permits a GRANDPA key to sign `message`, and stores that it has.
	pub fn permit_vote(&self, key: H256, message: &[u8]) -> Result<(), SignError> {
		if payload::is_ownership_statement(message) {
			return Ok(());
		}
		let permitted = payload::decode_vote(message).ok_or(SignError::Unknown).and_then(|vote| {
			// A listening node is not asked for other votes: the gate withholds them.
			if vote.stage != Stage::PrimaryPropose && self.phase() != Phase::Signing {
				return Err(SignError::NotSigning);
			}
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

	/// Changes the record, and stores it before anybody sees the change.
	///
	/// A node that listens stores nothing: after a restart it has to listen again. All that it signs
	/// is a primary's hint, of which two are no offence.
	fn enter(
		&self,
		sign: impl FnOnce(&mut Record) -> Result<Permit, Refusal>,
	) -> Result<(), SignError> {
		let phase = self.phase();
		let mut state = self.state.lock();
		let mut next = state.record.clone();
		let permit = sign(&mut next).map_err(SignError::Refused)?;
		if permit == Permit::Repeated && !state.has_unstored {
			return Ok(());
		}
		if phase == Phase::Fresh {
			next.know(&state.aura_keys, &state.grandpa_keys);
		}
		if matches!(phase, Phase::Listening(_)) {
			state.has_unstored = true;
		} else {
			self.store(&next).map_err(SignError::Record)?;
			state.has_unstored = false;
		}
		state.record = next;
		Ok(())
	}

	fn store(&self, record: &Record) -> Result<(), Error> {
		self.file.as_ref().map_or(Ok(()), |file| file.save(record))
	}

	/// Says that the record holds all that these keys have ever signed.
	pub(crate) fn trust(&self, keys: impl IntoIterator<Item = H256>) {
		self.state.lock().trusted_keys.extend(keys);
	}

	/// Whether the record holds all that the keys of the keystore have ever signed.
	pub(crate) fn trusts_keys(&self) -> bool {
		let state = self.state.lock();
		let mut keys = state.aura_keys.iter().chain(&state.grandpa_keys);
		keys.all(|key| state.trusted_keys.contains(key))
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

	/// Stores the record, with entries for the keys that have signed nothing. From here on the node
	/// knows what its keys have signed.
	pub(crate) fn adopt_keys(&self) -> Result<(), Error> {
		let mut state = self.state.lock();
		let mut next = state.record.clone();
		next.know(&state.aura_keys, &state.grandpa_keys);
		self.store(&next)?;
		state.has_unstored = false;
		state.record = next;
		Ok(())
	}

	/// Notes a sealed header that is imported. `is_own` says that this node has just made it.
	pub fn observe_seal(
		&self,
		header: &Header,
		slot: u64,
		seal: &sr25519::Signature,
		is_own: bool,
	) {
		let pre_seal_hash = header.hash();
		let keys = {
			let mut state = self.state.lock();
			if state.first_block.is_none() {
				state.first_block = Some((header.number, slot));
				self.news.notify_one();
			}
			state.aura_keys.clone()
		};
		if is_own {
			return;
		}
		let Some(key) = signer(&keys, pre_seal_hash, seal) else { return };
		let mut state = self.state.lock();
		let permit = state.record.sign_seal(key, Seal { slot, pre_seal_hash });
		state.has_unstored |= permit == Ok(Permit::New);
		let is_another_nodes = permit != Ok(Permit::Repeated) && self.is_after_start(slot);
		if is_another_nodes {
			state.heard_seal = Some(slot);
			drop(state);
			self.counters.heard.fetch_add(1, Ordering::Relaxed);
			self.news.notify_one();
		}
	}

	/// Notes a vote that a peer has sent.
	pub fn observe_vote(&self, signed: &SignedMessage<Header>, round: u64, set_id: u64) {
		let public: &sp_core::ed25519::Public = signed.id.as_ref();
		let key = H256(public.0);
		if !self.state.lock().grandpa_keys.contains(&key) {
			return;
		}
		let is_valid = sp_consensus_grandpa::check_message_signature(
			&signed.message,
			&signed.id,
			&signed.signature,
			round,
			set_id,
		);
		if !matches!(is_valid, sp_consensus_grandpa::SignatureResult::Valid) {
			return;
		}
		let vote = payload::vote(&signed.message, round, set_id);
		let mut state = self.state.lock();
		// A late copy of an own vote that the record holds, or held once, tells nothing.
		if state.record.votes.get(&key).is_some_and(|votes| votes.covers(&vote)) {
			return;
		}
		let is_new = state.record.sign_vote(key, &vote) == Ok(Permit::New);
		state.has_unstored |= is_new;
		// From here on the vote counts as if this node had signed it. It may be one that the node
		// cast before its record was lost, or one that another node casts.
		state.heard_votes.push_back(vote.target.hash);
		if state.heard_votes.len() > MAX_HEARD_VOTES {
			state.heard_votes.pop_front();
		}
		drop(state);
		self.news.notify_one();
	}

	/// Whether a block of this slot cannot have been known before the node started.
	fn is_after_start(&self, slot: u64) -> bool {
		slot > self.start_slot.saturating_add(CLOCK_SLOTS)
	}

	/// A signature of an own key that another node has made since this one started: `slot_of` answers
	/// the slot of a known block.
	pub(crate) fn heard(&self, slot_of: impl Fn(Hash) -> Option<u64>) -> Option<String> {
		let mut state = self.state.lock();
		if let Some(slot) = state.heard_seal.take() {
			return Some(format!("a block of slot {slot} has its seal"));
		}
		let mut heard = None;
		state.heard_votes.retain(|hash| match slot_of(*hash) {
			None => true,
			Some(slot) => {
				if self.is_after_start(slot) {
					self.counters.heard.fetch_add(1, Ordering::Relaxed);
					heard =
						Some(format!("a vote for block {hash:?} of slot {slot} has its signature"));
				}
				false
			},
		});
		heard
	}

	/// Height and slot of the first block that was imported since the start.
	pub(crate) fn first_block(&self) -> Option<(u32, u64)> {
		self.state.lock().first_block
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
