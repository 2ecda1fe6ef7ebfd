//! What the node adds to the SDK's Aura, GRANDPA and sync: reports of equivocations, the check of
//! the clock, the choice between siblings by their arrival, the count of missed slots, the pause of
//! the authors while finality lags, inherent data, the blocks that an author makes and the time that it has,
//! the session keys that a validator lacks, the import of downloaded state, blocks of discarded forks,
//! signatures that are verified while their block is executed, transactions that are validated
//! together, reserved peers that stay connected, bounds on what strangers cost, the peers that a warp
//! sync waits for, and a warning of a sync that gets no blocks.
//!
//! This crate does not depend on JSON-RPC, the transaction index or the command line. The service
//! crate assembles the node and passes in what each part needs.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod authorship;
pub mod backoff;
pub mod bounded_answers;
pub mod clock;
pub mod discarded_forks;
pub mod equivocation;
pub mod fork_choice;
pub mod gathered_validation;
pub mod heard_height;
pub mod inherents;
pub mod observed_import;
pub mod own_slots;
pub mod proposer;
mod rate_limit;
pub mod screened_pool;
pub mod session_keys;
pub mod signatures_ahead;
pub mod stalled_sync;
pub mod state_import;
pub mod sync_claims;
pub mod sync_network;
pub mod sync_places;
#[cfg(test)]
mod test_client;
#[cfg(test)]
mod test_extrinsics;
pub mod warp_peers;
