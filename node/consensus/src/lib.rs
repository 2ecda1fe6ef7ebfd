//! What the node adds to the SDK's Aura, GRANDPA and sync: reports of author equivocations,
//! inherent data, the import of downloaded state, and reserved peers that stay connected.
//!
//! It knows nothing of JSON-RPC, the transaction index or the command line, nor how the node is put
//! together: the service crate passes in what each part works on.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod equivocation;
pub mod inherents;
pub mod state_import;
pub mod sync_network;
