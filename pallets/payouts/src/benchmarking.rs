//! Worst cases of what the hooks do.

use crate::*;
use alloc::{collections::BTreeMap, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use pallet_staking::{
	ActiveEra, ActiveEraInfo, BalanceOf, CurrentEra, EraInfo, EraRewardPoints, ErasRewardPoints,
	ErasValidatorReward, Pallet as Staking, RewardDestination,
};
use sp_staking::{Exposure, IndividualExposure};

/// The era that is paid out.
const ERA: u32 = 1;

/// An account with a bond of `stake`, to which its rewards are added.
fn staker<T: Config>(number: u32, stake: BalanceOf<T>) -> Result<T::AccountId, BenchmarkError> {
	let stash = account("staker", number, 0);
	T::Currency::set_balance(&stash, stake + stake);
	let origin = RawOrigin::Signed(stash.clone());
	Staking::<T>::bond(origin.into(), stake, RewardDestination::Staked)
		.map_err(|_| "the account can bond")?;
	Ok(stash)
}

/// An era that is over, with a validator that has as many nominators as fit a page.
fn earn<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let stake = T::Currency::minimum_balance() * 1_000u32.into();
	let validator = staker::<T>(0, stake)?;
	let nominators = <T as pallet_staking::Config>::MaxExposurePageSize::get();
	let others = (1..=nominators)
		.map(|number| Ok(IndividualExposure { who: staker::<T>(number, stake)?, value: stake }))
		.collect::<Result<Vec<_>, BenchmarkError>>()?;
	let total = stake * (nominators + 1).into();
	EraInfo::<T>::set_exposure(ERA, &validator, Exposure { total, own: stake, others });
	// The points of the whole set are read for every page.
	let validators = <T as pallet_staking::Config>::MaxValidatorSet::get();
	let mut individual: BTreeMap<_, _> =
		(1..validators).map(|number| (account("validator", number, 0), 20)).collect();
	individual.insert(validator.clone(), 20);
	ErasRewardPoints::<T>::insert(ERA, EraRewardPoints { total: 20 * validators, individual });
	ErasValidatorReward::<T>::insert(ERA, total);
	let active = ERA + 1;
	CurrentEra::<T>::put(active);
	ActiveEra::<T>::put(ActiveEraInfo { index: active, start: None });
	Next::<T>::put(Position { era: ERA, after: None, page: 0 });
	Ok(validator)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn nothing_due() -> Result<(), BenchmarkError> {
		earn::<T>()?;
		let due = Position { era: ERA + 1, after: None, page: 0 };
		Next::<T>::put(&due);

		#[block]
		{
			Pallet::<T>::pay_next();
		}

		assert_eq!(Next::<T>::get(), due);
		Ok(())
	}

	#[benchmark]
	fn pay_page() -> Result<(), BenchmarkError> {
		let validator = earn::<T>()?;
		let before = T::Currency::total_issuance();

		#[block]
		{
			Pallet::<T>::pay_next();
		}

		assert_eq!(Next::<T>::get().after, Some(validator));
		assert!(T::Currency::total_issuance() > before);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
