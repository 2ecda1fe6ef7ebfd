//! Application of several transactions to the block that is being built, in one call.

use crate::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	Executive, System, UncheckedExtrinsic,
};
use alloc::vec::Vec;
use codec::DecodeLimit;
use frame_support::{dispatch::DispatchClass, MAX_EXTRINSIC_DEPTH};
use gtos_transaction_api::{Application, MAX_APPLICATIONS};
use sp_io::storage;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

/// A block is full if less than this part of what ordinary transactions may use is left: room for a few transfers.
const FULL_PART: u32 = 64;

/// Applies encoded transactions one after the other: until one is refused, until those applied weigh `max_ref_time`
/// picoseconds, or until there are [`MAX_APPLICATIONS`]. The block is the same as if each had a call of its own.
pub fn apply(transactions: &[Vec<u8>], max_ref_time: u64) -> Application {
	let limit = weight().saturating_add(max_ref_time);
	let mut applied = 0;
	for bytes in transactions.iter().take(MAX_APPLICATIONS) {
		// The first one is tried in any case, so that every call gets on.
		if applied > 0 && weight() >= limit {
			break;
		}
		if let Err(error) = apply_one(bytes) {
			return Application { applied, refused: Some(error), is_full: is_full() };
		}
		applied += 1;
	}
	Application { applied, refused: None, is_full: false }
}

/// Applies one transaction, or leaves no trace of it.
fn apply_one(bytes: &[u8]) -> Result<(), TransactionValidityError> {
	let transaction =
		UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..])
			.map_err(|_| InvalidTransaction::Call)?;
	// What a node does around a call for one transaction. The storage layer of FRAME would also write its depth.
	storage::start_transaction();
	// Whether the call of a transaction that is in the block succeeds does not matter here.
	let result = Executive::apply_extrinsic(transaction).map(|_| ());
	match result {
		Ok(()) => storage::commit_transaction(),
		Err(_) => storage::rollback_transaction(),
	}
	result
}

/// What the block weighs, in picoseconds.
fn weight() -> u64 {
	System::block_weight().total().ref_time()
}

/// Whether hardly any weight or length is left for ordinary transactions.
fn is_full() -> bool {
	let weights = RuntimeBlockWeights::get();
	let limits = weights.get(DispatchClass::Normal);
	let [max_total, reserved] =
		[limits.max_total, limits.reserved].map(|it| it.unwrap_or(weights.max_block).ref_time());
	let consumed = System::block_weight();
	let normal = consumed.get(DispatchClass::Normal).ref_time();
	let left_of_block = weights.max_block.ref_time().saturating_sub(consumed.total().ref_time());
	// If hooks fill the block, ordinary transactions still have what is reserved for them.
	let left =
		left_of_block.max(reserved.saturating_sub(normal)).min(max_total.saturating_sub(normal));

	let max_length = *RuntimeBlockLength::get().max.get(DispatchClass::Normal);
	let left_bytes = max_length.saturating_sub(System::block_size());
	left < max_total / u64::from(FULL_PART) || left_bytes < max_length / FULL_PART
}
