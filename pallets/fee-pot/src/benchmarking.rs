//! Worst case of the payout.

use crate::*;
use frame_benchmarking::v2::*;
use frame_support::{
	storage::{storage_prefix, unhashed},
	traits::{
		fungible::{Balanced, Inspect},
		Get, OnUnbalanced, PalletInfoAccess,
	},
};
use sp_runtime::traits::Zero;

/// Makes `author` the author of this block. `pallet-authorship` has no function that does it.
fn set_author<T: Config>(author: &T::AccountId) {
	let pallet = pallet_authorship::Pallet::<T>::name();
	unhashed::put(&storage_prefix(pallet.as_bytes(), b"Author"), author);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The author has no account yet, so the payout creates one.
	#[benchmark]
	fn pay_out() -> Result<(), BenchmarkError> {
		let author: T::AccountId = account("author", 0, 0);
		set_author::<T>(&author);
		let amount = T::ExistentialDeposit::get() * 1_000u32.into();
		let (fee, tip) = (Balances::<T>::issue(amount), Balances::<T>::issue(amount));
		Pallet::<T>::on_unbalanceds([fee, tip].into_iter());

		#[block]
		{
			Pallet::<T>::pay_out();
		}

		assert!(Balances::<T>::free_balance(&author) > amount);
		assert!(Balances::<T>::total_balance(&Pallet::<T>::account()).is_zero());
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
