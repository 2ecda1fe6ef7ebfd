//! The payout of a page.

use crate::*;
use frame_support::{storage::with_storage_layer, traits::Get, weights::Weight};
use frame_system::RawOrigin;
use pallet_staking::{ActiveEra, CurrentEra, ErasStakersOverview, Pallet as Staking};
use sp_runtime::DispatchError;
use sp_staking::{EraIndex, Page};

impl<T: Config> Pallet<T> {
	/// Pays out the page at [`Next`] and moves it on, if its era is over and `remaining` covers the
	/// weight. Returns the weight of what was done.
	pub(crate) fn pay_next_page(remaining: Weight) -> Weight {
		let nothing = <T as Config>::WeightInfo::nothing_due();
		let page = <T as Config>::WeightInfo::pay_page();
		if !remaining.all_gte(page) {
			return Weight::zero();
		}
		let Some(active) = ActiveEra::<T>::get() else { return nothing };
		let position = Self::first_claimable(Next::<T>::get());
		if position.era >= active.index {
			return nothing;
		}

		let Some((validator, pages)) = Self::validator_after(position.era, &position.after) else {
			Next::<T>::put(Position { era: position.era.saturating_add(1), after: None, page: 0 });
			return page;
		};
		Self::pay(&validator, position.era, position.page);
		let following = position.page.saturating_add(1);
		Next::<T>::put(if following < pages {
			Position { page: following, ..position }
		} else {
			Position { era: position.era, after: Some(validator), page: 0 }
		});
		page
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
