//! Checks of the configuration.

use crate::*;
use frame_support::traits::Get;

impl<T: Config> Pallet<T> {
	/// Panics with the reason if rewards could lapse before they are overdue, or a hook could not pay.
	pub(crate) fn do_integrity_test() {
		let (overdue, depth) =
			(T::OverdueEras::get(), <T as pallet_staking::Config>::HistoryDepth::get());
		assert!(
			overdue < depth,
			"rewards are overdue after {overdue} eras, but lapse after {depth}: lower OverdueEras"
		);
		let limits = T::BlockWeights::get();
		let least = <T as Config>::WeightInfo::nothing_due()
			.saturating_add(<T as Config>::WeightInfo::pay_page());
		assert!(
			least.saturating_add(limits.base_block).all_lte(limits.max_block),
			"a page of rewards weighs {least:?}; a block has {:?}: lower MaxExposurePageSize",
			limits.max_block
		);
	}
}
