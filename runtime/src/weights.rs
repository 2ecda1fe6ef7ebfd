//! Weights of pallets of the SDK, measured with this runtime and its limits by `scripts/weights`.
//!
//! The SDK has measured its pallets with limits of other chains and on another machine. A pallet that has no file here
//! uses those weights.

pub mod conviction_voting;
pub mod frame_system_extensions;
pub mod referenda;
pub mod scheduler;
pub mod transaction_payment;
