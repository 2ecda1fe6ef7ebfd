//! Block sync: what the SDK builds by default, with bounds on what strangers cost.

use gtos_node_consensus::{
	bounded_answers::{AnswerBudget, InboundQueue},
	clock::Clock,
	heard_height::HeardHeight,
	sync_claims::CheckedClaims,
	sync_network,
	sync_places::SyncPlaces,
};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::Hash;
use sc_client_api::BlockBackend;
use sc_consensus::import_queue::ImportQueueService;
use sc_network::{
	config::FullNetworkConfiguration, service::traits::RequestResponseConfig, NetworkBackend,
	NotificationMetrics, PeerId, Roles,
};
use sc_network_sync::{
	block_relay_protocol::{BlockDownloader, BlockRelayParams},
	block_request_handler::BlockRequestHandler,
	engine::SyncingEngine,
	service::network::NetworkServiceHandle,
	state_request_handler::StateRequestHandler,
	strategy::{
		polkadot::{PolkadotSyncingStrategy, PolkadotSyncingStrategyConfig},
		warp::WarpSyncProvider,
	},
	warp_request_handler::RequestHandler as WarpRequestHandler,
	SyncingService, WarpSyncConfig,
};
use sc_service::{Configuration, Error, TaskManager};
use sp_blockchain::HeaderBackend;
use sp_consensus::block_validation::BlockAnnounceValidator;
use std::{collections::HashSet, sync::Arc};

/// Group of the tasks in metrics.
const GROUP: Option<&str> = Some("networking");

/// The parts of the node that sync needs.
pub struct Params<'a, N: NetworkBackend<Block, Hash>> {
	/// Configuration of the node.
	pub config: &'a Configuration,
	/// Runs the tasks of sync.
	pub task_manager: &'a TaskManager,
	/// Gets the protocols of sync.
	pub net_config: &'a mut FullNetworkConfiguration<Block, Hash, N>,
	/// Metrics of notification protocols.
	pub metrics: NotificationMetrics,
	/// Chain that is synced and served.
	pub client: Arc<FullClient>,
	/// Queue for blocks from the network.
	pub import_queue: Box<dyn ImportQueueService<Block>>,
	/// Checks block announcements.
	pub announce_validator: Box<dyn BlockAnnounceValidator<Block> + Send>,
	/// Requests of sync to the network.
	pub network: NetworkServiceHandle,
	/// Makes and checks warp proofs.
	pub warp_sync: Arc<dyn WarpSyncProvider<Block>>,
	/// The clock by which blocks from the network are checked.
	pub clock: Arc<Clock>,
	/// Gets the heights that peers claim.
	pub heard: Arc<HeardHeight>,
}

/// Starts sync, which is an essential task. Returns its handle, and the configuration of block announcements.
pub fn start<N>(
	mut params: Params<'_, N>,
) -> Result<(SyncingService<Block>, N::NotificationProtocolConfig), Error>
where
	N: InboundQueue,
{
	let reserved = &params.config.network.default_peers_set.reserved_nodes;
	let reserved: HashSet<PeerId> = reserved.iter().map(|node| node.peer_id).collect();
	let places = Arc::new(SyncPlaces::default());
	let budget = AnswerBudget::new(reserved.clone(), places.clone());
	let downloader = serve_blocks(&mut params, &budget);
	let strategy = build_strategy(&mut params, &budget, downloader.clone())?;
	let Params { config, task_manager, net_config, metrics, client, clock, heard, .. } = params;
	let strategy = Box::new(strategy);
	let strategy =
		CheckedClaims::new(strategy, client.clone(), clock, places, heard, reserved, downloader);
	let (engine, service, announcements) = SyncingEngine::new(
		Roles::from(&config.role),
		client,
		config.prometheus_registry(),
		metrics,
		&*net_config,
		config.protocol_id(),
		config.chain_spec.fork_id(),
		params.announce_validator,
		Box::new(strategy),
		params.network,
		params.import_queue,
		net_config.peer_store_handle(),
	)?;
	task_manager.spawn_essential_handle().spawn_blocking("syncing", None, engine.run());
	Ok((service, announcements))
}

