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
use sp_consensus_aura::sr25519::AuthorityId;
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

/// Most trie nodes in a proof of ownership: the paths to a key and to its owner, among the 200
/// entries of the largest set, have at most a node for each nibble that they share with another.
///
/// Every node costs a search and a hash whatever its length, so their number is bounded and not only
/// their bytes.
pub(crate) const MAX_PROOF_NODES: usize = 64;

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
	) -> Result<EquivocationOffence<OffenderOf<T>>, Error<T>> {
		ensure!(is_equivocation(equivocation_proof), Error::InvalidEquivocationProof);

		let (_, later) = Self::parents(equivocation_proof).ok_or(Error::UnknownParent)?;

		let MembershipProof { session, validator_count, .. } = key_owner_proof;
		ensure!(
			session == T::SessionOf::convert(later)
				&& key_owner_proof.trie_nodes.len() <= MAX_PROOF_NODES,
			Error::InvalidKeyOwnershipProof
		);
		let key = (key_types::AURA, equivocation_proof.offender.clone());
		let offender = T::KeyOwners::check_proof(key, key_owner_proof)
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
		let key = (key_types::AURA, authority_id);
		let proof = T::KeyOwners::prove(key.clone())?;
		// Proving answers for any key, also with a proof of its absence.
		T::KeyOwners::check_proof(key, proof.clone()).map(|_| proof)
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

	/// The length of what the reporter sends counts, the number of validators it claims does not:
	/// the pallet finds out only after the work that it is wrong.
	fn check_weight(
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: &MembershipProof,
	) -> Weight {
		let length =
			equivocation_proof.encoded_size().saturating_add(key_owner_proof.encoded_size());
		let validators = u64::from(T::MaxValidators::get());
		T::WeightInfo::check_headers(length.unique_saturated_into())
			// Membership in the current session may build the trie of all its validators anew: three
			// reads and three insertions for each. The constant is pallet-grandpa's estimate.
			.saturating_add(Weight::from_parts(
				(25 * WEIGHT_REF_TIME_PER_MICROS)
					.saturating_mul(validators)
					.saturating_add(35 * WEIGHT_REF_TIME_PER_MICROS),
				0,
			))
			.saturating_add(
				T::DbWeight::get().reads(validators.saturating_mul(3).saturating_add(5)),
			)
			// Whether the offence is known.
			.saturating_add(T::DbWeight::get().reads(1))
	}

	/// pallet-grandpa's estimate of what `pallet-offences` and `pallet-staking` do.
	fn offence_weight() -> Weight {
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
	}

	/// The height of the block tells its session (CON-R5), which the check of reports relies on.
	#[cfg(any(test, feature = "try-runtime"))]
	pub(crate) fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::traits::ValidatorSet;
		ensure!(
			T::SessionOf::convert(frame_system::Pallet::<T>::block_number())
				== T::KeyOwners::session_index(),
			"CON-R5: the session is not the one that the height tells"
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
