//! Types that all crates of the node share: block, client, database, pool, host functions, and the
//! error that a user reads.
//!
//! This crate is the lowest layer of the node. It does not depend on consensus, JSON-RPC or the
//! command line.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod chain;
mod error;

pub use chain::{
	Block, FullBackend, FullClient, HostFunctions, TransactionPool, MAX_SHALLOW_BYTES,
};
pub use error::user_error;
