//! The pause of the authors while finality lags.
//!
//! The runtime does not see finality. It recognises a pause by its length: a gap of at least as many slots
//! as there are authorities counts for nobody (CON-R18). So while finality lags, authors use only slots whose
//! number is a multiple of the number of authorities plus one. Which slots these are does not depend on the
//! best block, so an author that does not pause cannot take them from the others.

use gtos_node_types::{Block, FullClient};
use gtos_runtime::{constants::staking::MAX_VALIDATORS, BlockNumber};
use sc_consensus_slots::BackoffAuthoringBlocksStrategy;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, AuraApi, Slot};
use std::sync::Arc;
use tracing::{info, warn};

/// Unfinalised blocks up to which nobody pauses. The SDK's strategy has the same number.
pub(crate) const SLACK_BLOCKS: u64 = 50;
/// The pause grows to this number of slots, or to the number of authorities if that is greater. The SDK's
/// strategy has the same number.
const LONGEST_PAUSE_SLOTS: u64 = 100;
/// Slots after a block within which the next one comes while finality lags, with the largest set of authorities.
///
/// The longest period, and one more shared slot in case the author of its first one is offline.
pub(crate) const LONGEST_GAP_SLOTS: u64 = {
	let largest_set = MAX_VALIDATORS as u64;
	let period = if LONGEST_PAUSE_SLOTS > largest_set { LONGEST_PAUSE_SLOTS } else { largest_set };
	period + largest_set + 1
};
/// The lag is that of the last height that is a multiple of this number of blocks for each authority.
const STEP_BLOCKS: u64 = 3;

/// Whether the author of a node pauses while finality lags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pauses {
	/// It does, as all authors have to.
	WhileFinalityLags,
	/// It never does: only for the rescue of a chain whose quorum is lost for good, and only if all authors do the
	/// same (docs/operating.md, "A quorum is lost for good").
	Never,
}

impl Pauses {
	/// The strategy of the author, or `None`, and a warning, if it never pauses.
	pub fn strategy(self, client: Arc<FullClient>) -> Option<PauseWhileFinalityLags> {
		match self {
			Self::WhileFinalityLags => Some(PauseWhileFinalityLags::new(client)),
			Self::Never => {
				warn!(
					target: "aura",
					"⚠️ This validator makes blocks without pauses while finality lags, because it runs with \
					--unsafe-no-authoring-pauses. Validators that pause then miss slots and can be suspended, and the \
					chain of blocks that are not final grows at full speed. Use the option only to rescue a chain \
					whose quorum is lost for good, on all validators that are left, and restart without it afterwards",
				);
				None
			},
		}
	}
}

/// Leaves slots empty while finality lags, so that gaps have at least as many slots as there are authorities.
///
/// A replacement for the SDK's `BackoffAuthoringOnFinalizedHeadLagging`, whose pauses can be shorter than
/// the set is long. A validator that keeps to such a pause looks like one that is offline.
#[derive(Clone)]
pub struct PauseWhileFinalityLags {
	client: Arc<FullClient>,
}

impl PauseWhileFinalityLags {
	/// Reads the number of authorities from the best state of `client`.
	fn new(client: Arc<FullClient>) -> Self {
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
				// The slots of the largest set are the fewest.
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
		let chain = Chain {
			best: best_number.into(),
			best_slot: *best_slot,
			finalized: finalized_number.into(),
			authorities: self.authorities(),
		};
		let pauses = !chain.may_author(*slot_now);
		if pauses {
			info!(
				target: "aura",
				"Leaving slot {slot_now} empty: {lag} blocks are not final, so all authors together make \
				about one block in {} slots.",
				chain.period_slots().unwrap_or_default(),
			);
		}
		pauses
	}
}

/// What an author sees of the chain.
struct Chain {
	/// Height of the best block.
	best: u64,
	/// Slot of the best block.
	best_slot: u64,
	/// Height of the last final block.
	finalized: u64,
	/// Number of authorities.
	authorities: u64,
}

impl Chain {
	/// Whether an author may make a block in `slot`.
	///
	/// All blocks of authors that pause are in shared slots, whatever each of them knows of finality. After a
	/// block in a shared slot, authors wait for the next period. After a block in another slot they do not:
	/// its author does not pause, and would make all blocks of the period.
	fn may_author(&self, slot: u64) -> bool {
		let Some(period) = self.period_slots() else { return true };
		if !self.is_shared(slot) || self.is_too_early(slot) {
			return false;
		}
		!self.is_shared(self.best_slot) || self.best_slot < slot - slot % period
	}

	/// Number of slots for which one block is enough; `None` if finality does not lag.
	///
	/// It is a multiple of the distance between shared slots, and the factor has no divisor in common with
	/// the number of authorities. So within as many periods as there are authorities, each of them once has
	/// the first slot of a period.
	fn period_slots(&self) -> Option<u64> {
		let lag = self.lag();
		if lag <= SLACK_BLOCKS {
			return None;
		}
		let longest = ((lag - SLACK_BLOCKS) / 2).min(LONGEST_PAUSE_SLOTS) + 1;
		let most = (longest / self.distance()).max(1);
		let has_no_divisor_in_common =
			|shared: &u64| greatest_common_divisor(*shared, self.authorities()) == 1;
		let shared = (1..=most).rev().find(has_no_divisor_in_common).unwrap_or(1);
		Some(self.distance().saturating_mul(shared))
	}

	/// The lag of finality by which the period is chosen, in blocks.
	///
	/// It grows only at every third multiple of the number of authorities. So if finality advances in the
	/// middle of a pause, that can end at most one pause early in that number of blocks. The gap then counts:
	/// an authority misses one slot in it, while it produces about three blocks.
	fn lag(&self) -> u64 {
		self.step_start().saturating_sub(self.finalized)
	}

	/// Whether the pause begins after the best block, and a block in `slot` would end its first gap too early.
	fn is_too_early(&self, slot: u64) -> bool {
		let begins = self.best == self.step_start()
			&& self.lag().saturating_sub(self.step()) <= SLACK_BLOCKS;
		begins && slot <= self.best_slot.saturating_add(self.authorities())
	}

	/// Whether the slot is one that authors use while finality lags.
	fn is_shared(&self, slot: u64) -> bool {
		slot.is_multiple_of(self.distance())
	}

	/// Number of slots from one shared slot to the next, so that the turn moves on by one authority.
	fn distance(&self) -> u64 {
		self.authorities().saturating_add(1)
	}

	/// The last height at or below the best one at which the lag can grow.
	fn step_start(&self) -> u64 {
		// No overflow: the remainder is not greater than the height, and the step is not zero.
		self.best - self.best % self.step()
	}

	fn step(&self) -> u64 {
		self.authorities().saturating_mul(STEP_BLOCKS)
	}

	fn authorities(&self) -> u64 {
		self.authorities.max(1)
	}
}

/// By Euclid's algorithm.
fn greatest_common_divisor(a: u64, b: u64) -> u64 {
	if b == 0 {
		a
	} else {
		greatest_common_divisor(b, a % b)
	}
}

#[cfg(test)]
mod tests;
