//! A migration that rewrites every entry of the key-value store over several blocks: an example of how to write one.
//!
//! Version 2 of the layout has a byte after the value. It is the kind of change that docs/architecture.md recommends:
//! version 1 ignores what follows the value, so the old code reads the new layout, and every state on the way is a
//! right one.
//!
//! The rehearsal of an upgrade runs it, and so does runtime/tests/scenarios/entry_migration.rs, which includes this
//! file.

use alloc::vec::Vec;
use codec::Decode;
use core::marker::PhantomData;
use frame_support::{
	migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
	storage::StoragePrefixedMap,
	traits::{ConstU32, Get, StorageVersion},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use pallet_ttl_kv::{Config, Entries, EntryOf, Pallet};

/// The byte after the value.
const MARK: u8 = 0xa5;

/// Appends [`MARK`] to every entry that does not have it, to at most `PER_STEP` in a step.
pub struct MarkEntries<T, const PER_STEP: u32>(PhantomData<T>);

impl<T: Config, const PER_STEP: u32> MarkEntries<T, PER_STEP> {
	/// Weight of looking for the next entry and of rewriting it, whatever its length.
	pub fn weight_of_entry() -> Weight {
		T::DbWeight::get().reads_writes(2, 1)
	}

	fn prefix() -> Vec<u8> {
		Entries::<T>::final_prefix().to_vec()
	}

	/// The next entry after a storage key, with its bytes.
	fn entry_after(key: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
		let next =
			sp_io::storage::next_key(key).filter(|next| next.starts_with(&Self::prefix()))?;
		let bytes = sp_io::storage::get(&next)?.to_vec();
		Some((next, bytes))
	}

	/// Number of entries, and how many of them are marked.
	#[cfg(feature = "try-runtime")]
	fn count() -> (u32, u32) {
		let mut counted = (0, 0);
		let mut last = Self::prefix();
		while let Some((key, bytes)) = Self::entry_after(&last) {
			counted.0 += 1;
			counted.1 += u32::from(has_mark::<T>(&bytes) == Some(true));
			last = key;
		}
		counted
	}
}

impl<T: Config, const PER_STEP: u32> SteppedMigration for MarkEntries<T, PER_STEP> {
	// The storage key of the entry that was rewritten last. The sweep may remove that entry: the next key
	// follows it all the same.
	type Cursor = BoundedVec<u8, ConstU32<256>>;
	type Identifier = MigrationId<14>;

	fn id() -> Self::Identifier {
		MigrationId { pallet_id: *b"gtos-rehearsal", version_from: 1, version_to: 2 }
	}

	fn max_steps() -> Option<u32> {
		Some(10_000)
	}

	fn migrating_prefixes() -> Option<impl IntoIterator<Item = Vec<u8>>> {
		Some([Self::prefix()])
	}

	fn step(
		cursor: Option<Self::Cursor>,
		meter: &mut WeightMeter,
	) -> Result<Option<Self::Cursor>, SteppedMigrationError> {
		let required = Self::weight_of_entry();
		if !meter.can_consume(required) {
			return Err(SteppedMigrationError::InsufficientWeight { required });
		}
		let mut last = cursor.map_or_else(Self::prefix, BoundedVec::into_inner);
		for _ in 0..PER_STEP {
			if meter.try_consume(required).is_err() {
				break;
			}
			let Some((key, mut bytes)) = Self::entry_after(&last) else {
				StorageVersion::new(2).put::<Pallet<T>>();
				return Ok(None);
			};
			// After a failure it starts anew, and must rewrite no entry twice.
			if !has_mark::<T>(&bytes).ok_or(SteppedMigrationError::Failed)? {
				bytes.push(MARK);
				sp_io::storage::set(&key, &bytes);
			}
			last = key;
		}
		BoundedVec::try_from(last).map(Some).map_err(|_| SteppedMigrationError::Failed)
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(_: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
		let (entries, marked) = Self::count();
		frame_support::ensure!(entries == marked, "an entry has not been rewritten");
		Ok(())
	}
}

/// Whether the bytes of an entry end with [`MARK`]; `None` if they cannot be read.
pub fn has_mark<T: Config>(bytes: &[u8]) -> Option<bool> {
	let mut rest = bytes;
	EntryOf::<T>::decode(&mut rest).ok()?;
	match rest {
		[] => Some(false),
		[MARK] => Some(true),
		_ => None,
	}
}
