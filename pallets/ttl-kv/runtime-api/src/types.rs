//! Types of the answers.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// Everything about an entry except its value. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct EntryMetadata<BlockNumber> {
	/// Length of the value in bytes.
	pub value_len: u32,
	/// First height at which the entry is no longer found.
	pub expires_at: BlockNumber,
	/// Height of the put that created the entry.
	pub created_at: BlockNumber,
	/// Revision of the last put.
	pub revision: u64,
	/// Blocks from the queried block to `expires_at`; at least 1.
	pub remaining_blocks: BlockNumber,
}

/// Part of an owner's entries. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct EntryPage<BlockNumber> {
	/// Live entries, key and metadata, in ascending order of storage key.
	pub items: Vec<(Vec<u8>, EntryMetadata<BlockNumber>)>,
	/// What to pass as `start` for the next page; `None` if the owner has no more.
	pub next: Option<Vec<u8>>,
}

/// Where a count of the backlog continues: a height and a page of it in the expiry index, both
/// big-endian.
pub type BacklogPosition = [u8; 12];

/// How much the store holds (TTL-R19). Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Statistics {
	/// Number of stored entries, dead ones included.
	pub entries: u64,
	/// Total length of their keys and values in bytes, without overhead.
	pub bytes: u64,
	/// Number of dead entries that wait for the sweep, as far as this answer counts them: after the
	/// `start` that was passed, up to `next`.
	pub backlog: u64,
	/// Revision of the newest put of any account; 0 before the first put.
	pub last_revision: u64,
	/// What to pass as `start` to count the rest of the backlog; `None` if there is no more.
	pub next: Option<BacklogPosition>,
}
