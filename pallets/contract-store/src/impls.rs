//! What the calls do, and what the runtime API answers.

use crate::*;
use alloc::{vec, vec::Vec};
use frame_support::{
	ensure,
	traits::{
		fungible::Balanced,
		tokens::{Fortitude, Precision, Preservation},
		Get, OnUnbalanced, Time,
	},
};
use sp_core::H256;
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul},
	ArithmeticError, DispatchResult,
};

impl<T: Config> Pallet<T> {
	/// Deploys uploaded code (CTR-R9).
	pub(crate) fn do_deploy(deployer: T::AccountId, code: Vec<u8>, salt: H256) -> DispatchResult {
		ensure!(!code.is_empty(), Error::<T>::EmptyCode);
		let code = CodeOf::<T>::try_from(code).map_err(|_| Error::<T>::CodeTooLong)?;
		let code_hash = code_hash(&code);
		let code_len = Self::length(code.len())?;
		let new_code = (!Codes::<T>::contains_key(code_hash)).then_some(code);
		Self::deploy(deployer, salt, code_hash, code_len, new_code)
	}

	/// Deploys code that is stored (CTR-R10).
	pub(crate) fn do_deploy_hash(
		deployer: T::AccountId,
		code_hash: H256,
		salt: H256,
	) -> DispatchResult {
		let stored = Codes::<T>::decode_len(code_hash).ok_or(Error::<T>::UnknownCode)?;
		let code_len = Self::length(stored)?;
		Self::deploy(deployer, salt, code_hash, code_len, None)
	}

	/// The checks and effects that both calls share; `new_code` is what has to be stored.
	fn deploy(
		deployer: T::AccountId,
		salt: H256,
		code_hash: H256,
		code_len: u32,
		new_code: Option<CodeOf<T>>,
	) -> DispatchResult {
		let address = contract_address(&deployer, salt, code_hash);
		ensure!(!Contracts::<T>::contains_key(address), Error::<T>::AlreadyDeployed);
		let index = DeployerContractCount::<T>::get(&deployer);
		let count = index.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let price = Self::price(if new_code.is_some() { code_len } else { 0 })?;
		// The last check and the first write. Whatever keeps the account from paying has one name.
		let payment = T::Currency::withdraw(
			&deployer,
			price,
			Precision::Exact,
			Preservation::Preserve,
			Fortitude::Polite,
		)
		.map_err(|_| Error::<T>::InsufficientBalance)?;

		T::OnPayment::on_unbalanced(payment);
		let code_is_new = new_code.is_some();
		if let Some(code) = new_code {
			Codes::<T>::insert(code_hash, code);
		}
		let record = ContractRecord {
			code_hash,
			code_len,
			deployer: deployer.clone(),
			block_number: frame_system::Pallet::<T>::block_number(),
			timestamp: T::Time::now(),
		};
		Contracts::<T>::insert(address, record);
		DeployerContracts::<T>::insert(&deployer, index, address);
		DeployerContractCount::<T>::insert(&deployer, count);

		if code_is_new {
			Self::deposit_event(Event::CodeStored { code_hash, code_len });
		}
		Self::deposit_event(Event::ContractDeployed {
			address,
			deployer,
			code_hash,
			salt,
			code_len,
			price,
		});
		Ok(())
	}

	/// Price of a record and of `stored` bytes of new code (CTR-R7).
	pub(crate) fn price(stored: u32) -> Result<BalanceOf<T>, ArithmeticError> {
		let bytes = BalanceOf::<T>::from(T::RecordBytes::get())
			.checked_add(&stored.into())
			.ok_or(ArithmeticError::Overflow)?;
		bytes.checked_mul(&T::PricePerByte::get()).ok_or(ArithmeticError::Overflow)
	}

	/// Length that the weight of an upload counts: longer code is refused before it is looked at.
	pub(crate) fn weighed_length(code: &[u8]) -> u32 {
		Self::length(code.len()).unwrap_or(u32::MAX).min(T::MaxCodeLength::get())
	}

	fn length(bytes: usize) -> Result<u32, ArithmeticError> {
		u32::try_from(bytes).map_err(|_| ArithmeticError::Overflow)
	}
}

/// Answers of the runtime API (CTR-R15), from the state of the block it is asked at.
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

	/// Contracts of `deployer` from the index `start` on, at most `limit` and `MaxPageSize` of them.
	pub fn contracts(deployer: T::AccountId, start: u32, limit: u32) -> ContractPage {
		let count = DeployerContractCount::<T>::get(&deployer);
		// Saturating: past the largest index there is nothing.
		let end = start.saturating_add(limit.min(T::MaxPageSize::get())).min(count);
		ContractPage {
			items: (start..end)
				.filter_map(|index| DeployerContracts::<T>::get(&deployer, index))
				.collect(),
			next: (end < count).then_some(end),
		}
	}

	/// Price of a record alone if `code_len` is 0, otherwise with new code of that length. `None` for
	/// code that is too long.
	pub fn quote(code_len: u32) -> Option<BalanceOf<T>> {
		if code_len > T::MaxCodeLength::get() {
			return None;
		}
		Self::price(code_len).ok()
	}

	/// Storage keys that prove the contract at `address`: of its record, and of its code if there is
	/// a record.
	pub fn proof_keys(address: H256) -> Vec<Vec<u8>> {
		let mut keys = vec![Contracts::<T>::hashed_key_for(address)];
		keys.extend(
			Contracts::<T>::get(address).map(|record| Codes::<T>::hashed_key_for(record.code_hash)),
		);
		keys
	}
}

/// What has to hold of the configuration.
#[cfg(feature = "std")]
impl<T: Config> Pallet<T> {
	/// Bytes that an extrinsic may need around a call: signature, extensions, and a proxy within a
	/// multisig of a hundred signatories (32 bytes each).
	const MAX_ENVELOPE_BYTES: u32 = 4 * 1024;

	/// Panics if the largest deployment does not fit a block, has no price, or if the layout of
	/// addresses and records would not be that of the specification.
	pub(crate) fn do_integrity_test() {
		use codec::{Encode, MaxEncodedLen};
		use frame_support::dispatch::{DispatchClass, GetDispatchInfo};
		use sp_runtime::traits::Zero;

		assert_eq!(T::AccountId::max_encoded_len(), 32, "an address hashes 32 bytes of deployer");
		assert!(T::MaxPageSize::get() > 0, "MaxPageSize: a page without items never ends");

		let max = T::MaxCodeLength::get();
		assert!(max > 0, "MaxCodeLength: no code could be deployed");
		assert!(Self::price(max).is_ok(), "PricePerByte: the largest price overflows");
		assert!(
			Self::price(0).is_ok_and(|price| !price.is_zero()),
			"PricePerByte, RecordBytes: nothing permanent is free"
		);

		let code = vec![0; usize::try_from(max).expect("a length fits the address space; qed")];
		let largest = Call::<T>::contract_deploy { code, salt: H256::zero() };
		let length = Self::length(largest.encoded_size()).expect("it is little more than max; qed");
		assert!(
			length.saturating_add(Self::MAX_ENVELOPE_BYTES)
				<= *T::BlockLength::get().max.get(DispatchClass::Normal),
			"MaxCodeLength: the largest deployment is longer than a block's normal length"
		);
		let weight = largest.get_dispatch_info().call_weight;
		let limits = T::BlockWeights::get();
		let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap_or(limits.max_block);
		assert!(
			weight.all_lte(most),
			"MaxCodeLength: the largest deployment weighs {weight:?}, an extrinsic may {most:?}"
		);
	}
}
