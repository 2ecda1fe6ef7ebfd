//! The pause of the authors while finality lags.
//!
//! The runtime does not see finality. It recognises a pause by its length: a gap of at least as many slots
//! as there are authorities counts for nobody (CON-R18). So all authors pause together, and for so long.

use gtos_node_types::{Block, FullClient};
use gtos_runtime::{constants::staking::MAX_VALIDATORS, BlockNumber};
use sc_consensus_slots::BackoffAuthoringBlocksStrategy;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, AuraApi, Slot};
use std::sync::Arc;
use tracing::{info, warn};

/// Unfinalised blocks up to which nobody pauses. The SDK's strategy has the same number.
const SLACK_BLOCKS: u64 = 50;
/// The pause grows to this number of slots, or to the number of authorities if that is greater. The SDK's
/// strategy has the same number.
const LONGEST_PAUSE_SLOTS: u64 = 100;

/// Pauses after each block for at least as many slots as there are authorities, while finality lags.
///
/// A replacement for the SDK's `BackoffAuthoringOnFinalizedHeadLagging`, whose pauses can be shorter than
/// the set is long. A validator that keeps to such a pause looks like one that is offline.
#[derive(Clone)]
pub struct PauseWhileFinalityLags {
	client: Arc<FullClient>,
}

impl PauseWhileFinalityLags {
	/// Reads the number of authorities from the best state of `client`.
	pub fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	/// Number of authorities that the chain counts a gap after the best block against.
	fn authorities(&self) -> u64 {
		let best = self.client.info().best_hash;
		let authorities: Result<Vec<AuraId>, _> =
			AuraApi::<Block, AuraId>::authorities(&*self.client.runtime_api(), best);
		match authorities {
			Ok(authorities) => authorities.len() as u64,
			Err(error) => {
				// No pause is shorter than one for the largest set.
				warn!(target: "aura", "The authorities of {best:?} cannot be read: {error}");
				MAX_VALIDATORS.into()
			},
		}
	}
}

impl BackoffAuthoringBlocksStrategy<BlockNumber> for PauseWhileFinalityLags {
	fn should_backoff(
		&self,
		best_number: BlockNumber,
		best_slot: Slot,
		finalized_number: BlockNumber,
		slot_now: Slot,
		_logging_target: &str,
	) -> bool {
		let lag = best_number.saturating_sub(finalized_number);
		// Almost always, so the state is not read.
		if u64::from(lag) <= SLACK_BLOCKS {
			return false;
		}
		let pause = pause_slots(best_number.into(), finalized_number.into(), self.authorities());
		let pauses = is_pausing(*best_slot, *slot_now, pause);
		if pauses {
			info!(
				target: "aura",
				"Leaving slot {slot_now} empty: {lag} blocks are not final, so all authors pause for \
				{pause} slots after each block."
			);
		}
		pauses
	}
}

/// Number of slots that stay empty after the best block; 0 if finality does not lag.
///
/// The last multiple of twice the number of authorities at or below `best` decides. So finality that
/// advances in the middle of a pause can end at most one pause early in that number of blocks: a gap that
/// counts, in which an authority misses one slot while it produces about two blocks.
pub fn pause_slots(best: u64, finalized: u64, authorities: u64) -> u64 {
	let authorities = authorities.max(1);
	let step = authorities.saturating_mul(2);
	// No overflow: the remainder is not greater than `best`, and `step` is not zero.
	let lag = (best - best % step).saturating_sub(finalized);
	if lag <= SLACK_BLOCKS {
		return 0;
	}
	((lag - SLACK_BLOCKS) / 2).min(LONGEST_PAUSE_SLOTS).max(authorities)
}

/// Whether `slot_now` belongs to the pause of `pause` slots after a block in `best_slot`.
pub fn is_pausing(best_slot: u64, slot_now: u64, pause: u64) -> bool {
	best_slot < slot_now && slot_now - best_slot <= pause
}

#[cfg(test)]
mod tests;
