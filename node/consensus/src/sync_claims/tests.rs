//! What the SDK's sync gets of what peers claim, one file a subject.

mod announcements;
mod deliveries;
mod heights;
mod recorded;
mod vote_targets;

use super::*;
use crate::{sync_network::handle_for_sync, test_client};
use futures::executor::block_on;
use recorded::Recorded;
use sc_client_api::Finalizer;
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, IncomingBlock, StateAction,
};
use sc_consensus_aura::SlotDuration;
use sc_network_sync::mock::MockBlockDownloader;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{digests::CompatibleDigestItem, Slot};
use sp_runtime::Digest;
use tempfile::TempDir;

/// So long that slot 0 lasts until the year 2286. The tests move the clock.
const SLOT_MS: u64 = 10_000_000_000_000;

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
		let sdk = Recorded::default();
		Self::over(slot, sdk.clone(), |_| Box::new(sdk))
	}

	/// A node whose clock shows this slot, around this sync.
	fn over(
		slot: u64,
		sdk: Recorded,
		inner: impl FnOnce(Arc<FullClient>) -> Box<dyn SyncingStrategy<Block>>,
	) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open(folder.path()));
		let clock = Arc::new(Clock::default());
		clock.set_slot_duration(SlotDuration::from_millis(SLOT_MS));
		clock.set_behind_ms(slot * SLOT_MS);
		let places = Arc::new(SyncPlaces::default());
		let heard = Arc::new(HeardHeight::default());
		let sync = CheckedClaims::new(
			inner(client.clone()),
			client.clone(),
			clock.clone(),
			places.clone(),
			heard.clone(),
			HashSet::new(),
			Arc::new(MockBlockDownloader::<Block>::new()),
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
		self.announce_header(peer, header(height, claimed(), 0))
	}

	fn announce_header(&mut self, peer: PeerId, header: Header) -> Option<(Hash, BlockNumber)> {
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
	fn act(&mut self) -> Vec<SyncingAction<Block>> {
		let (network, _commands) = handle_for_sync();
		self.sync.actions(&network).unwrap()
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

/// A block of this slot, delivered by the peer, whose parent nobody has.
pub(super) fn made_up(peer: PeerId, number: BlockNumber, slot: u64) -> IncomingBlock<Block> {
	let header = header(number, claimed(), slot);
	IncomingBlock {
		hash: header.hash(),
		header: Some(header),
		body: Some(Vec::new()),
		indexed_body: None,
		justifications: None,
		origin: Some(peer),
		allow_missing_state: true,
		skip_execution: false,
		import_existing: false,
		state: None,
	}
}

/// The error of a block whose body does not belong to its header.
pub(super) fn wrong_body() -> BlockImportError {
	BlockImportError::Other(sp_consensus::Error::ClientImport("wrong body".into()))
}
