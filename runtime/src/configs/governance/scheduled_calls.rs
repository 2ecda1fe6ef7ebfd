//! Which calls can be scheduled (STA-R13): only those whose preimage is short.
//!
//! `pallet-scheduler` declares the weight of reading a preimage from the length that the task states. A task for which
//! that is more than the scheduler has in a block is put back and never dropped, so its agenda never ends: no later task
//! would be made any more, and the search for due agendas would grow by one in every block.

use crate::{constants::governance::MAX_CALL_LENGTH_BYTES, Hash, Preimage, Runtime, RuntimeCall};
use alloc::borrow::Cow;
use frame_support::{
	ensure,
	traits::{Bounded, Contains, FetchResult, QueryPreimage, StorePreimage},
};
use sp_runtime::DispatchError;

pub(super) type Hashing = <Runtime as frame_system::Config>::Hashing;
pub(super) type BoundedCall = Bounded<RuntimeCall, Hashing>;

/// Whether the scheduler takes this call.
///
/// A hash without a length is not taken: the scheduler would declare a million bytes for it.
pub(super) fn can_be_scheduled(call: &BoundedCall) -> bool {
	match call {
		Bounded::Inline(_) => true,
		Bounded::Lookup { len, .. } => *len <= MAX_CALL_LENGTH_BYTES,
		Bounded::Legacy { .. } => false,
	}
}

/// Submissions of referenda about a call that cannot be scheduled, for the call filter.
///
/// `pallet-referenda` compares the stated length only with that of a preimage that is stored already.
pub struct LongProposals;

impl Contains<RuntimeCall> for LongProposals {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(
			call,
			RuntimeCall::Referenda(pallet_referenda::Call::submit { proposal, .. })
				if !can_be_scheduled(proposal)
		)
	}
}

/// The preimages as the calls of `pallet-scheduler` use them: what root schedules is stored only if it can be scheduled.
pub struct SchedulerPreimages;

impl QueryPreimage for SchedulerPreimages {
	type H = Hashing;

	fn len(hash: &Hash) -> Option<u32> {
		<Preimage as QueryPreimage>::len(hash)
	}

	fn fetch(hash: &Hash, len: Option<u32>) -> FetchResult {
		<Preimage as QueryPreimage>::fetch(hash, len)
	}

	fn is_requested(hash: &Hash) -> bool {
		<Preimage as QueryPreimage>::is_requested(hash)
	}

	fn request(hash: &Hash) {
		<Preimage as QueryPreimage>::request(hash);
	}

	fn unrequest(hash: &Hash) {
		<Preimage as QueryPreimage>::unrequest(hash);
	}
}

impl StorePreimage for SchedulerPreimages {
	const MAX_LENGTH: usize = MAX_CALL_LENGTH_BYTES as usize;

	fn note(bytes: Cow<[u8]>) -> Result<Hash, DispatchError> {
		ensure!(bytes.len() <= Self::MAX_LENGTH, DispatchError::Exhausted);
		<Preimage as StorePreimage>::note(bytes)
	}

	fn unnote(hash: &Hash) {
		<Preimage as StorePreimage>::unnote(hash);
	}
}
