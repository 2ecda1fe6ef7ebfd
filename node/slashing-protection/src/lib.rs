//! Slashing protection: keeps a validator from signing twice, on whatever database it starts.
//!
//! A [`Record`] beside the keystore holds what the keys have signed. It is stored before a signature
//! leaves the node. A [`ProtectedKeystore`] signs what the record permits:
//!
//! - Aura signs a hash. [`NotingEnvironment`] notes slot and hash of each block that this node
//!   proposes, and only such a hash is sealed.
//! - GRANDPA signs a message that says what it is. A refused vote ends the voter, and with it the
//!   node, so votes are withheld before: the votes of the record are entered into the voter's state
//!   when the node starts, and the voter casts them again; and [`VoteGate`] keeps the voter waiting
//!   while the node listens, and in rounds whose votes only the record knows.
//!
//! Before a vote for a new block is signed, the log of the database is put on disk: after a power
//! failure of all validators, votes for blocks that nobody has could only be repeated.
//!
//! A node whose record and database agree signs at once. Otherwise a [`Listener`] first listens for
//! signatures of the node's own keys, which [`observe_block`] and [`VoteObserver`] pass on, and ends
//! the node if it hears one. That takes a fixed time in which the node has peers, and waits for no
//! block or round, so validators that all start at once do not wait for each other. Keys that appear
//! later, and a process that stood still, are listened for, too.
//!
//! This crate knows nothing of JSON-RPC, the transaction index or the command line.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod checked_keystore;
mod counters;
mod database;
mod database_log;
mod error;
mod file;
mod keystore;
mod listener;
mod metrics;
mod new_chain;
mod observer;
mod open;
mod payload;
mod peer_claims;
mod proposer;
mod protection;
mod pulse;
mod record;
mod signing_keystore;
mod start;
#[cfg(test)]
mod tests;
mod vote_gate;

const LOG_TARGET: &str = "slashing-protection";

pub use error::Error;
pub use file::{RecordFile, RecordLock};
pub use keystore::ProtectedKeystore;
pub use listener::Listener;
pub use metrics::register_metrics;
pub use observer::{observe_block, VoteObserver};
pub use open::{open, Mode};
pub use peer_claims::{Peer, Peers};
pub use proposer::NotingEnvironment;
pub use protection::{Phase, SignError, SlashingProtection};
pub use record::{
	Permit, Record, Refusal, RoundId, RoundVotes, Seal, Stage, Target, Vote, Votes, MAX_ROUNDS,
};
pub use signing_keystore::{ensure_usable, SigningKeystore};
pub use start::Doubt;
pub use vote_gate::VoteGate;
