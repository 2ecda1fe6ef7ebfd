//! The limits of keys, values and lifetimes.

use crate::*;
use alloc::vec::Vec;
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::CheckedAdd;

impl<T: Config> Pallet<T> {
	/// Checks the length of a key (TTL-R4).
	pub(crate) fn checked_key(key: Vec<u8>) -> Result<KeyOf<T>, Error<T>> {
		ensure!(!key.is_empty(), Error::<T>::EmptyKey);
		KeyOf::<T>::try_from(key).map_err(|_| Error::<T>::KeyTooLong)
	}

	/// Checks the length of a value (TTL-R4).
	pub(crate) fn checked_value(value: Vec<u8>) -> Result<ValueOf<T>, Error<T>> {
		ensure!(!value.is_empty(), Error::<T>::EmptyValue);
		ValueOf::<T>::try_from(value).map_err(|_| Error::<T>::ValueTooLong)
	}

	/// Checks a lifetime and returns the first height at which an entry put now would be dead
	/// (TTL-R5).
	pub(crate) fn checked_expiry(
		now: BlockNumberFor<T>,
		ttl: BlockNumberFor<T>,
	) -> Result<BlockNumberFor<T>, Error<T>> {
		ensure!((T::MinTtl::get()..=T::MaxTtl::get()).contains(&ttl), Error::<T>::TtlOutOfRange);
		now.checked_add(&ttl).ok_or(Error::<T>::ExpiryOverflow)
	}
}
