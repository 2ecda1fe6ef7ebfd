//! Runtime API for queries of the transactions of a block (RPC-R8, RPC-R9), and for checks and the application of
//! transactions.
//!
//! The runtime of the block answers with names, so the node needs none of the runtime's types: a
//! node that was built before an upgrade can report transactions after it.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use codec::{Codec, Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_runtime::transaction_validity::{
	TransactionSource, TransactionValidity, TransactionValidityError,
};

/// Extrinsics that one call of `verify_signatures` looks at, at most.
///
/// Anybody may call the function over JSON-RPC, and one call has room for a hundred thousand extrinsics.
pub const MAX_SIGNATURES: usize = 32;

/// Transactions that one call of `validate_transactions` validates, at most, for the same reason.
///
/// For transfers, that takes about 3 ms.
pub const MAX_VALIDATIONS: usize = 32;

/// Transactions that one call of `apply_transactions` applies, at most, for the same reason.
pub const MAX_APPLICATIONS: usize = 32;

/// Outcome of an extrinsic of a block. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Outcome<Balance> {
	/// Why the call failed; `None` if it succeeded.
	pub failure: Option<Failure>,
	/// What the sender paid; `None` for an extrinsic that pays nothing, such as an inherent.
	pub payment: Option<Payment<Balance>>,
}

/// Dispatch error of a call, by name (TXN-R24). Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Failure {
	/// Variant of `DispatchError`.
	pub kind: String,
	/// Pallet that defines the error; `None` if no pallet does.
	pub pallet: Option<String>,
	/// Error within the variant; `None` if the variant has none.
	pub name: Option<String>,
	/// The `DispatchError` itself, in SCALE.
	pub encoded: Vec<u8>,
}

/// What a transaction cost its sender. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Payment<Balance> {
	/// The whole amount, including the tip.
	pub fee: Balance,
	/// The part that the sender added voluntarily.
	pub tip: Balance,
}

/// How far `apply_transactions` came. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct Application {
	/// Number of transactions that are in the block, from the first one on.
	pub applied: u32,
	/// Why the one after them is not; `None` if it was not tried.
	pub refused: Option<TransactionValidityError>,
	/// Whether the block has hardly any room for ordinary transactions. Computed only after a refusal.
	pub is_full: bool,
}

sp_api::decl_runtime_apis! {
	/// Queries, checks and application of transactions. Queries about a block are answered from the state after that
	/// block.
	///
	/// Version 2 has `validate_transactions`, and version 3 `apply_transactions`.
	#[api_version(3)]
	pub trait TransactionApi<Balance>
	where
		Balance: Codec,
	{
		/// Outcome of each extrinsic, in the order of the body; `None` if the events do not show it.
		fn outcomes() -> Vec<Option<Outcome<Balance>>>;

		/// Outcome of the extrinsic at `index`; `None` if the block has no such extrinsic.
		fn outcome(index: u32) -> Option<Outcome<Balance>>;

		/// Whether `bytes` are exactly one extrinsic, valid or not (TXN-R1 to TXN-R7).
		fn is_extrinsic(bytes: Vec<u8>) -> bool;

		/// Verifies the signatures of the first `MAX_SIGNATURES` of `extrinsics`, each as `is_extrinsic` takes
		/// it, as the block after `parent` does, and returns how many are right. Answered from the state after
		/// `parent`.
		///
		/// A node calls it while it executes the block, and remembers the right signatures.
		fn verify_signatures(parent: Block::Hash, extrinsics: Vec<Vec<u8>>) -> u32;

		/// Validates each of the first `MAX_VALIDATIONS` of `transactions`, each as `is_extrinsic` takes it, as
		/// `TaggedTransactionQueue_validate_transaction` does: as if the others did not exist.
		///
		/// `None` for bytes that `is_extrinsic` refuses: on such bytes, the other function may fail.
		fn validate_transactions(
			source: TransactionSource,
			transactions: Vec<Vec<u8>>,
			block_hash: Block::Hash,
		) -> Vec<Option<TransactionValidity>>;

		/// Applies `transactions`, each as `is_extrinsic` takes it, to the block that is being built, one after the
		/// other, as `BlockBuilder_apply_extrinsic` does.
		///
		/// Ends after the first that is refused, which leaves no trace; after `MAX_APPLICATIONS`; and as soon as those
		/// applied weigh `max_ref_time` picoseconds. The first one is always tried.
		fn apply_transactions(transactions: Vec<Vec<u8>>, max_ref_time: u64) -> Application;
	}
}
