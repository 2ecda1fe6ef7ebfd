//! Worst cases of the calls.

use crate::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	assert_ok,
	traits::{
		fungible::{Balanced, Inspect},
		tokens::Precision,
		Get,
	},
};
use frame_system::RawOrigin;
use sp_core::H256;

const SALT: H256 = H256::repeat_byte(0xaa);

/// Gives `who` the funds for two contracts with the longest code, plus the existential deposit.
fn fund<T: Config>(who: &T::AccountId) {
	let price =
		Pallet::<T>::price(T::MaxCodeLength::get()).expect("the integrity test computes it");
	let amount = T::Currency::minimum_balance() + price + price;
	assert_ok!(T::Currency::deposit(who, amount, Precision::Exact).map(drop));
}

/// A deployer that already has a contract, so that its index and count exist.
fn deployer<T: Config>() -> T::AccountId {
	let who: T::AccountId = whitelisted_caller();
	fund::<T>(&who);
	assert_ok!(Pallet::<T>::do_deploy(who.clone(), b"its first".to_vec(), SALT));
	who
}

/// Code that the database cannot compress.
fn code_of_length(length: u32) -> Vec<u8> {
	// Knuth's 64-bit linear congruential generator. Its highest byte is the most random one.
	let mut state = 0_u64;
	(0..length)
		.map(|_| {
			state = state
				.wrapping_mul(6_364_136_223_846_793_005)
				.wrapping_add(1_442_695_040_888_963_407);
			state.to_be_bytes()[0]
		})
		.collect()
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// A deployment of new code. The call hashes and stores it, and the trie hashes it again when the
	/// block ends.
	#[benchmark]
	fn contract_deploy(c: Linear<1, { T::MaxCodeLength::get() }>) {
		let caller = deployer::<T>();
		let code = code_of_length(c);
		let (upload, hash) = (code.clone(), code_hash(&code));
		let origin = RawOrigin::Signed(caller.clone()).into();
		let (result, trie_value_hash);

		#[block]
		{
			result = Pallet::<T>::contract_deploy(origin, upload, SALT);
			// State version 1 stores a long value under its BLAKE2b-256. The trie computes it with the
			// state root, outside of any extrinsic, so the upload has to pay for it.
			trie_value_hash = code_hash(&code);
		}

		assert_ok!(result);
		assert_eq!(trie_value_hash, hash);
		assert_eq!(Codes::<T>::decode_len(hash), Some(code.len()));
		assert!(Contracts::<T>::contains_key(contract_address(&caller, SALT, hash)));
	}

	/// A deployment of the longest code by its hash. Reading its length reads all of it from the
	/// database.
	#[benchmark]
	fn contract_deploy_hash() {
		let publisher: T::AccountId = account("publisher", 0, 0);
		fund::<T>(&publisher);
		let code = code_of_length(T::MaxCodeLength::get());
		let hash = code_hash(&code);
		assert_ok!(Pallet::<T>::do_deploy(publisher, code, SALT));
		let caller = deployer::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), hash, SALT);

		assert!(Contracts::<T>::contains_key(contract_address(&caller, SALT, hash)));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
