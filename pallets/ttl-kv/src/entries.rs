//! How stored entries are read.

use crate::*;
use codec::Decode;
use frame_support::traits::Defensive;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::SaturatedConversion;

/// Length of a key or value in bytes.
pub(crate) fn len_of(bytes: &[u8]) -> u32 {
	// Saturating: nothing that a block can hold has 2^32 bytes.
	bytes.len().saturated_into()
}

impl<T: Config> Pallet<T> {
	/// Height of the block that is executed, or whose state is queried.
	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	/// The live entry under `key` with its value.
	pub(crate) fn found(owner: &T::AccountId, key: &KeyOf<T>) -> Option<EntryOf<T>> {
		let now = Self::now();
		Entries::<T>::get(owner, key).filter(|entry| now < entry.expires_at)
	}

	/// The entry stored under `key`, live or dead, without its value.
	pub(crate) fn head(
		owner: &T::AccountId,
		key: &KeyOf<T>,
	) -> Option<EntryHead<BlockNumberFor<T>>> {
		let mut buffer = [0; 32];
		let storage_key = Entries::<T>::hashed_key_for(owner, key);
		let len = sp_io::storage::read(&storage_key, &mut buffer, 0)?;
		let head = &buffer[..buffer.len().min(len.saturated_into())];
		EntryHead::decode(&mut &head[..])
			.defensive_proof("every value of `Entries` begins with the head of an entry")
			.ok()
	}

	/// Bytes of an entry that the statistics count: key and value (TTL-R19).
	pub(crate) fn stored_bytes(key: &KeyOf<T>, value_len: u32) -> u32 {
		// Saturating: both lengths are within their limits, and the limits add up to far less than 2^32.
		len_of(key).saturating_add(value_len)
	}
}
