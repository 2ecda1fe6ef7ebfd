//! What a block holds: the budget that follows from slot and network (STA-R12), divided between the classes
//! of transactions.

use crate::{constants::block, GenesisParameters};
use frame_support::{
	dispatch::{DispatchClass, PerDispatchClass},
	parameter_types,
	weights::{
		constants::{ExtrinsicBaseWeight, WEIGHT_REF_TIME_PER_MILLIS},
		Weight,
	},
};
use frame_system::limits::{BlockLength, BlockWeights, WeightsPerClass};
use pallet_genesis_parameters::BlockBudget;

parameter_types! {
	/// Weight of a whole block.
	pub MaxBlockWeight: Weight = max_weight(GenesisParameters::budget());
	/// Length of a whole block that applies no runtime upgrade, in bytes.
	pub MaxBlockLength: u32 = GenesisParameters::budget().length_bytes;
	pub RuntimeBlockLength: BlockLength = block_length(GenesisParameters::budget());
	pub RuntimeBlockWeights: BlockWeights = block_weights(max_weight(GenesisParameters::budget()));
}

/// Proof size is not limited separately, because the chain makes no proofs of validity (ADR 0012).
fn max_weight(budget: BlockBudget) -> Weight {
	// Saturating: milliseconds of 32 bits are less than 2^64 picoseconds.
	Weight::from_parts(WEIGHT_REF_TIME_PER_MILLIS.saturating_mul(budget.weight_ms.into()), u64::MAX)
}

/// Ordinary transactions get their share of the budget. The limit of the operational class is that of a
/// runtime upgrade; [`crate::check_weight`] holds all others of the class to the budget.
fn block_length(budget: BlockBudget) -> BlockLength {
	BlockLength {
		max: PerDispatchClass::new(|class| match class {
			// Saturating: the product is less than 2^26.
			DispatchClass::Normal => {
				budget.length_bytes.saturating_mul(block::NORMAL_LENGTH_SIXTEENTHS) / 16
			},
			DispatchClass::Operational | DispatchClass::Mandatory => block::MAX_LENGTH_BYTES,
		}),
		// For the part of the header that the author writes (CON-R1). It needs little more than a tenth of
		// this.
		max_header_size: Some(1_024),
	}
}

/// Hooks and inherents may always run, and ordinary transactions get their share of the block.
///
/// The operational class has no limit of its own, because an upgrade may exceed the budget.
/// [`crate::check_weight`] holds all others of the class to the rest of the block.
fn block_weights(max_block: Weight) -> BlockWeights {
	let base_extrinsic = ExtrinsicBaseWeight::get();
	let normal = block::NORMAL_RATIO * max_block;
	BlockWeights {
		base_block: block::BASE_WEIGHT,
		max_block,
		per_class: PerDispatchClass::new(|class| match class {
			DispatchClass::Normal => WeightsPerClass {
				base_extrinsic,
				max_extrinsic: Some(largest_extrinsic(normal, max_block)),
				max_total: Some(normal),
				reserved: Some(block::NORMAL_RESERVED_RATIO * max_block),
			},
			DispatchClass::Operational | DispatchClass::Mandatory => WeightsPerClass {
				base_extrinsic,
				max_extrinsic: None,
				max_total: None,
				reserved: None,
			},
		}),
	}
}

/// Weight of the largest transaction that fits into `share` of a block of `max_block` after the hooks of an
/// average block, without its base weight.
pub(crate) fn largest_extrinsic(share: Weight, max_block: Weight) -> Weight {
	share
		.saturating_sub(block::AVERAGE_ON_INITIALIZE_RATIO * max_block)
		.saturating_sub(ExtrinsicBaseWeight::get())
}
