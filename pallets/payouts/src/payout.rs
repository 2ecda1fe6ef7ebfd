//! The pages that a block pays out (ECO-R10).

use crate::*;
use frame_support::{
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::RawOrigin;
use pallet_staking::{ActiveEra, CurrentEra, ErasStakersOverview, Pallet as Staking};
use sp_runtime::DispatchError;
use sp_staking::{EraIndex, Page};

impl<T: Config> Pallet<T> {
	/// Takes one step if it is overdue. Returns the weight of what was done.
	pub(crate) fn pay_overdue() -> Weight {
		let nothing = <T as Config>::WeightInfo::nothing_due();
		match Self::due() {
			Some(position) if Self::is_overdue(&position) => {
				Self::step(position);
				nothing.saturating_add(<T as Config>::WeightInfo::pay_page())
			},
			_ => nothing,
		}
	}

	/// Takes steps until nothing is due, or until `remaining` or [`Config::IdleWeight`] does not cover
	/// another. Returns the weight of what was done.
	///
	/// Each step is charged as a full page. So the number of steps follows from the weights alone, and it is
	/// bounded by them.
	pub(crate) fn pay_within(remaining: Weight) -> Weight {
		let nothing = <T as Config>::WeightInfo::nothing_due();
		let page = <T as Config>::WeightInfo::pay_page();
		let least = nothing.saturating_add(page);
		let mut meter = WeightMeter::with_limit(remaining.min(T::IdleWeight::get().max(least)));
		if !meter.can_consume(least) {
			return Weight::zero();
		}
		// For the look that finds nothing due. Each page includes its own.
		meter.consume(nothing);
		while meter.can_consume(page) && Self::pay_next() {
			meter.consume(page);
		}
		meter.consumed()
	}

	/// Takes one step. Returns whether anything was due.
	pub(crate) fn pay_next() -> bool {
		let Some(position) = Self::due() else { return false };
		Self::step(position);
		true
	}

	/// The next page, if its era is over.
	fn due() -> Option<Position<T::AccountId>> {
		let active = ActiveEra::<T>::get()?;
		let position = Self::first_claimable(Next::<T>::get());
		(position.era < active.index).then_some(position)
	}

	fn is_overdue(position: &Position<T::AccountId>) -> bool {
		// Saturating: an era that is still to come has no age.
		let age = CurrentEra::<T>::get().unwrap_or_default().saturating_sub(position.era);
		age >= T::OverdueEras::get()
	}

	/// Pays out the page at `position`, whose era is over, and moves [`Next`] on. Pays nothing if the era has
	/// no further validator: [`Next`] is then at the following era.
	fn step(position: Position<T::AccountId>) {
		let Some((validator, pages)) = Self::validator_after(position.era, &position.after) else {
			// Saturating: the era is below the active one.
			Next::<T>::put(Position { era: position.era.saturating_add(1), after: None, page: 0 });
			return;
		};
		Self::pay(&validator, position.era, position.page);
		// Saturating: an exposure of 2^32 pages does not fit into the memory.
		let following = position.page.saturating_add(1);
		Next::<T>::put(if following < pages {
			Position { page: following, ..position }
		} else {
			Position { era: position.era, after: Some(validator), page: 0 }
		});
	}

	/// The first position from `position` on whose rewards `pallet-staking` has not forgotten.
	fn first_claimable(position: Position<T::AccountId>) -> Position<T::AccountId> {
		let current = CurrentEra::<T>::get().unwrap_or_default();
		let oldest = current.saturating_sub(<T as pallet_staking::Config>::HistoryDepth::get());
		if position.era < oldest {
			Position { era: oldest, after: None, page: 0 }
		} else {
			position
		}
	}

	/// The validator of `era` that follows `previous`, and the number of its pages. A validator without
	/// nominators has one page, too, which pays its own stake.
	fn validator_after(
		era: EraIndex,
		previous: &Option<T::AccountId>,
	) -> Option<(T::AccountId, Page)> {
		let mut validators = match previous {
			Some(previous) => {
				let key = ErasStakersOverview::<T>::hashed_key_for(era, previous);
				ErasStakersOverview::<T>::iter_prefix_from(era, key)
			},
			None => ErasStakersOverview::<T>::iter_prefix(era),
		};
		validators.next().map(|(validator, overview)| (validator, overview.page_count))
	}

	/// Pays out the page. If that is impossible, only deposits [`Event::NotPaid`]: somebody else may have
	/// claimed it, the era may have no rewards, and the validator may have withdrawn its bond.
	fn pay(validator: &T::AccountId, era: EraIndex, page: Page) {
		let caller = RawOrigin::Signed(validator.clone());
		let paid = with_storage_layer::<_, DispatchError, _>(|| {
			Staking::<T>::payout_stakers_by_page(caller.into(), validator.clone(), era, page)
				.map_err(|error| error.error)
		});
		if let Err(error) = paid {
			Self::deposit_event(Event::NotPaid { era, validator: validator.clone(), page, error });
		}
	}
}
