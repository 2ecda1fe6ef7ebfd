//! Siblings that arrive at different times, imported into a real client and database.

use super::*;
use crate::{clock::Clock, test_client};
use futures::{executor::block_on, poll};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{opaque::Header, Hash};
use sc_client_api::Finalizer;
use sc_consensus::{
	BlockCheckParams, BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult, StateAction,
};
use sc_consensus_aura::SlotDuration;
use sc_consensus_grandpa::VotingRule;
use sp_blockchain::HeaderBackend;
use sp_consensus::{
	BlockOrigin::{self, NetworkBroadcast, NetworkInitialSync, Own},
	Error,
};
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature, Slot};
use sp_runtime::{traits::Header as _, Digest};
use std::sync::{
	atomic::{AtomicU64, Ordering},
	Arc,
};
use tempfile::TempDir;

/// So long that none ends by itself during a test. The tests move the clock.
const SLOT_MS: u64 = 7 * 24 * 3_600_000;

/// A clock that shows a later slot whenever a test says so.
#[derive(Clone, Default)]
struct MovedClock {
	clock: Arc<Clock>,
	moved: Arc<AtomicU64>,
}

impl MovedClock {
	fn advance(&self, slots: u64) {
		let moved = self.moved.fetch_add(slots, Ordering::Relaxed) + slots;
		self.clock.set_behind_ms(moved * SLOT_MS);
	}

	fn slot(&self) -> Slot {
		self.clock.slot().unwrap()
	}
}

/// An import into the client, at the end of which `lasts` slots have passed.
struct TimedImport {
	client: Arc<FullClient>,
	clock: MovedClock,
	lasts: Arc<AtomicU64>,
}

#[async_trait::async_trait]
impl BlockImport<Block> for TimedImport {
	type Error = Error;

	async fn check_block(&self, block: BlockCheckParams<Block>) -> Result<ImportResult, Error> {
		self.client.check_block(block).await
	}

	async fn import_block(&self, block: BlockImportParams<Block>) -> Result<ImportResult, Error> {
		let result = self.client.import_block(block).await;
		self.clock.advance(self.lasts.load(Ordering::Relaxed));
		result
	}
}

struct Node {
	client: Arc<FullClient>,
	clock: MovedClock,
	/// Slots that each import takes.
	import_lasts: Arc<AtomicU64>,
	import: PunctualImport<TimedImport>,
	vote: PunctualVote,
	genesis: Header,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl Node {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open(folder.path()));
		let clock = MovedClock::default();
		clock.clock.set_slot_duration(SlotDuration::from_millis(SLOT_MS));
		let import_lasts = Arc::<AtomicU64>::default();
		let inner = TimedImport {
			client: client.clone(),
			clock: clock.clone(),
			lasts: import_lasts.clone(),
		};
		let best = Arc::new(BestArrival::new(clock.clock.clone()));
		Self {
			import: PunctualImport::new(inner, client.clone(), best.clone()),
			vote: PunctualVote::new(best),
			genesis: client.header(client.info().genesis_hash).unwrap().unwrap(),
			client,
			clock,
			import_lasts,
			_folder: folder,
		}
	}

	/// Imports a block that other nodes announce, and answers the best block.
	fn receive(&self, header: &Header) -> Hash {
		self.import(header, NetworkBroadcast)
	}

	fn import(&self, header: &Header, origin: BlockOrigin) -> Hash {
		block_on(self.import.import_block(params(header, origin))).unwrap();
		self.best()
	}

	fn best(&self) -> Hash {
		self.client.info().best_hash
	}

	/// What the voter votes for if it would vote for `target` otherwise; `None` for `target` itself.
	fn vote_instead_of(&self, target: &Header) -> Option<(Hash, u32)> {
		block_on(self.vote.restrict_vote(self.client.clone(), &self.genesis, target, target))
	}

	/// A block on genesis that arrives one slot late and becomes the best block, and a sibling of the
	/// next author, whose slot it is then.
	fn late_block_and_sibling(&self) -> (Header, Header) {
		let late = child(&self.genesis, self.clock.slot());
		self.clock.advance(1);
		assert_eq!(self.receive(&late), late.hash());
		(late, child(&self.genesis, self.clock.slot()))
	}
}

fn child(parent: &Header, slot: Slot) -> Header {
	let digest = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(slot);
	let logs = Digest { logs: vec![digest] };
	Header::new(parent.number + 1, Hash::zero(), Hash::zero(), parent.hash(), logs)
}

/// A block as Aura's verifier passes it on, except that it is not executed.
fn params(header: &Header, origin: BlockOrigin) -> BlockImportParams<Block> {
	let mut block = BlockImportParams::new(origin, header.clone());
	block.body = Some(vec![]);
	block.state_action = StateAction::Skip;
	block.fork_choice = Some(ForkChoiceStrategy::LongestChain);
	block
}

#[test]
fn late_block_loses_to_a_sibling_that_arrives_in_its_slot_until_one_has_a_child() {
	let node = Node::new();
	let (late, victim) = node.late_block_and_sibling();
	assert_eq!(node.receive(&victim), victim.hash());
	assert_eq!(node.client.hash(1).unwrap(), Some(victim.hash()));
	// The next block decides by length, even on the other of the two.
	node.clock.advance(1);
	let next = child(&late, node.clock.slot());
	assert_eq!(node.receive(&next), next.hash());
}

#[test]
fn late_block_loses_to_the_block_that_the_node_makes_itself() {
	let node = Node::new();
	let (_, own) = node.late_block_and_sibling();
	assert_eq!(node.import(&own, Own), own.hash());
}

