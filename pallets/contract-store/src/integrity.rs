//! Checks of the configuration.

use crate::*;
use alloc::vec;
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::Get,
};
use sp_core::H256;
use sp_runtime::traits::Zero;

/// Bytes reserved for the rest of an extrinsic around a call: signature, extensions, and a proxy
/// within a multisig of a hundred signatories (32 bytes each).
const MAX_ENVELOPE_BYTES: u32 = 4 * 1024;

impl<T: Config> Pallet<T> {
	/// Panics with the reason if the largest deployment does not fit a block or has no price, or if
	/// addresses or records would differ from the specification.
	pub(crate) fn do_integrity_test() {
		assert_eq!(T::AccountId::max_encoded_len(), 32, "an account must have 32 bytes");
		assert!(T::MaxPageSize::get() > 0, "MaxPageSize must be at least 1");

		let max = T::MaxCodeLength::get();
		assert!(max > 0, "MaxCodeLength must be at least 1");
		assert!(Self::price(max).is_ok(), "PricePerByte: the largest price overflows");
		assert!(
			Self::price(0).is_ok_and(|price| !price.is_zero()),
			"PricePerByte and RecordBytes must not be zero"
		);

		let code = vec![0; usize::try_from(max).expect("a length fits the address space; qed")];
		let largest = Call::<T>::contract_deploy { code, salt: H256::zero() };
		let length = Self::length(largest.encoded_size())
			.expect("the call is little longer than its code; qed");
		assert!(
			length.saturating_add(MAX_ENVELOPE_BYTES)
				<= *T::BlockLength::get().max.get(DispatchClass::Normal),
			"MaxCodeLength: the largest deployment is longer than a block's normal length"
		);
		let weight = largest.get_dispatch_info().call_weight;
		let limits = T::BlockWeights::get();
		let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap_or(limits.max_block);
		assert!(
			weight.all_lte(most),
			"MaxCodeLength: the largest deployment weighs {weight:?}; at most {most:?} fits"
		);
	}
}
