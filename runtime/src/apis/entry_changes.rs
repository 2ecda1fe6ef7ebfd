//! Which entries of an owner a block changed, and which of them expire after it (RPC-R25).

use crate::{
	constants::storage::{MAX_ENDING_ITEMS, MAX_ENDING_PAGES, MAX_QUERY_BYTES},
	AccountId, Runtime, RuntimeEvent, System, TtlKv,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_system::EventRecord;
use pallet_ttl_kv::{Event, ExpiryPages, Reference, PAGE_LENGTH};
use pallet_ttl_kv_runtime_api::{Change, EndingPage, EntryChange};
use sp_runtime::traits::SaturatedConversion;

/// Changes to the entries of `owner` whose key begins with `prefix`, made by the block of this state.
pub fn changes(owner: &AccountId, prefix: &[u8]) -> Vec<EntryChange> {
	System::read_events_no_consensus()
		.filter_map(|record| {
			let EventRecord { event: RuntimeEvent::TtlKv(event), .. } = *record else {
				return None;
			};
			let (of, change, key, revision) = match event {
				Event::EntryPut { owner, key, revision, .. } => (owner, Change::Put, key, revision),
				Event::EntryExtended { owner, key, revision, .. } => {
					(owner, Change::Extended, key, revision)
				},
				Event::EntryDeleted { owner, key, revision } => {
					(owner, Change::Deleted, key, revision)
				},
				_ => return None,
			};
			(of == *owner && key.starts_with(prefix)).then(|| EntryChange {
				change,
				key: key.into_inner(),
				revision,
			})
		})
		.collect()
}

/// Entries of `owner` with that prefix, from revision `start` on, that are live in the block of
/// this state and have expired in the next block.
///
/// Only this state can answer: the next block begins by removing them.
///
/// An answer ends with the page of the expiry index with which it has [`MAX_ENDING_ITEMS`] items, has
/// looked at [`MAX_ENDING_PAGES`] pages, or has read [`MAX_QUERY_BYTES`] of pages and of values of items.
/// So it reads at most one full page and the values of its 32 entries more than that.
pub fn ending(owner: &AccountId, prefix: &[u8], start: u64) -> EndingPage {
	let mut items = Vec::new();
	let Some(height) = System::block_number().checked_add(1).map(u32::to_be_bytes) else {
		return EndingPage { items, next: None };
	};
	let mut pages = match (start / u64::from(PAGE_LENGTH)).checked_sub(1) {
		None => ExpiryPages::<Runtime>::iter_prefix(height),
		Some(before) => {
			let position = ExpiryPages::<Runtime>::hashed_key_for(height, before.to_be_bytes());
			ExpiryPages::<Runtime>::iter_prefix_from(height, position)
		},
	};
	let mut next = None;
	let mut bytes_read = 0u32;
	for _ in 0..MAX_ENDING_PAGES {
		let Some((page, references)) = pages.next() else {
			return EndingPage { items, next: None };
		};
		let first = items.len();
		// Saturating, here and below: the loop ends long before 2^32.
		bytes_read = bytes_read.saturating_add(references.encoded_size().saturated_into());
		for Reference { owner: of, key } in references {
			if of == *owner && key.starts_with(prefix) {
				let key = key.into_inner();
				let Some(metadata) = TtlKv::metadata(owner, key.clone()) else { continue };
				// The database reads the whole value.
				bytes_read = bytes_read.saturating_add(metadata.value_len);
				items.push((key, metadata.revision));
			}
		}
		// A page holds references of consecutive revisions, unsorted.
		items[first..].sort_unstable_by_key(|(_, revision)| *revision);
		items.retain(|(_, revision)| *revision >= start);
		// `None` if no greater revision is possible.
		next = u64::from_be_bytes(page)
			.checked_add(1)
			.and_then(|page| page.checked_mul(PAGE_LENGTH.into()));
		if items.len() >= MAX_ENDING_ITEMS || bytes_read >= MAX_QUERY_BYTES {
			break;
		}
	}
	EndingPage { items, next }
}
