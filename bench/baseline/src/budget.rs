//! What a block may hold, and for how long an author may build it.

use gtos_baseline_runtime::SLOT_DURATION_MS;
use pallet_genesis_parameters::{
	budget::{block_budget, LEAST_BUDGET},
	NetworkProfile,
};
use sc_consensus_aura::SlotProportion;

/// Which limits of a block the chain has.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum Budget {
	/// The SDK's: two thirds of the slot, and a weight that no block reaches in this time.
	Sdk,
	/// Those of GTOS with slots of the same length on a `lan`.
	Gtos,
}

impl Budget {
	/// The Wasm with these limits; `None` if the binary was built without it.
	pub fn wasm(self) -> Option<&'static [u8]> {
		match self {
			Self::Sdk => gtos_baseline_runtime::WASM_BINARY,
			Self::Gtos => gtos_baseline_runtime::gtos_budget::WASM_BINARY,
		}
	}

	/// Part of a slot in which an author builds its block.
	pub fn slot_portion(self) -> SlotProportion {
		match self {
			Self::Sdk => SlotProportion::new(2.0 / 3.0),
			Self::Gtos => {
				let budget =
					block_budget(SLOT_DURATION_MS, NetworkProfile::Lan).unwrap_or(LEAST_BUDGET);
				SlotProportion::new(budget.build_ms as f32 / SLOT_DURATION_MS as f32)
			},
		}
	}
}
