use super::*;
use codec::Encode;
use gtos_runtime::{configs::RuntimeBlockLength, constants::staking::MAX_VALIDATORS};
use sp_consensus_aura::digests::CompatibleDigestItem;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{Digest, DigestItem};
use std::sync::Mutex;

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

fn sighting(slot: u64, content: u8) -> Sighting {
	sighting_on(0, slot, content)
}

fn sighting_on(parent: u8, slot: u64, content: u8) -> Sighting {
	let unsealed = header_on(parent, slot, content);
	let mut sealed = unsealed.clone();
	sealed.digest_mut().push(seal(1));
	Sighting::new(unsealed.hash(), sealed, false).expect("has a slot")
}

fn params(origin: BlockOrigin, slot: u64) -> BlockImportParams<Block> {
	let mut block = BlockImportParams::new(origin, header(slot, 1));
	block.post_digests.push(seal(7));
	block
}

/// Takes every block and keeps its hash.
#[derive(Clone, Default)]
struct Inner(Arc<Mutex<Vec<gtos_runtime::Hash>>>);

#[async_trait::async_trait]
impl BlockImport<Block> for Inner {
	type Error = sp_consensus::Error;

	async fn check_block(&self, _: BlockCheckParams<Block>) -> Result<ImportResult, Self::Error> {
		Ok(ImportResult::AlreadyInChain)
	}

	async fn import_block(
		&self,
		block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.0.lock().unwrap().push(block.post_hash());
		Ok(ImportResult::imported(true))
	}
}

#[test]
fn second_header_of_a_slot_meets_the_first() {
	let mut seen = Seen::default();
	let (first, second) = (sighting(5, 1), sighting(5, 2));
	assert!(seen.note(&first).is_empty());
	assert!(seen.note(&sighting(6, 3)).is_empty());
	let met = seen.note(&second);
	assert_eq!(met.len(), 1);
	assert_eq!(met[0].content, first.content);
}

#[test]
fn same_content_is_no_second_header() {
	let mut seen = Seen::default();
	let first = sighting(5, 1);
	let mut resealed = first.clone();
	resealed.header.digest_mut().pop();
	resealed.header.digest_mut().push(seal(2));
	assert_ne!(first.header.hash(), resealed.header.hash());
	assert!(seen.note(&first).is_empty());
	assert!(seen.note(&first).is_empty());
	assert!(seen.note(&resealed).is_empty());
}

#[test]
fn memory_is_bounded_by_slots_and_headers() {
	let mut seen = Seen::default();
	for slot in 0..2 * MAX_SLOTS as u64 {
		for parent in 0..2 * MAX_HEADERS_PER_SLOT as u8 {
			seen.note(&sighting_on(parent, slot, parent));
		}
	}
	assert_eq!(seen.slots.len(), MAX_SLOTS);
	assert!(seen.slots.values().all(|slot| slot.headers.len() == MAX_HEADERS_PER_SLOT));
	// The newest are kept; one that is older than all of them is not taken.
	assert_eq!(seen.slots.keys().next(), Some(&Slot::from(MAX_SLOTS as u64)));
	assert!(seen.note(&sighting(3, 1)).is_empty());
	assert!(!seen.slots.contains_key(&Slot::from(3)));
}

#[test]
fn headers_on_one_parent_do_not_push_out_others() {
	let mut seen = Seen::default();
	for content in 0..100 {
		seen.note(&sighting(5, content));
	}
	seen.note(&sighting_on(1, 5, 100));
	let met = seen.note(&sighting_on(2, 5, 101));
	let contents: Vec<_> = met.iter().map(|other| other.content).collect();
	assert_eq!(contents, [header(5, 0).hash(), header_on(1, 5, 100).hash()]);
}

