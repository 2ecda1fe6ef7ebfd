//! Worst cases of the calls and of the sweep.

use crate::*;
use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	assert_ok,
	traits::{
		fungible::{Balanced, Inspect},
		tokens::Precision,
		Get,
	},
	weights::WeightMeter,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_io::hashing::blake2_256;
use sp_runtime::traits::{SaturatedConversion, Saturating};

/// Maximum number of references, or of pages with one reference, that one sweep of the benchmarks takes.
const MOST_SWEPT: u32 = 128;

/// Gives `who` the funds for as many entries as any benchmark puts, plus the existential deposit.
fn fund<T: Config>(who: &T::AccountId) {
	let rent =
		Pallet::<T>::quote(T::MaxKeyLength::get(), T::MaxValueLength::get(), T::MaxTtl::get())
			.expect("the limits are within themselves");
	let amount = T::Currency::minimum_balance()
		.saturating_add(rent.saturating_mul(MOST_SWEPT.saturating_add(PAGE_LENGTH).into()));
	assert_ok!(T::Currency::deposit(who, amount, Precision::Exact).map(drop));
}

/// Key number `n` of length `len`. Keys shorter than four bytes repeat.
fn key(len: u32, n: u32) -> Vec<u8> {
	let mut key = vec![7; len.saturated_into()];
	for (byte, from) in key.iter_mut().zip(n.to_le_bytes()) {
		*byte = from;
	}
	key
}

fn longest_key<T: Config>(n: u32) -> Vec<u8> {
	key(T::MaxKeyLength::get(), n)
}

fn longest_value<T: Config>() -> Vec<u8> {
	vec![7; T::MaxValueLength::get().saturated_into()]
}

/// A lifetime that can still be extended.
fn half_ttl<T: Config>() -> BlockNumberFor<T> {
	T::MaxTtl::get() / 2u32.into()
}

/// The shortest lifetime with which an entry is still live when the call is measured, which can be one
/// block later.
fn short_ttl<T: Config>() -> BlockNumberFor<T> {
	T::MinTtl::get().saturating_add(1u32.into())
}

/// Makes the next revision the first one of a page.
fn start_page<T: Config>() {
	let page = u64::from(PAGE_LENGTH);
	LastRevision::<T>::mutate(|last| *last = last.saturating_add(page) / page * page - 1);
}

/// Fills a page with entries of another owner except for one reference.
fn fill_page<T: Config>(ttl: BlockNumberFor<T>) {
	let other: T::AccountId = account("other", 0, 0);
	fund::<T>(&other);
	start_page::<T>();
	for _ in 1..PAGE_LENGTH {
		let n: u32 = LastRevision::<T>::get().saturated_into();
		assert_ok!(Pallet::<T>::do_put(other.clone(), longest_key::<T>(n), vec![7], ttl, None));
	}
}

/// Puts the largest value under a key of length `k`, with the last reference of a full page. Returns
/// its owner, who is the caller, and the key.
fn owner_of_entry<T: Config>(k: u32, ttl: BlockNumberFor<T>) -> (T::AccountId, Vec<u8>) {
	let owner: T::AccountId = whitelisted_caller();
	fund::<T>(&owner);
	fill_page::<T>(ttl);
	let (key, value) = (key(k, u32::MAX), longest_value::<T>());
	assert_ok!(Pallet::<T>::do_put(owner.clone(), key.clone(), value, ttl, None));
	(owner, key)
}

/// Hashes the stored entry as the trie does when the block ends: state version 1 stores a long value
/// under its BLAKE2b-256. The trie does so outside of any extrinsic, so the call has to pay for it.
fn hash_stored<T: Config>(owner: &T::AccountId, key: &[u8]) -> [u8; 32] {
	let key = KeyOf::<T>::truncate_from(key.to_vec());
	blake2_256(&Entries::<T>::get(owner, key).encode())
}

