//! Whether the node is behind, if peers claim so.

use crate::backoff::{LONGEST_GAP_SLOTS, SLACK_BLOCKS};
use gtos_runtime::BlockNumber;
use std::time::{Duration, Instant};

/// Age of the best block, in slots, up to which the node need not sync. A chain grows by at most one block in
/// a slot, so nobody can be further ahead than this, except on another fork.
///
/// The SDK counts a node as syncing that is more than five blocks behind.
const MAX_SLOTS_AT_HEAD: u64 = 5;

/// How long claims are believed without a block that proves them.
///
/// A request for blocks is given up after 20 seconds. This is enough for three peers in turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// Age of the best block up to which the node need not sync, for this number of blocks that are not final.
///
/// While finality lags, authors leave slots empty, and the head of the chain is as old as their pause is long.
pub(super) fn max_slots_at_head(lag_blocks: BlockNumber) -> u64 {
	if u64::from(lag_blocks) > SLACK_BLOCKS {
		LONGEST_GAP_SLOTS
	} else {
		MAX_SLOTS_AT_HEAD
	}
}

/// The claim of peers that the node is behind.
pub(super) struct Claim {
	/// Since when it has stood while no block has proved it.
	since: Option<Instant>,
	/// Height of the highest best block so far.
	highest: BlockNumber,
}

impl Claim {
	/// No claim so far, on a node with this best block.
	pub(super) fn new(best: BlockNumber) -> Self {
		Self { since: None, highest: best }
	}

	/// Whether the node is behind as peers claim. `is_at_head` says of its best block that it is too new for that.
	pub(super) fn is_credible(&mut self, is_at_head: bool, now: Instant) -> bool {
		!is_at_head && now.saturating_duration_since(*self.since.get_or_insert(now)) < PATIENCE
	}

	/// Notes the best block. A higher one that leaves the node behind comes from peers that are ahead, and proves the
	/// claim for a while.
	///
	/// A block that the node makes itself proves nothing, nor does one that another author has just made: both are at
	/// the head when they become the best one. Otherwise peers could keep an author from each of its slots, because the
	/// claim would begin anew with every block.
	pub(super) fn note_best(
		&mut self,
		best: BlockNumber,
		is_at_head: impl FnOnce() -> bool,
		now: Instant,
	) {
		if best <= self.highest {
			return;
		}
		self.highest = best;
		if !is_at_head() {
			self.since = self.since.map(|_| now);
		}
	}

	/// Whether any claim is remembered.
	pub(super) fn is_open(&self) -> bool {
		self.since.is_some()
	}

	/// Forgets the claim: peers make none, and the node is at the head.
	pub(super) fn end(&mut self) {
		self.since = None;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const BEHIND: bool = false;
	const AT_HEAD: bool = true;

	#[test]
	fn claim_while_the_best_block_is_new_is_not_believed() {
		let mut claim = Claim::new(100);
		let now = Instant::now();
		assert!(!claim.is_credible(AT_HEAD, now));
		assert!(claim.is_credible(BEHIND, now));
	}

	#[test]
	fn claim_that_nobody_proves_is_believed_for_a_while_only() {
		let mut claim = Claim::new(100);
		let start = Instant::now();
		assert!(claim.is_credible(BEHIND, start));
		assert!(claim.is_credible(BEHIND, start + PATIENCE - Duration::from_secs(1)));
		assert!(!claim.is_credible(BEHIND, start + PATIENCE));
		// An old block from the peers proves it.
		claim.note_best(101, || BEHIND, start + PATIENCE);
		assert!(claim.is_credible(BEHIND, start + PATIENCE));
		assert!(!claim.is_credible(BEHIND, start + 2 * PATIENCE));
		claim.end();
		assert!(claim.is_credible(BEHIND, start + 2 * PATIENCE));
	}

	#[test]
	fn claim_is_not_believed_again_after_blocks_of_the_authors() {
		let mut claim = Claim::new(100);
		let start = Instant::now();
		assert!(claim.is_credible(BEHIND, start));
		// The node makes a block, or another author does.
		claim.note_best(101, || AT_HEAD, start + PATIENCE);
		assert!(!claim.is_credible(AT_HEAD, start + PATIENCE));
		// No further one has come in the slots that the claim needs to count.
		claim.note_best(101, || BEHIND, start + PATIENCE);
		assert!(!claim.is_credible(BEHIND, start + PATIENCE));
	}

	#[test]
	fn best_block_that_is_not_higher_proves_no_claim() {
		let mut claim = Claim::new(100);
		let start = Instant::now();
		assert!(claim.is_credible(BEHIND, start));
		claim.note_best(100, || BEHIND, start + PATIENCE);
		assert!(!claim.is_credible(BEHIND, start + PATIENCE));
	}

	#[test]
	fn block_as_old_as_a_pause_is_at_the_head_only_while_finality_lags() {
		let slack = SLACK_BLOCKS as BlockNumber;
		assert_eq!(max_slots_at_head(slack), MAX_SLOTS_AT_HEAD);
		assert_eq!(max_slots_at_head(slack + 1), LONGEST_GAP_SLOTS);
	}
}
