//! Answers of the runtime API.

use super::*;
use crate::{BacklogPosition, EntryMetadata, EntryPage, Statistics};

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
		assert_eq!(TtlKv::quote(1, 1, 1), Some(259));
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
			TtlKv::statistics(None),
			Statistics { entries: 0, bytes: 0, backlog: 0, last_revision: 0, next: None }
		);
		for key in [b"a", b"b", b"c"] {
			assert_ok!(put(ALICE, key, VALUE, 5));
		}
		assert_ok!(put(BOB, b"bob", b"v", 50));
		let of = |entries, bytes, backlog| Statistics {
			entries,
			bytes,
			backlog,
			last_revision: 4,
			next: None,
		};
		assert_eq!(TtlKv::statistics(None), of(4, 22, 0));
		go_to(5);
		assert_eq!(TtlKv::statistics(None), of(4, 22, 0));
		go_to(6);
		assert_eq!(TtlKv::statistics(None), of(3, 16, 2));
		go_to(7);
		assert_eq!(TtlKv::statistics(None), of(2, 10, 1));
		go_to(8);
		assert_eq!(TtlKv::statistics(None), of(1, 4, 0));
	});
}

/// Position of page number `page` of entries that end at `height`.
fn position(height: u8, page: u8) -> BacklogPosition {
	[0, 0, 0, height, 0, 0, 0, 0, 0, 0, 0, page]
}

/// Backlog and position of each answer, until one has no next.
fn backlog_by_answer() -> Vec<(u64, Option<BacklogPosition>)> {
	let mut answers = vec![];
	let mut start = None;
	loop {
		let Statistics { backlog, next, .. } = TtlKv::statistics(start);
		answers.push((backlog, next));
		if next.is_none() {
			return answers;
		}
		start = next;
	}
}

/// Puts 95 entries that end at height 6, on a page of 31 references and two of 32, and one that ends
/// later; then goes to that height without a sweep.
fn put_backlog() {
	SweepQuota::set(0);
	for n in 0..95_u8 {
		assert_ok!(put(ALICE, &[n], VALUE, 5));
	}
	assert_ok!(put(ALICE, b"live", VALUE, 6));
	go_to(6);
}

/// TTL-R19: an answer counts on no more than `MaxBacklogScan` pages of the index, and the next one
/// continues there.
#[test]
fn statistics_count_the_backlog_on_a_bounded_number_of_pages() {
	on_chain(|| {
		put_backlog();
		let (first, second) = (Some(position(6, 0)), Some(position(6, 1)));
		for (pages, expected) in [
			(1, vec![(31, first), (32, second), (32, None)]),
			(2, vec![(63, second), (32, None)]),
			(3, vec![(95, None)]),
			(4, vec![(95, None)]),
		] {
			MaxBacklogScan::set(pages);
			assert_eq!(backlog_by_answer(), expected);
		}
	});
}

/// TTL-R19: an answer ends with the page that reaches `MaxQueryBytes`.
#[test]
fn statistics_count_the_backlog_on_a_bounded_number_of_bytes() {
	on_chain(|| {
		put_backlog();
		// A reference has 32 bytes of owner and 2 of key; the number of references takes 1.
		let (first, second) = (Some(position(6, 0)), Some(position(6, 1)));
		let (short, full) = (1 + 31 * 34, 1 + 32 * 34);
		for (bytes, expected) in [
			(1, vec![(31, first), (32, second), (32, None)]),
			(short, vec![(31, first), (32, second), (32, None)]),
			(short + 1, vec![(63, second), (32, None)]),
			(short + full, vec![(63, second), (32, None)]),
			(short + full + 1, vec![(95, None)]),
		] {
			MaxQueryBytes::set(bytes);
			assert_eq!(backlog_by_answer(), expected, "{bytes}");
		}
	});
}

/// TTL-R19: a count continues after any position, also if the sweep has removed its page.
#[test]
fn statistics_continue_after_a_position_without_a_page() {
	on_chain(|| {
		put_backlog();
		let backlog = |start| TtlKv::statistics(Some(start)).backlog;
		assert_eq!(backlog(position(5, 200)), 95);
		assert_eq!(backlog(position(6, 0)), 64);
		assert_eq!(backlog(position(6, 2)), 0);
		assert_eq!(backlog([u8::MAX; 12]), 0);
		SweepQuota::set(40);
		go_to(7);
		assert_eq!(backlog(position(6, 0)), 55 + 1);
	});
}

/// TTL-R20: a page ends with the entry that reaches `MaxQueryBytes`. The value of an entry counts if its
/// key begins with the prefix.
#[test]
fn list_of_large_entries_ends_after_its_bytes() {
	on_chain(|| {
		let keys = (0..6).map(|n| vec![b'a', n]).collect::<Vec<_>>();
		for key in &keys {
			assert_ok!(put(ALICE, key, &[7; 98], 10));
		}
		let keys = sorted(keys);
		for (bytes, items) in [(1, 1), (100, 1), (101, 2), (200, 2), (201, 3), (500, 5)] {
			MaxQueryBytes::set(bytes);
			let next = Some(keys[items - 1].clone());
			assert_eq!(list(b"", None, 100), (keys[..items].to_vec(), next), "{bytes}");
		}
		for bytes in [501, 600, 601] {
			MaxQueryBytes::set(bytes);
			assert_eq!(list(b"", None, 100), (keys.clone(), None), "{bytes}");
		}
		// Only keys count.
		MaxQueryBytes::set(8);
		assert_eq!(list(b"b", None, 100), (vec![], Some(keys[3].clone())));
		assert_eq!(list(b"b", Some(&keys[3]), 100), (vec![], None));
	});
}

/// TTL-R20: values of dead entries count as well, because they are read.
#[test]
fn list_over_large_dead_entries_ends_after_its_bytes() {
	on_chain(|| {
		let dead = put_many(10, 1);
		SweepQuota::set(0);
		MaxQueryBytes::set(6 * 7);
		go_to(2);
		assert_eq!(list(b"", None, 100), (vec![], Some(dead[5].clone())));
		assert_eq!(list(b"", Some(&dead[5]), 100), (vec![], None));
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
