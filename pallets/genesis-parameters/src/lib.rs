//! Chain timing that genesis fixes and no call can change.
//!
//! One Wasm serves every network: a development chain with half-second slots and eras of a minute,
//! and a live chain with one-second slots and eras of an hour. They differ by the [`ChainTiming`]
//! that their genesis writes here; the runtime feeds it to the other pallets through `Get`.
//!
//! The pallet has no calls, no events and no hooks: after genesis the value is read only. A value
//! that [`ChainTiming::check`] refuses is refused when the genesis configuration is parsed, so that
//! the chain-spec tools report the reason instead of a trapped runtime. What is refused is what no
//! chain could run with; slots too short for full blocks are not
//! ([`ChainTiming::slot_duration_ms`]).

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

	/// The chain's timing. Written by genesis, by nothing after it.
	// Aura and the timestamp read it in every block, whatever else the block does.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Timing<T: Config> = StorageValue<_, ChainTiming, ValueQuery>;

	/// The genesis part of the pallet.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The chain's timing for ever; [`ChainTiming::default`] is a live network's.
		#[serde(deserialize_with = "types::deserialize_checked")]
		pub timing: ChainTiming,
		/// Ties the configuration to the runtime.
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
		/// Native code may ask for it where there is no chain state: the generated integrity tests
		/// and the metadata of a runtime that is not running do. It gets the default there. On a
		/// chain, in Wasm, there always is a state.
		pub fn timing() -> ChainTiming {
			#[cfg(feature = "std")]
			if sp_externalities::with_externalities(|_| ()).is_none() {
				return ChainTiming::default();
			}
			Timing::<T>::get()
		}
	}
}
