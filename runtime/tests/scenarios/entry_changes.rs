//! Queries of changed and expiring entries of an owner (RPC-R25).

use crate::common::{call_api, chain, run_block, sign};
use codec::Encode;
use gtos_runtime::{
	constants::storage::{MAX_ENDING_ITEMS, MAX_QUERY_BYTES, MAX_VALUE_LENGTH_BYTES},
	genesis_config_presets::DEV,
	AccountId, RuntimeCall, RuntimeOrigin, System,
};
use pallet_ttl_kv::PAGE_LENGTH;
use pallet_ttl_kv_runtime_api::{Change, EndingPage, EntryChange};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::traits::Dispatchable;

fn changes(owner: Sr25519Keyring, prefix: &[u8]) -> Vec<EntryChange> {
	let owner: AccountId = owner.to_account_id();
	call_api("EntryChangesApi_changes", &(owner, prefix).encode())
}

fn ending(owner: Sr25519Keyring, prefix: &[u8], start: u64) -> EndingPage {
	let owner: AccountId = owner.to_account_id();
	call_api("EntryChangesApi_ending", &(owner, prefix, start).encode())
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
			// Fails and changes nothing.
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
fn ending_entries_are_live_in_this_block_and_not_in_the_next() {
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
		// They were removed at the beginning of this block; the query is about the next one.
		run_block(0, vec![]);
		assert_eq!(ending(Alice, b"", 0), page(&[]));
	});
}

#[test]
fn ending_entries_of_several_pages_are_in_ascending_order_of_revision() {
	const COUNT: u16 = MAX_ENDING_ITEMS as u16 + 500;
	chain(DEV).execute_with(|| {
		// Put outside a block, because no block has room for so many.
		for n in 0..COUNT {
			let origin = RuntimeOrigin::signed(Alice.to_account_id());
			put(&n.to_be_bytes(), 2).dispatch(origin).expect("it succeeds");
		}
		run_block(0, vec![]);
		let first = ending(Alice, b"", 0);
		let next = first.next.expect("there are more");
		assert!((MAX_ENDING_ITEMS..usize::from(COUNT)).contains(&first.items.len()));
		let second = ending(Alice, b"", next);
		assert_eq!(second.next, None);
		let revisions = first.items.into_iter().chain(second.items).map(|(_, revision)| revision);
		assert_eq!(revisions.collect::<Vec<_>>(), (1..=COUNT.into()).collect::<Vec<u64>>());
	});
}

/// RPC-R25: an answer ends with the page of the index with which it has read `MAX_QUERY_BYTES` of
/// values.
#[test]
fn ending_entries_with_large_values_are_answered_in_parts() {
	let value = vec![7; MAX_VALUE_LENGTH_BYTES as usize];
	let most = (MAX_QUERY_BYTES / MAX_VALUE_LENGTH_BYTES) as usize;
	let count = 2 * most;
	chain(DEV).execute_with(|| {
		for n in 0..count {
			let put = RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_ttl {
				key: n.to_be_bytes().to_vec(),
				value: value.clone(),
				ttl: 2,
			});
			put.dispatch(RuntimeOrigin::signed(Alice.to_account_id())).expect("it succeeds");
		}
		run_block(0, vec![]);
		let (mut start, mut found) = (0, 0);
		loop {
			let EndingPage { items, next } = ending(Alice, b"", start);
			assert!(items.len() <= most + PAGE_LENGTH as usize, "{}", items.len());
			found += items.len();
			match next {
				Some(next) => start = next,
				None => break,
			}
		}
		assert_eq!(found, count);
		assert!(start > 0, "one answer had everything");
		// Values of another owner are not read: one answer looks at all of them.
		assert_eq!(ending(Bob, b"", 0), page(&[]));
	});
}

#[test]
fn genesis_has_no_changed_and_no_ending_entries() {
	chain(DEV).execute_with(|| {
		assert_eq!(System::block_number(), 0);
		assert_eq!(changes(Alice, b""), []);
		assert_eq!(ending(Alice, b"", u64::MAX), page(&[]));
	});
}
