//! The heights of peers that sync knows, and the most that a chain can have.

use gtos_runtime::BlockNumber;
use sc_network::PeerId;
use std::collections::HashMap;

/// Slots that a block may be ahead of this node's clock: one that the SDK's import tolerates, and one for a clock that
/// is slow.
const SLACK_SLOTS: u64 = 2;

/// Height that no chain can exceed which contains the last final block. A chain grows by one block in a slot at most.
///
/// `slots` is the number of slots since that of the final block.
pub(super) fn highest_possible(finalized: BlockNumber, slots: u64) -> BlockNumber {
	let slots = slots.saturating_add(SLACK_SLOTS).try_into().unwrap_or(BlockNumber::MAX);
	finalized.saturating_add(slots)
}

/// The height of each peer as the SDK's sync knows it.
#[derive(Default)]
pub(super) struct Heights(HashMap<PeerId, BlockNumber>);

impl Heights {
	pub(super) fn note(&mut self, peer: PeerId, height: BlockNumber) {
		self.0.insert(peer, height);
	}

	/// Notes that a peer is at this height, if it has not been higher.
	pub(super) fn raise(&mut self, peer: PeerId, height: BlockNumber) {
		if let Some(claimed) = self.0.get_mut(&peer) {
			*claimed = height.max(*claimed);
		}
	}

	pub(super) fn remove(&mut self, peer: &PeerId) {
		self.0.remove(peer);
	}

	/// Whether any peer is above the height.
	pub(super) fn exceed(&self, height: BlockNumber) -> bool {
		self.0.values().any(|claimed| *claimed > height)
	}

	/// The peers that are at this height or above.
	pub(super) fn at_least(&self, height: BlockNumber) -> Vec<PeerId> {
		self.0.iter().filter(|(_, claimed)| **claimed >= height).map(|(peer, _)| *peer).collect()
	}

	/// The peers that are above the height.
	pub(super) fn above(&self, height: BlockNumber) -> Vec<PeerId> {
		self.0.iter().filter(|(_, claimed)| **claimed > height).map(|(peer, _)| *peer).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn chain_grows_by_one_block_in_a_slot_at_most() {
		assert_eq!(highest_possible(100, 0), 102);
		assert_eq!(highest_possible(100, 7), 109);
		assert_eq!(highest_possible(100, u64::MAX), BlockNumber::MAX);
	}
}
