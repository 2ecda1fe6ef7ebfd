//! What an entry costs, and how its owner pays.

use crate::{entries::len_of, *};
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{
		fungible::Balanced,
		tokens::{Fortitude, Precision, Preservation},
		Get, OnUnbalanced,
	},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{SaturatedConversion, Saturating, Zero};

impl<T: Config> Pallet<T> {
	/// Rent of `bytes` for `blocks` (TTL-R6).
	pub(crate) fn rent(bytes: u32, blocks: BlockNumberFor<T>) -> BalanceOf<T> {
		// Saturating: the integrity test shows that the largest rent fits.
		T::RentPerByteBlock::get()
			.saturating_mul(bytes.into())
			.saturating_mul(blocks.saturated_into::<u64>().saturated_into())
	}

	/// Rent of `bytes` from `now` to `expires_at`.
	pub(crate) fn rent_from(
		now: BlockNumberFor<T>,
		expires_at: BlockNumberFor<T>,
		bytes: u32,
	) -> BalanceOf<T> {
		// Saturating: a live entry ends after `now`.
		Self::rent(bytes, expires_at.saturating_sub(now))
	}

	/// Bytes of an entry that rent is charged for (TTL-R6): overhead, value, and twice the key, which is
	/// stored in the entry's storage key and again in its reference.
	pub(crate) fn charged_bytes(key_len: u32, value_len: u32) -> u32 {
		// Saturating: the integrity test shows that the largest entry fits.
		T::EntryOverheadBytes::get()
			.saturating_add(key_len)
			.saturating_add(key_len)
			.saturating_add(value_len)
	}

	/// Bytes that rent is charged for of an entry under `key`.
	pub(crate) fn entry_bytes(key: &KeyOf<T>, value_len: u32) -> u32 {
		Self::charged_bytes(len_of(key), value_len)
	}

	/// Moves `charge` from the owner to the rent destination and keeps the owner's account alive
	/// (TTL-R8).
	pub(crate) fn pay(owner: &T::AccountId, charge: BalanceOf<T>) -> DispatchResult {
		if charge.is_zero() {
			return Ok(());
		}
		let credit = T::Currency::withdraw(
			owner,
			charge,
			Precision::Exact,
			Preservation::Preserve,
			Fortitude::Polite,
		)
		.map_err(|_| Error::<T>::InsufficientBalance)?;
		T::RentDestination::on_unbalanced(credit);
		Ok(())
	}
}
