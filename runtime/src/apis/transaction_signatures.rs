//! Signatures of the transactions of a block, verified before the block is executed.

use crate::{Hash, Runtime, System, UncheckedExtrinsic};
use alloc::vec::Vec;
use codec::DecodeLimit;
use frame_support::MAX_EXTRINSIC_DEPTH;
use frame_system::ChainContext;
use gtos_transaction_api::MAX_SIGNATURES;
use sp_runtime::traits::Checkable;

/// Verifies the first signatures as the block after `parent` does, and returns how many are right.
///
/// Changes made to storage should be discarded.
pub fn verify_signatures(parent: Hash, extrinsics: &[Vec<u8>]) -> u32 {
	// A transaction that begins to be valid at the parent signs its hash, which the state does not have yet.
	System::initialize(&System::block_number().saturating_add(1), &parent, &Default::default());
	extrinsics.iter().take(MAX_SIGNATURES).map(|bytes| u32::from(is_signed(bytes))).sum()
}

/// Whether `bytes` are an extrinsic with a right signature.
fn is_signed(bytes: &[u8]) -> bool {
	UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..]).is_ok_and(
		|extrinsic| {
			extrinsic.is_signed() && extrinsic.check(&ChainContext::<Runtime>::default()).is_ok()
		},
	)
}
