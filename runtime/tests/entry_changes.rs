//! What the runtime answers about the changes of an owner's entries (RPC-R25).

mod common;

use codec::{Decode, Encode};
use common::{chain, run_block, sign};
use gtos_runtime::{genesis_config_presets::DEV, AccountId, RuntimeCall, RuntimeOrigin, System};
use pallet_ttl_kv_runtime_api::{Change, EndingPage, EntryChange};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::traits::Dispatchable;

/// Asks as a node does: by name and in bytes.
fn ask<T: Decode>(function: &str, arguments: impl Encode) -> T {
	let answer = gtos_runtime::apis::api::dispatch(function, &arguments.encode());
	T::decode(&mut &answer.expect("it is there")[..]).expect("it is of this type")
}

fn changes(owner: Sr25519Keyring, prefix: &[u8]) -> Vec<EntryChange> {
	let owner: AccountId = owner.to_account_id();
	ask("EntryChangesApi_changes", (owner, prefix))
}

fn ending(owner: Sr25519Keyring, prefix: &[u8], start: u64) -> EndingPage {
	let owner: AccountId = owner.to_account_id();
	ask("EntryChangesApi_ending", (owner, prefix, start))
}

fn page(items: &[(&[u8], u64)]) -> EndingPage {
	let items = items.iter().map(|(key, revision)| (key.to_vec(), *revision)).collect();
	EndingPage { items, next: None }
}

fn put(key: &[u8], ttl: u32) -> RuntimeCall {
	let (key, value) = (key.to_vec(), b"value".to_vec());
	RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_ttl { key, value, ttl })
}

fn extend(key: &[u8], ttl: u32) -> RuntimeCall {
	RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_extend { key: key.to_vec(), ttl })
}

fn delete(key: &[u8]) -> RuntimeCall {
	RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_delete { key: key.to_vec() })
}

fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	RuntimeCall::Utility(pallet_utility::Call::force_batch { calls })
}

fn change(change: Change, key: &[u8], revision: u64) -> EntryChange {
	EntryChange { change, key: key.to_vec(), revision }
}

#[test]
fn changes_are_those_of_the_owner_and_the_prefix_in_order() {
	chain(DEV).execute_with(|| {
		let calls = vec![
			put(b"a/1", 10),
			put(b"b/1", 10),
			extend(b"a/1", 20),
			// It fails: nothing happens.
			delete(b"a/2"),
			delete(b"a/1"),
		];
		run_block(0, vec![sign(Alice, 0, batch(calls)), sign(Bob, 0, put(b"a/1", 10))]);
		let expected = [
			change(Change::Put, b"a/1", 1),
			change(Change::Put, b"b/1", 2),
			change(Change::Extended, b"a/1", 1),
			change(Change::Deleted, b"a/1", 1),
		];
		assert_eq!(changes(Alice, b""), expected);
		assert_eq!(changes(Alice, b"b/"), expected[1..2]);
		assert_eq!(changes(Bob, b""), [change(Change::Put, b"a/1", 3)]);
		run_block(0, vec![]);
		assert_eq!(changes(Alice, b""), []);
	});
}

#[test]
fn ending_are_the_entries_that_live_in_this_block_and_not_in_the_next() {
	chain(DEV).execute_with(|| {
		let calls = vec![
			put(b"a/1", 2),
			put(b"b/1", 2),
			put(b"a/2", 1),
			put(b"a/3", 2),
			extend(b"a/3", 5),
			put(b"a/4", 5),
			put(b"a/4", 2),
			put(b"a/5", 2),
			delete(b"a/5"),
		];
		run_block(0, vec![sign(Alice, 0, batch(calls)), sign(Bob, 0, put(b"a/1", 2))]);
		assert_eq!(ending(Alice, b"", 0), page(&[(b"a/2", 3)]));
		run_block(0, vec![]);
		assert_eq!(ending(Alice, b"", 0), page(&[(b"a/1", 1), (b"b/1", 2), (b"a/4", 6)]));
		assert_eq!(ending(Alice, b"a/", 0), page(&[(b"a/1", 1), (b"a/4", 6)]));
		assert_eq!(ending(Alice, b"", 2), page(&[(b"b/1", 2), (b"a/4", 6)]));
		assert_eq!(ending(Bob, b"", 0), page(&[(b"a/1", 8)]));
		// They are swept at the beginning of this block, and the question is about the next.
		run_block(0, vec![]);
		assert_eq!(ending(Alice, b"", 0), page(&[]));
	});
}

#[test]
fn ending_of_more_than_a_page_is_answered_in_ascending_order_of_revision() {
	const COUNT: u16 = 1_500;
	chain(DEV).execute_with(|| {
		// Before block 1, since no block has room for so many.
		for n in 0..COUNT {
			let origin = RuntimeOrigin::signed(Alice.to_account_id());
			put(&n.to_be_bytes(), 2).dispatch(origin).expect("it succeeds");
		}
		run_block(0, vec![]);
		let first = ending(Alice, b"", 0);
		let next = first.next.expect("there are more");
		assert!((1_000..usize::from(COUNT)).contains(&first.items.len()));
		let second = ending(Alice, b"", next);
		assert_eq!(second.next, None);
		let revisions = first.items.into_iter().chain(second.items).map(|(_, revision)| revision);
		assert_eq!(revisions.collect::<Vec<_>>(), (1..=COUNT.into()).collect::<Vec<u64>>());
	});
}

#[test]
fn nothing_is_answered_of_genesis() {
	chain(DEV).execute_with(|| {
		assert_eq!(System::block_number(), 0);
		assert_eq!(changes(Alice, b""), []);
		assert_eq!(ending(Alice, b"", u64::MAX), page(&[]));
	});
}
