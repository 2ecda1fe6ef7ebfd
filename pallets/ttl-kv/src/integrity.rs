//! Checks of the configuration.

use crate::*;
use alloc::vec;
use codec::Encode;
use frame_support::{dispatch::DispatchClass, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{Bounded, CheckedMul, One, SaturatedConversion};

/// Bytes reserved for the rest of an extrinsic around a call: signature, extensions, length prefix.
const ENVELOPE_BYTES: usize = 1_024;

impl<T: Config> Pallet<T> {
	/// Panics with the reason if a chain could not run safely with this configuration.
	pub(crate) fn do_integrity_test() {
		assert!(T::MinTtl::get() >= One::one(), "MinTtl must be at least 1");
		assert!(T::MinTtl::get() <= T::MaxTtl::get(), "MaxTtl must be at least MinTtl");
		assert!(T::MaxKeyLength::get() > 0, "MaxKeyLength must be at least 1");
		assert!(T::MaxValueLength::get() > 0, "MaxValueLength must be at least 1");
		assert!(T::MaxPageSize::get() > 0, "MaxPageSize must be at least 1");
		assert!(T::MaxPageScan::get() > 0, "MaxPageScan must be at least 1");
		assert!(T::MaxBacklogScan::get() > 0, "MaxBacklogScan must be at least 1");
		assert!(T::MaxQueryBytes::get() > 0, "MaxQueryBytes must be at least 1");
		// The expiry index keeps heights in 32 bits.
		let highest = BlockNumberFor::<T>::max_value();
		assert!(TryInto::<u32>::try_into(highest).is_ok(), "a block number must fit into 32 bits");

		let most_bytes = T::EntryOverheadBytes::get()
			.checked_add(T::MaxKeyLength::get())
			.and_then(|bytes| bytes.checked_add(T::MaxKeyLength::get()))
			.and_then(|bytes| bytes.checked_add(T::MaxValueLength::get()))
			.expect("the bytes of an entry overflow");
		let most_rent = T::RentPerByteBlock::get()
			.checked_mul(&most_bytes.into())
			.and_then(|rent| rent.checked_mul(&highest.saturated_into::<u64>().saturated_into()));
		assert!(most_rent.is_some(), "the largest rent overflows");

		Self::check_largest_put();
		Self::check_sweep();
	}

	/// The largest put fits a block in weight and length.
	fn check_largest_put() {
		let key = vec![0; T::MaxKeyLength::get().saturated_into()];
		let value = vec![0; T::MaxValueLength::get().saturated_into()];
		let weight = Self::put_weight(T::WeightInfo::kv_put_if, &key, &value);
		let limits = T::BlockWeights::get();
		let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap_or(limits.max_block);
		assert!(weight.all_lte(most), "the largest put weighs {weight:?}; at most {most:?} fits");

		let condition = Condition::Revision(u64::MAX);
		let put = Call::<T>::kv_put_if { key, value, ttl: T::MaxTtl::get(), condition };
		let length = put.encoded_size().saturating_add(ENVELOPE_BYTES);
		let most = *T::BlockLength::get().max.get(DispatchClass::Normal);
		assert!(
			length <= most.saturated_into(),
			"the largest put has {length} bytes; at most {most} fit"
		);
	}

	/// The sweep takes at least as many references as a block can add, and both its parts together fit a
	/// block (TTL-R18).
	fn check_sweep() {
		let (taken, added) = (Self::least_references_taken(), Self::most_references_added());
		assert!(
			taken >= added,
			"a block can add {added} references, but its sweep may take only {taken}: raise \
			 SweepQuota or SweepWeight"
		);
		let sweep = T::SweepWeight::get().saturating_add(T::IdleSweepWeight::get());
		let block = T::BlockWeights::get().max_block;
		assert!(
			sweep.all_lte(block),
			"SweepWeight and IdleSweepWeight add up to {sweep:?}; a block has {block:?}: lower one"
		);
	}
}
