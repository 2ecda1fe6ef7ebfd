//! Starts a node.

use crate::{
	authoring::Author,
	components::{ConsensusParts, PartialComponents},
	equivocation_reports,
	finality::Voter,
	network::{self, Network},
	offchain, old_bodies,
	open::open_node,
	own_slots, rpc, session_keys, slashing_protection,
	storage_monitor::{self, StorageOptions},
	transaction_index, verified_signatures,
};
use gtos_node_consensus::{
	backoff::Pauses, bounded_answers::InboundQueue, gathered_validation::PoolLimits,
	screened_pool::ScreenedPool,
};
use gtos_node_slashing_protection::{ensure_usable, Mode, ProtectedKeystore, SigningKeystore};
use gtos_node_types::{user_error, Block};
use gtos_runtime::Hash;
use sc_consensus_grandpa::SharedVoterState;
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker};
use sc_service::{Configuration, Error, SpawnTasksParams, TaskManager};
use sc_telemetry::Telemetry;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

/// What the operator chooses beyond the SDK's configuration.
pub struct Options {
	/// Whether a validator pauses while finality lags.
	pub authoring_pauses: Pauses,
	/// Folder of compiled runtimes; `None` for the one in the base path.
	pub compiled_runtimes: Option<PathBuf>,
	/// How long a GRANDPA vote is expected to travel.
	pub grandpa_gossip_period: Duration,
	/// What the single-state pool holds; `None` for the fork-aware pool.
	pub pool_limits: Option<PoolLimits>,
	/// How much slashing protection a validator has.
	pub slashing_protection: Mode,
	/// When the node stops for lack of disk space.
	pub storage: StorageOptions,
	/// How many of the last blocks the index of transactions covers; `None` for no index.
	pub transaction_index_window: Option<NonZeroU32>,
	/// How many verified signatures the node remembers, of ecdsa and of the other schemes each; `None` for none.
	pub verified_signatures: Option<NonZeroU32>,
}

/// Starts a full node, and a validator if the configuration asks for one, over the network backend
/// that the configuration names.
// Not generic, so that this crate compiles both backends once, for every binary and test.
pub fn start(config: Configuration, options: Options) -> Result<TaskManager, Error> {
	match config.network.network_backend {
		NetworkBackendType::Litep2p => start_over::<Litep2pNetworkBackend>(config, options),
		NetworkBackendType::Libp2p => start_over::<NetworkWorker<Block, Hash>>(config, options),
	}
}

fn start_over<N>(config: Configuration, options: Options) -> Result<TaskManager, Error>
where
	N: InboundQueue,
{
	// Before the import queue, which uses it.
	verified_signatures::start(&config, options.verified_signatures)?;
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other:
			ConsensusParts {
				block_import,
				observed_headers,
				equivocation_metrics,
				clock,
				best_arrival,
				grandpa_link,
				protection,
				mut telemetry,
			},
	} = open_node(
		&config,
		options.compiled_runtimes.as_deref(),
		options.slashing_protection,
		options.pool_limits,
	)?;
	let inner = SigningKeystore::wrap(keystore_container.keystore());
	if config.role.is_authority() {
		ensure_usable(&*inner).map_err(user_error)?;
	}
	let (keystore, worker_keystore) = match &protection {
		Some(protection) => (
			ProtectedKeystore::of_operator(inner.clone(), protection.clone()),
			ProtectedKeystore::of_workers(inner.clone(), protection.clone()),
		),
		None => (inner.clone(), inner.clone()),
	};
	let offchain_pool = OffchainTransactionPoolFactory::new(transaction_pool.clone());
	let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);

	storage_monitor::start(&config, options.storage, &task_manager)?;
	old_bodies::warn_if_missing(&config, &client)?;
	let screened_pool = Arc::new(ScreenedPool::new(transaction_pool.clone(), client.clone()));
	let network_params = network::Params {
		client: client.clone(),
		backend: backend.clone(),
		transaction_pool: screened_pool.clone(),
		import_queue,
		authority_set: grandpa_link.shared_authority_set().clone(),
		clock,
	};
	let Network { service: network, sync, system_rpc_tx, tx_handler_controller, grandpa } =
		network::start::<N>(&config, &task_manager, network_params)?;
	let transaction_index = options
		.transaction_index_window
		.map(|window| {
			transaction_index::start(&config, &task_manager, &client, sync.clone(), window)
		})
		.transpose()?;

	offchain::start(
		&config,
		&task_manager,
		&client,
		&backend,
		keystore.clone(),
		offchain_pool,
		network.clone(),
	)?;

	let voter_state = SharedVoterState::empty();
	let rpc_deps = rpc::dependencies(
		&config,
		client.clone(),
		backend.clone(),
		transaction_pool.clone(),
		transaction_index,
		&grandpa_link,
		voter_state.clone(),
	)?;

	// These outlive the configuration, which `spawn_tasks` consumes.
	let role = config.role;
	let force_authoring = config.force_authoring;
	let node_name = config.network.node_name.clone();
	let prometheus_registry = config.prometheus_registry().cloned();
	let reserved_nodes = &config.network.default_peers_set.reserved_nodes;
	let reserved = reserved_nodes.iter().map(|node| node.peer_id).collect();

	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: screened_pool,
		rpc_builder: Box::new(move |executor| {
			gtos_node_rpc::create(&rpc_deps, executor).map_err(Into::into)
		}),
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	let report_params = equivocation_reports::Params {
		client: client.clone(),
		sync: sync.clone(),
		pool: role.is_authority().then(|| transaction_pool.clone()),
		observed_headers,
		metrics: equivocation_metrics,
	};
	let grandpa_pool = equivocation_reports::start(&task_manager, report_params);

	if let Some(protection) = &protection {
		slashing_protection::start(
			&task_manager,
			client.clone(),
			sync.clone(),
			protection.clone(),
			reserved,
		)?;
	}

	if role.is_authority() {
		// Not earlier: `spawn_tasks` makes the keys of a development chain.
		session_keys::start(&task_manager, client.clone(), inner);
		let own_slots = own_slots::start(
			&task_manager,
			client.clone(),
			keystore.clone(),
			prometheus_registry.as_ref(),
		)?;
		let author = Author {
			client,
			transaction_pool,
			select_chain,
			block_import,
			sync: sync.clone(),
			own_slots,
			keystore: worker_keystore.clone(),
			protection: protection.clone(),
			force_authoring,
			pauses: options.authoring_pauses,
			prometheus_registry: prometheus_registry.clone(),
			telemetry: telemetry_handle.clone(),
		};
		author.start(&task_manager)?;
	}

	if let Some(protocol) = grandpa {
		let voter = Voter {
			role,
			node_name,
			gossip_period: options.grandpa_gossip_period,
			keystore: worker_keystore,
			protection,
			best_arrival,
			link: grandpa_link,
			network,
			sync,
			voter_state,
			pool: grandpa_pool,
			prometheus_registry,
			telemetry: telemetry_handle,
		};
		voter.start(&task_manager, protocol)?;
	}

	Ok(task_manager)
}
