//! Assembles a GTOS node: chain specs, genesis, database, network, authoring, finality and
//! JSON-RPC.
//!
//! [`open()`] opens the chain for commands that work on the database. [`new_full`] starts a node,
//! and each of its steps has its own file. This crate does not depend on the command line.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod authoring;
pub mod chain_spec;
mod client;
mod components;
mod dev_keys;
mod equivocation_reports;
mod finality;
mod full;
mod genesis;
mod import_queue;
mod network;
mod offchain;
mod open;
mod rpc;
mod storage_monitor;
mod telemetry;
mod transaction_index;

pub use components::{ConsensusParts, PartialComponents};
pub use full::{new_full, Options};
pub use open::open;
