//! Validation of transactions for the pool, one or many in a call. Nothing that is written here is kept.

use crate::{Executive, GenesisParameters, Hash, UncheckedExtrinsic};
use alloc::vec::Vec;
use codec::DecodeLimit;
use frame_support::MAX_EXTRINSIC_DEPTH;
use gtos_transaction_api::MAX_VALIDATIONS;
use sp_io::storage;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};

/// Validates a transaction on top of block `parent`, which is that of this state.
pub fn validate(
	source: TransactionSource,
	transaction: UncheckedExtrinsic,
	parent: Hash,
) -> TransactionValidity {
	// No hook has written them.
	GenesisParameters::note_budget();
	let validity = Executive::validate_transaction(source, transaction, parent);
	// `CheckWeight` remembers them, and no extension ends a transaction that is only validated.
	GenesisParameters::forget_budget();
	validity
}

/// Validates each of the first [`MAX_VALIDATIONS`] encoded transactions, none of which sees what the validation of
/// another has written. `None` for bytes that do not decode.
pub fn validate_each(
	source: TransactionSource,
	transactions: &[Vec<u8>],
	parent: Hash,
) -> Vec<Option<TransactionValidity>> {
	let verdict = |bytes: &Vec<u8>| {
		let limit = MAX_EXTRINSIC_DEPTH;
		UncheckedExtrinsic::decode_all_with_depth_limit(limit, &mut &bytes[..])
			.ok()
			.map(|transaction| rolled_back(|| validate(source, transaction, parent)))
	};
	transactions.iter().take(MAX_VALIDATIONS).map(verdict).collect()
}

/// Does `work` and discards what it has written.
fn rolled_back<T>(work: impl FnOnce() -> T) -> T {
	// Not the storage layer of FRAME, which writes its depth: a validation finds exactly the state of the block.
	storage::start_transaction();
	let result = work();
	storage::rollback_transaction();
	result
}