/// Puts the budget before the server of a protocol, and adds the protocol to the network.
fn add_protocol<N>(
	params: &mut Params<'_, N>,
	budget: &Arc<AnswerBudget>,
	mut protocol: N::RequestResponseProtocolConfig,
) where
	N: InboundQueue,
{
	let guard = budget.guard(N::inbound_queue(&mut protocol));
	params.task_manager.spawn_handle().spawn("answer-budget", GROUP, guard);
	params.net_config.add_request_response_protocol(protocol);
}

fn queued_requests(config: &Configuration) -> usize {
	let network = &config.network;
	sync_network::queued_requests(network.default_peers_set_num_full, &network.default_peers_set)
}

fn serve_blocks<N>(
	params: &mut Params<'_, N>,
	budget: &Arc<AnswerBudget>,
) -> Arc<dyn BlockDownloader<Block>>
where
	N: InboundQueue,
{
	let BlockRelayParams { mut server, downloader, request_response_config } =
		BlockRequestHandler::new::<N>(
			params.network.clone(),
			&params.config.protocol_id(),
			params.config.chain_spec.fork_id(),
			params.client.clone(),
			queued_requests(params.config),
		);
	let serve = async move { server.run().await };
	params.task_manager.spawn_handle().spawn("block-request-handler", GROUP, serve);
	add_protocol(params, budget, request_response_config);
	downloader
}

/// The SDK's strategy, with the servers of states and warp proofs that belong to it.
fn build_strategy<N>(
	params: &mut Params<'_, N>,
	budget: &Arc<AnswerBudget>,
	block_downloader: Arc<dyn BlockDownloader<Block>>,
) -> Result<PolkadotSyncingStrategy<Block, FullClient>, Error>
where
	N: InboundQueue,
{
	let config = params.config;
	let network = &config.network;
	let mode = network.sync_mode;
	if params.client.requires_full_sync() && (mode.is_warp() || mode.light_state()) {
		return Err(
			"an archive node needs the states of all blocks: start it with --sync full".into()
		);
	}
	let fork_id = config.chain_spec.fork_id();
	let client = params.client.clone();
	let spawn_handle = params.task_manager.spawn_handle();

	let (server, protocol) = StateRequestHandler::new::<N>(
		&config.protocol_id(),
		fork_id,
		client.clone(),
		queued_requests(config),
	);
	let state_request_protocol_name = protocol.protocol_name().clone();
	spawn_handle.spawn("state-request-handler", GROUP, server.run());
	add_protocol(params, budget, protocol);

	let (server, protocol) = WarpRequestHandler::new::<_, N>(
		config.protocol_id(),
		client.info().genesis_hash,
		fork_id,
		params.warp_sync.clone(),
	);
	let warp_protocol_name = protocol.protocol_name().clone();
	spawn_handle.spawn("warp-sync-request-handler", GROUP, server.run());
	add_protocol(params, budget, protocol);

	let strategy_config = PolkadotSyncingStrategyConfig {
		mode,
		max_parallel_downloads: network.max_parallel_downloads,
		max_blocks_per_request: network.max_blocks_per_request,
		min_peers_to_start_warp_sync: network.min_peers_to_start_warp_sync,
		metrics_registry: config.prometheus_registry().cloned(),
		state_request_protocol_name,
		block_downloader,
		gap_sync_body_policy: sc_service::default_gap_sync_body_policy(config.blocks_pruning),
	};
	let strategy = PolkadotSyncingStrategy::new(
		strategy_config,
		client,
		Some(WarpSyncConfig::WithProvider(params.warp_sync.clone())),
		Some(warp_protocol_name),
	)?;
	Ok(strategy)
}
