//! A layer around the SDK's sync, so that false claims of peers cannot stop the node.
//!
//! A peer claims the height of its best block in its handshake, and announces blocks. The SDK checks neither
//! against the chain, and both cost a peer nothing:
//!
//! - If the median of the claimed heights is more than five above the best block, the node counts as syncing. It
//!   then makes no blocks and passes on no transactions. Eight strangers with made-up heights did that to a
//!   validator with two honest peers.
//! - Sync keeps every announced block whose parent it does not know, until the chain is final beyond that height.
//!   With every event it looks all of them up in the database, for every peer. Some hundred made-up headers in a
//!   second from one stranger kept a validator from following the chain.
//!
//! A peer that delivers such a block also makes the SDK's sync start over, as often as it likes; `deliveries.rs` bounds
//! that. And GRANDPA lets sync look for each block that a vote is for, although a validator can sign votes for any
//! number of blocks that do not exist; `vote_targets.rs` bounds that.
//!
//! [`CheckedClaims`] compares the claims with the slots of the chain, and bounds the announced blocks that are
//! looked for. Two comparisons are made:
//!
//! - A height above that of any chain that contains the last final block does not reach the SDK's sync, neither from a
//!   handshake nor from an announcement. It would take all blocks from the network for old ones: the node would not
//!   announce them, and the voter and the pool would not hear of them. The peer counts as one at the best block until
//!   it announces a possible one. A height that was possible and no longer is, because a later block is final, is
//!   replaced in the same way.
//! - Heights below that bound reach the SDK's sync, because they may be those of a longer fork. The rest of the node
//!   hears that it is syncing only if the claim is credible.
//!
//! What remains: the bound is above the best block by the slots without a block since the last final one. While
//! finality lags or after an outage of the chain, peers can claim a height between the two, and the SDK's sync believes
//! them until the chain is final beyond the gap. On a chain whose last final block is genesis, the bound is the number
//! of the current slot. A peer whose height falls above the bound while the SDK searches the ancestor it has in common
//! keeps the height until the search ends. Nothing is checked before the slot duration is known.
//!
//! Such a claim also stops the authors of a chain that has had no block for more than five slots (201 while finality
//! lags by more than 50 blocks), for a minute at most. It does so again only after the node was at the head and peers
//! made no claim, or after blocks that were old when they arrived. The price of the 201 slots: a node
//! that syncs without finality may make blocks that far below the head, on a fork that nobody follows.

mod claim;
mod deliveries;
mod failures;
mod heights;
mod sought;
mod vote_targets;

use crate::{
	clock::Clock, heard_height::HeardHeight, rate_limit::RateLimit, sync_places::SyncPlaces,
};
use claim::Claim;
use deliveries::{Deliveries, Lost};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{opaque::Header, BlockNumber, Hash};
use heights::Heights;
use sc_consensus::{BlockImportError, BlockImportStatus};
use sc_consensus_aura::standalone::find_pre_digest;
use sc_network::{PeerId, ProtocolName, ReputationChange};
use sc_network_common::sync::message::BlockAnnounce;
use sc_network_sync::{
	block_relay_protocol::BlockDownloader,
	service::network::NetworkServiceHandle,
	strategy::{StrategyKey, SyncingAction, SyncingStrategy},
	types::BadPeer,
	SyncState, SyncStatus,
};
use sought::Sought;
use sp_blockchain::{Error as ClientError, HeaderBackend};
use sp_consensus::BlockStatus;
use sp_consensus_aura::sr25519::AuthoritySignature;
use sp_runtime::traits::Header as _;
use std::{
	any::Any,
	cell::RefCell,
	collections::HashSet,
	sync::Arc,
	time::{Duration, Instant},
};
use vote_targets::VoteTargets;

const LOG_TARGET: &str = "sync";

/// How often the warning is repeated.
const WARNING_PERIOD: Duration = Duration::from_secs(60);

/// What a peer loses whose blocks cannot be imported. Mild, because an honest one on another fork may come back.
const BAD_BLOCKS: ReputationChange =
	ReputationChange::new(-(1 << 26), "Blocks that cannot be imported");

