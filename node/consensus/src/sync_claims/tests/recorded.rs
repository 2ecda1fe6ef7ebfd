//! A sync that records what it is told, in place of the SDK's.

use super::*;
use std::sync::Mutex;

/// The SDK's sync as far as the tests need it.
#[derive(Clone, Default)]
pub(super) struct Recorded(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
	/// Each height that it gets.
	heights: Vec<(PeerId, Hash, BlockNumber)>,
	/// Each block that it takes for imported, or the reason why it is not.
	processed: Vec<(Hash, Option<String>)>,
	/// Each block that it is told to look for.
	fork_requests: Vec<(Vec<PeerId>, Hash, BlockNumber)>,
	/// What it wants done.
	actions: Vec<SyncingAction<Block>>,
}

impl Recorded {
	/// The last height of the peer.
	pub(super) fn of(&self, peer: PeerId) -> Option<(Hash, BlockNumber)> {
		let record = self.0.lock().unwrap();
		let last = record.heights.iter().rev().find(|(of, ..)| *of == peer);
		last.map(|(_, hash, number)| (*hash, *number))
	}

	/// The results of the import queue since the last call.
	pub(super) fn take_processed(&self) -> Vec<(Hash, Option<String>)> {
		std::mem::take(&mut self.0.lock().unwrap().processed)
	}

	/// The blocks that it has been told to look for since the last call, and at which peers.
	pub(super) fn take_fork_requests(&self) -> Vec<(Vec<PeerId>, Hash, BlockNumber)> {
		std::mem::take(&mut self.0.lock().unwrap().fork_requests)
	}

	/// Lets it want this done.
	pub(super) fn want(&self, action: SyncingAction<Block>) {
		self.0.lock().unwrap().actions.push(action);
	}

	fn record(&self, peer: PeerId, hash: Hash, number: BlockNumber) {
		self.0.lock().unwrap().heights.push((peer, hash, number));
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

	fn set_sync_fork_request(&mut self, peers: Vec<PeerId>, hash: &Hash, number: BlockNumber) {
		self.0.lock().unwrap().fork_requests.push((peers, *hash, number));
	}

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
		results: Vec<(Result<BlockImportStatus<BlockNumber>, BlockImportError>, Hash)>,
	) {
		let of_block = |(result, hash): (Result<_, BlockImportError>, Hash)| {
			(hash, result.err().map(|error| error.to_string()))
		};
		self.0.lock().unwrap().processed.extend(results.into_iter().map(of_block));
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
		Ok(std::mem::take(&mut self.0.lock().unwrap().actions))
	}
}
