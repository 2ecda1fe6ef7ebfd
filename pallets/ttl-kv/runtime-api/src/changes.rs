//! Changes of an owner's entries in a block, for subscriptions (RPC-R25).
//!
//! The runtime of the block answers, in types that are part of this interface. So a node that was
//! built before a runtime upgrade can report the changes after it.

use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// What a call did to an entry.
#[derive(Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub enum Change {
	/// The entry was put, either a new one or over a live one.
	#[codec(index = 0)]
	Put,
	/// `kv_extend` succeeded, even if the entry already lived long enough.
	#[codec(index = 1)]
	Extended,
	/// The owner deleted the entry.
	#[codec(index = 2)]
	Deleted,
}

/// A change of an entry. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct EntryChange {
	/// What happened.
	pub change: Change,
	/// Key of the entry.
	pub key: Vec<u8>,
	/// Revision of the entry, or its last revision if it was deleted.
	pub revision: u64,
}

/// Part of the entries that end with a block. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct EndingPage {
	/// Key and revision, in ascending order of revision.
	pub items: Vec<(Vec<u8>, u64)>,
	/// What to pass as `start` for the next page; `None` if there are no more.
	pub next: Option<u64>,
}

sp_api::decl_runtime_apis! {
	/// Changes of an owner's entries in a block, and the entries that end with the block.
	#[api_version(1)]
	pub trait EntryChangesApi<AccountId>
	where
		AccountId: Codec,
	{
		/// What the calls of the block did to entries of `owner` whose key begins with `prefix`, in
		/// order.
		fn changes(owner: AccountId, prefix: Vec<u8>) -> Vec<EntryChange>;

		/// Entries of `owner` whose key begins with `prefix` that are live after the block and no longer
		/// live in the next one, from revision `start` on.
		///
		/// A page ends after the runtime has looked at a bounded number of entries of all owners. A page
		/// without items may have a `next`.
		fn ending(owner: AccountId, prefix: Vec<u8>, start: u64) -> EndingPage;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// RPC-R25: nodes that are older than the runtime decode these bytes.
	#[test]
	fn change_encoding_is_pinned() {
		let encoded = |change| EntryChange { change, key: b"key".to_vec(), revision: 7 }.encode();
		for (change, index) in [(Change::Put, 0), (Change::Extended, 1), (Change::Deleted, 2)] {
			let expected = [&[index, 12][..], b"key", &[7, 0, 0, 0, 0, 0, 0, 0]].concat();
			assert_eq!(encoded(change), expected);
		}
	}

	#[test]
	fn ending_page_encoding_is_pinned() {
		let page = EndingPage { items: vec![(b"key".to_vec(), 7)], next: Some(32) };
		let items = [&[4, 12][..], b"key", &[7, 0, 0, 0, 0, 0, 0, 0]].concat();
		let next = [1, 32, 0, 0, 0, 0, 0, 0, 0];
		assert_eq!(page.encode(), [&items[..], &next].concat());
	}
}