/// The SDK's sync, which takes claims of peers into account only if the chain can have such blocks.
pub struct CheckedClaims {
	inner: Box<dyn SyncingStrategy<Block>>,
	client: Arc<FullClient>,
	clock: Arc<Clock>,
	claim: RefCell<Claim>,
	sought: Sought,
	heights: Heights,
	heard: Arc<HeardHeight>,
	deliveries: Deliveries,
	vote_targets: VoteTargets,
	places: Arc<SyncPlaces>,
	warning: RateLimit,
}

impl CheckedClaims {
	/// Wraps the SDK's strategy. `clock` is the one by which blocks from the network are checked. The peers of sync are
	/// kept in `places`, and the heights that they claim in `heard`; `reserved` are those that the operator has reserved.
	/// `downloader` sends requests for blocks.
	pub fn new(
		inner: Box<dyn SyncingStrategy<Block>>,
		client: Arc<FullClient>,
		clock: Arc<Clock>,
		places: Arc<SyncPlaces>,
		heard: Arc<HeardHeight>,
		reserved: HashSet<PeerId>,
		downloader: Arc<dyn BlockDownloader<Block>>,
	) -> Self {
		let claim = RefCell::new(Claim::new(client.info().best_number));
		Self {
			inner,
			client,
			clock,
			claim,
			sought: Sought::new(reserved),
			heights: Heights::default(),
			heard,
			deliveries: Deliveries::default(),
			vote_targets: VoteTargets::new(downloader),
			places,
			warning: RateLimit::new(WARNING_PERIOD),
		}
	}

	/// Whether the node is really behind, when the SDK says so because of what peers claim.
	fn is_credible(&self) -> bool {
		let best = self.client.info();
		let has_state =
			matches!(self.client.block_status(best.best_hash), Ok(BlockStatus::InChainWithState));
		// Before the state of a fast sync is there, the best block does not move for a long time.
		let is_credible =
			!has_state || self.claim.borrow_mut().is_credible(self.is_at_head(), Instant::now());
		if !is_credible && self.warning.is_due() {
			tracing::warn!(
				target: LOG_TARGET,
				"Peers claim blocks far above the best block {}, which no chain can have or nobody delivers. \
				This node goes on as if they did not. If it is behind all the same, give it other peers \
				(--reserved-nodes, --bootnodes)",
				best.best_number,
			);
		}
		is_credible
	}

	/// Whether the best block is so new that no peer on the same fork can be far above it.
	fn is_at_head(&self) -> bool {
		let info = self.client.info();
		let lag = info.best_number.saturating_sub(info.finalized_number);
		self.slots_since(info.best_hash).is_some_and(|slots| slots <= claim::max_slots_at_head(lag))
	}

	/// Has to be called after each event, so that a new best block is seen while it is new.
	fn note_best(&self) {
		let best = self.client.info().best_number;
		self.claim.borrow_mut().note_best(best, || self.is_at_head(), Instant::now());
	}

	/// Forgets a claim that peers no longer make once the node is at the head. Otherwise they could make it anew, and
	/// would be believed anew.
	fn end_claim(&self) {
		let mut claim = self.claim.borrow_mut();
		if claim.is_open() && self.is_at_head() {
			claim.end();
		}
	}

	/// Slots from that of the block up to the current one; `None` if one of them is not known.
	fn slots_since(&self, hash: Hash) -> Option<u64> {
		let now = self.clock.slot()?;
		let header = self.client.header(hash).ok()??;
		let slot = find_pre_digest::<Block, AuthoritySignature>(&header).ok()?;
		Some((*now).saturating_sub(*slot))
	}

	/// Height that no chain can exceed which this node could follow; `None` if that is not known.
	fn highest_possible(&self) -> Option<BlockNumber> {
		// Not the best block: another fork may be longer than that of this node.
		let info = self.client.info();
		let slots = self.slots_since(info.finalized_hash)?;
		Some(heights::highest_possible(info.finalized_number, slots))
	}

	fn is_possible(&self, height: BlockNumber) -> bool {
		self.highest_possible().is_none_or(|highest| height <= highest)
	}

