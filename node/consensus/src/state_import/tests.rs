//! State import into a real client and database that hold blocks as a fast sync stores them.

use super::*;
use crate::test_client::{open, GENESIS};
use futures::executor::block_on;
use gtos_runtime::Header;
use sc_consensus::{ImportedState, StateAction, StorageChanges};
use sp_consensus::BlockOrigin;
use sp_runtime::traits::Header as _;
use tempfile::TempDir;

/// The block whose state is downloaded.
const TARGET: BlockNumber = 3;
/// The best block.
const BEST: BlockNumber = 5;

/// A node that has stored the blocks up to [`BEST`] and executed none of them.
struct Node {
	client: Arc<FullClient>,
	import: StateImport<Arc<FullClient>>,
	/// By height.
	headers: Vec<Header>,
	/// State of [`TARGET`].
	state: Vec<(Vec<u8>, Vec<u8>)>,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl Node {
	/// A node on which the blocks up to `last_final` are final.
	fn new(last_final: BlockNumber) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let state = GENESIS.clone();
		let client = Arc::new(open(folder.path()));

		// The target can have any state whose root is in the target's header.
		let mut headers = vec![client.header(client.info().genesis_hash).unwrap().unwrap()];
		let state_root = headers[0].state_root;
		for number in 1..=BEST {
			let root =
				if number == TARGET { state_root } else { Hash::from_low_u64_be(number.into()) };
			let header = child(&headers[headers.len() - 1], root);
			let mut block = BlockImportParams::new(BlockOrigin::NetworkInitialSync, header.clone());
			block.body = Some(vec![]);
			block.state_action = StateAction::Skip;
			block.fork_choice = Some(ForkChoiceStrategy::LongestChain);
			block_on(client.import_block(block)).unwrap();
			headers.push(header);
		}
		let node = Self {
			import: StateImport::new(client.clone(), client.clone()),
			client,
			headers,
			state: state.top.into_iter().collect(),
			_folder: folder,
		};
		node.client.finalize_block(node.hash(last_final), None, false).unwrap();
		node
	}

	fn hash(&self, number: BlockNumber) -> Hash {
		self.headers[number as usize].hash()
	}

	/// A block with its state, as Aura's verifier returns it.
	fn with_state(&self, header: Header) -> BlockImportParams<Block> {
		let state = [(vec![], (self.state.clone(), vec![]))].into();
		let imported = ImportedState { block: header.hash(), state };
		let mut block = BlockImportParams::new(BlockOrigin::NetworkInitialSync, header);
		block.import_existing = true;
		block.state_action = StateAction::ApplyChanges(StorageChanges::Import(imported));
		block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
		block
	}

	fn target_with_state(&self) -> BlockImportParams<Block> {
		self.with_state(self.headers[TARGET as usize].clone())
	}

	/// Result of the check with which the queue asks `import` whether it wants a block.
	fn check(
		&self,
		import: &impl BlockImport<Block, Error = Error>,
		number: BlockNumber,
	) -> ImportResult {
		block_on(import.check_block(BlockCheckParams {
			hash: self.hash(number),
			number,
			parent_hash: self.hash(number - 1),
			allow_missing_state: false,
			allow_missing_parent: false,
			import_existing: false,
		}))
		.unwrap()
	}

	/// Heights of the last final block and of the best one.
	fn heads(&self) -> (BlockNumber, BlockNumber) {
		let info = self.client.info();
		(info.finalized_number, info.best_number)
	}
}

fn child(parent: &Header, state_root: Hash) -> Header {
	let number = parent.number + 1;
	Header::new(number, Hash::zero(), state_root, parent.hash(), Default::default())
}

#[test]
fn last_final_block_with_its_state_is_stored_and_not_made_the_best() {
	let node = Node::new(TARGET);
	// With the verifier's fork choice, the database would have to revert a final block.
	assert!(block_on(node.client.import_block(node.target_with_state())).is_err());
	assert_eq!(node.client.block_status(node.hash(TARGET)).unwrap(), BlockStatus::InChainPruned);

	let result = block_on(node.import.import_block(node.target_with_state())).unwrap();
	assert_eq!(result, ImportResult::imported(false));
	assert_eq!(node.client.block_status(node.hash(TARGET)).unwrap(), BlockStatus::InChainWithState);
	assert_eq!(node.heads(), (TARGET, BEST));
}

#[test]
fn block_that_became_final_after_the_state_was_requested_stays_final() {
	let node = Node::new(BEST);
	block_on(node.import.import_block(node.target_with_state())).unwrap();
	assert_eq!(node.client.block_status(node.hash(TARGET)).unwrap(), BlockStatus::InChainWithState);
	assert_eq!(node.heads(), (BEST, BEST));
}

#[test]
fn stored_block_is_executed_once_its_parent_has_a_state() {
	let node = Node::new(TARGET);
	assert_eq!(node.check(&node.import, TARGET + 1), ImportResult::AlreadyInChain);
	block_on(node.import.import_block(node.target_with_state())).unwrap();
	assert_eq!(node.check(&node.client, TARGET + 1), ImportResult::AlreadyInChain);
	assert_eq!(node.check(&node.import, TARGET + 1), ImportResult::imported(false));
	assert_eq!(node.check(&node.import, TARGET + 2), ImportResult::AlreadyInChain);
}

#[test]
fn new_block_with_its_state_becomes_the_best_as_the_verifier_decides() {
	let node = Node::new(TARGET);
	let target = &node.headers[TARGET as usize];
	let next = child(&node.headers[BEST as usize], target.state_root);
	let result = block_on(node.import.import_block(node.with_state(next))).unwrap();
	assert_eq!(result, ImportResult::imported(true));
	assert_eq!(node.heads(), (TARGET, BEST + 1));
}
