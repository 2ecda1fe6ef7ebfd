//! What the calls do and what the queries answer.

use crate::*;
use alloc::vec::Vec;
use codec::{Decode, Encode};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchResult, Weight},
	storage::StoragePrefixedMap,
	traits::{
		fungible::Balanced,
		tokens::{Fortitude, Precision, Preservation},
		Defensive, Get, OnUnbalanced,
	},
	Blake2_128Concat, StorageHasher,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{CheckedAdd, One, SaturatedConversion, Saturating, Zero},
	ArithmeticError,
};

fn len_of(bytes: &[u8]) -> u32 {
	bytes.len().saturated_into()
}

impl<T: Config> Pallet<T> {
	/// TTL-R9, and TTL-R10 with a `condition`.
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
		match condition {
			None => (),
			Some(Condition::Absent) => ensure!(found.is_none(), Error::<T>::EntryExists),
			Some(Condition::Revision(revision)) => ensure!(
				found.is_some_and(|head| head.revision == revision),
				Error::<T>::RevisionMismatch
			),
		}
		let revision = LastRevision::<T>::get().checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let value_len = len_of(&value);
		let left = found.map_or_else(Zero::zero, |head| {
			Self::rent_from(now, head.expires_at, Self::entry_bytes(&key, head.value_len))
		});
		let rent = Self::rent_from(now, expires_at, Self::entry_bytes(&key, value_len));
		// Saturating: what the old entry had left above the new rent is not paid back (TTL-R7).
		let charge = rent.saturating_sub(left);
		Self::pay(&owner, charge)?;

		// TTL-R14.
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