	/// Replaces the heights of peers that no chain can have any more by that of the best block.
	fn lower_impossible_heights(&mut self) {
		let best = self.client.info();
		// Lower ones do not make the SDK sync.
		if !self.heights.exceed(best.best_number) {
			return;
		}
		let Some(highest) = self.highest_possible() else { return };
		let peers = self.heights.above(highest);
		if peers.is_empty() {
			return;
		}
		let Ok(Some(header)) = self.client.header(best.best_hash) else { return };
		let announce = BlockAnnounce { header, state: None, data: None };
		for peer in peers {
			// The SDK offers no other way to change the height. It takes the block for one that it knows.
			let lowered = self.inner.on_validated_block_announce(true, peer, &announce);
			if let Some((_, height)) = lowered {
				self.heights.note(peer, height);
			}
		}
	}

	/// Lets sync look for a block at these peers.
	fn seek(&mut self, peers: Vec<PeerId>, hash: Hash, number: BlockNumber) {
		// The SDK takes it for their best block if it is higher than that.
		for peer in &peers {
			self.heights.raise(*peer, number);
		}
		self.inner.set_sync_fork_request(peers, &hash, number);
	}

	/// Looks for a block that a vote is for, at the peers that have announced it and at those that have it.
	fn seek_vote_target(&mut self, hash: Hash, number: BlockNumber) {
		let is_known = matches!(self.client.header(hash), Ok(Some(_)));
		let finalized = self.client.info().finalized_number;
		if is_known || number <= finalized || !self.is_possible(number) {
			return;
		}
		let announcers = self.sought.announcers(number, hash);
		if !announcers.is_empty() {
			self.seek(announcers, hash, number);
		}
		// Whoever has announced it need not deliver it, while others that have it need not announce it again.
		self.vote_targets.add(number, hash, Instant::now());
	}

	/// Looks for a block at those who have announced it, without the one that has delivered what cannot be imported.
	fn seek_elsewhere(&mut self, Lost { hash, number, peer }: Lost) {
		let mut others = self.sought.announcers(number, hash);
		others.retain(|other| *other != peer);
		if !others.is_empty() {
			self.seek(others, hash, number);
		}
	}

	/// Takes the answer to a question of [`VoteTargets`].
	fn on_vote_target(&mut self, peer: &PeerId, answer: Box<dyn Any + Send>) {
		let Some(header) = self.vote_targets.answered(peer, answer) else { return };
		let number = *header.number();
		// As if the peer had announced it.
		if self.is_possible(number) && self.may_seek(*peer, &header) {
			self.seek(vec![*peer], header.hash(), number);
		}
	}

	/// Lets sync start over if it has not done so after a failure.
	fn make_up_for_restart(&mut self) {
		if let Some(hash) = self.deliveries.due_restart() {
			let failed = (Err(BlockImportError::UnknownParent), hash);
			self.inner.on_blocks_processed(0, 1, vec![failed]);
		}
	}

	/// Whether an announced block may be looked for.
	fn may_seek(&mut self, peer: PeerId, header: &Header) -> bool {
		let (number, hash) = (*header.number(), header.hash());
		let client = &self.client;
		let finalized = client.info().finalized_number;
		let is_known = |hash: Hash| matches!(client.header(hash), Ok(Some(_)));
		if number <= finalized {
			// While it downloads a state, the SDK's sync does not give up blocks that are too old.
			return is_known(hash);
		}
		let is_over = |number: BlockNumber, hash: Hash| number <= finalized || is_known(hash);
		let may_seek = self.sought.admit(peer, number, hash, Instant::now(), is_over);
		for hash in self.sought.take_given_up() {
			// The SDK offers no other way. It takes the block for imported and looks for it no longer; the height 0
			// changes nothing else.
			self.inner.update_chain_info(&hash, 0);
		}
		may_seek
	}
}

impl SyncingStrategy<Block> for CheckedClaims {
	fn add_peer(&mut self, peer: PeerId, best_hash: Hash, best_number: BlockNumber) {
		self.sought.add_peer(peer);
		self.places.add(peer);
		let (hash, number) = if self.is_possible(best_number) {
			(best_hash, best_number)
		} else {
			let best = self.client.info();
			(best.best_hash, best.best_number)
		};
		self.heard.note(number);
		self.heights.note(peer, number);
		self.inner.add_peer(peer, hash, number)
	}

	fn remove_peer(&mut self, peer: &PeerId) {
		self.sought.remove_peer(peer);
		self.places.remove(peer);
		self.heights.remove(peer);
		self.deliveries.remove_peer(peer);
		self.vote_targets.remove_peer(peer);
		self.inner.remove_peer(peer)
	}

