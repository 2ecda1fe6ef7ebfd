//! Types that all crates of the node share: block, client, database, pool, host functions, and the
//! error that a user reads.
//!
//! This is the bottom of the node. It knows nothing of consensus, JSON-RPC or the command line.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod chain;
mod error;

pub use chain::{Block, FullBackend, FullClient, HostFunctions, TransactionPool};
pub use error::user_error;
