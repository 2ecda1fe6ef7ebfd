//! The candidates of the next election.

use frame_support::{defensive, traits::Get, weights::Weight};
use sp_staking::StakingInterface;

/// Candidates of the next election.
pub trait Candidates<AccountId> {
	/// Whether `who` is a candidate.
	fn is_candidate(who: &AccountId) -> bool;

	/// How many candidates can leave before an election could no longer elect enough validators.
	fn spare() -> u32;

	/// Removes `who` from the candidates until it declares itself a candidate again. Does nothing
	/// if `who` is not a candidate. Returns the weight.
	fn chill(who: &AccountId) -> Weight;

	/// Makes `who` a candidate.
	#[cfg(feature = "runtime-benchmarks")]
	fn add_candidate(who: &AccountId);
}

impl<T: pallet_staking::Config> Candidates<T::AccountId> for pallet_staking::Pallet<T> {
	fn is_candidate(who: &T::AccountId) -> bool {
		pallet_staking::Validators::<T>::contains_key(who)
	}

	fn spare() -> u32 {
		// Staking needs one validator even if its minimum is zero.
		let needed = pallet_staking::MinimumValidatorCount::<T>::get().max(1);
		pallet_staking::Validators::<T>::count().saturating_sub(needed)
	}

	fn chill(who: &T::AccountId) -> Weight {
		// An account that stopped validating may be a nominator, and chilling would end its nominations.
		if !<Self as Candidates<_>>::is_candidate(who) {
			return T::DbWeight::get().reads(1);
		}
		if <Self as StakingInterface>::chill(who).is_err() {
			defensive!("a candidate has a ledger");
		}
		<T::WeightInfo as pallet_staking::WeightInfo>::chill()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn add_candidate(who: &T::AccountId) {
		let stake = pallet_staking::MinValidatorBond::<T>::get();
		pallet_staking::Bonded::<T>::insert(who, who);
		let ledger = pallet_staking::StakingLedger::<T>::new(who.clone(), stake);
		pallet_staking::Ledger::<T>::insert(who, ledger);
		Self::do_add_validator(who, Default::default());
	}
}
