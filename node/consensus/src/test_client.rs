//! A real client and database, for tests: without a state, or with that of the genesis block.

use gtos_node_types::{Block, FullClient, HostFunctions};
use gtos_runtime::{genesis_config_presets::DEV, RuntimeApi};
use sc_client_api::execution_extensions::ExecutionExtensions;
use sc_executor::WasmExecutor;
use sc_service::{
	config::ExecutorConfiguration, BlocksPruning, ChainType, ClientConfig, DatabaseSource,
	GenericChainSpec, GenesisBlockBuilder,
};
use sp_core::{storage::Storage, testing::TaskExecutor};
use sp_runtime::BuildStorage;
use std::{
	path::Path,
	sync::{Arc, LazyLock},
};

/// The state of the development chain's genesis. Built once, because that compiles the Wasm.
pub(crate) static GENESIS: LazyLock<Storage> = LazyLock::new(|| {
	let code = gtos_runtime::WASM_BINARY.expect("tests are built with the Wasm");
	let spec = GenericChainSpec::<sc_service::NoExtension>::builder(code, None)
		.with_chain_type(ChainType::Development)
		.with_genesis_config_preset_name(DEV)
		.build();
	spec.build_storage().unwrap()
});

/// Shared by all tests, because it keeps the Wasm that it has compiled.
pub(crate) static EXECUTOR: LazyLock<WasmExecutor<HostFunctions>> =
	LazyLock::new(|| sc_service::new_wasm_executor(&ExecutorConfiguration::default()));

/// A client that has no state, as a node has at the start of a fast sync. It imports blocks that are
/// not to be executed.
pub(crate) fn open(folder: &Path) -> FullClient {
	open_client(folder, false)
}

/// A client that has the state of the genesis block, so that its runtime can be called.
pub(crate) fn open_with_state(folder: &Path) -> FullClient {
	open_client(folder, true)
}

fn open_client(folder: &Path, has_state: bool) -> FullClient {
	let backend = sc_service::new_db_backend::<Block>(sc_client_db::DatabaseSettings {
		trie_cache_maximum_size: None,
		state_pruning: None,
		source: DatabaseSource::ParityDb { path: folder.into() },
		blocks_pruning: BlocksPruning::KeepFinalized,
		pruning_filters: Vec::new(),
		metrics_registry: None,
	})
	.unwrap();
	let executor = EXECUTOR.clone();
	let genesis = GenesisBlockBuilder::<Block, _, _>::new_with_storage(
		GENESIS.clone(),
		has_state,
		backend.clone(),
		executor.clone(),
	)
	.unwrap();
	let extensions = ExecutionExtensions::new(None, Arc::new(executor.clone()));
	sc_service::new_client::<_, Block, RuntimeApi, _>(
		backend,
		executor,
		genesis,
		Default::default(),
		Default::default(),
		extensions,
		Box::new(TaskExecutor::new()),
		None,
		None,
		ClientConfig { no_genesis: !has_state, ..Default::default() },
	)
	.unwrap()
}
