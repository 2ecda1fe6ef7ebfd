//! Puts the node together: database, client, consensus, network, JSON-RPC.

use crate::{
	command::refusal,
	equivocation, genesis, inherents, network, rpc,
	state_import::StateImport,
	transaction_index::{self, Event, TransactionIndex, Worker},
};
use futures::{stream, FutureExt, StreamExt};
use gtos_runtime::{BlockNumber, Hash, RuntimeApi};
use sc_client_api::{Backend, BlockchainEvents};
use sc_consensus_aura::{CheckForEquivocation, ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaPruningFilter, SharedVoterState,
	ThreeQuartersOfTheUnfinalizedChain,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_executor::WasmExecutor;
use sc_network::{config::FullNetworkConfiguration, NetworkBackend};
use sc_network_sync::service::network::NetworkServiceProvider;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
	BuildNetworkAdvancedParams, Configuration, DefaultSyncingEngineConfig, Error as ServiceError,
	GenesisBlockBuilder, ImportQueue, SpawnTasksParams, TaskManager, WarpSyncConfig,
};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_consensus::block_validation::DefaultBlockAnnounceValidator;
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use std::{error::Error, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::sync::mpsc;

pub use gtos_runtime::opaque::Block;

/// Functions that the runtime may call on this node.
pub type HostFunctions = sp_io::SubstrateHostFunctions;
/// Client of the chain.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<HostFunctions>>;
/// Database of the chain.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// Transactions that wait for a block.
pub type TransactionPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;
type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
type GrandpaBlockImport =
	sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;

/// What a command works with.
pub type PartialComponents = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	TransactionPool,
	ConsensusParts,
>;

/// What a running node needs besides.
pub struct ConsensusParts {
	block_import: equivocation::Watch<GrandpaBlockImport>,
	/// Headers as they are imported.
	sightings: mpsc::Receiver<equivocation::Sighting>,
	grandpa_link: sc_consensus_grandpa::LinkHalf<Block, FullClient, SelectChain>,
	telemetry: Option<Telemetry>,
}

/// What the operator chooses beyond the SDK's configuration.
pub struct Options {
	/// How long a vote is expected to travel.
	pub grandpa_gossip_period: Duration,
	/// When the node stops for want of disk space.
	pub storage_monitor: StorageMonitorParams,
	/// How many of the last blocks the index of transactions covers; `None` for no index.
	pub transaction_index_window: Option<NonZeroU32>,
}

/// Most blocks between two justifications that the database keeps and a syncing node checks.
const JUSTIFICATION_PERIOD_BLOCKS: u32 = 512;

/// Opens the chain: everything but network and services.
pub fn new_partial(config: &Configuration) -> sc_cli::Result<PartialComponents> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok::<_, sc_telemetry::Error>((worker, telemetry))
		})
		.transpose()
		.map_err(ServiceError::from)?;
	let telemetry_handle = telemetry.as_ref().map(|(_, telemetry)| telemetry.handle());

	let executor = sc_service::new_wasm_executor::<HostFunctions>(&config.executor);
	let genesis = genesis::build(&*config.chain_spec).map_err(refusal)?;
	let backend = open_database(config)?;
	genesis::ensure_same_chain(&backend, &genesis, executor.clone())?;
	let genesis_block_builder = GenesisBlockBuilder::<Block, _, _>::new_with_storage(
		genesis,
		!config.no_genesis(),
		backend.clone(),
		executor.clone(),
	)?;
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
			config,
			telemetry_handle.clone(),
			executor,
			backend,
			genesis_block_builder,
			false,
		)?;
	let client = Arc::new(client);

	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (block_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD_BLOCKS,
		&client,
		select_chain.clone(),
		telemetry_handle.clone(),
	)?;

	let justification_import = Box::new(block_import.clone());
	let (block_import, sightings) = equivocation::watch(block_import);
	let slot_client = client.clone();
	let import_queue =
		sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
			block_import: StateImport::new(block_import.clone(), client.clone()),
			justification_import: Some(justification_import),
			client: client.clone(),
			create_inherent_data_providers: move |parent: Hash, ()| {
				let client = slot_client.clone();
				async move {
					let slot_duration = sc_consensus_aura::standalone::slot_duration_at::<
						AuraId,
						Block,
						FullClient,
					>(&client, parent)?;
					Ok::<_, Box<dyn Error + Send + Sync>>(inherents::providers(slot_duration))
				}
			},
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			// `equivocation` does more than log.
			check_for_equivocation: CheckForEquivocation::No,
			telemetry: telemetry_handle,
			compatibility_mode: Default::default(),
		})
		.map_err(ServiceError::from)?;

	Ok(sc_service::PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: ConsensusParts { block_import, grandpa_link, sightings, telemetry },
	})
}

