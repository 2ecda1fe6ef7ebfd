//! Answers of the runtime API.

use super::*;
use crate::{EntryMetadata, EntryPage, Statistics};

fn list(prefix: &[u8], start: Option<&[u8]>, limit: u32) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
	let start = start.map(<[u8]>::to_vec);
	let EntryPage { items, next } = TtlKv::list(&ALICE, prefix, start, limit);
	(items.into_iter().map(|(key, _)| key).collect(), next)
}

/// Sorts keys in the order of a list, which is that of their storage keys.
fn sorted(mut keys: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
	keys.sort_by_key(|key| TtlKv::proof_key(&ALICE, key.clone()));
	keys
}

/// Puts entries of Alice and returns their keys in the order of a list.
fn put_many(count: u8, ttl: u32) -> Vec<Vec<u8>> {
	let keys = (0..count).map(|n| vec![b'a' + n % 2, n]).collect::<Vec<_>>();
	for key in &keys {
		assert_ok!(put(ALICE, key, VALUE, ttl));
	}
	sorted(keys)
}

/// TTL-R20: metadata has every field but the value.
#[test]
fn metadata_of_a_live_entry_has_every_field() {
	on_chain(|| {
		assert_ok!(put(ALICE, b"first", VALUE, 10));
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		go_to(4);
		assert_ok!(put(ALICE, KEY, b"longer value", 20));
		go_to(6);
		assert_eq!(
			TtlKv::metadata(&ALICE, KEY.to_vec()),
			Some(EntryMetadata {
				value_len: 12,
				expires_at: 24,
				created_at: 1,
				revision: 3,
				remaining_blocks: 18,
			})
		);
		assert_eq!(TtlKv::metadata(&BOB, KEY.to_vec()), None);
		assert_eq!(TtlKv::metadata(&ALICE, b"other".to_vec()), None);
	});
}

/// TTL-R20: a list has neither dead entries nor those of other owners.
#[test]
fn list_of_an_owner_has_its_live_entries_in_order_of_storage_key() {
	on_chain(|| {
		let keys = put_many(20, 10);
		assert_ok!(put(BOB, b"bob", VALUE, 10));
		assert_ok!(put(ALICE, b"short", VALUE, 1));
		assert_eq!(
			list(b"", None, 100),
			(sorted([&keys[..], &[b"short".to_vec()]].concat()), None)
		);
		SweepQuota::set(0);
		go_to(2);
		assert_eq!(list(b"", None, 100), (keys, None));
		let page = TtlKv::list(&ALICE, b"", None, 1);
		assert_eq!(
			Some(&page.items[0].1),
			TtlKv::metadata(&ALICE, page.items[0].0.clone()).as_ref()
		);
		assert_eq!(TtlKv::list(&TREASURY, b"", None, 100).items, []);
	});
}

/// TTL-R20: a prefix filters by key.
#[test]
fn list_with_a_prefix_has_the_keys_that_begin_with_it() {
	on_chain(|| {
		let keys = put_many(20, 10);
		let begin_with_a = keys.iter().filter(|key| key[0] == b'a').cloned().collect::<Vec<_>>();
		assert_eq!(list(b"a", None, 100), (begin_with_a, None));
		assert_eq!(list(b"none", None, 100), (vec![], None));
		assert_eq!(list(&[b'a', 2], None, 100), (vec![vec![b'a', 2]], None));
		assert_eq!(list(&[7; 1_000], None, 100), (vec![], None));
	});
}

/// TTL-R20: pages of any size add up to the list.
#[test]
fn list_in_pages_is_the_whole_list() {
	on_chain(|| {
		let keys = put_many(20, 10);
		for limit in [1, 2, 3, 7, 19, 20, 21] {
			let (mut listed, mut start) = (vec![], None);
			loop {
				let (items, next) = list(b"", start.as_deref(), limit);
				// Only the last page can be short.
				assert!(items.len() == limit as usize || next.is_none());
				listed.extend(items);
				if next.is_none() {
					break;
				}
				assert_eq!(next, listed.last().cloned());
				start = next;
			}
			assert_eq!(listed, keys, "{limit}");
		}
	});
}

