//! Chain timing that genesis fixes and no call can change.
//!
//! One Wasm serves every network: a development chain with half-second slots and eras of half a
//! minute, and a live chain with one-second slots and eras of an hour. They differ by the
//! [`ChainTiming`] that their genesis writes here. The runtime passes it to the other pallets
//! through `Get`.
//!
//! The pallet has no calls and no events, and no hook writes, so nothing changes the value after
//! genesis (STA-R9 in `specs/state.md`). A value outside the bounds of [`ChainTiming::check`] is refused
//! when the genesis configuration is parsed, so that chain-spec tools report the reason instead of a
//! trapped runtime. The bounds exclude values with which no chain could run. They do not exclude slots
//! that are too short for full blocks ([`ChainTiming::slot_duration_ms`]).

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub use pallet::*;
pub use types::*;

#[cfg(test)]
mod tests;
mod types;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
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

	/// The genesis part of the pallet.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The chain's timing. [`ChainTiming::default`] is that of a live network.
		#[serde(deserialize_with = "types::deserialize_checked")]
		pub timing: ChainTiming,
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
			Timing::<T>::put(&self.timing);
		}
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// The timing that genesis chose.
		#[pallet::constant_name(Timing)]
		fn timing_constant() -> ChainTiming {
			Self::timing()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::timing().check().map_err(Into::into)
		}
	}

	impl<T: Config> Pallet<T> {
		/// The timing that genesis chose.
		///
		/// The default if there is no state. Only native code calls it without a state: the generated
		/// integrity tests, and the metadata of a runtime that is not running. Wasm always has a state.
		pub fn timing() -> ChainTiming {
			#[cfg(feature = "std")]
			if sp_externalities::with_externalities(|_| ()).is_none() {
				return ChainTiming::default();
			}
			Timing::<T>::get()
		}
	}
}
