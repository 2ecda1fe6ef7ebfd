//! Weights of `pallet_scheduler`: the SDK's, until `scripts/weights scheduler` measures them.

pub use pallet_scheduler::weights::SubstrateWeight;
