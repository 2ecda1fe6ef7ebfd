//! Blocks that peers deliver and that cannot be imported.
//!
//! If a block has an unknown parent, the SDK's sync starts over: it cancels all downloads, and asks each peer anew. It
//! does not blame the peer, so that one with made-up blocks could keep the node from ever completing a download.

use super::failures::Failures;
use crate::rate_limit::RateLimit;
use codec::Encode;
use gtos_node_types::Block;
use gtos_runtime::{BlockNumber, Hash};
use sc_consensus::{BlockImportError, BlockImportStatus, IncomingBlock};
use sc_network::{PeerId, MAX_RESPONSE_SIZE};
use sp_runtime::traits::Header as _;
use std::{
	collections::{HashMap, HashSet},
	time::{Duration, Instant},
};

/// How long sync does not start over again while it is at the head of the chain.
///
/// Long enough for a new block, which is requested from one peer.
const RESTART_PERIOD: Duration = Duration::from_secs(5);

/// Most blocks that the SDK's server puts into an answer.
const MAX_ANSWER_BLOCKS: usize = 128;

/// From so many bytes on, an answer may lack blocks: the server ends it before the one that would make it longer than
/// [`MAX_RESPONSE_SIZE`]. No block is longer than half of that.
const LONG_ANSWER_BYTES: usize = MAX_RESPONSE_SIZE as usize / 2;

/// The result of an import.
pub(super) type ImportResult = Result<BlockImportStatus<BlockNumber>, BlockImportError>;

/// A block in the import queue.
struct Delivery {
	peer: PeerId,
	number: BlockNumber,
	/// Whether the answer may have been too long for the blocks below.
	is_cut: bool,
}

/// A block that sync does not ask another peer for, because it has not heard that the import failed.
pub(super) struct Lost {
	pub(super) hash: Hash,
	pub(super) number: BlockNumber,
	/// Who has delivered it.
	pub(super) peer: PeerId,
}

/// Who delivered the blocks in the import queue, and what follows from those that cannot be imported.
pub(super) struct Deliveries {
	queued: HashMap<Hash, Delivery>,
	/// Blocks in the import queue that may fail only because another one did.
	doomed: HashSet<Hash>,
	failures: Failures,
	lost: Vec<Lost>,
	/// Peers that are to be disconnected.
	blamed: Vec<PeerId>,
	restarts: RateLimit,
	/// A block after whose failure sync has not started over yet.
	unreported: Option<Hash>,
}

impl Default for Deliveries {
	fn default() -> Self {
		Self {
			queued: HashMap::new(),
			doomed: HashSet::new(),
			failures: Failures::default(),
			lost: Vec::new(),
			blamed: Vec::new(),
			restarts: RateLimit::new(RESTART_PERIOD),
			unreported: None,
		}
	}
}

impl Deliveries {
	/// Notes blocks that sync gives to the import queue.
	pub(super) fn note(&mut self, blocks: &[IncomingBlock<Block>]) {
		let mut lengths = HashMap::<PeerId, (usize, usize)>::new();
		for block in blocks {
			let Some(peer) = block.origin else { continue };
			let (count, bytes) = lengths.entry(peer).or_default();
			*count += 1;
			*bytes += block.body.as_ref().map_or(0, Encode::encoded_size);
		}
		for block in blocks {
			let (Some(peer), Some(header)) = (block.origin, &block.header) else { continue };
			let is_cut = lengths.get(&peer).is_some_and(|(count, bytes)| {
				*count >= MAX_ANSWER_BLOCKS || *bytes >= LONG_ANSWER_BYTES
			});
			self.queued.insert(block.hash, Delivery { peer, number: *header.number(), is_cut });
		}
	}