fn open_database(config: &Configuration) -> sc_cli::Result<Arc<FullBackend>> {
	let mut settings = config.db_config();
	// Without the blocks at which authorities changed, a pruned node could serve no warp sync.
	settings.pruning_filters = vec![Arc::new(GrandpaPruningFilter)];
	sc_service::new_db_backend(settings).map_err(|error| {
		let path = config.database.path().unwrap_or(&config.data_path);
		refusal(format!("the database at {} cannot be opened: {error}", path.display()))
	})
}

/// Starts a full node, and a validator where the configuration asks for one.
pub fn new_full<N: NetworkBackend<Block, Hash>>(
	config: Configuration,
	options: Options,
) -> sc_cli::Result<TaskManager> {
	let sc_service::PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: ConsensusParts { block_import, grandpa_link, sightings, mut telemetry },
	} = new_partial(&config)?;

	monitor_storage(&config, options.storage_monitor, &task_manager)?;
	let transaction_index = options
		.transaction_index_window
		.map(|window| start_transaction_index(&config, window, &client, &task_manager))
		.transpose()?;

	let mut net_config = FullNetworkConfiguration::<Block, Hash, N>::new(
		&config.network,
		config.prometheus_registry().cloned(),
	);
	let metrics = N::register_notification_metrics(config.prometheus_registry());
	let grandpa_protocol_name = sc_consensus_grandpa::protocol_standard_name(
		&client.info().genesis_hash,
		&config.chain_spec,
	);
	// A protocol that nobody serves would keep the network from connecting to anybody.
	let grandpa_notification_service = (!config.disable_grandpa).then(|| {
		let (protocol_config, notification_service) =
			sc_consensus_grandpa::grandpa_peers_set_config::<Block, N>(
				grandpa_protocol_name.clone(),
				metrics.clone(),
				net_config.peer_store_handle(),
			);
		net_config.add_notification_protocol(protocol_config);
		notification_service
	});

	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));
	let (sync_handle, sync_commands) = network::for_sync();
	let (sync_service, block_announce_config) =
		sc_service::build_default_syncing_engine(DefaultSyncingEngineConfig {
			role: config.role,
			protocol_id: config.protocol_id(),
			fork_id: config.chain_spec.fork_id(),
			net_config: &mut net_config,
			block_announce_validator: Box::new(DefaultBlockAnnounceValidator),
			network_service_handle: sync_handle,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			client: client.clone(),
			import_queue_service: import_queue.service(),
			num_peers_hint: network::waiting_block_requests(&config.network.default_peers_set),
			spawn_handle: &task_manager.spawn_handle(),
			spawn_essential_handle: &task_manager.spawn_essential_handle(),
			metrics_registry: config.prometheus_registry(),
			metrics: metrics.clone(),
			gap_sync_body_policy: sc_service::default_gap_sync_body_policy(config.blocks_pruning),
		})?;
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _) =
		sc_service::build_network_advanced(BuildNetworkAdvancedParams {
			role: config.role,
			protocol_id: config.protocol_id(),
			fork_id: config.chain_spec.fork_id(),
			announce_block: config.announce_block,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			sync_service,
			block_announce_config,
			// Has nothing to do and ends: `sync_commands` come to us.
			network_service_provider: NetworkServiceProvider::new(),
			metrics_registry: config.prometheus_registry(),
			metrics,
			blocks_pruning: config.blocks_pruning,
		})?;
	task_manager.spawn_handle().spawn_blocking(
		"sync-commands",
		Some("networking"),
		sync_commands.serve(Arc::new(network.clone())),
	);

	let offchain_tx_pool_factory = OffchainTransactionPoolFactory::new(transaction_pool.clone());
	if config.offchain_worker.enabled {
		let workers = OffchainWorkers::new(OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			keystore: Some(keystore_container.keystore()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(offchain_tx_pool_factory.clone()),
			network_provider: Arc::new(network.clone()),
			is_validator: config.role.is_authority(),
			enable_http_requests: true,
			custom_extensions: |_| Vec::new(),
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
		);
	}

	let role = config.role;
	let force_authoring = config.force_authoring;
	let name = config.network.node_name.clone();
	let prometheus_registry = config.prometheus_registry().cloned();

	let voter_state = SharedVoterState::empty();
	let authority_set = grandpa_link.shared_authority_set().clone();
	let rpc_deps = rpc::Deps {
		client: client.clone(),
		pool: transaction_pool.clone(),
		transaction_index,
		subscriptions: rpc::Subscriptions::new(config.prometheus_registry())
			.map_err(ServiceError::from)?,
		finality_proofs: FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(authority_set.clone()),
		),
		authority_set,
		voter_state: voter_state.clone(),
		justifications: grandpa_link.justification_stream(),
	};
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder: Box::new(move |executor| rpc::create(&rpc_deps, executor).map_err(Into::into)),
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);

	let reporter = equivocation::Reporter::new(
		client.clone(),
		sync_service.clone(),
		role.is_authority().then(|| offchain_tx_pool_factory.clone()),
	);
	// A node that reports nobody is still a node: not essential.
	task_manager.spawn_handle().spawn_blocking(
		"equivocation-reporter",
		None,
		reporter.run(sightings),
	);

	if role.is_authority() {
		let proposer_factory = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool,
			prometheus_registry.as_ref(),
			telemetry_handle.clone(),
		);
		let slot_duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(&client)?;
		let aura = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
			StartAuraParams {
				slot_duration,
				client,
				select_chain,
				block_import,
				proposer_factory,
				sync_oracle: sync_service.clone(),
				justification_sync_link: sync_service.clone(),
				create_inherent_data_providers: move |_: Hash, ()| async move {
					Ok::<_, Box<dyn Error + Send + Sync>>(inherents::providers(slot_duration))
				},
				force_authoring,
				// While finality stands still the chain slows down, lest it grow without bound.
				backoff_authoring_blocks: Some(
					BackoffAuthoringOnFinalizedHeadLagging::<BlockNumber>::default(),
				),
				keystore: keystore_container.keystore(),
				// The rest of the slot is for the others to receive and execute the block.
				block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
				max_block_proposal_slot_portion: None,
				telemetry: telemetry_handle.clone(),
				compatibility_mode: Default::default(),
			},
		)
		.map_err(ServiceError::from)?;
		// A validator that cannot author any more must stop, not idle.
		task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
	}

	if let Some(notification_service) = grandpa_notification_service {
		let config = sc_consensus_grandpa::Config {
			gossip_duration: options.grandpa_gossip_period,
			justification_generation_period: JUSTIFICATION_PERIOD_BLOCKS,
			observer_enabled: false,
			local_role: role,
			name: Some(name),
			// Without keys the voter only follows the others.
			keystore: role.is_authority().then(|| keystore_container.keystore()),
			telemetry: telemetry_handle.clone(),
			protocol_name: grandpa_protocol_name,
		};
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config,
			link: grandpa_link,
			network,
			sync: Arc::new(sync_service),
			notification_service,
			// The SDK's default also stays two blocks behind the best one, to save votes on blocks
			// that lose a fork. That is no safety rule, and would delay every transfer two blocks.
			voting_rule: ThreeQuartersOfTheUnfinalizedChain,
			prometheus_registry,
			shared_voter_state: voter_state,
			telemetry: telemetry_handle,
			offchain_tx_pool_factory,
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}

