//! Who missed its slots, and what becomes of a validator that does.
//!
//! Under Aura every slot has one author, so a slot that passes without a block names who missed it.
//! The pallet counts what each validator of a session produced and missed, and judges it when the
//! session ends:
//!
//! - **Exact.** The authors of the slots between a block and its parent follow from the parent's
//!   authorities (CON-R18). They are counted when the author of the block is noted, which happens
//!   before the session rotates, so that a rotating block counts for the set that made it.
//! - **Cheap.** The work of a block is bounded by the number of authorities, however many slots were
//!   skipped.
//! - **Mild.** Who missed more than half of its slots is chilled for the next election and loses no
//!   stake (CON-R19).
//! - **Bounded.** When everybody misses slots the network is at fault and not everybody: no more
//!   than a third of a set, and never so many that an election lacks candidates.
//!
//! A runtime uses it in three places: [`Pallet`] as an event handler of `pallet-authorship`,
//! [`JudgeSessions`] around its session manager, and [`ChillOffenders`] around the handler of
//! offences. The pallet has no calls.
//!
//! The law is `specs/consensus.md`: `CON-R18` and the like in comments and tests are its rules,
//! `LIV-I1` and the like its invariants, which `try_state` checks.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use impls::JudgeSessions;
pub use offence::{Candidates, ChillOffenders, MissedSlots};
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
mod offence;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use sp_staking::{offence::ReportOffence, SessionIndex};

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_aura::Config
		+ pallet_authorship::Config
		+ pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
		+ pallet_session::historical::Config
	{
		/// Takes the offence of each session. What it hands offenders to has to chill them:
		/// [`ChillOffenders`].
		type ReportOffence: ReportOffence<
			Self::AccountId,
			IdentificationTupleOf<Self>,
			MissedSlotsOf<Self>,
		>;

		/// Those who stand for election.
		type Candidates: Candidates<Self::AccountId>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// Slots of the current session's validators, by their index in the session and in Aura's
	/// authorities.
	///
	/// Written with every block, emptied when the session ends. Empty until the session's first block
	/// of its own. Bounded by the number of authorities. Invariants: LIV-I1, LIV-I2, LIV-I4.
	#[pallet::storage]
	pub type CurrentCounts<T: Config> = StorageValue<_, CountsOf<T>, ValueQuery>;

	/// Slots of the last session that is over; none during the first.
	///
	/// Written when a session ends. Bounded by the number of authorities. Invariants: LIV-I2 to LIV-I4.
	#[pallet::storage]
	pub type LastSession<T: Config> = StorageValue<_, SessionSlotsOf<T>>;

	/// What the end of a session tells (CON-R19).
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A validator missed more than half of its slots and is chilled for it.
		ValidatorOffline {
			/// The session that ended.
			session: SessionIndex,
			/// Stash of the validator.
			validator: T::AccountId,
			/// Slots in which it made a block.
			produced: u32,
			/// Slots that it missed although it could have made a block.
			missed: u64,
		},
		/// More candidates missed more than half of their slots than may be chilled at once.
		OffendersSpared {
			/// The session that ended.
			session: SessionIndex,
			/// How many go on standing for election.
			spared: u32,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Weight of what has been counted when the author was noted; its own hook declares none.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			<T as Config>::WeightInfo::note_author(Self::authorities())
		}

		#[cfg(feature = "std")]
		fn integrity_test() {
			Self::do_integrity_test()
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