#[test]
fn block_whose_import_ends_after_its_slot_is_late() {
	let node = Node::new();
	let slow = child(&node.genesis, node.clock.slot());
	node.import_lasts.store(1, Ordering::Relaxed);
	assert_eq!(node.receive(&slow), slow.hash());
	node.import_lasts.store(0, Ordering::Relaxed);
	let sibling = child(&node.genesis, node.clock.slot());
	assert_eq!(node.receive(&sibling), sibling.hash());
}

// Import accepts blocks up to one slot ahead, so the next author could precede the one before it.
#[test]
fn block_before_its_slot_loses_to_the_block_of_the_present_slot() {
	let node = Node::new();
	let now = node.clock.slot();
	let (early, present) = (child(&node.genesis, now + 1), child(&node.genesis, now));
	assert_eq!(node.receive(&early), early.hash());
	assert_eq!(node.receive(&present), present.hash());
}

#[test]
fn of_two_punctual_siblings_the_first_stays() {
	let node = Node::new();
	let first = child(&node.genesis, node.clock.slot());
	assert_eq!(node.receive(&first), first.hash());
	node.clock.advance(1);
	let second = child(&node.genesis, node.clock.slot());
	assert_eq!(node.receive(&second), first.hash());
}

#[test]
fn of_two_late_siblings_the_first_stays() {
	let node = Node::new();
	let (late, too_late) = node.late_block_and_sibling();
	node.clock.advance(1);
	assert_eq!(node.receive(&too_late), late.hash());
}

#[test]
fn block_before_its_slot_does_not_replace_a_late_one() {
	let node = Node::new();
	let (late, sibling) = node.late_block_and_sibling();
	let early = child(&node.genesis, node.clock.slot() + 1);
	assert_eq!(node.receive(&early), late.hash());
	assert_eq!(node.receive(&sibling), sibling.hash());
}

#[test]
fn best_block_is_replaced_once_and_not_again() {
	let node = Node::new();
	let (_, victim) = node.late_block_and_sibling();
	node.receive(&victim);
	let mut equivocation = victim.clone();
	equivocation.extrinsics_root = Hash::repeat_byte(1);
	assert_eq!(node.receive(&equivocation), victim.hash());
	node.clock.advance(1);
	let third = child(&node.genesis, node.clock.slot());
	assert_eq!(node.receive(&third), victim.hash());
}

#[test]
fn late_block_with_a_child_is_not_replaced() {
	let node = Node::new();
	let (late, victim) = node.late_block_and_sibling();
	let next = child(&late, node.clock.slot() + 1);
	assert_eq!(node.receive(&next), next.hash());
	assert_eq!(node.receive(&victim), next.hash());
}

#[test]
fn late_block_is_not_replaced_by_a_block_on_another_parent() {
	let node = Node::new();
	let (one, other) = node.late_block_and_sibling();
	node.receive(&other);
	node.clock.advance(1);
	let late = child(&one, node.clock.slot().saturating_sub(1u64));
	assert_eq!(node.receive(&late), late.hash());
	let cousin = child(&other, node.clock.slot());
	assert_eq!(node.receive(&cousin), late.hash());
}

#[test]
fn late_block_that_is_final_is_not_replaced() {
	let node = Node::new();
	let (late, victim) = node.late_block_and_sibling();
	node.client.finalize_block(late.hash(), None, false).unwrap();
	let import = node.import.import_block(params(&victim, NetworkBroadcast));
	assert!(block_on(import).is_err());
	assert_eq!(node.best(), late.hash());
}

#[test]
fn blocks_of_a_sync_neither_replace_others_nor_are_replaced() {
	let node = Node::new();
	let (late, victim) = node.late_block_and_sibling();
	assert_eq!(node.import(&victim, NetworkInitialSync), late.hash());

	let node = Node::new();
	let synced = child(&node.genesis, node.clock.slot().saturating_sub(1u64));
	assert_eq!(node.import(&synced, NetworkInitialSync), synced.hash());
	let sibling = child(&node.genesis, node.clock.slot());
	assert_eq!(node.receive(&sibling), synced.hash());
}

#[test]
fn nothing_is_replaced_before_the_slot_duration_is_known() {
	let node = Node::new();
	let late = child(&node.genesis, node.clock.slot().saturating_sub(1u64));
	let sibling = child(&node.genesis, node.clock.slot());
	node.clock.clock.set_slot_duration(SlotDuration::from_millis(0));
	node.receive(&late);
	assert_eq!(node.receive(&sibling), late.hash());
}

#[test]
fn child_that_arrives_while_an_import_waits_is_not_retracted() {
	let node = Node::new();
	let (late, victim) = node.late_block_and_sibling();
	let next = child(&late, node.clock.slot() + 1);
	block_on(async {
		let other_import = node.import.imports.read().await;
		let mut waiting = node.import.import_block(params(&victim, NetworkBroadcast));
		assert!(poll!(&mut waiting).is_pending());
		node.client.import_block(params(&next, NetworkBroadcast)).await.unwrap();
		drop(other_import);
		waiting.await.unwrap();
	});
	assert_eq!(node.best(), next.hash());
}

#[test]
fn vote_waits_for_the_child_of_a_late_block() {
	let node = Node::new();
	let (late, _) = node.late_block_and_sibling();
	assert_eq!(node.vote_instead_of(&late), Some((node.genesis.hash(), 0)));
	// A limit may have lowered the target already.
	assert_eq!(node.vote_instead_of(&node.genesis), None);
	let next = child(&late, node.clock.slot());
	node.receive(&next);
	assert_eq!(node.vote_instead_of(&late), None);
	assert_eq!(node.vote_instead_of(&next), None);
}

#[test]
fn vote_goes_to_the_block_that_has_replaced_a_late_one() {
	let node = Node::new();
	let (_, victim) = node.late_block_and_sibling();
	node.receive(&victim);
	assert_eq!(node.vote_instead_of(&victim), None);
}
