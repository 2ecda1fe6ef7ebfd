//! Queries of the expiring key-value store (TTL-R20), and the check of an answer by a client that does
//! not trust the node.
//!
//! Every answer follows from the state of the block that is queried. An entry that has ended at the
//! height of that block is not found, whether the sweep has removed it or not.

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

		/// Entries of `owner` whose key begins with `prefix`, starting after the key `start`.
		///
		/// A page ends after `limit` items, after the runtime's `MaxPageSize` items, or after the runtime
		/// has looked at `MaxPageScan` stored entries or `MaxQueryBytes` of them. A page without items may
		/// have a `next`.
		fn list(
			owner: AccountId,
			prefix: Vec<u8>,
			start: Option<Vec<u8>>,
			limit: u32,
		) -> EntryPage<BlockNumber>;

		/// Rent of a new entry; `None` if a length or `ttl` is out of its range.
		fn quote(key_len: u32, value_len: u32, ttl: BlockNumber) -> Option<Balance>;

		/// How much the store holds. Counts the backlog after `start`, or all of it.
		///
		/// The count ends after the runtime's `MaxBacklogScan` pages of the index, or `MaxQueryBytes` of
		/// them. The counts of several answers at the same block add up to the backlog.
		fn statistics(start: Option<BacklogPosition>) -> Statistics;

		/// Storage key whose proof shows presence, absence or expiry of the entry; `None` for a key that
		/// no entry can have.
		fn proof_key(owner: AccountId, key: Vec<u8>) -> Option<Vec<u8>>;

		/// Whether the migration of a rehearsal has rewritten the entry; `None` if it is not stored. Only in rehearsals
		/// of upgrades, which need an API with a new version.
		#[cfg(feature = "rehearsal")]
		#[api_version(2)]
		fn is_marked(owner: AccountId, key: Vec<u8>) -> Option<bool>;
	}
}
