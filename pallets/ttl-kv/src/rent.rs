//! What an entry costs, and how its owner pays.

use crate::*;
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

	/// Bytes of an entry that rent is charged for: overhead, key and value.
	pub(crate) fn entry_bytes(key: &KeyOf<T>, value_len: u32) -> u32 {
		// Saturating: the limits and the overhead add up to far less than 2^32.
		T::EntryOverheadBytes::get().saturating_add(Self::stored_bytes(key, value_len))
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
