//! Which entries of an owner a block changed, and which of them expire after it (RPC-R25).

use crate::{
	constants::storage::{MAX_ENDING_ITEMS, MAX_ENDING_PAGES},
	AccountId, Runtime, RuntimeEvent, System, TtlKv,
};
use alloc::vec::Vec;
use frame_system::EventRecord;
use pallet_ttl_kv::{Event, ExpiryPages, Reference, PAGE_LENGTH};
use pallet_ttl_kv_runtime_api::{Change, EndingPage, EntryChange};

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
	for _ in 0..MAX_ENDING_PAGES {
		let Some((page, references)) = pages.next() else {
			return EndingPage { items, next: None };
		};
		let first = items.len();
		for Reference { owner: of, key } in references {
			if of == *owner && key.starts_with(prefix) {
				let key = key.into_inner();
				let metadata = TtlKv::metadata(owner, key.clone());
				items.extend(metadata.map(|metadata| (key, metadata.revision)));
			}
		}
		// A page holds references of consecutive revisions, unsorted.
		items[first..].sort_unstable_by_key(|(_, revision)| *revision);
		items.retain(|(_, revision)| *revision >= start);
		// `None` if no greater revision is possible.
		next = u64::from_be_bytes(page)
			.checked_add(1)
			.and_then(|page| page.checked_mul(PAGE_LENGTH.into()));
		if items.len() >= MAX_ENDING_ITEMS {
			break;
		}
	}
	EndingPage { items, next }
}
