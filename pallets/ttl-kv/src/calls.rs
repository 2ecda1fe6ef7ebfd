//! What the calls do, and what they weigh.

use crate::{entries::len_of, *};
use alloc::vec::Vec;
use frame_support::{
	ensure,
	pallet_prelude::{DispatchResult, Weight},
	traits::Get,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{Saturating, Zero},
	ArithmeticError,
};

impl<T: Config> Pallet<T> {
	/// Puts an entry and charges its owner the rent (TTL-R9). With a `condition`, puts it only if
	/// the condition holds for the live entry under the key (TTL-R10).
	pub(crate) fn do_put(
		owner: T::AccountId,
		key: Vec<u8>,
		value: Vec<u8>,
		ttl: BlockNumberFor<T>,
		condition: Option<Condition>,
	) -> DispatchResult {
		let key = Self::checked_key(key)?;
		let value = Self::checked_value(value)?;
		let now = Self::now();
		let expires_at = Self::checked_expiry(now, ttl)?;
		let stored = Self::head(&owner, &key);
		let found = stored.as_ref().filter(|head| head.is_live(now));
		if let Some(condition) = condition {
			Self::ensure_condition(&condition, found)?;
		}
		let revision = LastRevision::<T>::get().checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let value_len = len_of(&value);
		let credit = found.map_or_else(Zero::zero, |head| {
			Self::rent_from(now, head.expires_at, Self::entry_bytes(&key, head.value_len))
		});
		let rent = Self::rent_from(now, expires_at, Self::entry_bytes(&key, value_len));
		// Saturating: a credit that exceeds the new rent is not paid back (TTL-R7).
		let charge = rent.saturating_sub(credit);
		Self::pay(&owner, charge)?;

		// A put over a dead entry creates a new one (TTL-R14).
		let created_at = found.map_or(now, |head| head.created_at);
		let reference = Reference { owner: owner.clone(), key: key.clone() };
		Totals::<T>::mutate(|totals| {
			if let Some(head) = &stored {
				totals.remove(Self::stored_bytes(&key, head.value_len));
			}
			totals.add(Self::stored_bytes(&key, value_len));
		});
		if let Some(head) = &stored {
			Self::remove_reference(head.expires_at, head.revision, &reference);
		}
		Self::add_reference(expires_at, revision, reference);
		LastRevision::<T>::put(revision);
		Entries::<T>::insert(&owner, &key, Entry { expires_at, created_at, revision, value });
		Self::deposit_event(Event::EntryPut {
			owner,
			key,
			value_len,
			revision,
			expires_at,
			charge,
		});
		Ok(())
	}

	/// Checks the condition of a put against the entry that is found (TTL-R10).
	fn ensure_condition(
		condition: &Condition,
		found: Option<&EntryHead<BlockNumberFor<T>>>,
	) -> Result<(), Error<T>> {
		match condition {
			Condition::Absent => ensure!(found.is_none(), Error::EntryExists),
			Condition::Revision(revision) => ensure!(
				found.is_some_and(|head| head.revision == *revision),
				Error::RevisionMismatch
			),
			#[cfg(feature = "rehearsal")]
			Condition::Present => ensure!(found.is_some(), Error::EntryNotFound),
		}
		Ok(())
	}

	/// Makes the entry live for at least `ttl` blocks from now and charges its owner the difference in
	/// rent (TTL-R11).
	pub(crate) fn do_extend(
		owner: T::AccountId,
		key: Vec<u8>,
		ttl: BlockNumberFor<T>,
	) -> DispatchResult {
		let key = Self::checked_key(key)?;
		let now = Self::now();
		let requested = Self::checked_expiry(now, ttl)?;
		let entry = Self::found(&owner, &key).ok_or(Error::<T>::EntryNotFound)?;
		let expires_at = entry.expires_at.max(requested);
		let bytes = Self::entry_bytes(&key, len_of(&entry.value));
		let credit = Self::rent_from(now, entry.expires_at, bytes);
		// Saturating: the difference is never negative, because the entry never ends earlier than before.
		let charge = Self::rent_from(now, expires_at, bytes).saturating_sub(credit);
		Self::pay(&owner, charge)?;

		let revision = entry.revision;
		if expires_at > entry.expires_at {
			let reference = Reference { owner: owner.clone(), key: key.clone() };
			Self::remove_reference(entry.expires_at, revision, &reference);
			Self::add_reference(expires_at, revision, reference);
			Entries::<T>::insert(&owner, &key, Entry { expires_at, ..entry });
		}
		Self::deposit_event(Event::EntryExtended { owner, key, revision, expires_at, charge });
		Ok(())
	}

	/// Deletes the entry and its reference; the owner gets nothing back (TTL-R12).
	pub(crate) fn do_delete(owner: T::AccountId, key: Vec<u8>) -> DispatchResult {
		let key = Self::checked_key(key)?;
		let now = Self::now();
		let head = Self::head(&owner, &key)
			.filter(|head| head.is_live(now))
			.ok_or(Error::<T>::EntryNotFound)?;

		let reference = Reference { owner, key };
		Self::remove_reference(head.expires_at, head.revision, &reference);
		let Reference { owner, key } = reference;
		Totals::<T>::mutate(|totals| totals.remove(Self::stored_bytes(&key, head.value_len)));
		Entries::<T>::remove(&owner, &key);
		Self::deposit_event(Event::EntryDeleted { owner, key, revision: head.revision });
		Ok(())
	}
}

/// Weights of the calls. An argument beyond its limit weighs as much as one at the limit, because the
/// call refuses it before it reads the bytes.
impl<T: Config> Pallet<T> {
	/// Length of `key` that the weights use.
	pub(crate) fn key_len(key: &[u8]) -> u32 {
		len_of(key).min(T::MaxKeyLength::get())
	}

	/// Weight of a put, including the later removal of the entry by the sweep.
	pub(crate) fn put_weight(measured: fn(u32, u32) -> Weight, key: &[u8], value: &[u8]) -> Weight {
		measured(Self::key_len(key), len_of(value).min(T::MaxValueLength::get()))
			.saturating_add(T::LargeStateOverhead::get())
			.saturating_add(Self::removal_weight())
	}

	/// Weight of an extension, including the later removal of the reference that it adds.
	pub(crate) fn extend_weight(key: &[u8]) -> Weight {
		T::WeightInfo::kv_extend(Self::key_len(key))
			.saturating_add(T::LargeStateOverhead::get())
			.saturating_add(Self::removal_weight())
	}

	/// Weight of a deletion.
	pub(crate) fn delete_weight(key: &[u8]) -> Weight {
		T::WeightInfo::kv_delete(Self::key_len(key)).saturating_add(T::LargeStateOverhead::get())
	}
}
