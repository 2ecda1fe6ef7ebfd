//! Pays out the rewards of every era without being asked.
//!
//! `pallet-staking` mints the rewards of a validator and of its nominators when somebody calls
//! `payout_stakers`, and forgets rewards that nobody claims for `HistoryDepth` eras. This pallet claims
//! them, at most one page of a validator's nominators in each block, with the weight that the block has
//! left. It goes through the eras in order, and through the validators of an era in the order of the
//! trie. Rewards that somebody has claimed before are skipped.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use types::Position;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
mod payout;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use sp_staking::{EraIndex, Page};

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>> + pallet_staking::Config
	{
		/// Weights of the hook, each with what `pallet-staking` does in it.
		type WeightInfo: WeightInfo;
	}

	/// What is paid out next.
	///
	/// All pages before it are paid out or can no longer be claimed.
	#[pallet::storage]
	pub type Next<T: Config> = StorageValue<_, Position<T::AccountId>, ValueQuery>;

	/// Pages that could not be paid out. `pallet-staking` deposits the events of those that were.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A page was skipped; the error is that of `pallet-staking`.
		NotPaid {
			/// The era in which the rewards were earned.
			era: EraIndex,
			/// Stash of the validator.
			validator: T::AccountId,
			/// The page of its nominators.
			page: Page,
			/// `AlreadyClaimed` if somebody has called `payout_stakers` before.
			error: DispatchError,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Pays out the next page of an era that is over, if the block has the weight left for it.
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::pay_next_page(remaining)
		}
	}
}
