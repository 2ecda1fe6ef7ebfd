//! Pays out the rewards of every era without being asked.
//!
//! `pallet-staking` mints the rewards of a validator and of its nominators when somebody calls
//! `payout_stakers`, and forgets rewards that nobody claims for `HistoryDepth` eras. This pallet claims
//! them, one page of a validator's nominators at a time. It goes through the eras in order, and through
//! the validators of an era in the order of the trie. Rewards that somebody has claimed before are
//! skipped.
//!
//! - `on_idle` pays pages with the weight that the block has left, up to [`Config::IdleWeight`]. Full
//!   blocks leave none, and other pallets may take it first.
//! - `on_initialize` therefore pays one page in each block while rewards are overdue
//!   ([`Config::OverdueEras`]), whatever the block holds.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use types::Position;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(feature = "std")]
mod integrity;
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
		/// Most weight that `on_idle` takes. With less than a page weighs, it still pays one.
		#[pallet::constant]
		type IdleWeight: Get<Weight>;
		/// Age in eras from which rewards are overdue: `on_initialize` then pays a page in each block.
		///
		/// Less than `HistoryDepth`; the eras between the two are the time in which that must suffice.
		#[pallet::constant]
		type OverdueEras: Get<EraIndex>;
		/// Weights of the hooks, each with what `pallet-staking` does in it.
		type WeightInfo: WeightInfo;
	}

	/// What is paid out next.
	///
	/// All pages before it are paid out or can no longer be claimed. Payouts lag by as many eras as its era is
	/// behind the one before the active era.
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
		/// Pays out a page that is overdue.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::pay_overdue()
		}

		/// Pays out pages of eras that are over, as long as the block has the weight left for another.
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::pay_within(remaining)
		}

		#[cfg(feature = "std")]
		fn integrity_test() {
			Self::do_integrity_test();
		}
	}
}