	/// Takes the results of the import queue, and answers those that the SDK's sync gets.
	///
	/// A node that syncs always starts over after a failure: what it has queued counts as its best block, and the
	/// downloads would go on above a block that does not exist.
	pub(super) fn processed(
		&mut self,
		results: Vec<(ImportResult, Hash)>,
		finalized: BlockNumber,
		is_syncing: bool,
	) -> Vec<(ImportResult, Hash)> {
		let mut passed = Vec::with_capacity(results.len());
		for (result, hash) in results {
			// Sync may have queued it again since then. The first result is that of the doomed one.
			let is_doomed = self.doomed.remove(&hash);
			let delivery = if is_doomed { None } else { self.queued.remove(&hash) };
			let result = match result {
				Err(error) if is_doomed && starts_over(&error) => Err(self.withhold(&error, hash)),
				Err(error) if starts_over(&error) => {
					Err(self.fail(error, hash, delivery, finalized, is_syncing))
				},
				Ok(BlockImportStatus::ImportedUnknown(..)) => {
					if let Some(delivery) = delivery {
						self.failures.forget(&delivery.peer);
					}
					result
				},
				other => other,
			};
			passed.push((result, hash));
		}
		passed
	}

	fn fail(
		&mut self,
		error: BlockImportError,
		hash: Hash,
		delivery: Option<Delivery>,
		finalized: BlockNumber,
		is_syncing: bool,
	) -> BlockImportError {
		self.doom_queued();
		let is_passed_on = is_syncing || self.restarts.is_due();
		if let Some(delivery) = &delivery {
			if self.counts(&error, delivery, finalized)
				&& self.failures.add(delivery.peer, Instant::now())
			{
				self.blame(delivery.peer, hash, &error);
			}
		}
		if is_passed_on {
			self.unreported = None;
			return error;
		}
		self.unreported = Some(hash);
		// Another peer may have it with the right body. The parent does not depend on who delivers it.
		if let Some(Delivery { peer, number, .. }) = delivery {
			if number > finalized && !matches!(error, BlockImportError::UnknownParent) {
				self.lost.push(Lost { hash, number, peer });
			}
		}
		self.withhold(&error, hash)
	}

	/// What is queued by now may fail only because of what happened before. Sync does not start over for that again:
	/// each time it sends requests to all peers, and these answer only a few at a time.
	fn doom_queued(&mut self) {
		self.doomed.extend(self.queued.drain().map(|(hash, _)| hash));
	}

	/// Whether a failure counts against the peer.
	fn counts(
		&self,
		error: &BlockImportError,
		delivery: &Delivery,
		finalized: BlockNumber,
	) -> bool {
		match error {
			// The peer is disconnected at once, here or by the SDK's sync.
			BlockImportError::VerificationFailed(..) | BlockImportError::IncompleteHeader(_) => {
				false
			},
			// Another block at this height has become final meanwhile.
			BlockImportError::Other(_) => delivery.number > finalized,
			// Sync may have requested what follows the block of which it has not heard that it failed.
			BlockImportError::UnknownParent if self.unreported.is_some() => false,
			BlockImportError::UnknownParent => {
				!delivery.is_cut || delivery.number <= finalized.saturating_add(1)
			},
			_ => true,
		}
	}

	/// What sync hears instead of an error after which it would start over. It would have disconnected the peer of a
	/// block with a bad seal.
	fn withhold(&mut self, error: &BlockImportError, hash: Hash) -> BlockImportError {
		if let BlockImportError::VerificationFailed(Some(peer), _)
		| BlockImportError::IncompleteHeader(Some(peer)) = error
		{
			self.blame(*peer, hash, error);
		}
		BlockImportError::Cancelled
	}

	fn blame(&mut self, peer: PeerId, hash: Hash, error: &BlockImportError) {
		if !self.blamed.contains(&peer) {
			tracing::debug!(
				target: "sync",
				"Peer {peer} is disconnected: its block {hash:?} cannot be imported: {error}",
			);
			self.blamed.push(peer);
		}
	}

	/// The block after whose failure sync has to start over now. Without that it would look for no blocks up to the
	/// height of the one that has failed.
	pub(super) fn due_restart(&mut self) -> Option<Hash> {
		if self.unreported.is_some() && self.restarts.is_due() {
			self.doom_queued();
			self.unreported.take()
		} else {
			None
		}
	}

	/// The blocks that have to be looked for at other peers now.
	pub(super) fn take_lost(&mut self) -> Vec<Lost> {
		std::mem::take(&mut self.lost)
	}