	/// TTL-R11.
	pub(crate) fn do_extend(
		owner: T::AccountId,
		key: Vec<u8>,
		ttl: BlockNumberFor<T>,
	) -> DispatchResult {
		let key = Self::checked_key(key)?;
		let now = Self::now();
		let asked = Self::checked_expiry(now, ttl)?;
		let entry = Self::found(&owner, &key).ok_or(Error::<T>::EntryNotFound)?;
		let expires_at = entry.expires_at.max(asked);
		let bytes = Self::entry_bytes(&key, len_of(&entry.value));
		let left = Self::rent_from(now, entry.expires_at, bytes);
		// Saturating: never negative, since the end does not come sooner.
		let charge = Self::rent_from(now, expires_at, bytes).saturating_sub(left);
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

	/// TTL-R12.
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

	/// TTL-R4, for a key.
	fn checked_key(key: Vec<u8>) -> Result<KeyOf<T>, Error<T>> {
		ensure!(!key.is_empty(), Error::<T>::EmptyKey);
		KeyOf::<T>::try_from(key).map_err(|_| Error::<T>::KeyTooLong)
	}

	/// TTL-R4, for a value.
	fn checked_value(value: Vec<u8>) -> Result<ValueOf<T>, Error<T>> {
		ensure!(!value.is_empty(), Error::<T>::EmptyValue);
		ValueOf::<T>::try_from(value).map_err(|_| Error::<T>::ValueTooLong)
	}

	/// TTL-R5.
	fn checked_expiry(
		now: BlockNumberFor<T>,
		ttl: BlockNumberFor<T>,
	) -> Result<BlockNumberFor<T>, Error<T>> {
		ensure!((T::MinTtl::get()..=T::MaxTtl::get()).contains(&ttl), Error::<T>::TtlOutOfRange);
		now.checked_add(&ttl).ok_or(Error::<T>::ExpiryOverflow)
	}

	/// TTL-R8.
	fn pay(owner: &T::AccountId, charge: BalanceOf<T>) -> DispatchResult {
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

	fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	/// The live entry under `key`, value included.
	fn found(owner: &T::AccountId, key: &KeyOf<T>) -> Option<EntryOf<T>> {
		let now = Self::now();
		Entries::<T>::get(owner, key).filter(|entry| now < entry.expires_at)
	}

	/// What is stored under `key`, live or dead, without the value.
	pub(crate) fn head(
		owner: &T::AccountId,
		key: &KeyOf<T>,
	) -> Option<EntryHead<BlockNumberFor<T>>> {
		let mut buffer = [0; 32];
		let storage_key = Entries::<T>::hashed_key_for(owner, key);
		let len = sp_io::storage::read(&storage_key, &mut buffer, 0)?;
		let head = &buffer[..buffer.len().min(len.saturated_into())];
		EntryHead::decode(&mut &head[..])
			.defensive_proof("what is stored under `Entries` begins with the head of an entry")
			.ok()
	}

	/// Bytes that the statistics count (TTL-R19).
	pub(crate) fn stored_bytes(key: &KeyOf<T>, value_len: u32) -> u32 {
		// Saturating: both are within their limits, whose sum is far from 2^32.
		len_of(key).saturating_add(value_len)
	}

	/// Bytes that rent is due for.
	fn entry_bytes(key: &KeyOf<T>, value_len: u32) -> u32 {
		// Saturating: as above.
		T::EntryOverheadBytes::get().saturating_add(Self::stored_bytes(key, value_len))
	}

	/// Rent of `bytes` from `now` to `expires_at`.
	fn rent_from(
		now: BlockNumberFor<T>,
		expires_at: BlockNumberFor<T>,
		bytes: u32,
	) -> BalanceOf<T> {
		// Saturating: a live entry ends after `now`.
		Self::rent(bytes, expires_at.saturating_sub(now))
	}

	/// TTL-R6.
	pub(crate) fn rent(bytes: u32, blocks: BlockNumberFor<T>) -> BalanceOf<T> {
		// Saturating: the integrity test shows that the largest rent fits.
		T::RentPerByteBlock::get()
			.saturating_mul(bytes.into())
			.saturating_mul(blocks.saturated_into::<u64>().saturated_into())
	}
}

/// Weights of the calls: what was measured, for lengths that pass the checks. A longer argument is
/// refused before its bytes are looked at.
impl<T: Config> Pallet<T> {
	pub(crate) fn key_len(key: &[u8]) -> u32 {
		len_of(key).min(T::MaxKeyLength::get())
	}

	/// Of a put, the later removal of what it stores included.
	pub(crate) fn put_weight(measured: fn(u32, u32) -> Weight, key: &[u8], value: &[u8]) -> Weight {
		measured(Self::key_len(key), len_of(value).min(T::MaxValueLength::get()))
			.saturating_add(Self::removal_weight())
	}

	/// Of an extension, which adds a reference like a put does.
	pub(crate) fn extend_weight(key: &[u8]) -> Weight {
		T::WeightInfo::kv_extend(Self::key_len(key)).saturating_add(Self::removal_weight())
	}
}

/// The queries of TTL-R20, `now` being the block whose state is asked.
impl<T: Config> Pallet<T> {
	/// Value of the live entry under `key`.
	pub fn get(owner: &T::AccountId, key: Vec<u8>) -> Option<Vec<u8>> {
		let key = Self::checked_key(key).ok()?;
		Self::found(owner, &key).map(|entry| entry.value.into_inner())
	}

	/// Metadata of the live entry under `key`.
	pub fn metadata(
		owner: &T::AccountId,
		key: Vec<u8>,
	) -> Option<EntryMetadata<BlockNumberFor<T>>> {
		let key = Self::checked_key(key).ok()?;
		Self::live_metadata(owner, &key)
	}

	/// Live entries of `owner` whose key begins with `prefix`, in order of storage key.
	pub fn list(
		owner: &T::AccountId,
		prefix: &[u8],
		start: Option<Vec<u8>>,
		limit: u32,
	) -> EntryPage<BlockNumberFor<T>> {
		let limit = limit.min(T::MaxPageSize::get());
		let mut items = Vec::new();
		if limit.is_zero() {
			return EntryPage { items, next: None };
		}
		let mut keys = match start {
			None => Entries::<T>::iter_key_prefix(owner),
			Some(start) => Entries::<T>::iter_key_prefix_from(owner, Self::position(owner, &start)),
		};
		let mut last = None;
		for _ in 0..T::MaxPageScan::get() {
			let Some(key) = keys.next() else { return EntryPage { items, next: None } };
			if key.starts_with(prefix) {
				if let Some(metadata) = Self::live_metadata(owner, &key) {
					items.push((key.to_vec(), metadata));
				}
			}
			last = Some(key.into_inner());
			if items.len() >= limit.saturated_into() {
				break;
			}
		}
		EntryPage { items, next: keys.next().and(last) }
	}

	/// Rent of a new entry; `None` if a length or `ttl` is out of its range.
	pub fn quote(key_len: u32, value_len: u32, ttl: BlockNumberFor<T>) -> Option<BalanceOf<T>> {
		let in_range = (One::one()..=T::MaxKeyLength::get()).contains(&key_len)
			&& (One::one()..=T::MaxValueLength::get()).contains(&value_len)
			&& (T::MinTtl::get()..=T::MaxTtl::get()).contains(&ttl);
		// Saturating: lengths within their limits are far from 2^32.
		let bytes = T::EntryOverheadBytes::get().saturating_add(key_len).saturating_add(value_len);
		in_range.then(|| Self::rent(bytes, ttl))
	}

	/// TTL-R19.
	pub fn statistics() -> Statistics {
		let StoreTotals { entries, bytes } = Totals::<T>::get();
		Statistics {
			entries,
			bytes,
			backlog: Self::backlog(Self::now()),
			last_revision: LastRevision::<T>::get(),
		}
	}

	/// Storage key of the entry under `key`; `None` for a key outside the limits.
	pub fn proof_key(owner: &T::AccountId, key: Vec<u8>) -> Option<Vec<u8>> {
		Self::checked_key(key).ok().map(|key| Entries::<T>::hashed_key_for(owner, key))
	}

	fn live_metadata(
		owner: &T::AccountId,
		key: &KeyOf<T>,
	) -> Option<EntryMetadata<BlockNumberFor<T>>> {
		let now = Self::now();
		let EntryHead { expires_at, created_at, revision, value_len } =
			Self::head(owner, key).filter(|head| head.is_live(now))?;
		// Saturating: it is live.
		let remaining_blocks = expires_at.saturating_sub(now);
		Some(EntryMetadata { value_len, expires_at, created_at, revision, remaining_blocks })
	}

	/// Where `key` stands among its owner's storage keys, also if no entry can have it.
	fn position(owner: &T::AccountId, key: &[u8]) -> Vec<u8> {
		let mut position = Entries::<T>::final_prefix().to_vec();
		position.extend(owner.using_encoded(Blake2_128Concat::hash));
		position.extend(key.using_encoded(Blake2_128Concat::hash));
		position
	}
}
