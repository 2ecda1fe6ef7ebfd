//! Weights of `pallet_conviction_voting`: the SDK's, until `scripts/weights conviction_voting` measures them.

pub use pallet_conviction_voting::weights::SubstrateWeight;
