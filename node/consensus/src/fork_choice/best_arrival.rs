//! How the best block arrived.

use crate::clock::Clock;
use gtos_node_types::Block;
use gtos_runtime::{opaque::Header, Hash};
use parking_lot::Mutex;
use sc_consensus_aura::standalone::find_pre_digest;
use sp_consensus_aura::sr25519::AuthoritySignature;
use std::sync::Arc;

/// Remembers whether the best block was punctual.
///
/// Nothing is kept of earlier blocks. After a restart nothing is known of the best block, and then it
/// counts as punctual.
pub struct BestArrival {
	clock: Arc<Clock>,
	/// The block that became the best one last, if it was not punctual.
	unpunctual: Mutex<Option<Hash>>,
}

impl BestArrival {
	/// Measures by `clock`.
	pub fn new(clock: Arc<Clock>) -> Self {
		Self { clock, unpunctual: Mutex::new(None) }
	}

	/// Whether the present slot is that of this block. `None` if the slot of the block or the duration of slots is not
	/// known.
	pub(super) fn is_in_slot(&self, header: &Header) -> Option<bool> {
		let slot = find_pre_digest::<Block, AuthoritySignature>(header).ok()?;
		Some(self.clock.slot()? == slot)
	}

	/// Notes that a block has become the best one. `None` if it is not known how it arrived.
	pub(super) fn note(&self, hash: Hash, is_punctual: Option<bool>) {
		*self.unpunctual.lock() = (is_punctual == Some(false)).then_some(hash);
	}

	/// Whether this is the block that became the best one last, and it was not punctual.
	pub(super) fn is_unpunctual_best(&self, hash: Hash) -> bool {
		*self.unpunctual.lock() == Some(hash)
	}
}
