//! The peer-to-peer network and block sync.

use crate::{clock_watch, finality, sync};
use gtos_node_consensus::{
	bounded_answers::InboundQueue, clock::Clock, heard_height::HeardHeight,
	screened_pool::ScreenedPool, stalled_sync, sync_network, warp_peers,
};
use gtos_node_types::{Block, FullBackend, FullClient};
use gtos_runtime::{BlockNumber, Hash};
use sc_consensus_grandpa::SharedAuthoritySet;
use sc_network::{config::FullNetworkConfiguration, service::traits::NetworkService};
use sc_network_sync::{service::network::NetworkServiceProvider, SyncingService};
use sc_network_transactions::TransactionsHandlerController;
use sc_rpc::system::Request;
use sc_service::{BuildNetworkAdvancedParams, Configuration, Error, ImportQueue, TaskManager};
use sc_utils::mpsc::TracingUnboundedSender;
use std::sync::Arc;

/// The parts of the node that the network needs.
pub struct Params {
	/// Chain that is synced and served.
	pub client: Arc<FullClient>,
	/// Database from which warp proofs are made.
	pub backend: Arc<FullBackend>,
	/// Transactions that are gossiped.
	pub transaction_pool: Arc<ScreenedPool>,
	/// Queue for blocks from the network.
	pub import_queue: sc_consensus::DefaultImportQueue<Block>,
	/// GRANDPA authorities, for warp proofs.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// The clock that is compared with the slots of announced blocks.
	pub clock: Arc<Clock>,
}

/// The running network.
pub struct Network {
	/// The network service.
	pub service: Arc<dyn NetworkService>,
	/// Block sync.
	pub sync: Arc<SyncingService<Block>>,
	/// Requests of the `system` namespace.
	pub system_rpc_tx: TracingUnboundedSender<Request<Block>>,
	/// Gossip of transactions.
	pub tx_handler_controller: TransactionsHandlerController<Hash>,
	/// GRANDPA's protocol, for the voter; `None` if GRANDPA is switched off.
	pub grandpa: Option<finality::Protocol>,
}

/// Starts the network and block sync.
pub fn start<N>(
	config: &Configuration,
	task_manager: &TaskManager,
	Params { client, backend, transaction_pool, import_queue, authority_set, clock }: Params,
) -> Result<Network, Error>
where
	N: InboundQueue,
{
	let mut net_config = FullNetworkConfiguration::<Block, Hash, N>::new(
		&config.network,
		config.prometheus_registry().cloned(),
	);
	let metrics = N::register_notification_metrics(config.prometheus_registry());
	let grandpa = finality::add_protocol(config, &client, &mut net_config, metrics.clone());

	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend,
		authority_set,
		Vec::new(),
	));
	let announced_slots = clock_watch::start(config, task_manager, clock.clone(), client.clone())?;
	let (sync_handle, sync_commands) = sync_network::handle_for_sync();
	let heard = Arc::new(HeardHeight::default());
	let (sync_service, block_announce_config) = sync::start(sync::Params {
		config,
		task_manager,
		net_config: &mut net_config,
		metrics: metrics.clone(),
		client: client.clone(),
		import_queue: import_queue.service(),
		announce_validator: Box::new(announced_slots),
		network: sync_handle,
		warp_sync,
		clock,
		heard: heard.clone(),
	})?;
	let (service, system_rpc_tx, tx_handler_controller, sync, _) =
		sc_service::build_network_advanced(BuildNetworkAdvancedParams {
			role: config.role,
			protocol_id: config.protocol_id(),
			fork_id: config.chain_spec.fork_id(),
			announce_block: config.announce_block,
			net_config,
			client: client.clone(),
			transaction_pool,
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			sync_service,
			block_announce_config,
			// This provider has no work and ends at once: `sync_commands` replaces it.
			network_service_provider: NetworkServiceProvider::new(),
			metrics_registry: config.prometheus_registry(),
			metrics,
			blocks_pruning: config.blocks_pruning,
		})?;
	task_manager.spawn_handle().spawn_blocking(
		"sync-commands",
		Some("networking"),
		sync_commands.serve(Arc::new(service.clone())),
	);
	let report = stalled_sync::report(client, sync.clone(), heard);
	task_manager.spawn_handle().spawn("stalled-sync", Some("networking"), report);
	if config.network.sync_mode.is_warp() {
		let report = warp_peers::report(sync.clone());
		task_manager.spawn_handle().spawn("warp-peers", Some("networking"), report);
	}
	Ok(Network { service, sync, system_rpc_tx, tx_handler_controller, grandpa })
}
