//! What the SDK's sync gets of the heights that peers claim.

use super::*;
use crate::{sync_network::handle_for_sync, test_client};
use futures::executor::block_on;
use sc_client_api::Finalizer;
use sc_consensus::{BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction};
use sc_consensus_aura::SlotDuration;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{digests::CompatibleDigestItem, Slot};
use sp_runtime::Digest;
use std::sync::Mutex;
use tempfile::TempDir;

/// So long that slot 0 lasts until the year 2286. The tests move the clock.
const SLOT_MS: u64 = 10_000_000_000_000;

/// The SDK's sync as far as the tests need it: each height that it gets.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Vec<(PeerId, Hash, BlockNumber)>>>);

impl Recorded {
	/// The last height of the peer.
	fn of(&self, peer: PeerId) -> Option<(Hash, BlockNumber)> {
		let heights = self.0.lock().unwrap();
		heights.iter().rev().find(|(of, ..)| *of == peer).map(|(_, hash, number)| (*hash, *number))
	}

	fn record(&self, peer: PeerId, hash: Hash, number: BlockNumber) {
		self.0.lock().unwrap().push((peer, hash, number));
	}
}

impl SyncingStrategy<Block> for Recorded {
	fn add_peer(&mut self, peer: PeerId, best_hash: Hash, best_number: BlockNumber) {
		self.record(peer, best_hash, best_number);
	}

	fn remove_peer(&mut self, _: &PeerId) {}

	fn on_validated_block_announce(
		&mut self,
		is_best: bool,
		peer: PeerId,
		announce: &BlockAnnounce<Header>,
	) -> Option<(Hash, BlockNumber)> {
		let (hash, number) = (announce.header.hash(), *announce.header.number());
		self.record(peer, hash, number);
		is_best.then_some((hash, number))
	}

	fn set_sync_fork_request(&mut self, _: Vec<PeerId>, _: &Hash, _: BlockNumber) {}

	fn request_justification(&mut self, _: &Hash, _: BlockNumber) {}

	fn clear_justification_requests(&mut self) {}

	fn on_justification_import(&mut self, _: Hash, _: BlockNumber, _: bool) {}

	fn on_generic_response(
		&mut self,
		_: &PeerId,
		_: StrategyKey,
		_: ProtocolName,
		_: Box<dyn Any + Send>,
	) {
	}

	fn on_blocks_processed(
		&mut self,
		_: usize,
		_: usize,
		_: Vec<(Result<BlockImportStatus<BlockNumber>, BlockImportError>, Hash)>,
	) {
	}

	fn on_block_finalized(&mut self, _: &Hash, _: BlockNumber) {}

	fn update_chain_info(&mut self, _: &Hash, _: BlockNumber) {}

	fn is_major_syncing(&self) -> bool {
		false
	}

	fn num_peers(&self) -> usize {
		0
	}

	fn status(&self) -> SyncStatus<Block> {
		SyncStatus {
			state: SyncState::Idle,
			best_seen_block: None,
			num_peers: 0,
			queued_blocks: 0,
			state_sync: None,
			warp_sync: None,
		}
	}

	fn num_downloaded_blocks(&self) -> usize {
		0
	}

	fn num_sync_requests(&self) -> usize {
		0
	}

	fn actions(
		&mut self,
		_: &NetworkServiceHandle,
	) -> Result<Vec<SyncingAction<Block>>, ClientError> {
		Ok(Vec::new())
	}
}

/// A node on genesis, whose slot is 0.
struct Node {
	client: Arc<FullClient>,
	clock: Arc<Clock>,
	sdk: Recorded,
	places: Arc<SyncPlaces>,
	heard: Arc<HeardHeight>,
	sync: CheckedClaims,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl Node {
	/// A node whose clock shows this slot.
	fn at(slot: u64) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open(folder.path()));
		let clock = Arc::new(Clock::default());
		clock.set_slot_duration(SlotDuration::from_millis(SLOT_MS));
		clock.set_behind_ms(slot * SLOT_MS);
		let sdk = Recorded::default();
		let places = Arc::new(SyncPlaces::default());
		let heard = Arc::new(HeardHeight::default());
		let sync = CheckedClaims::new(
			Box::new(sdk.clone()),
			client.clone(),
			clock.clone(),
			places.clone(),
			heard.clone(),
		);
		Self { client, clock, sdk, places, heard, sync, _folder: folder }
	}

	/// Connects a peer that claims the height.
	fn connect(&mut self, height: BlockNumber) -> PeerId {
		let peer = PeerId::random();
		self.sync.add_peer(peer, claimed(), height);
		peer
	}

	/// Lets a peer announce a block that nobody has.
	fn announce(&mut self, peer: PeerId, height: BlockNumber) -> Option<(Hash, BlockNumber)> {
		let header = header(height, claimed(), 0);
		let announce = BlockAnnounce { header, state: None, data: None };
		self.sync.on_validated_block_announce(true, peer, &announce)
	}

	/// Imports a child of genesis and finalises it.
	fn finalize_block_of(&self, slot: u64) -> Hash {
		let header = header(1, self.client.info().genesis_hash, slot);
		let hash = header.hash();
		let mut block = BlockImportParams::new(BlockOrigin::NetworkBroadcast, header);
		block.body = Some(vec![]);
		block.state_action = StateAction::Skip;
		block.fork_choice = Some(ForkChoiceStrategy::LongestChain);
		block_on(self.client.import_block(block)).unwrap();
		self.client.finalize_block(hash, None, false).unwrap();
		hash
	}

	/// Lets sync act, as it does after each event.
	fn act(&mut self) {
		let (network, _commands) = handle_for_sync();
		assert!(self.sync.actions(&network).unwrap().is_empty());
	}
}

