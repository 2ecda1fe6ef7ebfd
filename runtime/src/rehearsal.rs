//! The next release as scripts/upgrade-rehearsal makes it up, behind the feature `rehearsal`.
//!
//! It has what a release can change: a higher `spec_version`, a call with a further choice (`Condition::Present` of
//! `kv_put_if`), a new version of a runtime API (`TtlKvApi` 2), and a migration of all entries over several blocks.
//! The migration is in this file; the rest are a few lines with the same feature in `pallets/ttl-kv` and in the runtime.

use crate::{AccountId, Runtime};
use alloc::vec::Vec;
use codec::Decode;
use frame_support::{
	migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
	storage::StoragePrefixedMap,
	traits::{ConstU32, StorageVersion},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use pallet_ttl_kv::{Entries, EntryOf, KeyOf};

/// The byte that version 2 of the layout has after the value. Version 1 reads it, too: it ignores what follows the value.
const MARK: u8 = 0xa5;

/// Few, so that the migration takes several blocks although a rehearsal has few entries.
const ENTRIES_PER_STEP: u32 = 16;

/// Appends [`MARK`] to every entry that does not have it.
pub struct MarkEntries;

impl MarkEntries {
	/// Weight of looking for the next entry and of rewriting it, whatever its length.
	fn weight_of_entry() -> Weight {
		<Runtime as frame_system::Config>::DbWeight::get().reads_writes(2, 1)
	}

	fn prefix() -> Vec<u8> {
		Entries::<Runtime>::final_prefix().to_vec()
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
			counted.1 += u32::from(has_mark(&bytes) == Some(true));
			last = key;
		}
		counted
	}
}

impl SteppedMigration for MarkEntries {
	// The storage key of the entry that was rewritten last. The sweep may remove that entry.
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
		for _ in 0..ENTRIES_PER_STEP {
			if meter.try_consume(required).is_err() {
				break;
			}
			let Some((key, mut bytes)) = Self::entry_after(&last) else {
				StorageVersion::new(2).put::<crate::TtlKv>();
				return Ok(None);
			};
			// After a failure it starts anew, and must rewrite no entry twice.
			if !has_mark(&bytes).ok_or(SteppedMigrationError::Failed)? {
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
fn has_mark(bytes: &[u8]) -> Option<bool> {
	let mut rest = bytes;
	EntryOf::<Runtime>::decode(&mut rest).ok()?;
	match rest {
		[] => Some(false),
		[MARK] => Some(true),
		_ => None,
	}
}

/// Whether the migration has rewritten the entry; `None` if it is not stored.
pub fn is_marked(owner: &AccountId, key: Vec<u8>) -> Option<bool> {
	let key = KeyOf::<Runtime>::try_from(key).ok()?;
	let bytes = sp_io::storage::get(&Entries::<Runtime>::hashed_key_for(owner, key))?;
	has_mark(&bytes)
}
