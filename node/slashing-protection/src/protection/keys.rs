//! The keys of the keystore, and which of them the node trusts: the record holds all that these have signed.

use super::{Phase, SlashingProtection, State};
use crate::{
	error::Error,
	record::{Record, RoundId},
	LOG_TARGET,
};
use sp_core::{crypto::key_types, H256};
use std::collections::BTreeSet;

impl SlashingProtection {
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

	/// Lets the node sign with all of its keys, unless the process has stood still, or the chain has turned out
	/// to be old, since the listener saw this phase and these `pauses`. Returns whether it may.
	pub(crate) fn begin_signing(
		&self,
		seen: Phase,
		present: Option<RoundId>,
		pauses: u64,
	) -> Result<bool, Error> {
		// As in `notice_pause`, the lock is held until the phase has changed.
		let mut state = self.state.lock();
		if state.pauses != pauses || self.phase() != seen {
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