/// Stops the node while there is still room: a full disk kills a database that maps its files.
fn monitor_storage(
	config: &Configuration,
	params: StorageMonitorParams,
	task_manager: &TaskManager,
) -> sc_cli::Result<()> {
	let Some(path) = config.database.path() else { return Ok(()) };
	StorageMonitorService::try_spawn(
		params,
		path.to_path_buf(),
		&task_manager.spawn_essential_handle(),
	)
	.map_err(|error| {
		refusal(format!(
			"no room for the database at {}: {error}. Free some space, or lower \
			--db-storage-threshold",
			path.display()
		))
	})
}

/// Opens the index of transactions and has it follow the chain.
fn start_transaction_index(
	config: &Configuration,
	window: NonZeroU32,
	client: &Arc<FullClient>,
	task_manager: &TaskManager,
) -> sc_cli::Result<Arc<TransactionIndex>> {
	let path = transaction_index::folder(config.database.path().unwrap_or(&config.data_path));
	let index = TransactionIndex::open(path.clone()).map_err(|error| {
		refusal(format!(
			"the index of transactions at {} cannot be opened: {error}",
			path.display()
		))
	})?;
	let index = Arc::new(index);
	if let Some(registry) = config.prometheus_registry() {
		transaction_index::register_metrics(&index, registry).map_err(ServiceError::from)?;
	}
	// Before the worker looks at the chain, so that no block can slip through in between.
	let imported = client.every_import_notification_stream().map(Event::from);
	let finalized = client.finality_notification_stream().map(Event::from);
	let worker = Worker::new(index.clone(), client.clone(), window);
	// A node without the index is still a node: not essential.
	task_manager.spawn_handle().spawn_blocking(
		"transaction-index",
		None,
		worker.run(stream::select(imported, finalized)),
	);
	Ok(index)
}
