//! Whether a chain can have begun when this node started, or shortly before.

use gtos_runtime::BlockNumber;
use std::time::Duration;

/// How much older than the node the first block of a new chain may be: its validators are not started
/// at the same moment.
const NEW_CHAIN_MS: u64 = 60_000;

/// What is known of a new chain: until shortly before the start of this node it had no block.
#[derive(Clone, Copy, Debug)]
pub struct NewChain {
	/// The last slot that has no block for certain.
	last_empty_slot: u64,
}

impl NewChain {
	/// A chain that is new to a node that starts in `start_slot`.
	pub fn new(start_slot: u64, slot_duration: Duration) -> Self {
		let slot_ms = u64::try_from(slot_duration.as_millis()).unwrap_or(u64::MAX).max(1);
		Self { last_empty_slot: start_slot.saturating_sub(NEW_CHAIN_MS / slot_ms) }
	}

	/// Whether a new chain can have a block at this height in this slot: it has at most one in each slot.
	pub fn can_have(&self, number: BlockNumber, slot: u64) -> bool {
		u64::from(number) <= slot.saturating_sub(self.last_empty_slot)
	}
}