/// Hash of a block that nobody has.
fn claimed() -> Hash {
	Hash::repeat_byte(7)
}

fn header(number: BlockNumber, parent: Hash, slot: u64) -> Header {
	let slot = Slot::from(slot);
	let digest = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(slot);
	Header::new(number, Hash::zero(), Hash::zero(), parent, Digest { logs: vec![digest] })
}

#[test]
fn height_that_a_chain_can_have_reaches_sync() {
	let mut node = Node::at(100);
	let peer = node.connect(102);
	assert_eq!(node.sdk.of(peer), Some((claimed(), 102)));
	assert!(node.announce(peer, 102).is_some());
	node.act();
	assert_eq!(node.sdk.of(peer).map(|(_, height)| height), Some(102));
}

#[test]
fn height_that_no_chain_can_have_does_not_reach_sync() {
	let mut node = Node::at(100);
	let genesis = node.client.info().genesis_hash;
	let peer = node.connect(103);
	assert_eq!(node.sdk.of(peer), Some((genesis, 0)));
	assert_eq!(node.announce(peer, 103), None);
	assert_eq!(node.sdk.of(peer), Some((genesis, 0)));
	// The peer is not lost: it is believed once it announces what can be.
	assert!(node.announce(peer, 50).is_some());
	assert_eq!(node.sdk.of(peer).map(|(_, height)| height), Some(50));
}

#[test]
fn height_that_no_chain_can_have_any_more_is_replaced_by_that_of_the_best_block() {
	let mut node = Node::at(100);
	let [gone, announced, honest] = [60, 0, 1].map(|height| node.connect(height));
	assert!(node.announce(announced, 60).is_some());
	node.act();
	assert_eq!(node.sdk.of(gone), Some((claimed(), 60)));

	// The slots before that of the final block have no blocks. So the chain has at most four now.
	let best = node.finalize_block_of(99);
	node.act();
	assert_eq!(node.sdk.of(gone), Some((best, 1)));
	assert_eq!(node.sdk.of(announced), Some((best, 1)));
	assert_eq!(node.sdk.of(honest), Some((claimed(), 1)));
}

#[test]
fn heights_are_not_judged_before_the_slot_duration_is_known() {
	let mut node = Node::at(100);
	node.clock.set_slot_duration(SlotDuration::from_millis(0));
	let peer = node.connect(4_000_000_000);
	node.act();
	assert_eq!(node.sdk.of(peer), Some((claimed(), 4_000_000_000)));
	// It is afterwards.
	node.clock.set_slot_duration(SlotDuration::from_millis(SLOT_MS));
	node.act();
	assert_eq!(node.sdk.of(peer).map(|(_, height)| height), Some(0));
}

#[test]
fn peer_of_sync_holds_a_place_until_it_is_gone() {
	let mut node = Node::at(100);
	let [peer, liar] = [1, 103].map(|height| node.connect(height));
	assert!(node.places.contains(&peer) && node.places.contains(&liar));
	node.sync.remove_peer(&peer);
	assert!(!node.places.contains(&peer) && node.places.contains(&liar));
}

#[test]
fn heights_that_a_chain_can_have_are_heard_although_the_peers_are_gone() {
	let mut node = Node::at(100);
	assert_eq!(node.heard.take(), 0);
	let [low, high, liar] = [20, 30, 103].map(|height| node.connect(height));
	for peer in [high, liar] {
		node.sync.remove_peer(&peer);
	}
	assert_eq!(node.heard.take(), 30);
	assert_eq!(node.heard.take(), 0);
	for height in [40, 103, 35] {
		node.announce(low, height);
	}
	// Of a peer that has no place.
	node.announce(high, 50);
	assert_eq!(node.heard.take(), 40);
}
