//! Answers to the runtime API (TTL-R20), from the state of the block that is queried.

use crate::*;
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{storage::StoragePrefixedMap, traits::Get, Blake2_128Concat, StorageHasher};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{One, SaturatedConversion, Saturating, Zero};

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
		in_range.then(|| Self::rent(Self::charged_bytes(key_len, value_len), ttl))
	}

	/// How much the store holds, dead entries included (TTL-R19).
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

	/// Metadata of the live entry under a key within the limits.
	fn live_metadata(
		owner: &T::AccountId,
		key: &KeyOf<T>,
	) -> Option<EntryMetadata<BlockNumberFor<T>>> {
		let now = Self::now();
		let EntryHead { expires_at, created_at, revision, value_len } =
			Self::head(owner, key).filter(|head| head.is_live(now))?;
		// Saturating: a live entry ends after `now`.
		let remaining_blocks = expires_at.saturating_sub(now);
		Some(EntryMetadata { value_len, expires_at, created_at, revision, remaining_blocks })
	}

	/// Position of `key` in the order of its owner's storage keys, also for a key that no entry can
	/// have.
	fn position(owner: &T::AccountId, key: &[u8]) -> Vec<u8> {
		let mut position = Entries::<T>::final_prefix().to_vec();
		position.extend(owner.using_encoded(Blake2_128Concat::hash));
		position.extend(key.using_encoded(Blake2_128Concat::hash));
		position
	}
}