#[test]
fn author_is_settled_for_one_slot() {
	let mut seen = Seen::default();
	let author = AuthorityId::from(Sr25519Keyring::Alice.public());
	seen.note(&sighting(5, 1));
	seen.note(&sighting(6, 1));
	seen.settle(Slot::from(5), author.clone());
	assert!(seen.is_settled(Slot::from(5), &author));
	assert!(!seen.is_settled(Slot::from(6), &author));
	assert!(!seen.is_settled(Slot::from(7), &author));
}

#[test]
fn watch_notes_the_sealed_header_and_imports_the_block() {
	let inner = Inner::default();
	let (watch, mut sightings) = watch(inner.clone());
	let block = params(BlockOrigin::NetworkBroadcast, 5);
	let hash = block.post_hash();
	futures::executor::block_on(watch.import_block(block)).unwrap();
	assert_eq!(*inner.0.lock().unwrap(), [hash]);

	let seen = sightings.try_recv().unwrap();
	assert_eq!((seen.header.hash(), seen.slot, seen.is_own), (hash, Slot::from(5), false));
	assert_eq!(seen.content, header(5, 1).hash());
	assert_eq!(seen.header.digest().logs.last(), Some(&seal(7)));
}

#[test]
fn watch_tells_own_blocks_from_others() {
	let own = Sighting::of(&params(BlockOrigin::Own, 5));
	assert!(own.is_some_and(|sighting| sighting.is_own));
}

#[test]
fn blocks_of_a_syncing_node_are_not_noted() {
	for origin in [
		BlockOrigin::Genesis,
		BlockOrigin::NetworkInitialSync,
		BlockOrigin::File,
		BlockOrigin::WarpSync,
		BlockOrigin::GapSync,
	] {
		assert!(Sighting::of(&params(origin, 5)).is_none(), "{origin:?}");
	}
}

#[test]
fn header_without_a_slot_or_too_long_is_not_noted() {
	let mut block = params(BlockOrigin::NetworkBroadcast, 5);
	block.header.digest_mut().logs.clear();
	assert!(Sighting::of(&block).is_none());
	let mut block = params(BlockOrigin::NetworkBroadcast, 5);
	block.header.digest_mut().push(DigestItem::Other(vec![0; MAX_HEADER_BYTES]));
	assert!(Sighting::of(&block).is_none());
}

#[test]
fn longest_header_of_a_valid_block_is_noted() {
	let mut block = params(BlockOrigin::NetworkBroadcast, 5);
	let logs = &mut block.header.digest_mut().logs;
	// The author's part is counted with the header's fixed fields, which come on top here.
	let author_bytes = RuntimeBlockLength::get().max_header_size() as usize;
	logs.push(DigestItem::PreRuntime(*b"xxxx", vec![0; author_bytes]));
	// All validators are new (CON-R12), and all are disabled.
	let mut note = |engine: &[u8; 4], log| logs.push(DigestItem::Consensus(*engine, log));
	note(b"aura", (1u8, vec![[0u8; 32]; MAX_VALIDATORS as usize]).encode());
	note(b"FRNK", (1u8, vec![([0u8; 32], 1u64); MAX_VALIDATORS as usize], 0u32).encode());
	for validator in 0..MAX_VALIDATORS {
		note(b"aura", (2u8, validator).encode());
		note(b"FRNK", (3u8, u64::from(validator)).encode());
	}
	logs.push(DigestItem::RuntimeEnvironmentUpdated);
	assert!(Sighting::of(&block).is_some());
}

#[test]
fn import_goes_on_when_nobody_listens_or_the_queue_is_full() {
	let inner = Inner::default();
	let (full, sightings) = watch(inner.clone());
	for slot in 0..MAX_WAITING as u64 + 10 {
		let block = params(BlockOrigin::NetworkBroadcast, slot);
		futures::executor::block_on(full.import_block(block)).unwrap();
	}
	drop(sightings);
	let block = params(BlockOrigin::NetworkBroadcast, 5);
	futures::executor::block_on(full.import_block(block)).unwrap();
	assert_eq!(inner.0.lock().unwrap().len(), MAX_WAITING + 11);
}
