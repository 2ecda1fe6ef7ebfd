//! What the calls do.

use crate::*;
use alloc::boxed::Box;
use codec::Encode;
use frame_support::{
	ensure,
	traits::{Get, KeyOwnerProofSystem},
	weights::{constants::WEIGHT_REF_TIME_PER_MICROS, Weight},
};
use frame_system::{offchain::SubmitTransaction, pallet_prelude::BlockNumberFor};
use pallet_session::historical::IdentificationTuple;
use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_core::crypto::key_types;
use sp_runtime::{
	traits::{CheckedSub, Convert, Header, One, Saturating, UniqueSaturatedInto},
	transaction_validity::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidity,
		TransactionValidityError, ValidTransaction,
	},
};
use sp_session::MembershipProof;
use sp_staking::offence::{Offence, ReportOffence};

impl<T: Config> Pallet<T> {
	/// Raises the offence that the report shows.
	pub(crate) fn do_report(
		reporter: Option<T::AccountId>,
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: MembershipProof,
	) -> Result<(), Error<T>> {
		let offence = Self::check(equivocation_proof, key_owner_proof)?;
		T::ReportOffence::report_offence(reporter.into_iter().collect(), offence)
			.map_err(|_| Error::DuplicateOffenceReport)
	}

	/// The offence that the report shows, if it is none that has been reported (CON-R22).
	fn check(
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: MembershipProof,
	) -> Result<EquivocationOffence<IdentificationTuple<T>>, Error<T>> {
		ensure!(
			is_equivocation(equivocation_proof) && !Self::is_to_come(equivocation_proof.slot),
			Error::InvalidEquivocationProof
		);

		let (_, later) = Self::parents(equivocation_proof).ok_or(Error::UnknownParent)?;

		let MembershipProof { session, validator_count, .. } = key_owner_proof;
		ensure!(session == T::SessionOf::convert(later), Error::InvalidKeyOwnershipProof);
		let key = (key_types::AURA, &equivocation_proof.offender);
		let offender = KeyOwners::<T>::check_proof(key, key_owner_proof)
			.ok_or(Error::InvalidKeyOwnershipProof)?;

		let offence = EquivocationOffence {
			slot: equivocation_proof.slot,
			session_index: session,
			validator_set_count: validator_count,
			offender,
		};
		ensure!(
			!T::ReportOffence::is_known_offence(&offence.offenders(), &offence.slot),
			Error::DuplicateOffenceReport
		);
		Ok(offence)
	}

	/// Whether the slot is later than that of the block which carries the report. In the pool, where
	/// that block is not there yet, nobody can tell.
	///
	/// Who could be reported for slots to come would report himself for all of them, be slashed once,
	/// and have none of them counted when it is there.
	fn is_to_come(slot: Slot) -> bool {
		proof::slot_of(&frame_system::Pallet::<T>::digest()).is_some_and(|now| slot > now)
	}

	/// Heights of the two headers' parents, the lower one first, if both are blocks of this chain
	/// whose hashes it still stores.
	pub(crate) fn parents(
		equivocation_proof: &EquivocationProofOf<T>,
	) -> Option<(BlockNumberFor<T>, BlockNumberFor<T>)> {
		let first = Self::parent(&equivocation_proof.first_header)?;
		let second = Self::parent(&equivocation_proof.second_header)?;
		Some((first.min(second), first.max(second)))
	}

	fn parent(
		header: &impl Header<Number = BlockNumberFor<T>, Hash = T::Hash>,
	) -> Option<BlockNumberFor<T>> {
		let parent = header.number().checked_sub(&One::one())?;
		// Not `block_hash`, which answers zero for a block it does not know: a header may name that.
		let hash = frame_system::BlockHash::<T>::try_get(parent).ok()?;
		(hash == *header.parent_hash()).then_some(parent)
	}

	/// Whether the report may be in the pool, and for how long.
	pub(crate) fn do_validate_unsigned(
		source: TransactionSource,
		call: &Call<T>,
	) -> TransactionValidity {
		let Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof } = call
		else {
			return InvalidTransaction::Call.into();
		};
		// Free and unsigned: only for one's own block, or everybody's pool would be open to anybody.
		if !matches!(source, TransactionSource::Local | TransactionSource::InBlock) {
			return InvalidTransaction::Call.into();
		}
		Self::check(equivocation_proof, key_owner_proof.clone()).map_err(as_invalid)?;

