//! The invariants of the store (`specs/ttl-kv.md`), checked over the whole state.

use crate::{index::page_key, *};
use alloc::collections::BTreeSet;
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{One, SaturatedConversion, Saturating},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant after the finished block `now`. The error names the first one that does
	/// not hold.
	pub(crate) fn do_try_state(now: BlockNumberFor<T>) -> Result<(), TryRuntimeError> {
		// Iterates keys and reads each value: an iterator over values skips those that do not decode.
		Self::check_index()?;
		Self::check_totals()?;
		Self::check_entries(now)?;
		Self::check_swept(now)?;
		ensure!(
			!SweptInBlock::<T>::exists(),
			"TTL-I5: the sweep's progress is stored after the block"
		);
		Ok(())
	}

	/// Every entry has exactly one reference, on the page of its end and revision, and no page is empty
	/// (TTL-I1).
	fn check_index() -> Result<(), TryRuntimeError> {
		let mut named = BTreeSet::new();
		for page in ExpiryPages::<T>::iter_keys() {
			let references = ExpiryPages::<T>::get(page.0, page.1)
				.ok_or("TTL-I1: a page of the index cannot be decoded")?;
			ensure!(!references.is_empty(), "TTL-I1: a page of the index is empty");
			for reference in references {
				let head = Self::head(&reference.owner, &reference.key)
					.ok_or("TTL-I1: a reference has no entry")?;
				ensure!(
					page_key::<T>(head.expires_at, head.revision) == page,
					"TTL-I1: a reference is on another page than its entry's"
				);
				ensure!(
					named.insert((reference.owner, reference.key)),
					"TTL-I1: two references name one entry"
				);
			}
		}
		ensure!(
			named.len() == Entries::<T>::iter_keys().count(),
			"TTL-I1: an entry has no reference"
		);
		Ok(())
	}

	/// The totals are the sums over all stored entries (TTL-I2).
	fn check_totals() -> Result<(), TryRuntimeError> {
		let mut totals = StoreTotals::default();
		for (owner, key) in Entries::<T>::iter_keys() {
			let entry =
				Entries::<T>::get(owner, &key).ok_or("TTL-I3: an entry cannot be decoded")?;
			totals.add(Self::stored_bytes(&key, entry.value.len().saturated_into()));
		}
		ensure!(Totals::<T>::get() == totals, "TTL-I2: the totals differ from the sums");
		Ok(())
	}

	/// Every entry decodes and has a key, a value, a possible lifetime, and a revision that a put
	/// has assigned to no other entry (TTL-I3).
	fn check_entries(now: BlockNumberFor<T>) -> Result<(), TryRuntimeError> {
		let last_revision = LastRevision::<T>::get();
		let mut revisions = BTreeSet::new();
		for (owner, key) in Entries::<T>::iter_keys() {
			// The types bound the lengths: a longer key or value does not decode.
			ensure!(!key.is_empty(), "TTL-I3: a key is empty");
			let entry =
				Entries::<T>::get(owner, &key).ok_or("TTL-I3: an entry cannot be decoded")?;
			ensure!(!entry.value.is_empty(), "TTL-I3: a value is empty");
			ensure!(entry.created_at <= now, "TTL-I3: an entry was created in the future");
			ensure!(entry.created_at < entry.expires_at, "TTL-I3: an entry never lived");
			ensure!(
				(1..=last_revision).contains(&entry.revision),
				"TTL-I3: a revision was never assigned"
			);
			ensure!(revisions.insert(entry.revision), "TTL-I3: two entries have the same revision");
		}
		Ok(())
	}

	/// The sweep is not ahead of the chain and has left no entry that ended below its height (TTL-I4).
	fn check_swept(now: BlockNumberFor<T>) -> Result<(), TryRuntimeError> {
		let height = SweepHeight::<T>::get();
		ensure!(
			height <= now.saturating_add(One::one()),
			"TTL-I4: the sweep is ahead of the chain"
		);
		for (owner, key) in Entries::<T>::iter_keys() {
			let head = Self::head(&owner, &key).ok_or("TTL-I3: an entry cannot be decoded")?;
			ensure!(head.expires_at >= height, "TTL-I4: the sweep has passed a dead entry");
		}
		Ok(())
	}
}
