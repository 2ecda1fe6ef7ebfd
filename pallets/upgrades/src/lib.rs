//! Which code may become the next runtime, and which calls wait for its migrations.
//!
//! The rules are in `specs/upgrades.md`; comments name them by their ids.
//!
//! # Goals
//!
//! - A referendum that names unsuitable code fails with a reason. It does not stop the chain.
//! - A migration that takes several blocks, or that has failed half way, is not disturbed by the calls of
//!   accounts. Governance can still vote, and replace the runtime.
//!
//! # Properties
//!
//! - No call replaces the runtime without [`Pallet::ensure_can_follow`]. Root can still write the
//!   key `:code` itself with `system.set_storage`, and no pallet can prevent that.
//! - The check does not run migrations: code that traps in its own migration passes. It reads the version that is
//!   embedded in the code. Only if there is none, the node compiles the code and asks it (`Core_version`).
//! - The pallets that a migration rewrites are closed before its first step, and opened after the last
//!   step of the last migration. A failure opens nothing, and neither do later migrations of other pallets.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod closed_pallets;
mod code;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use closed_pallets::Reopen;
pub use pallet::*;

/// First half of the storage keys of a pallet: `twox_128` of its name.
pub type PalletPrefix = [u8; 16];

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{migrations::SteppedMigrations, pallet_prelude::*, traits::Contains};
	use frame_system::pallet_prelude::*;
	use sp_version::ApiId;

	/// Most pallets that a runtime can have: the index of a pallet is one byte.
	pub type MaxPallets = ConstU32<256>;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Longest code of a runtime, in bytes, as it is stored.
		#[pallet::constant]
		type MaxCodeLength: Get<u32>;

		/// Runtime APIs without which no node authors, imports or votes, each with its least version.
		type RequiredApis: Get<&'static [(ApiId, u32)]>;

		/// The migrations that take several blocks. Each names the storage that it rewrites
		/// (`migrating_prefixes`).
		type Migrations: SteppedMigrations;

		/// Calls that no migration closes: those that the chain needs to produce and finalise blocks, and
		/// those that governance needs to replace the runtime.
		type KeptOpen: Contains<<Self as frame_system::Config>::RuntimeCall>;
	}

	/// Pallets whose calls are refused, because a migration of their storage is running or has failed
	/// (UPG-R3).
	///
	/// Prefixes are added when migrations start, and removed when all migrations of a release have completed and
	/// one of them is of that pallet. A failed migration leaves them.
	// Whitelisted: the filter reads it for every call, and all calls of a block together cost one read of
	// the database, whose weight `on_initialize` declares in every block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type ClosedPallets<T: Config> =
		StorageValue<_, BoundedVec<PalletPrefix, MaxPallets>, ValueQuery>;

	/// What happens to the calls of pallets that are migrated.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Migrations have started. The calls of these pallets are refused until all of them have completed.
		#[codec(index = 0)]
		PalletsClosed {
			/// The pallets, by the first half of their storage keys.
			pallets: Vec<PalletPrefix>,
		},
		/// All migrations have completed, or a release has given a failed one up. The calls of these pallets are no
		/// longer refused.
		#[codec(index = 1)]
		PalletsReopened {
			/// The pallets, by the first half of their storage keys.
			pallets: Vec<PalletPrefix>,
		},
	}

	/// Why code cannot become the next runtime (UPG-R1, UPG-R2).
	#[pallet::error]
	pub enum Error<T> {
		/// The code has more than `MaxCodeLength` bytes. Build it compressed.
		#[codec(index = 0)]
		CodeTooLong,
		/// The version cannot be read: the bytes are no runtime, or decompress to too many bytes. Compare
		/// their hash with that of the release.
		#[codec(index = 1)]
		CodeUnreadable,
		/// It is the runtime of another chain.
		#[codec(index = 2)]
		OtherSpecName,
		/// `spec_version` is the current one or lower. A lower release is applied again under a higher
		/// version.
		#[codec(index = 3)]
		SpecVersionNotHigher,
		/// A runtime API that authors or voters need is missing, or older than nodes need it.
		#[codec(index = 4)]
		MissingRuntimeApi,
		/// This block has replaced the runtime already. Schedule the call again, for a later block.
		#[codec(index = 5)]
		RuntimeAlreadyReplaced,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// For the filter: see `ClosedPallets`.
			T::DbWeight::get().reads(1)
		}

		#[cfg(feature = "std")]
		fn integrity_test() {
			Self::do_integrity_test();
		}
	}
}