	fn on_validated_block_announce(
		&mut self,
		is_best: bool,
		peer: PeerId,
		announce: &BlockAnnounce<Header>,
	) -> Option<(Hash, BlockNumber)> {
		let height = *announce.header.number();
		// The SDK logs an error for each announcement of a light client.
		let is_full = self.sought.has_peer(&peer);
		if !is_full || !self.is_possible(height) {
			return None;
		}
		self.heard.note(height);
		// While the node syncs, it looks for no single blocks, and needs to know the heights of its peers.
		let is_syncing = self.inner.is_major_syncing();
		if !is_syncing && !self.may_seek(peer, &announce.header) {
			return None;
		}
		let best = self.inner.on_validated_block_announce(is_best, peer, announce);
		if let Some((_, height)) = best {
			self.heights.note(peer, height);
		}
		best
	}

	fn set_sync_fork_request(&mut self, peers: Vec<PeerId>, hash: &Hash, number: BlockNumber) {
		// Only GRANDPA calls it, and it names no peers.
		if peers.is_empty() {
			self.seek_vote_target(*hash, number);
		} else {
			self.seek(peers, *hash, number);
		}
	}

	fn request_justification(&mut self, hash: &Hash, number: BlockNumber) {
		self.inner.request_justification(hash, number)
	}

	fn clear_justification_requests(&mut self) {
		self.inner.clear_justification_requests()
	}

	fn on_justification_import(&mut self, hash: Hash, number: BlockNumber, success: bool) {
		self.inner.on_justification_import(hash, number, success)
	}

	fn on_generic_response(
		&mut self,
		peer: &PeerId,
		key: StrategyKey,
		protocol: ProtocolName,
		response: Box<dyn Any + Send>,
	) {
		if key == VoteTargets::KEY {
			self.on_vote_target(peer, response);
		} else {
			self.inner.on_generic_response(peer, key, protocol, response);
		}
	}

	fn on_blocks_processed(
		&mut self,
		imported: usize,
		count: usize,
		results: Vec<(Result<BlockImportStatus<BlockNumber>, BlockImportError>, Hash)>,
	) {
		let finalized = self.client.info().finalized_number;
		let is_syncing = self.inner.is_major_syncing();
		let results = self.deliveries.processed(results, finalized, is_syncing);
		self.inner.on_blocks_processed(imported, count, results);
		for lost in self.deliveries.take_lost() {
			self.seek_elsewhere(lost);
		}
	}

	fn on_block_finalized(&mut self, hash: &Hash, number: BlockNumber) {
		self.inner.on_block_finalized(hash, number)
	}

	fn update_chain_info(&mut self, best_hash: &Hash, best_number: BlockNumber) {
		self.inner.update_chain_info(best_hash, best_number)
	}

	fn is_major_syncing(&self) -> bool {
		self.note_best();
		let is_claimed = self.inner.is_major_syncing();
		if !is_claimed {
			self.end_claim();
		}
		is_claimed && self.is_credible()
	}

	fn num_peers(&self) -> usize {
		self.inner.num_peers()
	}

	fn status(&self) -> SyncStatus<Block> {
		let mut status = self.inner.status();
		if status.state.is_major_syncing() && !self.is_credible() {
			status.state = SyncState::Idle;
			status.best_seen_block = None;
		}
		status
	}

	fn num_downloaded_blocks(&self) -> usize {
		self.inner.num_downloaded_blocks()
	}

	fn num_sync_requests(&self) -> usize {
		self.inner.num_sync_requests()
	}

	fn actions(
		&mut self,
		network: &NetworkServiceHandle,
	) -> Result<Vec<SyncingAction<Block>>, ClientError> {
		self.lower_impossible_heights();
		self.make_up_for_restart();
		let mut actions = self.inner.actions(network)?;
		for action in &actions {
			if let SyncingAction::ImportBlocks { blocks, .. } = action {
				self.deliveries.note(blocks);
			}
		}
		actions.extend(self.vote_targets.ask(|number| self.heights.at_least(number)));
		let blamed = self.deliveries.take_blamed().into_iter();
		actions.extend(blamed.map(|peer| SyncingAction::DropPeer(BadPeer(peer, BAD_BLOCKS))));
		Ok(actions)
	}
}

#[cfg(test)]
mod tests;
