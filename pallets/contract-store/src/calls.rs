//! What the calls do.

use crate::*;
use alloc::vec::Vec;
use frame_support::{
	ensure,
	traits::{Get, Time},
};
use sp_core::H256;
use sp_runtime::{ArithmeticError, DispatchResult};

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

	/// Deploys code that the chain holds (CTR-R10).
	pub(crate) fn do_deploy_hash(
		deployer: T::AccountId,
		code_hash: H256,
		salt: H256,
	) -> DispatchResult {
		let stored = Codes::<T>::decode_len(code_hash).ok_or(Error::<T>::UnknownCode)?;
		let code_len = Self::length(stored)?;
		Self::deploy(deployer, salt, code_hash, code_len, None)
	}

	/// The checks and effects that both calls share. `new_code` is the code that has to be stored, if
	/// the chain does not hold it yet.
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
		// The last check and the first write.
		Self::pay(&deployer, price)?;

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

	/// Length with which the weight of an upload is computed. Code beyond the limit weighs as much
	/// as code at the limit, because the call refuses it before it reads the bytes.
	pub(crate) fn weighed_length(code: &[u8]) -> u32 {
		Self::length(code.len()).unwrap_or(u32::MAX).min(T::MaxCodeLength::get())
	}

	/// A length as the 32-bit number that the store keeps.
	pub(crate) fn length(bytes: usize) -> Result<u32, ArithmeticError> {
		u32::try_from(bytes).map_err(|_| ArithmeticError::Overflow)
	}
}
