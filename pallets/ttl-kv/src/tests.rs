//! Tests, one file for each call or subject. Doc comments name the rules that a test checks.

mod delete;
mod encoding;
mod expiry;
mod extend;
mod integrity;
mod invariants;
mod limits;
mod model;
mod put;
mod put_if;
mod queries;
mod rent;
mod sweep;

use crate::{mock::*, Condition, Entries, EntryOf, Error, Event, KeyOf, LastRevision, WeightInfo};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, weights::Weight};
use sp_runtime::AccountId32;

/// Weights of the mock's calls and sweep.
type Weights = <Test as crate::Config>::WeightInfo;

/// A key to test with.
const KEY: &[u8] = b"key";
/// A value to test with.
const VALUE: &[u8] = b"value";

fn put(owner: AccountId32, key: &[u8], value: &[u8], ttl: u32) -> DispatchResult {
	TtlKv::kv_put_ttl(RuntimeOrigin::signed(owner), key.to_vec(), value.to_vec(), ttl)
}

fn put_if(
	owner: AccountId32,
	key: &[u8],
	value: &[u8],
	ttl: u32,
	condition: Condition,
) -> DispatchResult {
	TtlKv::kv_put_if(RuntimeOrigin::signed(owner), key.to_vec(), value.to_vec(), ttl, condition)
}

/// A call that puts.
type Put = fn(AccountId32, &[u8], &[u8], u32) -> DispatchResult;

/// Every call that puts, by name.
const PUTS: [(&str, Put); 2] = [("kv_put_ttl", put), ("kv_put_if", put_if_met)];

/// Puts by `kv_put_if` with the condition that holds.
fn put_if_met(owner: AccountId32, key: &[u8], value: &[u8], ttl: u32) -> DispatchResult {
	let condition = revision_of(&owner, key).map_or(Condition::Absent, Condition::Revision);
	put_if(owner, key, value, ttl, condition)
}

/// Runs `test` for each call that puts, each time on a new chain.
fn with_each_put(test: impl Fn(Put)) {
	for (name, put) in PUTS {
		println!("by {name}");
		on_chain(|| test(put));
	}
}

fn extend(owner: AccountId32, key: &[u8], ttl: u32) -> DispatchResult {
	TtlKv::kv_extend(RuntimeOrigin::signed(owner), key.to_vec(), ttl)
}

fn delete(owner: AccountId32, key: &[u8]) -> DispatchResult {
	TtlKv::kv_delete(RuntimeOrigin::signed(owner), key.to_vec())
}

fn bounded(key: &[u8]) -> KeyOf<Test> {
	key.to_vec().try_into().expect("the key is short")
}

/// The stored entry, live or dead.
fn stored(owner: &AccountId32, key: &[u8]) -> Option<EntryOf<Test>> {
	Entries::<Test>::get(owner, bounded(key))
}

fn get(owner: &AccountId32, key: &[u8]) -> Option<Vec<u8>> {
	TtlKv::get(owner, key.to_vec())
}

fn revision_of(owner: &AccountId32, key: &[u8]) -> Option<u64> {
	TtlKv::metadata(owner, key.to_vec()).map(|metadata| metadata.revision)
}

/// Rent of an entry, by the formula of TTL-R6.
fn rent(key_len: usize, value_len: usize, blocks: u32) -> u128 {
	(OVERHEAD + 2 * key_len as u128 + value_len as u128) * u128::from(blocks)
}

fn free(account: &AccountId32) -> u128 {
	Balances::free_balance(account)
}
