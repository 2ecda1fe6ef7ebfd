//! Answers to the runtime API (CTR-R15), from the state of the block that is queried.

use crate::*;
use alloc::{vec, vec::Vec};
use frame_support::traits::Get;
use sp_core::H256;

impl<T: Config> Pallet<T> {
	/// Code of the contract at `address`.
	pub fn code(address: H256) -> Option<Vec<u8>> {
		Self::code_by_hash(Contracts::<T>::get(address)?.code_hash)
	}

	/// Code that hashes to `code_hash`.
	pub fn code_by_hash(code_hash: H256) -> Option<Vec<u8>> {
		Codes::<T>::get(code_hash).map(CodeOf::<T>::into_inner)
	}

	/// Record of the contract at `address`.
	pub fn metadata(address: H256) -> Option<ContractRecordOf<T>> {
		Contracts::<T>::get(address)
	}

	/// Contracts of `deployer` from the index `start` on, at most `limit` and at most `MaxPageSize`.
	pub fn contracts(deployer: T::AccountId, start: u32, limit: u32) -> ContractPage {
		let count = DeployerContractCount::<T>::get(&deployer);
		// Saturating: no contract has a higher index.
		let end = start.saturating_add(limit.min(T::MaxPageSize::get())).min(count);
		ContractPage {
			items: (start..end)
				.filter_map(|index| DeployerContracts::<T>::get(&deployer, index))
				.collect(),
			next: (end < count).then_some(end),
		}
	}

	/// Price of a record and of `code_len` bytes of new code. With 0, the price of a record alone.
	/// `None` for code that is too long.
	pub fn quote(code_len: u32) -> Option<BalanceOf<T>> {
		if code_len > T::MaxCodeLength::get() {
			return None;
		}
		Self::price(code_len).ok()
	}

	/// Storage keys whose proof shows the contract at `address`: the key of its record and, if there is
	/// a record, the key of its code.
	pub fn proof_keys(address: H256) -> Vec<Vec<u8>> {
		let mut keys = vec![Contracts::<T>::hashed_key_for(address)];
		keys.extend(
			Contracts::<T>::get(address).map(|record| Codes::<T>::hashed_key_for(record.code_hash)),
		);
		keys
	}
}
