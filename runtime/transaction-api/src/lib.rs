//! What a node asks the runtime about the transactions of a block (RPC-R8, RPC-R9).
//!
//! The runtime of the block answers in words that need no types of its own: a node that was built
//! before an upgrade tells what happened after it.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use codec::{Codec, Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// What became of an extrinsic of a block. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Outcome<Balance> {
	/// Why the call failed; `None` if it succeeded.
	pub failure: Option<Failure>,
	/// What the sender paid; `None` for an extrinsic that pays nothing, such as an inherent.
	pub payment: Option<Payment<Balance>>,
}

/// Dispatch error of a call, in words. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Failure {
	/// Variant of `DispatchError`.
	pub kind: String,
	/// Pallet whose error it is; `None` for one that is no pallet's.
	pub pallet: Option<String>,
	/// Which error within the variant; `None` where the variant says it all.
	pub name: Option<String>,
	/// The `DispatchError` itself, in SCALE.
	pub encoded: Vec<u8>,
}

/// What a transaction cost its sender. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Payment<Balance> {
	/// All of it, the tip included.
	pub fee: Balance,
	/// The part that the sender added of their own accord.
	pub tip: Balance,
}

sp_api::decl_runtime_apis! {
	/// Answers about transactions, those of a block from the state after it.
	#[api_version(1)]
	pub trait TransactionApi<Balance>
	where
		Balance: Codec,
	{
		/// What became of each extrinsic, in the order of the body; `None` for one that the events do
		/// not tell of.
		fn outcomes() -> Vec<Option<Outcome<Balance>>>;

		/// What became of the extrinsic at `index`; `None` if the block has none there.
		fn outcome(index: u32) -> Option<Outcome<Balance>>;

		/// Whether `bytes` are exactly one extrinsic, valid or not (TXN-R1 to TXN-R7).
		fn is_extrinsic(bytes: Vec<u8>) -> bool;
	}
}
