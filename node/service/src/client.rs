//! The database and the client over it.

use gtos_node_chain_spec::genesis;
use gtos_node_types::{user_error, Block, FullBackend, FullClient, HostFunctions};
use gtos_runtime::RuntimeApi;
use sc_consensus_grandpa::GrandpaPruningFilter;
use sc_executor::{HeapAllocStrategy, WasmExecutor, DEFAULT_HEAP_ALLOC_PAGES};
use sc_service::{Configuration, Error, GenesisBlockBuilder, KeystoreContainer, TaskManager};
use sc_telemetry::TelemetryHandle;
use std::{path::Path, sync::Arc};

/// Most pages of the Wasm that are not heap, 16 MiB. The present runtime has 24.
const MAX_STATIC_PAGES: u32 = 256;

/// Memory of a call, which grows as the call needs it. At most it has what the SDK's default allows, or more: otherwise
/// a block that other nodes can execute might fail here.
///
/// The SDK's default makes 2,048 pages accessible before each call, and the next call makes them inaccessible again.
/// The short calls, such as those that validate or apply a transfer, need only what the Wasm begins with.
const GROWING_HEAP: HeapAllocStrategy =
	HeapAllocStrategy::Dynamic { maximum_pages: Some(MAX_STATIC_PAGES + DEFAULT_HEAP_ALLOC_PAGES) };

/// The client and what the SDK creates together with it.
pub struct ClientParts {
	pub client: Arc<FullClient>,
	pub backend: Arc<FullBackend>,
	pub keystore_container: KeystoreContainer,
	pub task_manager: TaskManager,
}

/// Opens the database, and creates the genesis block in an empty one.
///
/// Refuses a chain spec that must not be started, and a database of another chain. Compiled
/// runtimes are kept in the folder `compiled_runtimes`.
pub fn open(
	config: &Configuration,
	compiled_runtimes: &Path,
	telemetry: Option<TelemetryHandle>,
) -> Result<ClientParts, Error> {
	let executor = wasm_executor(config, compiled_runtimes);
	let backend = open_database(config)?;
	let genesis = genesis::for_database(&*config.chain_spec, &backend, executor.clone())?;
	let genesis_block_builder = GenesisBlockBuilder::<Block, _, _>::new_with_storage(
		genesis,
		!config.no_genesis(),
		backend.clone(),
		executor.clone(),
	)?;
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
			config,
			telemetry,
			executor,
			backend,
			genesis_block_builder,
			false,
		)?;
	Ok(ClientParts { client: Arc::new(client), backend, keystore_container, task_manager })
}

/// The executor that the SDK's `new_wasm_executor` creates, with two differences. It does not compile a runtime again
/// that it finds in the folder: a node starts several seconds sooner. And the heap grows, unless the operator has
/// chosen its size.
fn wasm_executor(config: &Configuration, compiled_runtimes: &Path) -> WasmExecutor<HostFunctions> {
	let config = &config.executor;
	let heap = config.default_heap_pages.map_or(GROWING_HEAP, |pages| HeapAllocStrategy::Static {
		extra_pages: pages.try_into().unwrap_or(u32::MAX),
	});
	WasmExecutor::builder()
		.with_execution_method(config.wasm_method)
		.with_onchain_heap_alloc_strategy(heap)
		.with_offchain_heap_alloc_strategy(heap)
		.with_max_runtime_instances(config.max_runtime_instances)
		.with_runtime_cache_size(config.runtime_cache_size)
		.with_cache_path(compiled_runtimes)
		.build()
}

fn open_database(config: &Configuration) -> Result<Arc<FullBackend>, Error> {
	let mut settings = config.db_config();
	// Keeps the blocks at which authorities changed: without them a pruned node could not serve
	// warp sync.
	settings.pruning_filters = vec![Arc::new(GrandpaPruningFilter)];
	sc_service::new_db_backend(settings).map_err(|error| {
		let path = config.database.path().unwrap_or(&config.data_path);
		user_error(format!("the database at {} cannot be opened: {error}", path.display()))
	})
}
