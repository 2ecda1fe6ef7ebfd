//! Whether the node is behind, if peers claim so.

use gtos_runtime::BlockNumber;
use std::time::{Duration, Instant};

/// Age of the best block, in slots, up to which the node need not sync. A chain grows by at most one block in
/// a slot, so nobody can be further ahead than this, except on another fork.
///
/// The SDK counts a node as syncing that is more than five blocks behind.
const MAX_SLOTS_AT_HEAD: u64 = 5;

/// How long claims are believed while the best block stays the same.
///
/// A request for blocks is given up after 20 seconds. This is enough for three peers in turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the peers' claim that the node is behind.
#[derive(Default)]
pub(super) struct Claim {
	/// When the claim was first seen at this height of the best block.
	since: Option<(Instant, BlockNumber)>,
}

impl Claim {
	/// Whether the node is behind as peers claim. `slots_behind` is the age of its best block, if that is known.
	pub(super) fn is_credible(
		&mut self,
		best: BlockNumber,
		slots_behind: Option<u64>,
		now: Instant,
	) -> bool {
		if slots_behind.is_some_and(|slots| slots <= MAX_SLOTS_AT_HEAD) {
			self.end();
			return false;
		}
		match self.since {
			Some((since, height)) if height == best => {
				now.saturating_duration_since(since) < PATIENCE
			},
			_ => {
				self.since = Some((now, best));
				true
			},
		}
	}

	/// Forgets the claim, because peers no longer make it.
	pub(super) fn end(&mut self) {
		self.since = None;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn claim_while_the_best_block_is_new_is_not_believed() {
		let mut claim = Claim::default();
		let now = Instant::now();
		assert!(!claim.is_credible(100, Some(0), now));
		assert!(!claim.is_credible(100, Some(MAX_SLOTS_AT_HEAD), now));
		assert!(claim.is_credible(100, Some(MAX_SLOTS_AT_HEAD + 1), now));
		assert!(Claim::default().is_credible(100, None, now));
	}

	#[test]
	fn claim_that_nobody_proves_is_believed_for_a_while_only() {
		let mut claim = Claim::default();
		let start = Instant::now();
		assert!(claim.is_credible(100, Some(1_000), start));
		assert!(claim.is_credible(100, Some(1_000), start + PATIENCE - Duration::from_secs(1)));
		assert!(!claim.is_credible(100, Some(1_000), start + PATIENCE));
		// A block from the peers proves it.
		assert!(claim.is_credible(101, Some(999), start + PATIENCE));
		assert!(!claim.is_credible(101, Some(999), start + 2 * PATIENCE));
		claim.end();
		assert!(claim.is_credible(101, Some(999), start + 2 * PATIENCE));
	}
}
