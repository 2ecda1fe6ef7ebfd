//! Weights of the transaction extensions of `frame_system`: those of the SDK, until `scripts/weights
//! frame-system-extensions` measures them and replaces this file.

pub use frame_system::SubstrateExtensionsWeight as SubstrateWeight;
