//! Starts a node.

use crate::{
	authoring::Author,
	budget::Budget,
	finality::{self, Voter},
	open::{open, FullBackend, FullClient, PartialComponents, TransactionPool},
	rpc,
};
use futures::FutureExt;
use gtos_baseline_runtime::{Hash, OpaqueBlock as Block};
use sc_client_api::Backend;
use sc_network::{
	config::FullNetworkConfiguration, service::traits::NetworkService, Litep2pNetworkBackend,
	NetworkBackend,
};
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
	BuildNetworkParams, Configuration, Error, KeystoreContainer, SpawnTasksParams, TaskManager,
	WarpSyncConfig,
};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::sync::Arc;

/// Starts a full node, and a validator if the configuration asks for one.
pub fn start(config: Configuration, budget: Budget) -> Result<TaskManager, Error> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: (block_import, grandpa_link),
	} = open(&config)?;

	let mut net_config = FullNetworkConfiguration::<Block, Hash, Litep2pNetworkBackend>::new(
		&config.network,
		config.prometheus_registry().cloned(),
	);
	let metrics =
		<Litep2pNetworkBackend as NetworkBackend<Block, Hash>>::register_notification_metrics(
			config.prometheus_registry(),
		);
	let grandpa = finality::add_protocol(&config, &client, &mut net_config, metrics.clone());
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));
	let (network, system_rpc_tx, tx_handler_controller, sync, _) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;
	if config.offchain_worker.enabled {
		start_offchain_workers(
			&config,
			&task_manager,
			&client,
			&backend,
			&keystore_container,
			&transaction_pool,
			network.clone(),
		)?;
	}

	// These outlive the configuration, which `spawn_tasks` consumes.
	let role = config.role;
	let force_authoring = config.force_authoring;
	let node_name = config.network.node_name.clone();
	let (rpc_client, rpc_pool) = (client.clone(), transaction_pool.clone());
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder: Box::new(move |_| {
			rpc::create(rpc_client.clone(), rpc_pool.clone()).map_err(Into::into)
		}),
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync.clone(),
		telemetry: None,
		tracing_execute_block: None,
	})?;

	if role.is_authority() {
		let author = Author {
			client,
			transaction_pool: transaction_pool.clone(),
			select_chain,
			block_import,
			sync: sync.clone(),
			keystore: &keystore_container,
			force_authoring,
			budget,
		};
		author.start(&task_manager)?;
	}
	let voter = Voter {
		role,
		node_name,
		keystore: keystore_container.keystore(),
		link: grandpa_link,
		network,
		sync,
		transaction_pool,
	};
	voter.start(&task_manager, grandpa)?;
	Ok(task_manager)
}

fn start_offchain_workers(
	config: &Configuration,
	task_manager: &TaskManager,
	client: &Arc<FullClient>,
	backend: &FullBackend,
	keystore: &KeystoreContainer,
	pool: &Arc<TransactionPool>,
	network: Arc<dyn NetworkService>,
) -> Result<(), Error> {
	let workers = OffchainWorkers::new(OffchainWorkerOptions {
		runtime_api_provider: client.clone(),
		keystore: Some(keystore.keystore()),
		offchain_db: backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
		network_provider: Arc::new(network),
		is_validator: config.role.is_authority(),
		enable_http_requests: true,
		custom_extensions: |_| Vec::new(),
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-worker",
		workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
	);
	Ok(())
}
