//! The pallets whose calls are refused while their storage is migrated.

use crate::*;
use alloc::{collections::BTreeSet, vec::Vec};
use core::marker::PhantomData;
use frame_support::{
	defensive,
	migrations::{MigrationStatusHandler, SteppedMigrations},
	traits::{Contains, Get, GetCallMetadata, OnRuntimeUpgrade},
	weights::Weight,
	BoundedVec,
};

impl<T: Config> Pallet<T> {
	/// Pallets whose storage the configured migrations rewrite.
	fn migrating_pallets() -> BTreeSet<PalletPrefix> {
		(0..T::Migrations::len())
			.filter_map(T::Migrations::nth_migrating_prefixes)
			.flatten()
			.flatten()
			.filter_map(|prefix| prefix.first_chunk::<16>().copied())
			.collect()
	}

	/// Panics if a migration does not name the storage that it rewrites: its pallet would stay open.
	#[cfg(feature = "std")]
	pub(crate) fn do_integrity_test() {
		for index in 0..T::Migrations::len() {
			let prefixes =
				T::Migrations::nth_migrating_prefixes(index).flatten().unwrap_or_default();
			assert!(!prefixes.is_empty(), "migration {index} names no migrating prefix");
			assert!(
				prefixes.iter().all(|prefix| prefix.first_chunk::<16>().is_some()),
				"migration {index}: a migrating prefix is shorter than that of a pallet"
			);
		}
	}
}

/// Closes the pallets before the first step of a migration and opens them after the last one (UPG-R3).
///
/// Nothing is opened when a migration fails. Only a release that configures a migration of the same pallet opens it
/// again, because only then somebody has taken care of the state that the failure has left.
impl<T: Config> MigrationStatusHandler for Pallet<T> {
	fn started() {
		let pallets: Vec<_> = Self::migrating_pallets().into_iter().collect();
		ClosedPallets::<T>::mutate(|closed| {
			for pallet in &pallets {
				// Those of an earlier migration that has failed are closed already.
				if !closed.contains(pallet) && closed.try_push(*pallet).is_err() {
					defensive!("a runtime has at most 256 pallets");
				}
			}
		});
		Self::deposit_event(Event::PalletsClosed { pallets });
	}

	fn completed() {
		let migrated = Self::migrating_pallets();
		let (opened, still_closed): (Vec<_>, Vec<_>) =
			ClosedPallets::<T>::get().into_iter().partition(|pallet| migrated.contains(pallet));
		if still_closed.is_empty() {
			ClosedPallets::<T>::kill();
		} else {
			// Truncates nothing: it is a part of what was stored.
			ClosedPallets::<T>::put(BoundedVec::<_, MaxPallets>::truncate_from(still_closed));
		}
		Self::deposit_event(Event::PalletsReopened { pallets: opened });
	}
}

/// Call filter: contains every call that no migration has closed (UPG-R3).
impl<T: Config> Contains<<T as frame_system::Config>::RuntimeCall> for Pallet<T>
where
	<T as frame_system::Config>::RuntimeCall: GetCallMetadata,
{
	fn contains(call: &<T as frame_system::Config>::RuntimeCall) -> bool {
		let closed = ClosedPallets::<T>::get();
		if closed.is_empty() || T::KeptOpen::contains(call) {
			return true;
		}
		let name = call.get_call_metadata().pallet_name;
		!closed.contains(&sp_io::hashing::twox_128(name.as_bytes()))
	}
}

/// Single-block migration of a release that opens what a failed migration has left closed.
///
/// For a runtime that is right on the half-migrated state and does not continue the migration.
pub struct Reopen<T>(PhantomData<T>);

impl<T: Config> OnRuntimeUpgrade for Reopen<T> {
	fn on_runtime_upgrade() -> Weight {
		let pallets = ClosedPallets::<T>::take().into_inner();
		Pallet::<T>::deposit_event(Event::PalletsReopened { pallets });
		T::DbWeight::get().reads_writes(1, 1)
	}
}
