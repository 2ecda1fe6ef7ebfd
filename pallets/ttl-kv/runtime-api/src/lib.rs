//! Queries of the expiring key-value store (TTL-R20), and how a client checks an answer without
//! trusting the node.
//!
//! Every answer is that of the state of the block asked at, `now` being the number of that block: an
//! entry that has expired by then is not found, whether the sweep has passed or not.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod changes;
mod proof;
#[cfg(test)]
mod tests;
mod types;

pub use changes::*;
pub use proof::{proof_key, verify_proof, ProofError, Proven, StoredEntry};
pub use types::*;

use alloc::vec::Vec;
use codec::Codec;

sp_api::decl_runtime_apis! {
	/// Queries of the expiring key-value store.
	#[api_version(1)]
	pub trait TtlKvApi<AccountId, BlockNumber, Balance>
	where
		AccountId: Codec,
		BlockNumber: Codec,
		Balance: Codec,
	{
		/// Value of the entry that `owner` has under `key`.
		fn get(owner: AccountId, key: Vec<u8>) -> Option<Vec<u8>>;

		/// Metadata of the entry that `owner` has under `key`.
		fn metadata(owner: AccountId, key: Vec<u8>) -> Option<EntryMetadata<BlockNumber>>;

		/// Entries of `owner` whose key begins with `prefix`, from the one after `start` on.
		///
		/// A page ends after `limit` items, after the runtime's most items, or after the most stored
		/// entries it looks at; one without items may still have a `next`.
		fn list(
			owner: AccountId,
			prefix: Vec<u8>,
			start: Option<Vec<u8>>,
			limit: u32,
		) -> EntryPage<BlockNumber>;

		/// Rent of a new entry; `None` if a length or `ttl` is out of its range.
		fn quote(key_len: u32, value_len: u32, ttl: BlockNumber) -> Option<Balance>;

		/// How much the store holds.
		fn statistics() -> Statistics;

		/// Storage key to prove presence, absence or expiry of the entry with; `None` for a key that
		/// no entry can have.
		fn proof_key(owner: AccountId, key: Vec<u8>) -> Option<Vec<u8>>;
	}
}
