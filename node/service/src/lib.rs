//! Assembles a GTOS node: database, network, authoring, finality and JSON-RPC.
//!
//! [`open()`] opens the chain for commands that work on the database. [`start`] starts a node,
//! and each of its steps has its own file. This crate does not depend on the command line.
//!
//! It has no unit tests, because a test program would compile all of the node's generic code again.
//! What can be tested without a running node belongs in the crates below.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod authoring;
mod client;
mod clock_watch;
mod components;
mod equivocation_reports;
mod finality;
mod full;
mod import_queue;
mod network;
mod offchain;
mod old_bodies;
mod open;
mod own_slots;
mod rpc;
mod session_keys;
mod slashing_protection;
mod storage_monitor;
mod sync;
mod telemetry;
mod transaction_index;
mod verified_signatures;

pub use components::{ConsensusParts, PartialComponents};
pub use full::{start, Options};
pub use gtos_node_consensus::backoff::Pauses as AuthoringPauses;
pub use gtos_node_consensus::gathered_validation::PoolLimits;
pub use gtos_node_slashing_protection::Mode as SlashingProtectionMode;
pub use gtos_node_storage_monitor::{ensure_room, Limits as StorageLimits, OutOfSpace};
pub use open::open;
pub use storage_monitor::StorageOptions;
