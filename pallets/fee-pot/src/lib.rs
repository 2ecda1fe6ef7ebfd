//! Gathers the fees of a block in one account, the pot, and pays them out when the block ends.
//!
//! The treasury and the author of the block share each fee. If both were paid at once, every transaction would change
//! two more accounts and deposit two more events. With the pot it changes one more account, with one read and one
//! write, and deposits no event for it. Treasury and author get the sum of a block (ECO-R4, ECO-R11).
//!
//! - [`Pallet`] implements `OnUnbalanced`: the runtime passes it to its `OnChargeTransaction`.
//! - `on_finalize` pays out. It needs the author, whom the `on_finalize` of `pallet-authorship` forgets, so this pallet
//!   comes before that one in the runtime.
//!
//! The total issuance equals the sum of all accounts after every transaction, because the pot is an account. Its
//! record exists only within a block.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
mod pot;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

use frame_support::traits::fungible::Credit;
use pallet_balances::Pallet as Balances;

/// Amount of the currency.
pub type BalanceOf<T> = <T as pallet_balances::Config>::Balance;
/// A part of the total issuance that no account has.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, Balances<T>>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, traits::OnUnbalanced, PalletId};
	use frame_system::pallet_prelude::*;
	use pallet_balances::AccountData;
	use sp_runtime::Percent;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<AccountData = AccountData<<Self as pallet_balances::Config>::Balance>>
		+ pallet_authorship::Config
		+ pallet_balances::Config
	{
		/// Identifier from which the pot's account is derived.
		#[pallet::constant]
		type PotId: Get<PalletId>;
		/// Gets its share of the fees, and the author's if the author cannot be paid.
		type Treasury: OnUnbalanced<CreditOf<Self>>;
		/// Part of the fees that the treasury gets. The author gets the rest, and all tips.
		#[pallet::constant]
		type TreasuryShare: Get<Percent>;
		/// Weight of the payout.
		type WeightInfo: WeightInfo;
	}

	/// Sum of the tips that the pot has received in this block.
	///
	/// Written only by transactions with a tip. `on_finalize` removes it, so no block leaves it in the state (ECO-I1).
	// Whitelisted: it never comes from the database or goes there.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Tips<T: Config> = StorageValue<_, BalanceOf<T>, ValueQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Reserves the weight of `on_finalize`.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			<T as Config>::WeightInfo::pay_out()
		}

		/// Pays out the fees of the block (ECO-R4).
		fn on_finalize(_: BlockNumberFor<T>) {
			Self::pay_out();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
