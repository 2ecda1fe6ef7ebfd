//! What a block did to an owner's entries, for those who follow them (RPC-R25).
//!
//! The runtime of the block answers, in types that are part of this interface: a node that was built
//! before an upgrade tells what happened after it.

use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// What a call did to an entry.
#[derive(Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub enum Change {
	/// It was put, new or over another.
	#[codec(index = 0)]
	Put,
	/// Its life was extended, if only by nothing.
	#[codec(index = 1)]
	Extended,
	/// Its owner deleted it.
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
	/// Revision that it has, or had when it was deleted.
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
	/// What happens to the entries of an owner in a block, and what at its end.
	#[api_version(1)]
	pub trait EntryChangesApi<AccountId>
	where
		AccountId: Codec,
	{
		/// What the calls of the block did to entries of `owner` whose key begins with `prefix`, in
		/// order.
		fn changes(owner: AccountId, prefix: Vec<u8>) -> Vec<EntryChange>;

		/// Entries of `owner` whose key begins with `prefix` that are live after the block and no longer
		/// in the next one, from revision `start` on.
		///
		/// A page ends after so many entries, of whomever, that were looked at; one without items may
		/// still have a `next`.
		fn ending(owner: AccountId, prefix: Vec<u8>, start: u64) -> EndingPage;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Nodes that are older than the runtime decode these bytes.
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
