//! Observed headers, and the memory in which the reporter compares them.

mod settlement;

use super::{
	metrics::Metrics,
	observed_header::{ObservedHeader, MAX_SLOTS},
	observer::{header_observer, QUEUE_HEADERS},
	recent_headers::{RecentHeaders, MAX_HEADERS_PER_SLOT},
};
use crate::clock::Clock;
use codec::Encode;
use gtos_node_types::Block;
use gtos_runtime::{
	configs::RuntimeBlockLength,
	constants::{block::MAX_HEADER_BYTES, staking::MAX_VALIDATORS},
	opaque::Header,
};
use sc_consensus::BlockImportParams;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthoritySignature},
	Slot,
};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Header as _, Digest, DigestItem};
use std::sync::Arc;

fn header_on(parent: u8, slot: u64, content: u8) -> Header {
	let pre = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(Slot::from(slot));
	let digest = Digest { logs: vec![pre] };
	let [parent, state_root] = [parent, content].map(gtos_runtime::Hash::repeat_byte);
	Header::new(1, Default::default(), state_root, parent, digest)
}

fn header(slot: u64, content: u8) -> Header {
	header_on(0, slot, content)
}

fn seal(byte: u8) -> DigestItem {
	DigestItem::Seal(*b"aura", vec![byte; 64])
}

fn observed(slot: u64, content: u8) -> ObservedHeader {
	observed_on(0, slot, content)
}

fn observed_on(parent: u8, slot: u64, content: u8) -> ObservedHeader {
	let unsealed = header_on(parent, slot, content);
	let mut sealed = unsealed.clone();
	sealed.digest_mut().push(seal(1));
	ObservedHeader::new(unsealed.hash(), sealed, false).expect("has a slot")
}

/// Stores a header of a block whose parent is on a fork that has lost.
fn insert(recent: &mut RecentHeaders, header: &ObservedHeader) -> Vec<ObservedHeader> {
	recent.insert(header, |_| false)
}

fn params(origin: BlockOrigin, slot: u64) -> BlockImportParams<Block> {
	let mut block = BlockImportParams::new(origin, header(slot, 1));
	block.post_digests.push(seal(7));
	block
}

#[test]
fn second_header_of_a_slot_is_paired_with_the_first() {
	let mut recent = RecentHeaders::default();
	let (first, second) = (observed(5, 1), observed(5, 2));
	assert!(insert(&mut recent, &first).is_empty());
	assert!(insert(&mut recent, &observed(6, 3)).is_empty());
	let others = insert(&mut recent, &second);
	assert_eq!(others.len(), 1);
	assert_eq!(others[0].unsealed_hash, first.unsealed_hash);
}

#[test]
fn header_with_another_seal_is_not_a_second_header() {
	let mut recent = RecentHeaders::default();
	let first = observed(5, 1);
	let mut resealed = first.clone();
	resealed.header.digest_mut().pop();
	resealed.header.digest_mut().push(seal(2));
	assert_ne!(first.header.hash(), resealed.header.hash());
	assert!(insert(&mut recent, &first).is_empty());
	assert!(insert(&mut recent, &first).is_empty());
	assert!(insert(&mut recent, &resealed).is_empty());
}

#[test]
fn memory_when_flooded_keeps_the_newest_slots_and_few_headers_of_each() {
	let mut recent = RecentHeaders::default();
	for slot in 0..2 * MAX_SLOTS as u64 {
		for parent in 0..2 * MAX_HEADERS_PER_SLOT as u8 {
			insert(&mut recent, &observed_on(parent, slot, parent));
		}
	}
	assert_eq!(recent.slots.len(), MAX_SLOTS);
	assert!(recent.slots.values().all(|slot| slot.headers.len() == MAX_HEADERS_PER_SLOT));
	// The newest slots are kept; one that is older than all of them is not added.
	assert_eq!(recent.slots.keys().next(), Some(&Slot::from(MAX_SLOTS as u64)));
	assert!(insert(&mut recent, &observed(3, 1)).is_empty());
	assert!(!recent.slots.contains_key(&Slot::from(3)));
}

#[test]
fn headers_on_one_parent_leave_room_for_those_on_others() {
	let mut recent = RecentHeaders::default();
	for content in 0..100 {
		insert(&mut recent, &observed(5, content));
	}
	insert(&mut recent, &observed_on(1, 5, 100));
	let others = insert(&mut recent, &observed_on(2, 5, 101));
	let contents: Vec<_> = others.iter().map(|other| other.unsealed_hash).collect();
	assert_eq!(contents, [header(5, 0).hash(), header_on(1, 5, 100).hash()]);
}

