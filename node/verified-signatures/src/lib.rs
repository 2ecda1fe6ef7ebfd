//! Remembers which signatures are right, so that a node verifies each signature once.
//!
//! A transaction's signature is verified when the pool takes the transaction, when a block is built and when the
//! block is executed. Whether a signature is right depends only on the scheme, the key, the signature and the
//! message. [`crypto`] has the host functions with which the runtime verifies signatures, under the names that the
//! SDK gives them; they look a signature up in [`VerifiedSignatures`] before they verify it.
//!
//! The runtime still asks for every extrinsic that it executes, and with the message that it has composed from the
//! state of that block. So the answers are those of the SDK's functions, and no block is judged differently.
//!
//! The memory is off until [`switch_on`] is called: a process that measures weights has to verify.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod host_functions;
mod memory;
mod metrics;
mod statement;
#[cfg(test)]
mod tests;
mod verified_signatures;

pub use host_functions::{crypto, of_process, switch_on};
pub use metrics::register_metrics;
pub use verified_signatures::VerifiedSignatures;
