//! Answers to the runtime API (TTL-R20), from the state of the block that is queried.

use crate::{
	entries::len_of,
	index::{page_at, position_of},
	*,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{storage::StoragePrefixedMap, traits::Get, Blake2_128Concat, StorageHasher};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{One, SaturatedConversion, Saturating, Zero};

/// Metadata of an entry that is live at height `now`.
fn live_metadata<BlockNumber: Copy + PartialOrd + Saturating>(
	head: EntryHead<BlockNumber>,
	now: BlockNumber,
) -> Option<EntryMetadata<BlockNumber>> {
	if !head.is_live(now) {
		return None;
	}
	let EntryHead { expires_at, created_at, revision, value_len } = head;
	// Saturating: a live entry ends after `now`.
	let remaining_blocks = expires_at.saturating_sub(now);
	Some(EntryMetadata { value_len, expires_at, created_at, revision, remaining_blocks })
}

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
		live_metadata(Self::head(owner, &key)?, Self::now())
	}

	/// Live entries of `owner` whose key begins with `prefix`, in order of storage key.
	///
	/// A page ends after `limit` items, [`Config::MaxPageSize`] items, [`Config::MaxPageScan`] stored
	/// entries or [`Config::MaxQueryBytes`], whichever comes first.
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
		let now = Self::now();
		let mut last = None;
		let mut bytes_read = 0u32;
		for _ in 0..T::MaxPageScan::get() {
			let Some(key) = keys.next() else { return EntryPage { items, next: None } };
			// Saturating: the loop ends long before 2^32.
			bytes_read = bytes_read.saturating_add(len_of(&key));
			// The database reads the whole value, although only its beginning is decoded.
			let head = key.starts_with(prefix).then(|| Self::head(owner, &key)).flatten();
			if let Some(head) = head {
				bytes_read = bytes_read.saturating_add(head.value_len);
				items.extend(live_metadata(head, now).map(|metadata| (key.to_vec(), metadata)));
			}
			last = Some(key.into_inner());
			if items.len() >= limit.saturated_into() || bytes_read >= T::MaxQueryBytes::get() {
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

	/// How much the store holds, dead entries included (TTL-R19). The backlog is counted on the pages
	/// of the index after `start`.
	///
	/// The count ends after [`Config::MaxBacklogScan`] pages or [`Config::MaxQueryBytes`].
	pub fn statistics(start: Option<BacklogPosition>) -> Statistics {
		let StoreTotals { entries, bytes } = Totals::<T>::get();
		let (backlog, next) = Self::backlog(Self::now(), start.map(page_at));
		Statistics {
			entries,
			bytes,
			backlog,
			last_revision: LastRevision::<T>::get(),
			next: next.map(position_of),
		}
	}

	/// Storage key of the entry under `key`; `None` for a key outside the limits.
	pub fn proof_key(owner: &T::AccountId, key: Vec<u8>) -> Option<Vec<u8>> {
		Self::checked_key(key).ok().map(|key| Entries::<T>::hashed_key_for(owner, key))
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
