//! Chain specs: the presets that the node knows by name, files, and the genesis state that a chain
//! spec describes.
//!
//! The node refuses a genesis with development keys on a live chain, and a database that was made
//! from another genesis. This crate knows nothing of the network, of consensus or of JSON-RPC.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod dev_keys;
pub mod genesis;
mod spec;

pub use spec::{load, ChainSpec};
