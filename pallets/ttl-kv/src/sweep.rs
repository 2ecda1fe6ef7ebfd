//! The removal of dead entries (TTL-R18).

use crate::{index::height_of, *};
use core::marker::PhantomData;
use frame_support::{
	defensive, dispatch::DispatchClass, pallet_prelude::Weight, traits::Get, weights::WeightMeter,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{One, SaturatedConversion, Saturating};

/// One reference more than the calls of a full block can add. Computed from the weights: with this
/// as [`Config::SweepQuota`], the sweep keeps ahead of every load, even after the weights are
/// measured again.
pub struct FullBlockQuota<T>(PhantomData<T>);

impl<T: Config> Get<u32> for FullBlockQuota<T> {
	fn get() -> u32 {
		// Saturating: with weights of zero, a block could hold any number of calls.
		Pallet::<T>::most_references_added().saturating_add(1).saturated_into()
	}
}

/// Weight of each further unit that `measured` counts.
fn per_unit(measured: fn(u32) -> Weight) -> Weight {
	measured(1).saturating_sub(measured(0))
}

impl<T: Config> Pallet<T> {
	/// Takes due references from the index and removes their entries, lower heights first. Stops
	/// when no due reference is left, when `quota` references are taken, or when `meter` has no
	/// weight for another.
	pub(crate) fn sweep(now: BlockNumberFor<T>, quota: u32, meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::sweep_pages(0)).is_err()
			|| SweepHeight::<T>::get() > now
		{
			return;
		}
		let BlockSweep { mut entries, mut last_page } = SweptInBlock::<T>::get();
		let mut totals = Totals::<T>::get();
		let mut quota = quota;
		// An iterator still steps over pages that this block has removed, so start after the last
		// one.
		let mut pages = Self::pages_after(last_page);
		let next_height = loop {
			let Some(page) = pages.next().filter(|page| height_of::<T>(page) <= now) else {
				// Saturating: the last height has no successor.
				break now.saturating_add(One::one());
			};
			if quota == 0 || meter.try_consume(Self::removal_weight()).is_err() {
				break height_of::<T>(&page);
			}
			let mut references = ExpiryPages::<T>::take(page.0, page.1).unwrap_or_default();
			while let Some(reference) = references.pop() {
				if Self::remove_dead(&reference, now, &mut totals) {
					// Saturating: no block has time for 2^32 removals.
					entries = entries.saturating_add(1);
				}
				// Saturating: `quota` is at least 1 here.
				quota = quota.saturating_sub(1);
				// The weight of the page includes its first reference.
				let pays = !references.is_empty()
					&& quota > 0 && meter.try_consume(Self::reference_weight()).is_ok();
				if !pays {
					break;
				}
			}
			if !references.is_empty() {
				ExpiryPages::<T>::insert(page.0, page.1, references);
				break height_of::<T>(&page);
			}
			last_page = Some(page);
		};
		SweepHeight::<T>::put(next_height);
		if entries > 0 {
			Totals::<T>::put(totals);
			SweptInBlock::<T>::put(BlockSweep { entries, last_page });
		}
	}

	/// Removes the entry that `reference` names. Returns whether a dead entry was stored.
	fn remove_dead(
		Reference { owner, key }: &ReferenceOf<T>,
		now: BlockNumberFor<T>,
		totals: &mut StoreTotals,
	) -> bool {
		let Some(head) = Self::head(owner, key).filter(|head| !head.is_live(now)) else {
			defensive!("a due reference names a dead entry (TTL-I1)");
			return false;
		};
		Entries::<T>::remove(owner, key);
		totals.remove(Self::stored_bytes(key, head.value_len));
		true
	}

	/// Deposits the event with the number of entries removed in this block and clears the progress
	/// (TTL-I5).
	pub(crate) fn report_swept() {
		let BlockSweep { entries: count, .. } = SweptInBlock::<T>::take();
		if count > 0 {
			Self::deposit_event(Event::Pruned { count });
		}
	}
}

/// Weights of the parts of the sweep.
impl<T: Config> Pallet<T> {
	/// Weight of the hooks in a block that sweeps nothing: the report, and one read and one write of
	/// `Totals` and `LastRevision`, which all calls of the block share.
	pub(crate) fn block_weight() -> Weight {
		T::WeightInfo::report_swept().saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}

	/// Weight of taking the only reference of a page and removing its entry.
	pub(crate) fn removal_weight() -> Weight {
		per_unit(T::WeightInfo::sweep_pages).saturating_add(T::LargeStateOverhead::get())
	}

	/// Weight of taking another reference from the same page and removing its entry.
	pub(crate) fn reference_weight() -> Weight {
		per_unit(T::WeightInfo::sweep_references).saturating_add(T::LargeStateOverhead::get())
	}

	/// References that the sweep is sure to take before the extrinsics of a block if as many are due.
	#[cfg(feature = "std")]
	pub(crate) fn least_references_taken() -> u64 {
		T::SweepWeight::get()
			.saturating_sub(T::WeightInfo::sweep_pages(0))
			.checked_div_per_component(&Self::removal_weight())
			.unwrap_or(u64::MAX)
			.min(T::SweepQuota::get().into())
	}

	/// Most references that the calls of a block can add. Leaves out the base weight of extrinsics,
	/// because one extrinsic can batch any number of calls.
	pub(crate) fn most_references_added() -> u64 {
		let limits = T::BlockWeights::get();
		let block = limits.get(DispatchClass::Normal).max_total.unwrap_or(limits.max_block);
		[
			Self::put_weight(T::WeightInfo::kv_put_ttl, &[0], &[0]),
			Self::put_weight(T::WeightInfo::kv_put_if, &[0], &[0]),
			Self::extend_weight(&[0]),
		]
		.iter()
		.map(|call| block.checked_div_per_component(call).unwrap_or(u64::MAX))
		.max()
		.unwrap_or_default()
	}
}