/// Puts `count` of the largest entries, `per_page` of them on a page, and goes to the height at which
/// they end.
fn put_dead_entries<T: Config>(count: u32, per_page: u32) -> BlockNumberFor<T> {
	let owner: T::AccountId = whitelisted_caller();
	fund::<T>(&owner);
	for n in 0..count {
		if n % per_page == 0 {
			start_page::<T>();
		}
		let (key, value) = (longest_key::<T>(n), longest_value::<T>());
		assert_ok!(Pallet::<T>::do_put(owner.clone(), key, value, T::MinTtl::get(), None));
	}
	let end = frame_system::Pallet::<T>::block_number().saturating_add(T::MinTtl::get());
	frame_system::Pallet::<T>::set_block_number(end);
	end
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// A put over the largest live entry that moves the reference between two full pages. The old entry
	/// ends in the next block, so its credit is smaller than the new rent at all lengths.
	#[benchmark]
	fn kv_put_ttl(
		k: Linear<1, { T::MaxKeyLength::get() }>,
		v: Linear<1, { T::MaxValueLength::get() }>,
	) {
		let (owner, key) = owner_of_entry::<T>(k, short_ttl::<T>());
		fill_page::<T>(T::MaxTtl::get());
		let (origin, name) = (RawOrigin::Signed(owner.clone()).into(), key.clone());
		let value = vec![8; v.saturated_into()];
		let balance = T::Currency::balance(&owner);
		let result;

		#[block]
		{
			result = Pallet::<T>::kv_put_ttl(origin, name, value, T::MaxTtl::get());
			hash_stored::<T>(&owner, &key);
		}

		assert_ok!(result);
		assert!(T::Currency::balance(&owner) < balance, "the rent exceeds the credit");
		assert_eq!(Pallet::<T>::metadata(&owner, key).map(|m| m.value_len), Some(v));
	}

	/// The same put, on condition of the revision of the old entry.
	#[benchmark]
	fn kv_put_if(
		k: Linear<1, { T::MaxKeyLength::get() }>,
		v: Linear<1, { T::MaxValueLength::get() }>,
	) {
		let (owner, key) = owner_of_entry::<T>(k, short_ttl::<T>());
		let condition = Condition::Revision(LastRevision::<T>::get());
		fill_page::<T>(T::MaxTtl::get());
		let (origin, name) = (RawOrigin::Signed(owner.clone()).into(), key.clone());
		let value = vec![8; v.saturated_into()];
		let balance = T::Currency::balance(&owner);
		let result;

		#[block]
		{
			result = Pallet::<T>::kv_put_if(origin, name, value, T::MaxTtl::get(), condition);
			hash_stored::<T>(&owner, &key);
		}

		assert_ok!(result);
		assert!(T::Currency::balance(&owner) < balance, "the rent exceeds the credit");
		assert_eq!(Pallet::<T>::metadata(&owner, key).map(|m| m.value_len), Some(v));
	}

	/// An extension of the largest entry, whose reference leaves a full page.
	#[benchmark]
	fn kv_extend(k: Linear<1, { T::MaxKeyLength::get() }>) {
		let (owner, key) = owner_of_entry::<T>(k, half_ttl::<T>());
		let (origin, name) = (RawOrigin::Signed(owner.clone()).into(), key.clone());
		let result;

		#[block]
		{
			result = Pallet::<T>::kv_extend(origin, name, T::MaxTtl::get());
			hash_stored::<T>(&owner, &key);
		}

		assert_ok!(result);
		let metadata = Pallet::<T>::metadata(&owner, key).expect("it is there");
		assert_eq!(metadata.remaining_blocks, T::MaxTtl::get());
	}

	/// A deletion of the largest entry, whose reference leaves a full page.
	#[benchmark]
	fn kv_delete(k: Linear<1, { T::MaxKeyLength::get() }>) {
		let (owner, key) = owner_of_entry::<T>(k, half_ttl::<T>());

		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), key.clone());

		assert_eq!(Pallet::<T>::metadata(&owner, key), None);
	}

	/// A sweep of the largest entries, each with a page of its own. With none, the base cost of a sweep.
	#[benchmark]
	fn sweep_pages(p: Linear<0, MOST_SWEPT>) {
		let now = put_dead_entries::<T>(p, 1);

		#[block]
		{
			Pallet::<T>::sweep(now, u32::MAX, &mut WeightMeter::new());
		}

		assert_eq!(SweptInBlock::<T>::get().entries, p);
	}

	/// A sweep of the largest entries on full pages.
	#[benchmark]
	fn sweep_references(r: Linear<0, MOST_SWEPT>) {
		let now = put_dead_entries::<T>(r, PAGE_LENGTH);

		#[block]
		{
			Pallet::<T>::sweep(now, u32::MAX, &mut WeightMeter::new());
		}

		assert_eq!(SweptInBlock::<T>::get().entries, r);
	}

	/// The report at the end of a block in which entries were swept.
	#[benchmark]
	fn report_swept() {
		SweptInBlock::<T>::put(BlockSweep { entries: 1, last_page: Some(([1; 4], [1; 8])) });

		#[block]
		{
			Pallet::<T>::report_swept();
		}

		assert!(!SweptInBlock::<T>::exists());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_chain(), crate::mock::Test);
}
