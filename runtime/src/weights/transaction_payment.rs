//! Weights of `pallet_transaction_payment`: those of the SDK, until `scripts/weights transaction-payment` measures them
//! and replaces this file.

pub use pallet_transaction_payment::weights::SubstrateWeight;
