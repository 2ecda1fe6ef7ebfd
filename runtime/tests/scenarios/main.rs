//! The whole runtime, block by block, as one test program: each more would compile the runtime once more.

mod blocks;
mod common;
mod contracts;
mod decoding;
mod dpos;
mod elections;
mod encoding;
mod entry_changes;
mod governance;
mod key_owners;
mod metadata;
mod nonces;
mod presets;
mod replay;
mod slashes;
mod transaction_outcome;
