//! Unsigned reports in the pool of the node that makes them.

use crate::*;
use alloc::boxed::Box;
use frame_support::traits::Get;
use frame_system::offchain::SubmitTransaction;
use sp_runtime::{
	traits::{One, Saturating, UniqueSaturatedInto},
	transaction_validity::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidity,
		TransactionValidityError, ValidTransaction,
	},
};
use sp_session::MembershipProof;

impl<T: Config> Pallet<T> {
	/// Submits a report to the pool of the node. `None` if the pool refuses it.
	pub fn submit_unsigned_report(
		equivocation_proof: EquivocationProofOf<T>,
		key_owner_proof: MembershipProof,
	) -> Option<()> {
		let equivocation_proof = Box::new(equivocation_proof);
		let call = Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof };
		SubmitTransaction::<T, Call<T>>::submit_transaction(T::create_bare(call.into())).ok()
	}

	/// Whether an unsigned report is valid in the pool, and for how long.
	pub(crate) fn do_validate_unsigned(
		source: TransactionSource,
		call: &Call<T>,
	) -> TransactionValidity {
		let Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof } = call
		else {
			return InvalidTransaction::Call.into();
		};
		// Unsigned reports are free, so a node accepts only its own, for its own block. Otherwise anybody
		// could fill the pools of others.
		if !matches!(source, TransactionSource::Local | TransactionSource::InBlock) {
			return InvalidTransaction::Call.into();
		}
		Self::check(equivocation_proof, key_owner_proof.clone()).map_err(as_invalid)?;

		ValidTransaction::with_tag_prefix("AuraEquivocation")
			.priority(TransactionPriority::MAX)
			// The pool keeps one report of each offender and slot.
			.and_provides((&equivocation_proof.offender, equivocation_proof.slot))
			.longevity(Self::remaining_blocks(equivocation_proof))
			// No other node accepts it.
			.propagate(false)
			.build()
	}

	/// Whether an unsigned report is valid in a block.
	pub(crate) fn do_pre_dispatch(call: &Call<T>) -> Result<(), TransactionValidityError> {
		let Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof } = call
		else {
			return Err(InvalidTransaction::Call.into());
		};
		Self::check(equivocation_proof, key_owner_proof.clone())
			.map(drop)
			.map_err(|error| as_invalid(error).into())
	}

	/// Number of blocks, from this one on, in which the hashes of both parents are stored.
	fn remaining_blocks(equivocation_proof: &EquivocationProofOf<T>) -> u64 {
		let Some((earlier, _)) = Self::parents(equivocation_proof) else { return 0 };
		// Saturating: the hash of the genesis stays longer than any other.
		let now = frame_system::Pallet::<T>::block_number();
		earlier
			.saturating_add(T::BlockHashCount::get())
			.saturating_add(One::one())
			.saturating_sub(now)
			.unique_saturated_into()
	}
}

/// The reason with which the pool refuses a report.
fn as_invalid<T>(error: Error<T>) -> InvalidTransaction {
	match error {
		Error::DuplicateOffenceReport => InvalidTransaction::Stale,
		_ => InvalidTransaction::BadProof,
	}
}
