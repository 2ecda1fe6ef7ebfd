//! The invariants of the store (`specs/contract-store.md`), checked over the whole state.

use crate::*;
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::Time};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every invariant; the error names the first that does not hold.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		// Iterates keys and reads each value: an iterator over values skips those that do not decode.
		let codes = Self::check_codes()?;
		Self::check_records(&codes)?;
		Self::check_index()?;
		Self::check_times()
	}

	/// Every stored code has at least one byte and hashes to its key (CTR-I1). Returns the length of
	/// each code by its hash.
	fn check_codes() -> Result<BTreeMap<H256, usize>, TryRuntimeError> {
		let mut lengths = BTreeMap::new();
		for hash in Codes::<T>::iter_keys() {
			let code = Codes::<T>::get(hash).ok_or("CTR-I1: code cannot be decoded")?;
			ensure!(!code.is_empty(), "CTR-I1: code is empty");
			ensure!(code_hash(&code) == hash, "CTR-I1: code does not hash to its key");
			lengths.insert(hash, code.len());
		}
		Ok(lengths)
	}

	/// Every record names stored code of its length (CTR-I2), and every code has a record (CTR-I3).
	fn check_records(lengths: &BTreeMap<H256, usize>) -> Result<(), TryRuntimeError> {
		let mut named = BTreeSet::new();
		for address in Contracts::<T>::iter_keys() {
			let record =
				Contracts::<T>::get(address).ok_or("CTR-I2: a record cannot be decoded")?;
			let length = lengths.get(&record.code_hash).ok_or("CTR-I2: a record has no code")?;
			ensure!(
				u32::try_from(*length) == Ok(record.code_len),
				"CTR-I2: a record has another length than its code"
			);
			named.insert(record.code_hash);
		}
		ensure!(named.len() == lengths.len(), "CTR-I3: code has no record");
		Ok(())
	}

	/// The rows of all deployers are exactly the records, without gap or repetition (CTR-I4).
	fn check_index() -> Result<(), TryRuntimeError> {
		let mut listed = BTreeSet::new();
		for (deployer, index) in DeployerContracts::<T>::iter_keys() {
			ensure!(
				index < DeployerContractCount::<T>::get(&deployer),
				"CTR-I4: a row lies beyond its deployer's count"
			);
			let address = DeployerContracts::<T>::get(&deployer, index)
				.ok_or("CTR-I4: a row cannot be decoded")?;
			let record = Contracts::<T>::get(address).ok_or("CTR-I4: a row has no record")?;
			ensure!(record.deployer == deployer, "CTR-I4: a row is in another deployer's index");
			ensure!(listed.insert(address), "CTR-I4: an address is twice in an index");
		}
		// No row is beyond its count, so the sum of the counts is the number of rows only if no row is
		// missing.
		let counted = DeployerContractCount::<T>::iter_values().map(u64::from).sum::<u64>();
		ensure!(u64::try_from(listed.len()) == Ok(counted), "CTR-I4: an index has a gap");
		ensure!(
			listed.len() == Contracts::<T>::iter_keys().count(),
			"CTR-I4: a record is in no index"
		);
		Ok(())
	}

	/// No record is newer than the current block, or older than the record before it in its index
	/// (CTR-I5).
	fn check_times() -> Result<(), TryRuntimeError> {
		let now = (frame_system::Pallet::<T>::block_number(), T::Time::now());
		for (deployer, count) in DeployerContractCount::<T>::iter() {
			let mut last = <(BlockNumberFor<T>, u64)>::default();
			for index in 0..count {
				// The check of CTR-I4 has found every row and record.
				let Some(record) =
					DeployerContracts::<T>::get(&deployer, index).and_then(Contracts::<T>::get)
				else {
					return Err("CTR-I4: an index has a gap".into());
				};
				ensure!(
					record.block_number <= now.0 && record.timestamp <= now.1,
					"CTR-I5: a record is newer than the current block"
				);
				ensure!(
					record.block_number >= last.0 && record.timestamp >= last.1,
					"CTR-I5: a record is older than the one before it in its index"
				);
				last = (record.block_number, record.timestamp);
			}
		}
		Ok(())
	}
}
