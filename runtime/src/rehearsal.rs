//! The next release as scripts/upgrade-rehearsal makes it up, behind the feature `rehearsal`.
//!
//! It has what a release can change: a higher `spec_version`, a call with a further choice (`Condition::Present` of
//! `kv_put_if`), a new version of a runtime API (`TtlKvApi` 2), and a migration of all entries over several blocks.
//! The migration is below this file; the rest are a few lines with the same feature in `pallets/ttl-kv` and in the
//! runtime.

mod mark_entries;

use crate::{AccountId, Runtime};
use alloc::vec::Vec;
use pallet_ttl_kv::{Entries, KeyOf};

/// Few, so that the migration takes several blocks although a rehearsal has few entries.
const ENTRIES_PER_STEP: u32 = 16;

/// The migration of the rehearsal.
pub type MarkEntries = mark_entries::MarkEntries<Runtime, ENTRIES_PER_STEP>;

/// Whether the migration has rewritten the entry; `None` if it is not stored.
pub fn is_marked(owner: &AccountId, key: Vec<u8>) -> Option<bool> {
	let key = KeyOf::<Runtime>::try_from(key).ok()?;
	let bytes = sp_io::storage::get(&Entries::<Runtime>::hashed_key_for(owner, key))?;
	mark_entries::has_mark::<Runtime>(&bytes)
}
