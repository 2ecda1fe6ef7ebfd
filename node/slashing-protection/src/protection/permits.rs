//! What the keys may seal and sign.

use super::{Phase, Proposed, SlashingProtection};
use crate::{
	error::Error,
	payload,
	pulse::Moment,
	record::{Permit, Record, Refusal, Seal, Stage, Vote},
	LOG_TARGET,
};
use gtos_runtime::{BlockNumber, Hash};
use sp_core::H256;
use std::{sync::atomic::Ordering, time::Instant};

/// Proposed blocks that wait for their seal. Aura seals each before it proposes the next.
const MAX_PROPOSALS: usize = 4;

/// Own seals that are remembered. A peer may offer the block of a lost fork again.
const MAX_OWN_SEALS: usize = 256;

/// Why a signature is withheld.
#[derive(Debug)]
pub enum SignError {
	/// The node does not sign yet, or no longer signs.
	NotSigning,
	/// The message is none that this key signs.
	Unknown,
	/// The record forbids it.
	Refused(Refusal),
	/// The record cannot be stored.
	Record(Error),
}

impl SlashingProtection {
	/// Notes a block that this node has proposed and will seal.
	pub fn note_proposal(&self, slot: u64, number: BlockNumber, pre_seal_hash: Hash) {
		let mut state = self.state.lock();
		state.proposals.push_back(Proposed { pre_seal_hash, slot, number });
		if state.proposals.len() > MAX_PROPOSALS {
			state.proposals.pop_front();
		}
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
