//! The expiry index: which entries end at a height.
//!
//! Each entry has a reference on a page of the index. The page follows from the height at which the
//! entry ends and from its revision: of the entries that end at one height, [`PAGE_LENGTH`]
//! consecutive revisions share a page. Therefore
//!
//! - an entry's own fields determine where its reference is, so a call that changes the end of the entry
//!   moves the reference, and no reference is ever stale;
//! - entries that are put together and end together cost the sweep a fraction of a page each;
//! - a page cannot overflow, because no two entries have the same revision.
//!
//! Storage keys sort by height and then by page, so the page that is due next is the first one.

use crate::*;
use frame_support::{defensive, storage::KeyPrefixIterator, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{SaturatedConversion, UniqueSaturatedFrom, UniqueSaturatedInto};

/// Number of revisions that share a page, and therefore the maximum number of references on it.
pub const PAGE_LENGTH: u32 = 32;

/// Height of a page and its position among the pages of that height, both big-endian.
pub(crate) type PageKey = ([u8; 4], [u8; 8]);

/// Page that holds the reference of an entry.
pub(crate) fn page_key<T: Config>(expires_at: BlockNumberFor<T>, revision: u64) -> PageKey {
	// Saturating: the integrity test checks that heights fit 32 bits.
	let height: u32 = expires_at.unique_saturated_into();
	(height.to_be_bytes(), (revision / u64::from(PAGE_LENGTH)).to_be_bytes())
}

/// Height at which the entries of a page end.
pub(crate) fn height_of<T: Config>((height, _): &PageKey) -> BlockNumberFor<T> {
	BlockNumberFor::<T>::unique_saturated_from(u32::from_be_bytes(*height))
}

impl<T: Config> Pallet<T> {
	/// Adds the reference of an entry with this end and revision.
	pub(crate) fn add_reference(
		expires_at: BlockNumberFor<T>,
		revision: u64,
		reference: ReferenceOf<T>,
	) {
		let (height, page) = page_key::<T>(expires_at, revision);
		if ExpiryPages::<T>::try_append(height, page, reference).is_err() {
			defensive!(
				"no two entries have the same revision, so a page has room for each reference"
			);
		}
	}

	/// Removes the reference of an entry with this end and revision.
	pub(crate) fn remove_reference(
		expires_at: BlockNumberFor<T>,
		revision: u64,
		reference: &ReferenceOf<T>,
	) {
		let (height, page) = page_key::<T>(expires_at, revision);
		ExpiryPages::<T>::mutate_exists(height, page, |references| {
			let Some(some) = references else {
				defensive!("every entry has a reference (TTL-I1)");
				return;
			};
			match some.iter().position(|other| other == reference) {
				Some(position) => drop(some.swap_remove(position)),
				None => {
					defensive!("every entry has a reference (TTL-I1)");
				},
			}
			if some.is_empty() {
				*references = None;
			}
		});
	}

	/// Pages in ascending order: those after `page`, or all.
	pub(crate) fn pages_after(page: Option<PageKey>) -> KeyPrefixIterator<PageKey> {
		match page {
			None => ExpiryPages::<T>::iter_keys(),
			Some((height, page)) => {
				ExpiryPages::<T>::iter_keys_from(ExpiryPages::<T>::hashed_key_for(height, page))
			},
		}
	}

	/// Number of references of heights up to `now`, on at most [`Config::MaxBacklogScan`] pages.
	pub(crate) fn backlog(now: BlockNumberFor<T>) -> u64 {
		Self::pages_after(None)
			.take(T::MaxBacklogScan::get().saturated_into())
			.take_while(|page| height_of::<T>(page) <= now)
			.filter_map(|(height, page)| ExpiryPages::<T>::decode_len(height, page))
			.map(SaturatedConversion::saturated_into::<u64>)
			.sum()
	}
}