/// TTL-R20: a page has a `next` only if the owner has more entries.
#[test]
fn list_that_ends_with_a_full_page_has_no_next() {
	on_chain(|| {
		let keys = put_many(4, 10);
		assert_ok!(put(BOB, b"bob", VALUE, 10));
		assert_eq!(list(b"", None, 4), (keys.clone(), None));
		assert_eq!(list(b"", None, 3), (keys[..3].to_vec(), Some(keys[2].clone())));
	});
}

/// TTL-R20: a list of no items is complete.
#[test]
fn list_with_limit_zero_has_no_items_and_no_next() {
	on_chain(|| {
		put_many(4, 10);
		assert_eq!(list(b"", None, 0), (vec![], None));
		assert_eq!(list(b"", Some(b"a"), 0), (vec![], None));
	});
}

/// TTL-R20: a page has at most `MaxPageSize` items, whatever the limit.
#[test]
fn list_with_a_large_limit_has_at_most_the_page_size() {
	on_chain(|| {
		let keys = put_many(110, 10);
		for limit in [100, 101, u32::MAX] {
			assert_eq!(list(b"", None, limit), (keys[..100].to_vec(), Some(keys[99].clone())));
		}
		assert_eq!(list(b"", Some(&keys[99]), 100), (keys[100..].to_vec(), None));
	});
}

/// TTL-R20: a page ends after `MaxPageScan` entries, so it can be empty and have a `next`.
#[test]
fn list_without_a_match_ends_after_its_scan() {
	on_chain(|| {
		let keys = put_many(10, 10);
		MaxPageScan::set(4);
		assert_eq!(list(b"none", None, 100), (vec![], Some(keys[3].clone())));
		assert_eq!(list(b"none", Some(&keys[3]), 100), (vec![], Some(keys[7].clone())));
		assert_eq!(list(b"none", Some(&keys[7]), 100), (vec![], None));
		assert_eq!(list(b"", None, 100), (keys[..4].to_vec(), Some(keys[3].clone())));
		MaxPageScan::set(10);
		assert_eq!(list(b"none", None, 100), (vec![], None));
	});
}

/// TTL-R20: dead entries count towards `MaxPageScan`.
#[test]
fn list_over_dead_entries_ends_after_its_scan() {
	on_chain(|| {
		let dead = put_many(10, 1);
		SweepQuota::set(0);
		MaxPageScan::set(6);
		go_to(2);
		assert_eq!(list(b"", None, 100), (vec![], Some(dead[5].clone())));
		assert_eq!(list(b"", Some(&dead[5]), 100), (vec![], None));
	});
}

/// TTL-R20: a list continues after the position of `start`, even if no entry has that key.
#[test]
fn list_from_an_absent_start_continues_after_its_position() {
	on_chain(|| {
		let keys = put_many(20, 10);
		assert_ok!(delete(ALICE, &keys[7]));
		assert_eq!(list(b"", Some(&keys[7]), 100), (keys[8..].to_vec(), None));
		for start in [&b"never stored"[..], b"", &[7; 200]] {
			let place = {
				let mut all = [&keys[..], &[start.to_vec()]].concat();
				all.sort_by_key(|key| sp_io::hashing::blake2_128(&codec::Encode::encode(key)));
				all.iter().position(|key| key == start).expect("it is there")
			};
			let after = keys[place..].iter().filter(|key| **key != keys[7]).cloned().collect();
			assert_eq!(list(b"", Some(start), 100), (after, None));
		}
	});
}

/// TTL-R20: a quote ignores an entry that is already stored.
#[test]
fn quote_is_the_rent_of_a_new_entry() {
	on_chain(|| {
		assert_eq!(TtlKv::quote(3, 5, 10), Some(rent(3, 5, 10)));
		assert_eq!(TtlKv::quote(1, 1, 1), Some(258));
		assert_eq!(TtlKv::quote(128, 16_384, 31_536_000), Some(rent(128, 16_384, 31_536_000)));
		// The same after a put.
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_eq!(TtlKv::quote(3, 5, 10), Some(rent(3, 5, 10)));
	});
}

