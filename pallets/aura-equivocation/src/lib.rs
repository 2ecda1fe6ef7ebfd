//! Accepts reports of validators that sealed two different blocks in one Aura slot, and has them
//! punished.
//!
//! Aura itself only decides which validator may author a slot. A validator equivocates if it seals
//! two blocks in one slot. It can then show different chains to different parts of the network, and
//! no pallet of the SDK punishes it. Here any account can report it. A report consists of two
//! sealed headers and a proof of the owner of their key:
//!
//! - **It cannot be forged.** The seals of two headers whose contents differ are verified. Only the
//!   holder of the key can sign a second header.
//! - **It is about this chain.** The parents of both headers must be among the block hashes in the
//!   state. Headers that a validator seals on another chain with the same keys prove nothing here.
//! - **It is about the right session.** The parent is a block of this chain, so its height is
//!   known. The height determines the session (CON-R5) of the validators that author on this parent
//!   (CON-R8). So the pallet does not have to record the session of a slot.
//! - **It is about the author.** The key has to belong to the validator whose turn the slot was in that session.
//! - **It counts once.** `pallet-offences` remembers the offenders that were reported for each session and slot.
//!
//! A reported offender stays disabled until the era is over, although keys can change before: see
//! [`KeepDisabled`]. The pallet stores something only while a session rotates.
//!
//! The rules are in `specs/consensus.md`; comments and tests name them by ids such as `CON-R21`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use disabled::KeepDisabled;
pub use key_owners::{KeepLastSet, KeyOwners, NoteQueuedKeys, MAX_NODE_BYTES, MAX_PROOF_NODES};
pub use offence::EquivocationOffence;
pub use pallet::*;
pub use proof::{is_equivocation, MAX_HEADER_BYTES};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod call_weights;
mod disabled;
mod key_owners;
#[cfg(test)]
mod mock;
mod offence;
mod pool;
mod proof;
mod queries;
mod reports;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
pub mod weights;

#[allow(
	clippy::let_unit_value,
	reason = "in the code that the macro generates for `ValidateUnsigned`"
)]
#[frame_support::pallet]
#[allow(
	deprecated,
	reason = "the replacement of `validate_unsigned` needs an extension that wallets do not know"
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
	use sp_staking::{
		offence::{OffenceSeverity, ReportOffence},
		EraIndex, SessionIndex,
	};

	/// Two headers of one slot, and the key that sealed both.
	pub type EquivocationProofOf<T> = EquivocationProof<HeaderFor<T>, AuthorityId>;

	/// Disabled validators and the severities of their offences.
	pub type DisabledOf<T> = BoundedVec<
		(<T as pallet_session::Config>::ValidatorId, OffenceSeverity),
		<T as Config>::MaxValidators,
	>;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	// `pallet-authorship`: the author of a block is the reporter of its unsigned reports.
	#[pallet::config]
	pub trait Config:
		frame_system::Config
		+ historical::Config<FullIdentification = ()>
		+ pallet_authorship::Config
		+ CreateBare<Call<Self>>
	{
		/// The session keys in force, in the order of the session's validators.
		///
		/// `pallet-session` stores only the keys that come next, so a runtime reads them from the pallets
		/// that use them.
		type KeysInForce: Get<Vec<Self::Keys>>;

		/// Receives the offences.
		type ReportOffence: ReportOffence<
			Self::AccountId,
			IdentificationTuple<Self>,
			EquivocationOffence<IdentificationTuple<Self>>,
		>;

		/// Current session after a block of the given height. `try_state` compares it with the session of
		/// `pallet-session`.
		type SessionOf: Convert<BlockNumberFor<Self>, SessionIndex>;

		/// Maximum number of validators of a session.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// Maximum number of nominators that the slash of one validator can affect; for weights.
		///
		/// A report slashes one validator. The handler of the offences must not slash again, in the same block, those
		/// that were reported earlier for the slot.
		#[pallet::constant]
		type MaxNominators: Get<u32>;

		/// Weight of chilling the offender. The handler of the offences must not chill, with a report, those that were
		/// reported earlier for the slot.
		type ChillWeight: Get<Weight>;

		/// Weights of the checks.
		type WeightInfo: WeightInfo;
	}

	/// The active era before the rotation that is under way, and those who were disabled then.
	///
	/// Written and removed by [`KeepDisabled`] within a rotation, so it is empty after every block. Bounded by the
	/// number of validators.
	#[pallet::storage]
	pub type KeptDisabled<T: Config> = StorageValue<_, (EraIndex, DisabledOf<T>)>;

	/// Why a report is refused (CON-R22), in the order of the checks.
	#[pallet::error]
	pub enum Error<T> {
		/// The headers are not two different headers of one slot sealed with the named key, one of them is
		/// longer than the header of any block, or the slot is later than the slot of this block. Report only
		/// headers of blocks that conflict.
		InvalidEquivocationProof,
		/// The chain does not store the hash of a parent: the report is too late, or its headers are from
		/// another chain or an abandoned fork. Nothing can be done.
		UnknownParent,
		/// The proof does not show that the key belonged to the author of the slot in the session of the
		/// later parent. Generate it in the state of that parent. If it was generated there, the slot was not
		/// the validator's turn, and nothing can be done.
		InvalidKeyOwnershipProof,
		/// The offender has already been reported for this slot of this session. Nothing is left to do.
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
		/// Charged like any other call, because the holder of a validator's key can make any number of
		/// equivocations in past slots. The reporter receives a part of the slash. Reports of nodes are
		/// unsigned and pay no fee.
		///
		/// ## Dispatch Origin
		///
		/// Signed by any account, which is the reporter.
		///
		/// ## Errors
		///
		/// - [`Error::InvalidEquivocationProof`], [`Error::UnknownParent`],
		///   [`Error::InvalidKeyOwnershipProof`]: the report shows no offence on this chain.
		/// - [`Error::DuplicateOffenceReport`]: the offence is already known.
		// Boxed: otherwise every call of the runtime would take as much memory as two headers.
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::report_weight())]
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
		/// None in practice: a block with an invalid unsigned report is invalid.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::unsigned_report_weight())]
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
