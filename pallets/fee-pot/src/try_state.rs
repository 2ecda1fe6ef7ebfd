//! The invariants of the pot and of the issuance (`specs/economics.md`).

use crate::*;
use frame_support::ensure;
use frame_system::Account;
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks the invariants after a finished block. The error names the first one that does not hold.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			!Account::<T>::contains_key(Self::account()),
			"ECO-I1: the pot is still in the state after its block"
		);
		ensure!(!Tips::<T>::exists(), "ECO-I1: FeePot.Tips is still in the state after its block");
		ensure!(
			sum_of_accounts::<T>() == Balances::<T>::total_issuance(),
			"ECO-I2: the total issuance is not the sum of all accounts"
		);
		Ok(())
	}
}

/// What all accounts have together, free and reserved.
pub(crate) fn sum_of_accounts<T: Config>() -> BalanceOf<T> {
	Account::<T>::iter_values()
		.fold(Zero::zero(), |sum: BalanceOf<T>, account| sum.saturating_add(account.data.total()))
}