#[test]
fn headers_on_the_best_chain_are_kept_when_those_on_forks_fill_the_slot() {
	let is_best = |header: &ObservedHeader| {
		let [best, second] = [100, 101].map(gtos_runtime::Hash::repeat_byte);
		[best, second].contains(header.header.parent_hash())
	};
	let mut recent = RecentHeaders::default();
	for parent in 0..MAX_HEADERS_PER_SLOT as u8 {
		recent.insert(&observed_on(parent, 5, 1), is_best);
	}
	let first = observed_on(100, 5, 1);
	recent.insert(&first, is_best);
	let others = recent.insert(&observed_on(101, 5, 2), is_best);
	assert!(others.iter().any(|other| other.unsealed_hash == first.unsealed_hash));

	let others = recent.insert(&observed_on(102, 5, 1), is_best);
	assert_eq!(others.len(), MAX_HEADERS_PER_SLOT);
	assert_eq!(recent.slots[&Slot::from(5)].headers.len(), MAX_HEADERS_PER_SLOT);
	let parents = others.iter().map(|other| *other.header.parent_hash());
	assert_eq!(parents.filter(|parent| *parent >= gtos_runtime::Hash::repeat_byte(100)).count(), 2);
}

#[test]
fn author_is_handled_in_one_slot_only() {
	let mut recent = RecentHeaders::default();
	let author = AuthorityId::from(Sr25519Keyring::Alice.public());
	insert(&mut recent, &observed(5, 1));
	insert(&mut recent, &observed(6, 1));
	recent.mark_handled(Slot::from(5), author.clone());
	assert!(recent.is_handled(Slot::from(5), &author));
	assert!(!recent.is_handled(Slot::from(6), &author));
	assert!(!recent.is_handled(Slot::from(7), &author));
}

#[test]
fn observer_passes_the_sealed_header_on() {
	let metrics = Metrics::new(None).unwrap();
	let (observe, mut received) = header_observer(Arc::default(), metrics);
	let block = params(BlockOrigin::NetworkBroadcast, 5);
	let hash = block.post_hash();
	observe(&block);

	let seen = received.try_recv().unwrap();
	assert_eq!((seen.header.hash(), seen.slot, seen.is_own), (hash, Slot::from(5), false));
	assert_eq!(seen.unsealed_hash, header(5, 1).hash());
	assert_eq!(seen.header.digest().logs.last(), Some(&seal(7)));
}

#[test]
fn own_block_is_observed_as_such() {
	let own = ObservedHeader::of(&params(BlockOrigin::Own, 5), None);
	assert!(own.is_some_and(|header| header.is_own));
}

#[test]
fn block_that_was_stored_elsewhere_or_not_executed_is_not_observed() {
	let now = Some(Slot::from(5));
	for origin in
		[BlockOrigin::Genesis, BlockOrigin::File, BlockOrigin::WarpSync, BlockOrigin::GapSync]
	{
		assert!(ObservedHeader::of(&params(origin, 5), now).is_none(), "{origin:?}");
	}
}

#[test]
fn block_of_a_sync_is_observed_if_its_slot_is_among_the_last() {
	let block = params(BlockOrigin::NetworkInitialSync, 5);
	let is_observed = |now| ObservedHeader::of(&block, now).is_some();
	let last = 5 + MAX_SLOTS as u64;
	assert!(is_observed(Some(Slot::from(5))));
	assert!(is_observed(Some(Slot::from(last))));
	assert!(!is_observed(Some(Slot::from(last + 1))));
	assert!(!is_observed(None));
}

#[test]
fn header_without_a_slot_or_too_long_is_not_observed() {
	let mut block = params(BlockOrigin::NetworkBroadcast, 5);
	block.header.digest_mut().logs.clear();
	assert!(ObservedHeader::of(&block, None).is_none());
	let mut block = params(BlockOrigin::NetworkBroadcast, 5);
	block.header.digest_mut().push(DigestItem::Other(vec![0; MAX_HEADER_BYTES]));
	assert!(ObservedHeader::of(&block, None).is_none());
}

#[test]
fn longest_header_of_a_valid_block_is_observed() {
	let mut block = params(BlockOrigin::NetworkBroadcast, 5);
	let logs = &mut block.header.digest_mut().logs;
	// The runtime's limit includes the fixed fields of the header. This test adds them to the
	// limit, so it is stricter.
	let author_bytes = RuntimeBlockLength::get().max_header_size() as usize;
	logs.push(DigestItem::PreRuntime(*b"xxxx", vec![0; author_bytes]));
	// All validators are new (CON-R12), and all are disabled.
	let mut push = |engine: &[u8; 4], log| logs.push(DigestItem::Consensus(*engine, log));
	push(b"aura", (1u8, vec![[0u8; 32]; MAX_VALIDATORS as usize]).encode());
	push(b"FRNK", (1u8, vec![([0u8; 32], 1u64); MAX_VALIDATORS as usize], 0u32).encode());
	for validator in 0..MAX_VALIDATORS {
		push(b"aura", (2u8, validator).encode());
		push(b"FRNK", (3u8, u64::from(validator)).encode());
	}
	logs.push(DigestItem::RuntimeEnvironmentUpdated);
	assert!(ObservedHeader::of(&block, None).is_some());
}

#[test]
fn observer_with_a_full_queue_or_no_receiver_drops_headers() {
	let metrics = Metrics::new(None).unwrap();
	let (observe, received) = header_observer(Arc::new(Clock::default()), metrics.clone());
	for slot in 0..QUEUE_HEADERS as u64 + 10 {
		observe(&params(BlockOrigin::NetworkBroadcast, slot));
	}
	drop(received);
	observe(&params(BlockOrigin::NetworkBroadcast, 5));
	assert_eq!(metrics.dropped_headers(), 11);
}
