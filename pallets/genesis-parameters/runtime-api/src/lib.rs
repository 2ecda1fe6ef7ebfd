//! Runtime API that tells a node how long it may build a block.
//!
//! The rule is STA-R12 in `specs/state.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a block may cost, so that the next author has executed it before its own slot begins (STA-R12).
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct BlockBudget {
	/// Time from the start of a slot in which the author builds its block, in milliseconds.
	pub build_ms: u32,
	/// Weight of the whole block, as milliseconds of execution on the reference machine.
	pub weight_ms: u32,
	/// Length of the whole block, in bytes.
	pub length_bytes: u32,
}

sp_api::decl_runtime_apis! {
	/// The limits that genesis has fixed for the blocks of this chain.
	#[api_version(1)]
	pub trait GenesisParametersApi {
		/// What a block may cost.
		fn block_budget() -> BlockBudget;
	}
}
