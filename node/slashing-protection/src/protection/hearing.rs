//! What is heard of the node's own keys.

use super::{Phase, SlashingProtection, State};
use crate::{
	error::Error,
	payload,
	record::{Permit, Record, Seal, Stage},
	start::Doubt,
	LOG_TARGET,
};
use gtos_runtime::{opaque::Header, BlockNumber, Hash};
use sp_consensus_grandpa::SignedMessage;
use sp_core::{sr25519, Pair, H256};
use std::sync::atomic::Ordering;

/// Own votes that wait until the block they are for is known.
const MAX_HEARD_VOTES: usize = 256;

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

impl SlashingProtection {
	/// Notes a block that is imported.
	pub(crate) fn observe_import(&self, block: &Imported) {
		let mut state = self.state.lock();
		if block.is_own {
			// What a node makes itself tells it nothing about the age of the chain.
			if block.number == 1 {
				state.own_first.get_or_insert(block.hash);
			}
			return;
		}
		if state.new_chain.is_some_and(|chain| !chain.can_have(block.number, block.slot)) {
			state.new_chain = None;
			self.listen_before_signing(&mut state);
		}
		if state.first_block.is_none() {
			// A block on this node's own block 1 says the same as a block 1.
			let is_first = state.own_first == Some(block.parent_hash);
			state.first_block = Some((if is_first { 1 } else { block.number }, block.slot));
			self.news.notify_one();
		}
	}

	/// Lets the node listen, because the chain is not as new as the node has thought.
	pub(crate) fn listen_on_old_chain(&self) {
		self.listen_before_signing(&mut self.state.lock());
	}

	// As in `notice_pause`, the lock is held until the phase has changed.
	fn listen_before_signing(&self, state: &mut State) {
		match self.phase() {
			Phase::Fresh => {},
			// The record holds only what the keys have signed since the start.
			Phase::Signing => state.trusted_keys.clear(),
			Phase::Listening(_) | Phase::Stopped => return,
		}
		tracing::warn!(
			target: LOG_TARGET,
			"The chain is older than this node, and {}. The node listens for its own keys before it signs",
			Doubt::Missing,
		);
		self.set_phase(Phase::Listening(Doubt::Missing));
		self.news.notify_one();
	}

	/// Notes the header without seal, and the seal, of a block that another node may have made.
	pub(crate) fn observe_seal(&self, header: &Header, slot: u64, seal: &sr25519::Signature) {
		let pre_seal_hash = header.hash();
		let keys = self.keys_of_interest(slot, pre_seal_hash);
		let Some(key) = signer(&keys, pre_seal_hash, seal) else { return };
		let phase = self.phase();
		let mut state = self.state.lock();
		let permit = state.record_of(key, phase).sign_seal(key, Seal { slot, pre_seal_hash });
		state.has_unstored |= permit == Ok(Permit::New);
		if permit != Ok(Permit::Repeated) && state.is_recent(slot) {
			state.heard_seal = state.heard_seal.max(Some(slot));
			drop(state);
			self.news.notify_one();
		}
	}

	/// The Aura keys whose seal of this block would say something: it is later than the one in the
	/// record, or from after the start. The seals of other blocks, of which a node that syncs imports
	/// many, need not be verified.
	pub(crate) fn keys_of_interest(&self, slot: u64, pre_seal_hash: Hash) -> Vec<H256> {
		let state = self.state.lock();
		if state.own_seals.contains(&pre_seal_hash) {
			return Vec::new();
		}
		let last_slot = |key: &H256| {
			let seals = [&state.record, &state.untrusted].map(|record| record.seals.get(key));
			seals.into_iter().flatten().map(|seal| seal.slot).max().unwrap_or_default()
		};
		let is_of_interest = |key: &&H256| state.is_recent(slot) || slot > last_slot(key);
		state.aura_keys.iter().filter(is_of_interest).copied().collect()
	}

	/// Notes a vote that a peer has sent.
	///
	/// A primary's hint says nothing: this node sends one while it listens, without a record of it, and
	/// gets it back from its peers. Another node with the keys prevotes as well.
	pub fn observe_vote(&self, signed: &SignedMessage<Header>, round: u64, set_id: u64) {
		let vote = payload::vote(&signed.message, round, set_id);
		let public: &sp_core::ed25519::Public = signed.id.as_ref();
		let key = H256(public.0);
		if vote.stage == Stage::PrimaryPropose {
			return;
		}
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
		let phase = self.phase();
		let mut state = self.state.lock();
		// A late copy of an own vote that the record holds, or held once, tells nothing.
		let record = state.record_of(key, phase);
		if record.votes.get(&key).is_some_and(|votes| votes.covers(&vote)) {
			return;
		}
		let is_new = record.sign_vote(key, &vote) == Ok(Permit::New);
		state.has_unstored |= is_new;
		// From here on the vote counts as if this node had signed it. It may be one that the node
		// cast before its record was lost, or one that another node casts. The voter does not know it,
		// and would cast another one.
		if is_new {
			state.note_unrestored(key, vote.at);
		}
		state.heard_votes.push_back(vote.target.hash);
		if state.heard_votes.len() > MAX_HEARD_VOTES {
			state.heard_votes.pop_front();
		}
		drop(state);
		self.news.notify_one();
	}

	/// A signature of an own key that another node has made since this one started or stood still:
	/// `slot_of` answers the slot of a known block.
	pub(crate) fn heard(&self, slot_of: impl Fn(Hash) -> Option<u64>) -> Option<String> {
		let mut state = self.state.lock();
		let count = || self.counters.heard.fetch_add(1, Ordering::Relaxed);
		// A pause may have ended since it was noted.
		let seal = state.heard_seal.take();
		if let Some(slot) = seal.filter(|slot| state.is_recent(*slot)) {
			count();
			return Some(format!("a block of slot {slot} has its seal"));
		}
		let mut heard = None;
		for hash in std::mem::take(&mut state.heard_votes) {
			match slot_of(hash) {
				None => state.heard_votes.push_back(hash),
				Some(slot) if state.is_recent(slot) => {
					count();
					heard =
						Some(format!("a vote for block {hash:?} of slot {slot} has its signature"));
				},
				Some(_) => {},
			}
		}
		heard
	}

	/// Height and slot of the first block of another node that was imported since the start.
	pub(crate) fn first_block(&self) -> Option<(BlockNumber, u64)> {
		self.state.lock().first_block
	}

	/// Stores what was heard.
	pub(crate) fn store_heard(&self) -> Result<(), Error> {
		let mut state = self.state.lock();
		self.store(&state.record)?;
		state.has_unstored = false;
		Ok(())
	}
}

impl State {
	/// Where heard signatures of this key are noted.
	fn record_of(&mut self, key: H256, phase: Phase) -> &mut Record {
		if phase == Phase::Signing && !self.trusted_keys.contains(&key) {
			&mut self.untrusted
		} else {
			&mut self.record
		}
	}
}

/// The one of these Aura keys that has made the seal.
pub(crate) fn signer(keys: &[H256], hash: Hash, seal: &sr25519::Signature) -> Option<H256> {
	let is_signer =
		|key: &&H256| sr25519::Pair::verify(seal, hash, &sr25519::Public::from_raw(key.0));
	keys.iter().find(is_signer).copied()
}
