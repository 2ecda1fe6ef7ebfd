//! Origins other than root with which a referendum can be enacted. Each permits one kind of action.

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
	use frame_support::{pallet_prelude::*, traits::OriginTrait};

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// The origin that a referendum may have. Variants are appended only.
	#[derive(
		Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
	)]
	#[pallet::origin]
	pub enum Origin {
		/// Dispatches as root a call that the technical committee has whitelisted.
		#[codec(index = 0)]
		WhitelistedCaller,
		/// Cancels deferred slashes.
		#[codec(index = 1)]
		StakingAdmin,
		/// Spends up to a million TOS from the treasury, and voids payments.
		#[codec(index = 2)]
		Treasurer,
		/// Cancels a referendum and refunds its deposits.
		#[codec(index = 3)]
		ReferendumCanceller,
		/// Cancels a referendum and slashes its deposits.
		#[codec(index = 4)]
		ReferendumKiller,
		/// Spends up to 1,000 TOS from the treasury.
		#[codec(index = 5)]
		SmallSpender,
		/// Spends up to 10,000 TOS from the treasury.
		#[codec(index = 6)]
		MediumSpender,
		/// Spends up to 100,000 TOS from the treasury.
		#[codec(index = 7)]
		BigSpender,
	}

	macro_rules! ensure_origin {
		($($name:ident),* $(,)?) => {
			$(
				#[doc = concat!("Passes for [`Origin::", stringify!($name), "`].")]
				pub struct $name;

				impl<O: OriginTrait + From<Origin>> EnsureOrigin<O> for $name
				where
					for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
				{
					type Success = ();

					fn try_origin(origin: O) -> Result<(), O> {
						if matches!(origin.caller().try_into(), Ok(Origin::$name)) {
							Ok(())
						} else {
							Err(origin)
						}
					}

					#[cfg(feature = "runtime-benchmarks")]
					fn try_successful_origin() -> Result<O, ()> {
						Ok(O::from(Origin::$name))
					}
				}
			)*
		};
	}

	ensure_origin!(
		WhitelistedCaller,
		StakingAdmin,
		Treasurer,
		ReferendumCanceller,
		ReferendumKiller,
		SmallSpender,
		MediumSpender,
		BigSpender
	);
}
