//! Blocks of forks that have lost to a final block, checked as the import queue checks them: by a real client and
//! Aura's verifier.

use super::*;
use crate::{inherents, test_client};
use futures::executor::block_on;
use gtos_runtime::opaque::Header;
use sc_client_api::Finalizer;
use sc_consensus::{
	import_single_block, BlockImportError, BlockImportStatus, ForkChoiceStrategy, IncomingBlock,
	StateAction, Verifier,
};
use sc_consensus_aura::{BuildVerifierParams, CheckForEquivocation, SlotDuration};
use sc_network::PeerId;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::sr25519::AuthorityPair;
use sp_runtime::traits::Header as _;
use tempfile::TempDir;

/// A node that has stored blocks and no state, so that the state of every parent is missing.
struct Node {
	client: Arc<FullClient>,
	/// The peer that sends all blocks.
	peer: PeerId,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl Node {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open(folder.path()));
		Self { client, peer: PeerId::random(), _folder: folder }
	}

	fn genesis(&self) -> Header {
		self.client.header(self.client.info().genesis_hash).unwrap().unwrap()
	}

	/// Stores `length` blocks above `parent`, and answers the last one.
	fn store(&self, parent: &Header, fork: u8, length: BlockNumber) -> Header {
		let mut header = parent.clone();
		for _ in 0..length {
			header = child(&header, fork);
			let mut block = BlockImportParams::new(BlockOrigin::NetworkBroadcast, header.clone());
			block.body = Some(vec![]);
			block.state_action = StateAction::Skip;
			block.fork_choice = Some(ForkChoiceStrategy::LongestChain);
			block_on(self.client.import_block(block)).unwrap();
		}
		header
	}

	fn finalise(&self, header: &Header) {
		self.client.finalize_block(header.hash(), None, false).unwrap();
	}

	/// What sync hears of a block that the peer has sent, behind the step of this file.
	fn result(&self, header: &Header) -> Result<BlockImportStatus<BlockNumber>, BlockImportError> {
		self.result_of(DiscardedForks::new(self.client.clone(), self.client.clone()), header)
	}

	fn result_of(
		&self,
		mut import: impl BlockImport<Block, Error = Error>,
		header: &Header,
	) -> Result<BlockImportStatus<BlockNumber>, BlockImportError> {
		// As the SDK's sync fills it in.
		let block = IncomingBlock::<Block> {
			hash: header.hash(),
			header: Some(header.clone()),
			body: Some(vec![]),
			indexed_body: None,
			justifications: None,
			origin: Some(self.peer),
			allow_missing_state: true,
			skip_execution: false,
			import_existing: false,
			state: None,
		};
		let verifier = self.verifier();
		block_on(import_single_block(&mut import, BlockOrigin::NetworkBroadcast, block, &verifier))
	}

	fn verifier(&self) -> impl Verifier<Block> {
		sc_consensus_aura::build_verifier::<AuthorityPair, _, _, Block>(BuildVerifierParams {
			client: self.client.clone(),
			create_inherent_data_providers: |_: Hash, ()| async {
				let providers = inherents::providers(SlotDuration::from_millis(1_000));
				Ok::<_, Box<dyn std::error::Error + Send + Sync>>(providers)
			},
			check_for_equivocation: CheckForEquivocation::No,
			telemetry: None,
			compatibility_mode: Default::default(),
		})
	}

	fn assert_blames_peer(&self, result: Result<BlockImportStatus<BlockNumber>, BlockImportError>) {
		match result {
			Err(BlockImportError::VerificationFailed(Some(peer), error)) => {
				assert_eq!(peer, self.peer);
				assert!(error.contains("Could not fetch authorities"), "{error}");
			},
			other => panic!("expected a failed verification, got {other:?}"),
		}
	}
}

fn child(parent: &Header, fork: u8) -> Header {
	let root = Hash::repeat_byte(fork);
	Header::new(parent.number + 1, root, root, parent.hash(), Default::default())
}

/// Without the step, sync drops the peer.
#[test]
fn block_on_a_discarded_parent_does_not_blame_its_peer() {
	let node = Node::new();
	let lost = node.store(&node.genesis(), 1, 1);
	let won = node.store(&node.genesis(), 2, 1);
	node.finalise(&won);

	let late = child(&lost, 1);
	node.assert_blames_peer(node.result_of(node.client.clone(), &late));
	assert!(matches!(node.result(&late), Err(BlockImportError::MissingState)));
}

#[test]
fn block_on_a_discarded_parent_above_the_last_final_block_does_not_blame_its_peer() {
	let node = Node::new();
	let lost = node.store(&node.genesis(), 1, 3);
	let won = node.store(&node.genesis(), 2, 1);
	node.finalise(&won);
	assert!(matches!(node.result(&child(&lost, 1)), Err(BlockImportError::MissingState)));
}

#[test]
fn known_block_of_a_discarded_fork_is_no_error() {
	let node = Node::new();
	let lost = node.store(&node.genesis(), 1, 2);
	let won = node.store(&node.genesis(), 2, 1);
	node.finalise(&won);
	let known = node.result(&lost).unwrap();
	assert_eq!(known, BlockImportStatus::ImportedKnown(2, Some(node.peer)));
}

/// Nobody is to send blocks on old forks for nothing.
#[test]
fn block_on_a_parent_that_was_discarded_long_ago_is_left_to_the_verifier() {
	let node = Node::new();
	let lost = node.store(&node.genesis(), 1, 1);
	let won = node.store(&node.genesis(), 2, 1 + MAX_DISTANCE_BLOCKS);
	node.finalise(&won);
	let late = child(&lost, 1);
	assert!(matches!(node.result(&late), Err(BlockImportError::MissingState)));

	node.finalise(&node.store(&won, 2, 1));
	node.assert_blames_peer(node.result(&late));
}

/// A fast sync stores the chain without states, and gap sync the history below it.
#[test]
fn block_on_the_final_chain_or_above_it_passes_without_a_state() {
	let node = Node::new();
	let first = node.store(&node.genesis(), 1, 1);
	let last_final = node.store(&first, 1, 1);
	let above = node.store(&last_final, 1, 1);
	node.finalise(&last_final);

	let import = DiscardedForks::new(node.client.clone(), node.client.clone());
	for parent in [&first, &last_final, &above] {
		let block = child(parent, 2);
		let checked = block_on(import.check_block(BlockCheckParams {
			hash: block.hash(),
			number: block.number,
			parent_hash: parent.hash(),
			allow_missing_state: true,
			allow_missing_parent: false,
			import_existing: false,
		}));
		assert_eq!(checked.unwrap(), ImportResult::imported(false), "{}", parent.number);
	}
}
