//! Checks of the configuration.

use crate::*;
use frame_support::traits::{Get, PalletInfo};

impl<T: Config> Pallet<T> {
	/// Panics with the reason if blocks could not be counted exactly, or if the end of a session could
	/// weigh more than is declared for it.
	pub(crate) fn do_integrity_test() {
		// Hooks run in the order of declaration, which is that of the indices.
		let index = |index: Option<usize>| index.expect("the pallet is in the runtime");
		let authorship =
			index(<T as frame_system::Config>::PalletInfo::index::<pallet_authorship::Pallet<T>>());
		let session =
			index(<T as frame_system::Config>::PalletInfo::index::<pallet_session::Pallet<T>>());
		let aura =
			index(<T as frame_system::Config>::PalletInfo::index::<pallet_aura::Pallet<T>>());
		assert!(
			authorship < session && authorship < aura,
			"the author has to be noted before the session rotates and Aura stores the slot"
		);

		assert!(T::LevelDecayEras::get() > 0, "LevelDecayEras must be at least 1");
		let level = T::MaxSuspensionLevel::get();
		assert!(level < 32, "MaxSuspensionLevel: 2^{level} eras exceed the range of an era");

		let validators = <T as pallet_aura::Config>::MaxAuthorities::get();
		assert!(validators > 0, "MaxAuthorities must be at least 1");
		// `pallet-session` declares a full block for a rotation.
		// There are at most as many records of suspensions as authorities.
		let weight = <T as Config>::WeightInfo::end_session(validators)
			.saturating_add(<T as Config>::WeightInfo::settle_suspensions(validators));
		let declared = T::BlockWeights::get().max_block;
		assert!(
			weight.all_lte(declared),
			"MaxAuthorities: evaluating a session weighs {weight:?}; a block may weigh {declared:?}"
		);
	}
}
