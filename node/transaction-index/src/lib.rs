//! Finds the block and the outcome of a transaction by its hash, for the last blocks of the chain.
//!
//! The index is a folder beside the database of the chain. It maps the hash of an extrinsic to the
//! blocks in which the extrinsic was seen. A [`Worker`] fills it in the background from every block
//! that is imported, on any fork, together with the outcomes that the block's runtime reports while
//! the state is available. An inclusion counts only if its block is the canonical one at its height,
//! so nothing has to be undone when the best chain changes.
//!
//! During a first sync, blocks that leave the window before the sync ends are not indexed.
//!
//! The index can always be rebuilt. The worker fills in missing blocks from the chain, from the
//! best block downwards. It deletes and refills an index that cannot be read.
//!
//! This crate does not depend on JSON-RPC, consensus or the network.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod block_source;
mod error;
mod index;
mod metrics;
mod store;
#[cfg(test)]
mod tests;
mod worker;

pub use block_source::{BlockSource, Outcomes};
pub use error::Error;
pub use index::{folder, IncludedTransaction, Progress, TransactionIndex, Unavailable};
pub use metrics::register_metrics;
pub use worker::{Event, Imported, Worker};
