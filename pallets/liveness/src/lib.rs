//! Counts the slots that each validator produces and misses, and suspends validators that miss too many.
//!
//! Under Aura every slot has one author, so a slot that passes without a block tells which validator
//! missed it. The pallet counts produced and missed slots of each validator of a session, and evaluates
//! the counts when the session ends:
//!
//! - **Exact.** The authors of the slots between a block and its parent follow from the parent's
//!   authorities (CON-R18). The pallet counts them when the author of the block is noted, which happens
//!   before the session rotates, so a block that rotates the session counts for the set that made it.
//! - **Cheap.** The number of authorities bounds the work of a block, however many slots were skipped.
//! - **Mild.** A validator that missed more than half of its slots is suspended: elections leave it out for
//!   a number of eras (CON-R19, CON-R27). It stays a candidate, so its preferences, its nominations and
//!   its stake are untouched. It returns by itself, and the first time at once by [`Call::rejoin`] (CON-R28).
//! - **Never for the fault of others.** A gap as long as the set counts for nobody. When more validators
//!   miss their slots than may be suspended, the network is at fault and nobody is suspended, until that
//!   has happened in several sessions in a row.
//! - **Bounded.** A session suspends nobody if a third of its validators or more would then be suspended or
//!   have left, counting those suspended in earlier eras, and never so many that too few candidates are left
//!   for an election.
//!
//! It also spreads the slashes of offences over blocks (CON-R29, CON-R30), so that no report and no session makes a
//! block too heavy: a report slashes one validator, and each block then raises the slash of one validator that was
//! reported before and takes one page of the stakes that are due.
//!
//! A runtime uses the pallet in four places: [`Pallet`] as an event handler of `pallet-authorship`,
//! [`EvaluateSessions`] around its session manager, [`WithoutSuspended`] around the solver of its
//! elections, and [`ChillOffenders`] around [`SpreadSlashes`] as the handler of offences.
//!
//! The rules are in `specs/consensus.md`. Comments and tests name them by ids such as `CON-R18`, and
//! the invariants that `try_state` checks by ids such as `LIV-I1`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use candidates::Candidates;
pub use counting::is_turn_skipped;
pub use election::WithoutSuspended;
pub use evaluation::EvaluateSessions;
pub use offenders::ChillOffenders;
pub use pallet::*;
pub use slashes::SpreadSlashes;
pub use suspension::suspension_eras;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod candidates;
mod counting;
mod election;
mod evaluation;
#[cfg(feature = "std")]
mod integrity;
#[cfg(test)]
mod mock;
mod offenders;
mod queries;
mod slashes;
mod suspension;
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
	use sp_staking::{EraIndex, SessionIndex};

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
		+ pallet_staking::Config
	{
		/// Candidates of the next election.
		type Candidates: Candidates<Self::AccountId>;

		/// A suspension leaves at least this number of candidates that an election can elect, or the
		/// minimum of the election if that is greater. Zero: only the minimum counts.
		#[pallet::constant]
		type MinElectable: Get<u32>;

		/// Maximum number of candidates that are looked at to find [`Config::MinElectable`] of them. An
		/// election with more candidates should fail.
		#[pallet::constant]
		type MaxCandidates: Get<u32>;

		/// Number of sessions in a row, with more offenders than may be suspended, of which the last one
		/// suspends the worst. Zero or one: each session does.
		#[pallet::constant]
		type OutageSessions: Get<u32>;

		/// Highest level: the longest suspension keeps a validator out of 2^level elected sets. Zero or one: levels
		/// do not tell a first suspension from a later one, and [`Call::rejoin`] ends each at once.
		#[pallet::constant]
		type MaxSuspensionLevel: Get<u8>;

		/// Eras after which the level of a validator that has returned falls by one. Must not be zero.
		#[pallet::constant]
		type LevelDecayEras: Get<EraIndex>;

		/// Weights of the hooks and the call.
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

	/// Validators that are suspended, and those whose earlier suspensions still count.
	///
	/// Written when a session ends, and by [`Call::rejoin`]. When it is full, a new record replaces the
	/// oldest one of a validator that is not suspended any more. Bounded by the number of authorities.
	/// Invariants: LIV-I5, LIV-I6, LIV-I8.
	#[pallet::storage]
	pub type Records<T: Config> = StorageValue<_, RecordsOf<T>, ValueQuery>;

	/// Number of sessions in a row that had more offenders than may be suspended, and suspended nobody.
	///
	/// Written when a session ends. Invariant: LIV-I7.
	#[pallet::storage]
	pub type SparedSessions<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Slashes that wait for being raised, by the session of the offence: those of validators that were reported before
	/// another one for the same slot or round (CON-R29).
	///
	/// Written by reports. Each block takes one. A list is bounded by the number of authorities, and there is one at
	/// most for each session that still can be slashed. Invariant: LIV-I9.
	// Sessions are numbered by the chain, so their hash need not be a secure one.
	#[pallet::storage]
	pub type Raises<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, RaisesOf<T>, ValueQuery>;

	/// Slashes that are due, in pages, by the era in which they fell due and a number (CON-R30).
	///
	/// Written when an era begins. Each block takes one page. Bounded by the stakes in
	/// `Staking.UnappliedSlashes` of the era. Invariant: LIV-I10.
	// Both parts of the key are numbered by the chain.
	#[pallet::storage]
	pub type DueSlashes<T: Config> = StorageMap<_, Twox64Concat, (EraIndex, u32), DuePageOf<T>>;

	/// Suspensions and their ends (CON-R19, CON-R28).
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A validator missed more than half of its slots and is suspended for it.
		ValidatorOffline {
			/// The session that ended.
			session: SessionIndex,
			/// Stash of the validator.
			validator: T::AccountId,
			/// Slots in which the validator made a block.
			produced: u32,
			/// Missed slots in which the validator could have made a block.
			missed: u64,
			/// The suspension is over once this era is planned.
			until: EraIndex,
		},
		/// Validators missed more than half of their slots and are not suspended.
		OffendersNotSuspended {
			/// The session that ended.
			session: SessionIndex,
			/// Number of these validators.
			count: u32,
		},
		/// The suspension of a validator is over, so that elections can elect it again.
		ValidatorReturned {
			/// Stash of the validator.
			validator: T::AccountId,
		},
		/// A suspension is over, but the validator has less stake than before it or than a validator needs,
		/// and is chilled.
		ReturnRefused {
			/// Stash of the validator.
			validator: T::AccountId,
		},
		/// A validator of which an earlier suspension still counts has asked to return.
		ReturnRequested {
			/// Stash of the validator.
			validator: T::AccountId,
			/// The suspension is over once this era is planned.
			until: EraIndex,
		},
	}

	/// Reasons for which a suspension does not end on request (CON-R28).
	#[pallet::error]
	pub enum Error<T> {
		/// The sender neither is nor controls a suspended validator.
		NotSuspended,
		/// The validator was chilled or nominates. `staking.validate` makes it a candidate again.
		NotCandidate,
		/// The stake is below the minimum bond of a validator. `staking.bond_extra` adds to it.
		InsufficientBond,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Ends the suspension of the sender's validator, so that the next election can elect it (CON-R28).
		///
		/// If an earlier suspension of the validator still counts, or it has missed another session since it was
		/// suspended, half of the eras that are left stay, and the next election leaves it out. A further call changes
		/// nothing then.
		///
		/// # Dispatch Origin
		///
		/// Signed by the stash of the validator or its controller.
		///
		/// # Errors
		///
		/// [`Error::NotSuspended`], [`Error::NotCandidate`], [`Error::InsufficientBond`], in this order.
		///
		/// # Events
		///
		/// [`Event::ValidatorReturned`], or [`Event::ReturnRequested`] if an earlier suspension counts.
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::rejoin())]
		pub fn rejoin(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_rejoin(who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Raises a slash and takes a page of those that are due. Also declares the weight of counting the block, which
		/// `pallet-authorship` calls without declaring it.
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			<T as Config>::WeightInfo::note_author(Self::authorities())
				.saturating_add(Self::slash_in_block(now))
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