	/// The peers that have to be disconnected now.
	pub(super) fn take_blamed(&mut self) -> Vec<PeerId> {
		std::mem::take(&mut self.blamed)
	}

	/// Its failures still count if it connects again.
	pub(super) fn remove_peer(&mut self, peer: &PeerId) {
		self.blamed.retain(|blamed| blamed != peer);
	}
}

/// Whether the SDK's sync starts over after this error.
fn starts_over(error: &BlockImportError) -> bool {
	match error {
		BlockImportError::IncompleteHeader(_)
		| BlockImportError::VerificationFailed(..)
		| BlockImportError::UnknownParent
		| BlockImportError::Other(_) => true,
		BlockImportError::BadBlock(_)
		| BlockImportError::MissingState
		| BlockImportError::Cancelled => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use gtos_runtime::opaque::Header;
	use sc_consensus::ImportedAux;
	use sp_runtime::Digest;
	use std::slice;

	const FINALIZED: BlockNumber = 100;
	const AT_HEAD: bool = false;
	const SYNCING: bool = true;

	/// A block of the peer whose parent does not exist.
	fn made_up(peer: PeerId, number: BlockNumber, seed: u64) -> IncomingBlock<Block> {
		let parent = Hash::from_low_u64_be(seed);
		let header = Header::new(number, Hash::zero(), Hash::zero(), parent, Digest::default());
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

	impl Deliveries {
		/// The import queue takes these blocks, and fails at the first one. Answers whether sync starts over.
		fn import(
			&mut self,
			blocks: &[IncomingBlock<Block>],
			error: BlockImportError,
			is_syncing: bool,
		) -> bool {
			self.note(blocks);
			self.fail_at(blocks[0].hash, error, is_syncing)
		}

		fn fail_at(&mut self, hash: Hash, error: BlockImportError, is_syncing: bool) -> bool {
			let passed = self.processed(vec![(Err(error), hash)], FINALIZED, is_syncing);
			let [(Err(error), of)] = &passed[..] else { panic!("{passed:?}") };
			assert_eq!(*of, hash);
			starts_over(error)
		}
	}

	fn verification_failed(peer: PeerId) -> BlockImportError {
		BlockImportError::VerificationFailed(Some(peer), "bad seal".into())
	}

	fn other() -> BlockImportError {
		BlockImportError::Other(sp_consensus::Error::ClientImport("wrong body".into()))
	}

	/// Peers on two forks whose ranges alternate: the block of each does not follow that of the other.
	#[test]
	fn peer_whose_blocks_are_imported_in_between_is_not_blamed() {
		let mut deliveries = Deliveries::default();
		let peer = PeerId::random();
		for i in 0..4 {
			assert!(deliveries.import(
				&[made_up(peer, 102, i)],
				BlockImportError::UnknownParent,
				SYNCING
			));
			let block = made_up(peer, 103, i);
			deliveries.note(slice::from_ref(&block));
			let imported =
				BlockImportStatus::ImportedUnknown(103, ImportedAux::default(), Some(peer));
			deliveries.processed(vec![(Ok(imported), block.hash)], FINALIZED, SYNCING);
		}
		assert!(deliveries.take_blamed().is_empty());
	}

	#[test]
	fn node_at_the_head_starts_over_once_in_a_while_and_not_for_each_block() {
		let mut deliveries = Deliveries::default();
		let blocks: Vec<_> = (0..9).map(|i| made_up(PeerId::random(), 101, i)).collect();
		let mut import = |i: usize, error| {
			let restarts = deliveries.import(&blocks[i..=i], error, AT_HEAD);
			(restarts, deliveries.due_restart())
		};
		assert_eq!(import(0, BlockImportError::UnknownParent), (true, None));
		assert_eq!(import(1, BlockImportError::UnknownParent), (false, None));
		assert_eq!(import(2, other()), (false, None));
		// What it has not heard is made up for.
		deliveries.restarts = RateLimit::new(Duration::ZERO);
		assert_eq!(deliveries.due_restart(), Some(blocks[2].hash));
		assert_eq!(deliveries.due_restart(), None);
	}

	#[test]
	fn node_that_syncs_starts_over_after_each_failure() {
		let mut deliveries = Deliveries::default();
		for i in 0..5 {
			let block = made_up(PeerId::random(), 101, i);
			assert!(deliveries.import(&[block], BlockImportError::UnknownParent, SYNCING));
		}
		deliveries.restarts = RateLimit::new(Duration::ZERO);
		assert_eq!(deliveries.due_restart(), None);
	}

	#[test]
	fn results_other_than_failures_reach_sync_as_they_are() {
		let mut deliveries = Deliveries::default();
		let peer = PeerId::random();
		let known = BlockImportStatus::ImportedKnown(7, Some(peer));
		let results = vec![
			(Ok(known), Hash::zero()),
			(Err(BlockImportError::BadBlock(Some(peer))), Hash::zero()),
			(Err(BlockImportError::MissingState), Hash::zero()),
		];
		let passed = deliveries.processed(results, FINALIZED, AT_HEAD);
		assert!(matches!(
			&passed[..],
			[
				(Ok(BlockImportStatus::ImportedKnown(7, _)), _),
				(Err(BlockImportError::BadBlock(_)), _),
				(Err(BlockImportError::MissingState), _)
			]
		));
		assert!(deliveries.take_blamed().is_empty());
	}

	#[test]
	fn peer_is_disconnected_for_its_third_block_that_cannot_be_imported_also_if_it_connects_again()
	{
		let mut deliveries = Deliveries::default();
		let [liar, honest] = [PeerId::random(), PeerId::random()];
		deliveries.import(&[made_up(liar, 101, 0)], BlockImportError::UnknownParent, SYNCING);
		deliveries.import(&[made_up(liar, 101, 1)], other(), AT_HEAD);
		deliveries.import(&[made_up(honest, 101, 2)], other(), AT_HEAD);
		assert!(deliveries.take_blamed().is_empty());
		deliveries.remove_peer(&liar);
		deliveries.import(&[made_up(liar, 101, 3)], other(), AT_HEAD);
		assert_eq!(deliveries.take_blamed(), [liar]);
		assert!(deliveries.take_blamed().is_empty());
	}

	#[test]
	fn block_that_fails_after_another_one_in_the_queue_has_no_consequences() {
		let mut deliveries = Deliveries::default();
		let [liar, honest] = [PeerId::random(), PeerId::random()];
		for i in 0..5 {
			let [first, second] = [made_up(liar, 101, i), made_up(honest, 165, 100 + i)];
			let hashes = [first.hash, second.hash];
			deliveries.note(&[first]);
			deliveries.note(&[second]);
			let restarts = hashes
				.map(|hash| deliveries.fail_at(hash, BlockImportError::UnknownParent, SYNCING));
			assert_eq!(restarts, [true, false]);
			assert!(deliveries.doomed.is_empty() && deliveries.unreported.is_none());
		}
		assert_eq!(deliveries.take_blamed(), [liar]);
	}

	#[test]
	fn doomed_block_that_is_queued_again_counts() {
		let mut deliveries = Deliveries::default();
		let [first, second] = [1, 2].map(|i| made_up(PeerId::random(), 101, i));
		deliveries.note(slice::from_ref(&second));
		assert!(deliveries.import(&[first], BlockImportError::UnknownParent, SYNCING));
		assert!(!deliveries.import(
			slice::from_ref(&second),
			BlockImportError::UnknownParent,
			SYNCING
		));
		assert!(deliveries.fail_at(second.hash, BlockImportError::UnknownParent, SYNCING));
	}

	#[test]
	fn unknown_parent_counts_only_if_sync_has_heard_of_each_failure() {
		let mut deliveries = Deliveries::default();
		let [liar, honest] = [PeerId::random(), PeerId::random()];
		for i in 0..2 {
			deliveries.import(&[made_up(liar, 101, i)], BlockImportError::UnknownParent, AT_HEAD);
		}
		for i in 10..15 {
			let block = made_up(honest, 102, i);
			assert!(!deliveries.import(&[block], BlockImportError::UnknownParent, AT_HEAD));
		}
		// What is in the queue when sync starts over does not count either.
		let blocks: Vec<_> = (20..25).map(|i| made_up(honest, 102, i)).collect();
		deliveries.note(&blocks);
		deliveries.restarts = RateLimit::new(Duration::ZERO);
		assert!(deliveries.due_restart().is_some());
		for block in &blocks {
			assert!(!deliveries.fail_at(block.hash, BlockImportError::UnknownParent, AT_HEAD));
		}
		assert!(deliveries.take_blamed().is_empty());
		deliveries.import(&[made_up(liar, 101, 30)], BlockImportError::UnknownParent, AT_HEAD);
		assert_eq!(deliveries.take_blamed(), [liar]);
	}

	#[test]
	fn block_is_lost_if_sync_does_not_hear_of_a_failure_that_may_be_due_to_its_body() {
		let mut deliveries = Deliveries::default();
		let peer = PeerId::random();
		let mut is_lost = |i, number, error, is_syncing| {
			deliveries.import(&[made_up(peer, number, i)], error, is_syncing);
			deliveries.take_lost().len() == 1
		};
		assert!(!is_lost(0, 101, other(), SYNCING));
		assert!(!is_lost(1, 101, other(), AT_HEAD), "the first one is passed on");
		assert!(is_lost(2, 101, other(), AT_HEAD));
		assert!(is_lost(3, 101, verification_failed(peer), AT_HEAD));
		assert!(!is_lost(4, 101, BlockImportError::UnknownParent, AT_HEAD));
		assert!(!is_lost(5, FINALIZED, other(), AT_HEAD));
	}

	#[test]
	fn answer_that_is_too_long_to_reach_the_last_final_block_is_not_blamed_on_its_peer() {
		let mut deliveries = Deliveries::default();
		let mut failures_of_cut_answers = |lowest, count| {
			let peer = PeerId::random();
			for round in 0..5 {
				let seed = round * 1_000;
				let block = |i: usize| made_up(peer, lowest, seed + i as u64);
				let blocks: Vec<_> = (0..count).map(block).collect();
				deliveries.import(&blocks, BlockImportError::UnknownParent, SYNCING);
			}
			deliveries.take_blamed().len()
		};
		assert_eq!(failures_of_cut_answers(FINALIZED + 2, MAX_ANSWER_BLOCKS), 0);
		assert_ne!(failures_of_cut_answers(FINALIZED + 2, MAX_ANSWER_BLOCKS - 1), 0);
		assert_ne!(failures_of_cut_answers(FINALIZED + 1, MAX_ANSWER_BLOCKS), 0);
	}

	#[test]
	fn block_that_was_overtaken_by_a_final_one_is_not_blamed_on_its_peer() {
		let mut deliveries = Deliveries::default();
		let mut is_blamed = |number| {
			let peer = PeerId::random();
			for i in 0..5 {
				deliveries.import(&[made_up(peer, number, i)], other(), AT_HEAD);
			}
			!deliveries.take_blamed().is_empty()
		};
		assert!(!is_blamed(FINALIZED));
		assert!(is_blamed(FINALIZED + 1));
	}

	#[test]
	fn peer_of_a_block_with_a_bad_seal_is_disconnected_once() {
		let mut deliveries = Deliveries::default();
		let [first, second] = [PeerId::random(), PeerId::random()];
		// Sync hears of the first one, and disconnects the peer itself.
		assert!(deliveries.import(&[made_up(first, 101, 1)], verification_failed(first), AT_HEAD));
		assert!(deliveries.take_blamed().is_empty());
		let block = made_up(second, 101, 2);
		assert!(!deliveries.import(&[block], verification_failed(second), AT_HEAD));
		assert_eq!(deliveries.take_blamed(), [second]);

		// Behind another failure.
		let third = PeerId::random();
		let [doomed, block] = [made_up(third, 101, 3), made_up(second, 101, 4)];
		deliveries.note(slice::from_ref(&doomed));
		assert!(deliveries.import(&[block], BlockImportError::UnknownParent, SYNCING));
		assert!(!deliveries.fail_at(doomed.hash, verification_failed(third), SYNCING));
		assert_eq!(deliveries.take_blamed(), [third]);
	}
}
