//! Holds a validator to account that sealed two different blocks in one Aura slot.
//!
//! Aura itself only decides who may author; whoever seals twice tells one part of the network this
//! and the other part that, and nothing in the stock pallets minds. Here anybody may bring the
//! evidence, which is two sealed headers and a proof of whose key it was:
//!
//! - **It cannot be made up.** Both seals are checked over headers that differ without their seals.
//!   Nobody but the holder of the key can sign a second one, whatever one may do to an encoding.
//! - **It is about this chain.** The parents of both headers must be among the block hashes in
//!   state, so the same keys on another chain with another genesis incriminate nobody here.
//! - **It is about the right session.** A parent that is a block of this chain has a height, and a
//!   height has a session (CON-R5), that of the set which authors on it (CON-R8). So the pallet
//!   needs no record of which slot fell when, and stores nothing at all.
//! - **It counts once.** `pallet-offences` knows each offender and slot it has seen.
//!
//! The law is `specs/consensus.md`: `CON-R21` and the like in comments and tests are its rules.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use key_owners::{KeyOwners, NoteQueuedKeys};
pub use offence::EquivocationOffence;
pub use pallet::*;
pub use proof::is_equivocation;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
mod key_owners;
#[cfg(test)]
mod mock;
mod offence;
mod proof;
#[cfg(test)]
mod tests;
pub mod weights;

#[allow(clippy::let_unit_value, reason = "in what the macro makes of `ValidateUnsigned`")]
#[frame_support::pallet]
#[allow(
	deprecated,
	reason = "what is to replace `validate_unsigned` needs an extension that wallets do not know"
)]
pub mod pallet {
	use super::*;
	use alloc::{boxed::Box, vec::Vec};
	use frame_support::pallet_prelude::*;
	use frame_system::{offchain::CreateBare, pallet_prelude::*};
	use pallet_session::historical::{self, IdentificationTuple};
	use sp_consensus_aura::sr25519::AuthorityId;
	use sp_consensus_slots::EquivocationProof;
	use sp_runtime::traits::Convert;
	use sp_session::MembershipProof;
	use sp_staking::{offence::ReportOffence, SessionIndex};

	/// Two headers of one slot, and the key that sealed both.
	pub type EquivocationProofOf<T> = EquivocationProof<HeaderFor<T>, AuthorityId>;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	// The author of a block is the reporter of what it brings without a signature.
	#[pallet::config]
	pub trait Config:
		frame_system::Config
		+ historical::Config<FullIdentification = ()>
		+ pallet_authorship::Config
		+ CreateBare<Call<Self>>
	{
		/// The session keys in force, in the order of the session's validators.
		///
		/// `pallet-session` knows only those that come next, so this asks who uses them.
		type KeysInForce: Get<Vec<Self::Keys>>;

		/// Takes the offences.
		type ReportOffence: ReportOffence<
			Self::AccountId,
			IdentificationTuple<Self>,
			EquivocationOffence<IdentificationTuple<Self>>,
		>;

		/// Session that the state after a block of this height is in. `try_state` compares it with
		/// `pallet-session`'s.
		type SessionOf: Convert<BlockNumberFor<Self>, SessionIndex>;

		/// Most validators of a session, which weights count with.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// Most nominators that one validator's slash can meet, which weights count with.
		///
		/// A report that raises the fraction slashes those reported before for the slot once more,
		/// with their nominators. Weights leave these out: the worst case is every nominator as often
		/// as it has targets, and would fill a block for what is rare and ends the validators' trade.
		#[pallet::constant]
		type MaxNominators: Get<u32>;

		/// Weight of chilling an offender, which a report does to all that were reported for the slot.
		type ChillWeight: Get<Weight>;

		/// Weights of the checks.
		type WeightInfo: WeightInfo;
	}

	/// Why a report is refused (CON-R22), in the order of the checks.
	#[pallet::error]
	pub enum Error<T> {
		/// These are no two different headers of one slot with seals of the named key, or the slot is
		/// later than this block's.
		InvalidEquivocationProof,
		/// A parent's hash is not among those that the chain still stores. The report comes too late,
		/// or from another chain or fork.
		UnknownParent,
		/// The key belonged to no validator of the session of the later parent, or the proof does not
		/// show it. Generate it in the state of that parent.
		InvalidKeyOwnershipProof,
		/// The offender has been reported for this slot. Nothing is left to do.
		DuplicateOffenceReport,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	// Indices are part of every encoded call: never reuse one.
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Reports a validator that sealed two blocks in one slot.
		///
		/// Charged like any other call: whoever has a validator's key can make as many double seals of
		/// past slots as it likes. The reporter has its part of a slash, and nodes need no fee for theirs.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody, who is the reporter.
		///
		/// ## Errors
		///
		/// - [`Error::InvalidEquivocationProof`], [`Error::UnknownParent`],
		///   [`Error::InvalidKeyOwnershipProof`]: the report shows no offence on this chain.
		/// - [`Error::DuplicateOffenceReport`]: it is known already.
		// Boxed: two headers would make every call of the runtime as large as themselves.
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::report_weight(equivocation_proof, key_owner_proof))]
		pub fn report_equivocation(
			origin: OriginFor<T>,
			equivocation_proof: Box<EquivocationProofOf<T>>,
			key_owner_proof: MembershipProof,
		) -> DispatchResult {
			let reporter = ensure_signed(origin)?;
			Self::do_report(Some(reporter), &equivocation_proof, key_owner_proof)?;
			Ok(())
		}

		/// Reports a validator that sealed two blocks in one slot, as the author of this block.
		///
		/// ## Dispatch Origin
		///
		/// None. The reporter is the author of the block.
		///
		/// ## Errors
		///
		/// None in practice: a report that is not valid is not valid in a block either.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::unsigned_report_weight(equivocation_proof, key_owner_proof))]
		pub fn report_equivocation_unsigned(
			origin: OriginFor<T>,
			equivocation_proof: Box<EquivocationProofOf<T>>,
			key_owner_proof: MembershipProof,
		) -> DispatchResult {
			ensure_none(origin)?;
			let author = pallet_authorship::Pallet::<T>::author();
			Self::do_report(author, &equivocation_proof, key_owner_proof)?;
			Ok(())
		}
	}

	#[pallet::validate_unsigned]
	impl<T: Config> ValidateUnsigned for Pallet<T> {
		type Call = Call<T>;

		fn validate_unsigned(source: TransactionSource, call: &Self::Call) -> TransactionValidity {
			Self::do_validate_unsigned(source, call)
		}

		fn pre_dispatch(call: &Self::Call) -> Result<(), TransactionValidityError> {
			Self::do_pre_dispatch(call)
		}
	}
}