		ValidTransaction::with_tag_prefix("AuraEquivocation")
			.priority(TransactionPriority::MAX)
			// One report of an offender and a slot is enough.
			.and_provides((&equivocation_proof.offender, equivocation_proof.slot))
			.longevity(Self::remaining_blocks(equivocation_proof))
			// Nobody else takes it.
			.propagate(false)
			.build()
	}

	/// Whether the report may be in a block.
	pub(crate) fn do_pre_dispatch(call: &Call<T>) -> Result<(), TransactionValidityError> {
		let Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof } = call
		else {
			return Err(InvalidTransaction::Call.into());
		};
		Self::check(equivocation_proof, key_owner_proof.clone())
			.map(drop)
			.map_err(|error| as_invalid(error).into())
	}

	/// Blocks, from this one on, in which the chain will know the parents.
	fn remaining_blocks(equivocation_proof: &EquivocationProofOf<T>) -> u64 {
		let Some((earlier, _)) = Self::parents(equivocation_proof) else { return 0 };
		// Saturating: the genesis hash stays longer than any other.
		let now = frame_system::Pallet::<T>::block_number();
		earlier
			.saturating_add(T::BlockHashCount::get())
			.saturating_add(One::one())
			.saturating_sub(now)
			.unique_saturated_into()
	}

	/// Proves that the key belongs to a validator of the session that the state is in.
	pub fn key_ownership_proof(authority_id: AuthorityId) -> Option<MembershipProof> {
		KeyOwners::<T>::prove((key_types::AURA, authority_id))
	}

	/// Hands the report to the node's pool. `None` if that refuses it.
	pub fn submit_unsigned_report(
		equivocation_proof: EquivocationProofOf<T>,
		key_owner_proof: MembershipProof,
	) -> Option<()> {
		let equivocation_proof = Box::new(equivocation_proof);
		let call = Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof };
		SubmitTransaction::<T, Call<T>>::submit_transaction(T::create_bare(call.into())).ok()
	}

	/// Weight of a report: its check and the offence.
	pub(crate) fn report_weight(
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: &MembershipProof,
	) -> Weight {
		Self::check_weight(equivocation_proof, key_owner_proof)
			.saturating_add(Self::offence_weight())
	}

	/// Weight of a report that is checked before its dispatch as well.
	pub(crate) fn unsigned_report_weight(
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: &MembershipProof,
	) -> Weight {
		Self::report_weight(equivocation_proof, key_owner_proof)
			.saturating_add(Self::check_weight(equivocation_proof, key_owner_proof))
	}

	/// The length of what the reporter sends counts, trie nodes included.
	fn check_weight(
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: &MembershipProof,
	) -> Weight {
		let length =
			equivocation_proof.encoded_size().saturating_add(key_owner_proof.encoded_size());
		<T as Config>::WeightInfo::check_headers(length.unique_saturated_into())
			.saturating_add(<T as Config>::WeightInfo::check_membership())
			// Whether the offence is known.
			.saturating_add(T::DbWeight::get().reads(1))
	}

	/// pallet-grandpa's estimate of what `pallet-offences` and `pallet-staking` do with an offender, and
	/// the chilling of all that were reported for the same slot or round.
	pub fn offence_weight() -> Weight {
		let nominators = u64::from(T::MaxNominators::get());
		let touched = nominators.saturating_mul(3);
		Weight::from_parts(
			(25 * WEIGHT_REF_TIME_PER_MICROS)
				.saturating_mul(nominators)
				.saturating_add(110 * WEIGHT_REF_TIME_PER_MICROS),
			0,
		)
		.saturating_add(
			T::DbWeight::get().reads_writes(touched.saturating_add(14), touched.saturating_add(10)),
		)
		.saturating_add(T::ChillWeight::get().saturating_mul(T::MaxValidators::get().into()))
	}

	/// What the check of reports relies on.
	#[cfg(any(test, feature = "try-runtime"))]
	pub(crate) fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		ensure!(
			T::SessionOf::convert(frame_system::Pallet::<T>::block_number())
				== pallet_session::Pallet::<T>::current_index(),
			"CON-R5: the session is not the one that the height tells"
		);
		ensure!(
			KeyOwners::<T>::is_root_in_force(),
			"CON-R14: the root of the session is not that of the keys in force"
		);
		Ok(())
	}
}

fn as_invalid<T>(error: Error<T>) -> InvalidTransaction {
	match error {
		Error::DuplicateOffenceReport => InvalidTransaction::Stale,
		_ => InvalidTransaction::BadProof,
	}
}
