//! Counts the slots that each validator produces and misses, and chills validators that miss too many.
//!
//! Under Aura every slot has one author, so a slot that passes without a block tells which validator
//! missed it. The pallet counts produced and missed slots of each validator of a session, and evaluates
//! the counts when the session ends:
//!
//! - **Exact.** The authors of the slots between a block and its parent follow from the parent's
//!   authorities (CON-R18). The pallet counts them when the author of the block is noted, which happens
//!   before the session rotates, so a block that rotates the session counts for the set that made it.
//! - **Cheap.** The number of authorities bounds the work of a block, however many slots were skipped.
//! - **Mild.** A validator that missed more than half of its slots is chilled for the next election and
//!   loses no stake (CON-R19).
//! - **Bounded.** When all validators miss slots, the network is at fault. So a session chills at most a
//!   third of its validators, and never so many that an election would lack candidates.
//!
//! A runtime uses the pallet in three places: [`Pallet`] as an event handler of `pallet-authorship`,
//! [`EvaluateSessions`] around its session manager, and [`ChillOffenders`] around the handler of
//! offences. The pallet has no calls.
//!
//! The rules are in `specs/consensus.md`. Comments and tests name them by ids such as `CON-R18`, and
//! the invariants that `try_state` checks by ids such as `LIV-I1`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use candidates::Candidates;
pub use counting::turns_between;
pub use evaluation::EvaluateSessions;
pub use offence::MissedSlots;
pub use offenders::ChillOffenders;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod candidates;
mod counting;
mod evaluation;
#[cfg(feature = "std")]
mod integrity;
#[cfg(test)]
mod mock;
mod offence;
mod offenders;
mod queries;
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
		/// Receives the offence of each session. Its offence handler has to chill the offenders, as
		/// [`ChillOffenders`] does.
		type ReportOffence: ReportOffence<
			Self::AccountId,
			IdentificationTupleOf<Self>,
			MissedSlotsOf<Self>,
		>;

		/// Candidates of the next election.
		type Candidates: Candidates<Self::AccountId>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// Counts of the current session's validators, by their index in the session and among Aura's
	/// authorities.
	///
	/// Written in every block and removed by the block that rotates the session, so it is empty until the
	/// block after the rotation. Bounded by the number of authorities. Invariants: LIV-I1, LIV-I2, LIV-I4.
	#[pallet::storage]
	pub type CurrentCounts<T: Config> = StorageValue<_, CountsOf<T>, ValueQuery>;

	/// Counts of the last session that is over; absent during the first session.
	///
	/// Written when a session ends. Bounded by the number of authorities. Invariants: LIV-I2 to LIV-I4.
	#[pallet::storage]
	pub type LastSession<T: Config> = StorageValue<_, SessionSlotsOf<T>>;

	/// Results of the evaluation of a session (CON-R19).
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A validator missed more than half of its slots and is chilled for it.
		ValidatorOffline {
			/// The session that ended.
			session: SessionIndex,
			/// Stash of the validator.
			validator: T::AccountId,
			/// Slots in which the validator made a block.
			produced: u32,
			/// Missed slots in which the validator could have made a block.
			missed: u64,
		},
		/// More candidates missed more than half of their slots than one session may chill.
		OffendersNotChilled {
			/// The session that ended.
			session: SessionIndex,
			/// Number of offenders that stay candidates.
			count: u32,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Declares the weight of counting the block, which `pallet-authorship` calls without declaring
		/// it.
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
