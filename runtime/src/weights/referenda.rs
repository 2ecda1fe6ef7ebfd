//! Weights of `pallet_referenda`: the SDK's, until `scripts/weights referenda` measures them.

pub use pallet_referenda::weights::SubstrateWeight;
