//! Chain timing and network that genesis fixes and no call can change, and the limits of a block that
//! follow from them.
//!
//! One Wasm serves every network: a development chain with half-second slots and eras of half a
//! minute, and a live chain with one-second slots and eras of an hour. They differ by the
//! [`ChainTiming`] and the [`NetworkProfile`] that their genesis writes here. The runtime passes them to the
//! other pallets through `Get`.
//!
//! The pallet has no calls and no events, and its hooks leave nothing behind, so nothing changes the values
//! after genesis (STA-R9 and STA-R11 in `specs/state.md`). A timing outside the bounds of
//! [`ChainTiming::check`] is refused when the genesis configuration is parsed, so that chain-spec tools report
//! the reason instead of a trapped runtime. The bounds exclude values with which no chain could run.
//! [`check_slot`] excludes slots in which no block would reach the next author.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub use budget::check_slot;
pub use network::NetworkProfile;
pub use pallet::*;
pub use pallet_genesis_parameters_runtime_api::BlockBudget;
pub use types::*;

pub mod budget;
mod memory;
mod network;
#[cfg(test)]
mod tests;
mod types;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::budget::{block_budget, LEAST_BUDGET};
	use frame_support::{pallet_prelude::*, traits::Get};
	use frame_system::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// The chain's timing. Written only by genesis (STA-R9).
	// Whitelisted: Aura and the timestamp read it in every block anyway.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Timing<T: Config> = StorageValue<_, ChainTiming, ValueQuery>;

	/// The network between the validators. Written only by genesis (STA-R11).
	// Whitelisted: every block reads it, like the timing.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Network<T: Config> = StorageValue<_, NetworkProfile, ValueQuery>;

	/// The limits of the block that is being executed, a copy of what [`block_budget`] answers.
	///
	/// Each transaction reads the limits. A value that the block itself has written is in the overlay of its changes; the
	/// timing and the network come from the database. Written by [`Pallet::note_budget`], removed at the end of the
	/// block, so no block leaves it in the state.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Budget<T: Config> = StorageValue<_, BlockBudget>;

	/// The genesis part of the pallet.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The chain's timing. [`ChainTiming::default`] is that of a live network.
		#[serde(deserialize_with = "types::deserialize_checked")]
		pub timing: ChainTiming,
		/// The network between the validators. [`NetworkProfile::default`] is that of a live network.
		pub network: NetworkProfile,
		/// Binds the type parameter.
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Err(reason) = self.timing.check() {
				panic!("genesisParameters.timing: {reason}");
			}
			if let Err(reason) = self.check_slot() {
				panic!("{reason}");
			}
			Timing::<T>::put(&self.timing);
			Network::<T>::put(self.network);
			memory::forget();
		}
	}

	impl<T: Config> GenesisConfig<T> {
		/// Checks that a block can reach the next author within a slot (STA-R11).
		///
		/// A runtime calls it before it builds the genesis, to answer the reason instead of panicking.
		pub fn check_slot(&self) -> Result<(), &'static str> {
			check_slot(self.timing.slot_duration_ms, self.network)
		}
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// The timing that genesis chose.
		#[pallet::constant_name(Timing)]
		fn timing_constant() -> ChainTiming {
			Self::timing()
		}

		/// The network that genesis chose.
		#[pallet::constant_name(Network)]
		fn network_constant() -> NetworkProfile {
			Self::network()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::note_budget();
			// It is written and removed again; what it reads is whitelisted.
			T::DbWeight::get().writes(1)
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Budget::<T>::kill();
			memory::forget();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	impl<T: Config> Pallet<T> {
		/// The timing that genesis chose.
		///
		/// The default if there is no state. Only native code calls it without a state: the generated
		/// integrity tests, and the metadata of a runtime that is not running. Wasm always has a state.
		pub fn timing() -> ChainTiming {
			if has_state() {
				Timing::<T>::get()
			} else {
				ChainTiming::default()
			}
		}

		/// The network that genesis chose. The default if there is no state, as for [`Self::timing`].
		pub fn network() -> NetworkProfile {
			if has_state() {
				Network::<T>::get()
			} else {
				NetworkProfile::default()
			}
		}

		/// What a block may cost (STA-R12). The same in every block of a chain.
		pub fn budget() -> BlockBudget {
			if !has_state() {
				return Self::derive_budget();
			}
			memory::remembered().unwrap_or_else(Self::stored_budget)
		}

		/// Reads the limits from the storage, and has [`Self::budget`] answer these until [`Self::forget_budget`].
		///
		/// For the duration of a signed transaction, which reads the limits about a dozen times. It must not outlast
		/// the transaction, so that each one starts with nothing remembered: an author begins with a new memory at
		/// some transactions of its block, and the nodes that import the block at none of them. If root changed the
		/// limits within a block, they would otherwise compute different states.
		pub fn remember_budget() {
			memory::remember(Self::stored_budget());
		}

		/// Has [`Self::budget`] read the storage again.
		pub fn forget_budget() {
			memory::forget();
		}

		/// Keeps the limits of a block at hand for the rest of the block.
		///
		/// Every block begins with it. A runtime calls it as well before it validates a transaction of the
		/// pool, which runs no hooks and discards what it writes.
		pub fn note_budget() {
			Budget::<T>::put(Self::derive_budget());
			memory::forget();
		}

		fn stored_budget() -> BlockBudget {
			Budget::<T>::get().unwrap_or_else(Self::derive_budget)
		}

		fn derive_budget() -> BlockBudget {
			// Genesis refuses a slot that is too short for a block. Only root could write one, and a chain
			// whose slots change stops in any case (CON-R1).
			block_budget(Self::timing().slot_duration_ms, Self::network()).unwrap_or(LEAST_BUDGET)
		}

		/// Checks the values of genesis, and that no block has left its limits behind.
		#[cfg(any(feature = "try-runtime", test))]
		pub(crate) fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			Self::timing().check()?;
			check_slot(Self::timing().slot_duration_ms, Self::network())?;
			frame_support::ensure!(
				!Budget::<T>::exists(),
				"GenesisParameters.Budget is still in the state after the end of its block"
			);
			Ok(())
		}
	}
}

/// Whether storage can be read.
#[cfg(feature = "std")]
fn has_state() -> bool {
	sp_externalities::with_externalities(|_| ()).is_some()
}

/// Wasm always has a state.
#[cfg(not(feature = "std"))]
fn has_state() -> bool {
	true
}
