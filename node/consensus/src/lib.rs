//! What the node adds to the SDK's Aura, GRANDPA and sync: reports of equivocations, the check of
//! the clock, the count of missed slots, the pause of the authors while finality lags, inherent
//! data, the time in which an author takes transactions, the import of downloaded state, reserved
//! peers that stay connected, bounds on what strangers cost, and the peers that a warp sync waits for.
//!
//! This crate does not depend on JSON-RPC, the transaction index or the command line. The service
//! crate assembles the node and passes in what each part needs.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod backoff;
pub mod bounded_answers;
pub mod clock;
pub mod equivocation;
pub mod inherents;
pub mod own_slots;
pub mod proposer;
mod rate_limit;
pub mod screened_pool;
pub mod state_import;
pub mod sync_claims;
pub mod sync_network;
pub mod warp_peers;
