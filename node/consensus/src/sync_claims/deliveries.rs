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
mod tests;
