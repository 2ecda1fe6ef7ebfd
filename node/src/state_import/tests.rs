//! Over a client that has blocks as a fast sync stores them, with the database's own rules.

use super::*;
use crate::{cli::Cli, genesis, service};
use clap::Parser;
use futures::executor::block_on;
use gtos_runtime::Header;
use sc_cli::SubstrateCli;
use sc_consensus::{ImportedState, StateAction, StorageChanges};
use sc_service::TaskManager;
use sp_consensus::BlockOrigin;
use sp_runtime::traits::Header as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The block whose state is downloaded.
const TARGET: BlockNumber = 3;
/// The best block.
const BEST: BlockNumber = 5;

/// A node that has stored blocks up to [`BEST`] and executed none.
struct Node {
	client: Arc<FullClient>,
	import: StateImport<Arc<FullClient>>,
	/// By height.
	headers: Vec<Header>,
	/// That of [`TARGET`].
	state: Vec<(Vec<u8>, Vec<u8>)>,
	_task_manager: TaskManager,
	_runtime: Runtime,
	_folder: TempDir,
}

impl Node {
	/// A node for which the blocks up to `last_final` are final.
	fn new(last_final: BlockNumber) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().to_str().unwrap();
		let cli =
			Cli::parse_from(["gtos", "--chain", "dev", "--sync", "fast", "--base-path", path]);
		let runtime = sc_cli::build_runtime().unwrap();
		let config = cli.create_configuration(&cli.run.base, runtime.handle().clone()).unwrap();
		let state = genesis::build(&*config.chain_spec).unwrap();
		let parts = service::new_partial(&config).unwrap();
		let client = parts.client;

		// Any state will do, if only the header says which.
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
			_task_manager: parts.task_manager,
			_runtime: runtime,
			_folder: folder,
		};
		node.client.finalize_block(node.hash(last_final), None, false).unwrap();
		node
	}

	fn hash(&self, number: BlockNumber) -> Hash {
		self.headers[number as usize].hash()
	}

	/// A block with its state, as it leaves Aura's verifier.
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

	/// What `import` says before it is given a block.
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
fn last_final_block_gets_its_state_and_is_not_made_the_best() {
	let node = Node::new(TARGET);
	// The verifier's choice would have the database revert what is final.
	assert!(block_on(node.client.import_block(node.target_with_state())).is_err());
	assert_eq!(node.client.block_status(node.hash(TARGET)).unwrap(), BlockStatus::InChainPruned);

	let result = block_on(node.import.import_block(node.target_with_state())).unwrap();
	assert_eq!(result, ImportResult::imported(false));
	assert_eq!(node.client.block_status(node.hash(TARGET)).unwrap(), BlockStatus::InChainWithState);
	assert_eq!(node.heads(), (TARGET, BEST));
}

#[test]
fn what_became_final_since_the_state_was_asked_for_stays_final() {
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
fn new_block_with_its_state_becomes_the_best_as_the_verifier_says() {
	let node = Node::new(TARGET);
	let target = &node.headers[TARGET as usize];
	let next = child(&node.headers[BEST as usize], target.state_root);
	let result = block_on(node.import.import_block(node.with_state(next))).unwrap();
	assert_eq!(result, ImportResult::imported(true));
	assert_eq!(node.heads(), (TARGET, BEST + 1));
}
