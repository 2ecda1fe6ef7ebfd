//! What the store keeps, and aliases for the types that the configuration composes.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{
		fungible::{Credit, Inspect},
		DefensiveSaturating,
	},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;

/// Key of an entry within its owner's keyspace.
pub type KeyOf<T> = BoundedVec<u8, <T as Config>::MaxKeyLength>;
/// Value of an entry.
pub type ValueOf<T> = BoundedVec<u8, <T as Config>::MaxValueLength>;
/// Entry as it is stored.
pub type EntryOf<T> = Entry<BlockNumberFor<T>, ValueOf<T>>;
/// Amount of the currency that rent is paid in.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// Rent that has been withdrawn from its payer and not yet credited to the destination.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// Reference to an entry in the expiry index.
pub type ReferenceOf<T> = Reference<<T as frame_system::Config>::AccountId, KeyOf<T>>;

/// Entry of an owner under a key (TTL-R2).
///
/// Field order is load-bearing, because `EntryHead` reads the beginning. The test
/// `entry_encoding_is_pinned` pins it.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Entry<BlockNumber, Value> {
	/// First height at which the entry is dead.
	pub expires_at: BlockNumber,
	/// Height of the put that created the entry (TTL-R14).
	pub created_at: BlockNumber,
	/// Revision of the last put (TTL-R13).
	pub revision: u64,
	/// Bytes that the owner stored; at least one.
	pub value: Value,
}

/// Beginning of an encoded [`Entry`], up to and including the length of its value. Read instead of the
/// entry wherever the value itself is not needed.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq)]
pub(crate) struct EntryHead<BlockNumber> {
	pub(crate) expires_at: BlockNumber,
	pub(crate) created_at: BlockNumber,
	pub(crate) revision: u64,
	#[codec(compact)]
	pub(crate) value_len: u32,
}

impl<BlockNumber: PartialOrd> EntryHead<BlockNumber> {
	/// Whether the entry is live at height `now` (TTL-R3).
	pub(crate) fn is_live(&self, now: BlockNumber) -> bool {
		now < self.expires_at
	}
}

/// Condition of a conditional put (TTL-R10). Variants are appended only.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Condition {
	/// No entry is found.
	#[codec(index = 0)]
	Absent,
	/// An entry of this revision is found.
	#[codec(index = 1)]
	Revision(u64),
	/// An entry is found. Only in rehearsals of upgrades, which need a call that changes.
	#[cfg(feature = "rehearsal")]
	#[codec(index = 2)]
	Present,
}

/// Names an entry that ends at the height of the index page on which this reference lies.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Reference<AccountId, Key> {
	/// Owner of the entry.
	pub owner: AccountId,
	/// Key of the entry.
	pub key: Key,
}

/// Sums over all stored entries, dead ones included.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct StoreTotals {
	/// Number of entries.
	pub entries: u64,
	/// Lengths of their keys and values together.
	pub bytes: u64,
}

impl StoreTotals {
	/// Counts an entry of `bytes`.
	// Saturating: no state holds 2^64 entries or bytes.
	pub(crate) fn add(&mut self, bytes: u32) {
		self.entries = self.entries.saturating_add(1);
		self.bytes = self.bytes.saturating_add(bytes.into());
	}

	/// Subtracts an entry of `bytes` that was counted before.
	pub(crate) fn remove(&mut self, bytes: u32) {
		self.entries.defensive_saturating_dec();
		self.bytes.defensive_saturating_reduce(bytes.into());
	}
}

/// Progress of the sweep in the current block.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct BlockSweep {
	/// Entries removed.
	pub entries: u32,
	/// Page of the index that was emptied last, by height and page.
	pub last_page: Option<([u8; 4], [u8; 8])>,
}
