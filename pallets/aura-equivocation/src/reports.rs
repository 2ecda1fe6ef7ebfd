//! The checks of a report, and the offence that it raises (CON-R22).

use crate::*;
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::historical::IdentificationTuple;
use sp_consensus_aura::Slot;
use sp_core::crypto::key_types;
use sp_runtime::traits::{CheckedSub, Convert, Header, One};
use sp_session::MembershipProof;
use sp_staking::offence::{Offence, ReportOffence};

impl<T: Config> Pallet<T> {
	/// Checks a report and reports the offence that it shows.
	pub(crate) fn do_report(
		reporter: Option<T::AccountId>,
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: MembershipProof,
	) -> Result<(), Error<T>> {
		let offence = Self::check(equivocation_proof, key_owner_proof)?;
		T::ReportOffence::report_offence(reporter.into_iter().collect(), offence)
			.map_err(|_| Error::DuplicateOffenceReport)
	}

	/// Checks a report (CON-R22) and returns the offence that it shows.
	pub(crate) fn check(
		equivocation_proof: &EquivocationProofOf<T>,
		key_owner_proof: MembershipProof,
	) -> Result<EquivocationOffence<IdentificationTuple<T>>, Error<T>> {
		ensure!(
			is_equivocation(equivocation_proof) && !Self::is_in_future(equivocation_proof.slot),
			Error::InvalidEquivocationProof
		);

		let (_, later) = Self::parents(equivocation_proof).ok_or(Error::UnknownParent)?;

		let MembershipProof { session, validator_count, .. } = key_owner_proof;
		ensure!(session == T::SessionOf::convert(later), Error::InvalidKeyOwnershipProof);
		let key = (key_types::AURA, &equivocation_proof.offender);
		let (index, offender) = KeyOwners::<T>::check_owner(key, key_owner_proof)
			.ok_or(Error::InvalidKeyOwnershipProof)?;
		// The node has checked this of every block that it imports, by the same set.
		let author = equivocation_proof.slot.checked_rem(u64::from(validator_count));
		ensure!(author == Some(u64::from(index)), Error::InvalidKeyOwnershipProof);

		let offence = EquivocationOffence {
			slot: equivocation_proof.slot,
			session_index: session,
			validator_set_count: validator_count,
			offender,
		};
		ensure!(
			!T::ReportOffence::is_known_offence(&offence.offenders(), &offence.slot()),
			Error::DuplicateOffenceReport
		);
		Ok(offence)
	}

	/// Whether `slot` is later than the slot of the block that contains the report. False in the pool,
	/// because that block does not exist yet.
	///
	/// If reports of future slots were accepted, a validator could report itself for all of them, be
	/// slashed once, and then equivocate in each of these slots without another offence.
	fn is_in_future(slot: Slot) -> bool {
		proof::slot_of(&frame_system::Pallet::<T>::digest()).is_some_and(|now| slot > now)
	}

	/// Heights of the parents of the two headers, the lower one first. `None` unless both are blocks of
	/// this chain whose hashes it still stores.
	pub(crate) fn parents(
		equivocation_proof: &EquivocationProofOf<T>,
	) -> Option<(BlockNumberFor<T>, BlockNumberFor<T>)> {
		let first = Self::parent(&equivocation_proof.first_header)?;
		let second = Self::parent(&equivocation_proof.second_header)?;
		Some((first.min(second), first.max(second)))
	}

	/// Height of the parent of `header`. `None` unless it is a block of this chain whose hash is stored.
	fn parent(
		header: &impl Header<Number = BlockNumberFor<T>, Hash = T::Hash>,
	) -> Option<BlockNumberFor<T>> {
		let parent = header.number().checked_sub(&One::one())?;
		// Not `block_hash`, which returns zero for an unknown block: a header could name zero as parent.
		let hash = frame_system::BlockHash::<T>::try_get(parent).ok()?;
		(hash == *header.parent_hash()).then_some(parent)
	}
}
