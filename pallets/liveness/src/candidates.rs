//! The candidates of the next election, and what their stakes say about them.

use alloc::collections::BTreeSet;
use frame_support::{defensive, traits::Get, weights::Weight};
use sp_runtime::SaturatedConversion;
use sp_staking::{EraIndex, StakingAccount, StakingInterface};

/// Candidates of the next election.
pub trait Candidates<AccountId> {
	/// Whether `who` stands for election. A suspended validator does.
	fn is_candidate(who: &AccountId) -> bool;

	/// Counts the candidates that an election can elect: those with session keys that are not in `except`.
	/// Stops at `enough`, and looks at no more than `most_scanned` candidates.
	fn electable(except: &BTreeSet<AccountId>, enough: u32, most_scanned: u32) -> u32;

	/// Number of validators that an election must elect.
	fn minimum() -> u32;

	/// Newest era for which validators have been elected.
	fn planned_era() -> EraIndex;

	/// Bonded stake of `who` that it has not begun to unbond; 0 if there is none.
	fn stake(who: &AccountId) -> u128;

	/// Whether the stake of `who` reaches the minimum bond of a validator.
	fn has_minimum_bond(who: &AccountId) -> bool;

	/// The stash that `controller` controls.
	fn stash_of(controller: &AccountId) -> Option<AccountId>;

	/// Removes `who` from the candidates until it declares itself a candidate again. Does nothing
	/// if `who` is not a candidate. Returns the weight.
	fn chill(who: &AccountId) -> Weight;

	/// Makes `who` a candidate that has session keys.
	#[cfg(feature = "runtime-benchmarks")]
	fn add_candidate(who: &AccountId);
}

impl<T> Candidates<T::AccountId> for pallet_staking::Pallet<T>
where
	T: pallet_staking::Config
		+ pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
{
	fn is_candidate(who: &T::AccountId) -> bool {
		pallet_staking::Validators::<T>::contains_key(who)
	}

	fn electable(except: &BTreeSet<T::AccountId>, enough: u32, most_scanned: u32) -> u32 {
		let found = pallet_staking::Validators::<T>::iter_keys()
			.take(most_scanned as usize)
			.filter(|who| !except.contains(who))
			.filter(|who| pallet_session::NextKeys::<T>::contains_key(who))
			.take(enough as usize)
			.count();
		// Never truncates: there are at most `enough`.
		found as u32
	}

	fn minimum() -> u32 {
		pallet_staking::MinimumValidatorCount::<T>::get()
	}

	fn planned_era() -> EraIndex {
		pallet_staking::CurrentEra::<T>::get().unwrap_or_default()
	}

	fn stake(who: &T::AccountId) -> u128 {
		let ledger = Self::ledger(StakingAccount::Stash(who.clone()));
		ledger.map_or(0, |ledger| ledger.active.saturated_into())
	}

	fn has_minimum_bond(who: &T::AccountId) -> bool {
		let ledger = Self::ledger(StakingAccount::Stash(who.clone()));
		let minimum = pallet_staking::MinValidatorBond::<T>::get();
		ledger.is_ok_and(|ledger| ledger.active >= minimum)
	}

	fn stash_of(controller: &T::AccountId) -> Option<T::AccountId> {
		let ledger = Self::ledger(StakingAccount::Controller(controller.clone()));
		ledger.ok().map(|ledger| ledger.stash)
	}

	fn chill(who: &T::AccountId) -> Weight {
		// An account that stopped validating may be a nominator, and chilling would end its nominations.
		if !<Self as Candidates<_>>::is_candidate(who) {
			return T::DbWeight::get().reads(1);
		}
		if <Self as StakingInterface>::chill(who).is_err() {
			defensive!("a candidate has a ledger");
		}
		<<T as pallet_staking::Config>::WeightInfo as pallet_staking::WeightInfo>::chill()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn add_candidate(who: &T::AccountId) {
		use codec::Decode;
		use sp_runtime::traits::TrailingZeroInput;

		let stake = pallet_staking::MinValidatorBond::<T>::get();
		pallet_staking::Bonded::<T>::insert(who, who);
		let ledger = pallet_staking::StakingLedger::<T>::new(who.clone(), stake);
		pallet_staking::Ledger::<T>::insert(who, ledger);
		Self::do_add_validator(who, Default::default());
		let keys = T::Keys::decode(&mut TrailingZeroInput::zeroes())
			.expect("session keys decode from zeroes");
		pallet_session::NextKeys::<T>::insert(who, keys);
	}
}