/// TTL-R20: there is no quote for an entry that cannot be put.
#[test]
fn quote_outside_the_limits_is_none() {
	on_chain(|| {
		for (key_len, value_len, ttl) in [
			(0, 1, 1),
			(129, 1, 1),
			(u32::MAX, 1, 1),
			(1, 0, 1),
			(1, 16_385, 1),
			(1, u32::MAX, 1),
			(1, 1, 0),
			(1, 1, 31_536_001),
			(1, 1, u32::MAX),
		] {
			assert_eq!(TtlKv::quote(key_len, value_len, ttl), None);
		}
	});
}

/// TTL-R19: dead entries count as stored and as backlog until the sweep removes them.
#[test]
fn statistics_count_dead_entries_until_they_are_swept() {
	on_chain(|| {
		SweepQuota::set(1);
		assert_eq!(
			TtlKv::statistics(),
			Statistics { entries: 0, bytes: 0, backlog: 0, last_revision: 0 }
		);
		for key in [b"a", b"b", b"c"] {
			assert_ok!(put(ALICE, key, VALUE, 5));
		}
		assert_ok!(put(BOB, b"bob", b"v", 50));
		let of = |entries, bytes, backlog| Statistics { entries, bytes, backlog, last_revision: 4 };
		assert_eq!(TtlKv::statistics(), of(4, 22, 0));
		go_to(5);
		assert_eq!(TtlKv::statistics(), of(4, 22, 0));
		go_to(6);
		assert_eq!(TtlKv::statistics(), of(3, 16, 2));
		go_to(7);
		assert_eq!(TtlKv::statistics(), of(2, 10, 1));
		go_to(8);
		assert_eq!(TtlKv::statistics(), of(1, 4, 0));
	});
}

/// TTL-R19: a query looks at no more than `MaxBacklogScan` pages of the index.
#[test]
fn statistics_count_the_backlog_on_a_bounded_number_of_pages() {
	on_chain(|| {
		SweepQuota::set(0);
		// 31 revisions of the first page, then two full ones.
		for n in 0..95_u8 {
			assert_ok!(put(ALICE, &[n], VALUE, 5));
		}
		go_to(6);
		for (pages, backlog) in [(1, 31), (2, 63), (3, 95), (4, 95)] {
			MaxBacklogScan::set(pages);
			assert_eq!(TtlKv::statistics().backlog, backlog);
		}
	});
}

/// TTL-R20: value and lifetime are under one storage key.
#[test]
fn proof_key_is_the_storage_key_of_the_entry() {
	on_chain(|| {
		let key = TtlKv::proof_key(&ALICE, KEY.to_vec()).expect("the key is in range");
		assert!(!sp_io::storage::exists(&key));
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		let entry = codec::Encode::encode(&stored(&ALICE, KEY).expect("it is stored"));
		assert_eq!(sp_io::storage::get(&key).map(|value| value.to_vec()), Some(entry));
	});
}

/// A client verifies the proof that a node makes, with a storage key that the client derives itself.
#[test]
fn proof_shows_an_entry_live_then_expired_then_absent() {
	use pallet_ttl_kv_runtime_api::{proof_key, verify_proof, Proven, StoredEntry};
	use sp_state_machine::prove_read_on_trie_backend;

	let mut chain = new_chain();
	chain.execute_with(|| {
		assert_ok!(put(BOB, KEY, VALUE, 100));
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		SweepQuota::set(0);
	});
	let entry = StoredEntry { expires_at: 11, created_at: 1, revision: 2, value: VALUE.to_vec() };
	for (number, quota, expected) in [
		(1, 0, Proven::Live(entry.clone())),
		(10, 0, Proven::Live(entry.clone())),
		(11, 0, Proven::Expired(entry)),
		(12, 1, Proven::Absent),
	] {
		let (key, found) = chain.execute_with(|| {
			SweepQuota::set(quota);
			go_to(number);
			(TtlKv::proof_key(&ALICE, KEY.to_vec()), get(&ALICE, KEY))
		});
		assert_eq!(key.as_ref(), Some(&proof_key(&ALICE, KEY)));
		assert_eq!(found.is_some(), matches!(expected, Proven::Live(_)));
		let backend = chain.as_backend();
		let proof = prove_read_on_trie_backend(&backend, key).expect("the state is complete");
		let nodes = proof.into_iter_nodes();
		assert_eq!(verify_proof(*backend.root(), number, nodes, &ALICE, KEY), Ok(expected));
	}
}
