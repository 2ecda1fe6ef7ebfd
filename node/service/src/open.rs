//! Opens the chain: everything but network and services.

use crate::{
	client::{self, ClientParts},
	components::{ConsensusParts, PartialComponents},
	finality, import_queue, slashing_protection,
	telemetry::PendingTelemetry,
};
use gtos_node_consensus::{
	clock::Clock,
	discarded_forks::DiscardedForks,
	equivocation,
	fork_choice::{BestArrival, PunctualImport},
	gathered_validation::{self, PoolLimits},
	observed_import::ObservedImport,
	signatures_ahead::SignaturesAhead,
	state_import::StateImport,
};
use gtos_node_slashing_protection::{observe_block, Mode};
use gtos_node_types::{Block, FullClient, TransactionPool};
use sc_consensus::BlockImportParams;
use sc_service::{Configuration, Error, TaskManager};
use std::{path::Path, sync::Arc};

/// Folder of compiled runtimes in the base path, unless the operator names another.
const COMPILED_RUNTIMES: &str = "compiled-runtimes";

/// Opens the database, and starts the transaction pool and the import queue over it.
///
/// For commands, which sign nothing.
pub fn open(config: &Configuration) -> Result<PartialComponents, Error> {
	open_node(config, None, Mode::Off, None)
}

/// Like [`open`], with compiled runtimes in the given folder, and with the slashing protection and the
/// pool of a node.
pub(crate) fn open_node(
	config: &Configuration,
	compiled_runtimes: Option<&Path>,
	slashing_protection: Mode,
	pool_limits: Option<PoolLimits>,
) -> Result<PartialComponents, Error> {
	let default_folder = config.base_path.path().join(COMPILED_RUNTIMES);
	let compiled_runtimes = compiled_runtimes.unwrap_or(&default_folder);
	let telemetry = PendingTelemetry::new(config)?;
	let telemetry_handle = telemetry.as_ref().map(PendingTelemetry::handle);
	let ClientParts { client, backend, keystore_container, task_manager } =
		client::open(config, compiled_runtimes, telemetry_handle.clone())?;
	let telemetry = telemetry.map(|telemetry| telemetry.start(&task_manager));

	// Before GRANDPA's block import, which reads the voter's state.
	let protection = slashing_protection::open(
		config,
		&client,
		keystore_container.keystore(),
		slashing_protection,
	)?;
	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = start_pool(config, &task_manager, client.clone(), pool_limits)?;
	let (grandpa_import, grandpa_link) =
		finality::block_import(client.clone(), select_chain.clone(), telemetry_handle.clone())?;
	let equivocation_metrics = equivocation::Metrics::new(config.prometheus_registry())?;
	let clock = Arc::new(Clock::default());
	let (header_observer, observed_headers) =
		equivocation::header_observer(clock.clone(), equivocation_metrics.clone());
	let mut observers = vec![header_observer];
	if let Some(protection) = protection.clone() {
		observers.push(Arc::new(move |block: &BlockImportParams<Block>| {
			observe_block(&protection, block)
		}));
	}
	let best_arrival = Arc::new(BestArrival::new(clock.clone()));
	let punctual_import =
		PunctualImport::new(grandpa_import.clone(), client.clone(), best_arrival.clone());
	let block_import = ObservedImport::new(punctual_import, observers);
	let queue_import = SignaturesAhead::new(
		StateImport::new(block_import.clone(), client.clone()),
		client.clone(),
		transaction_pool.clone(),
		task_manager.spawn_handle(),
	);
	let queue_import = DiscardedForks::new(queue_import, client.clone());
	let import_queue = import_queue::start(
		config,
		&task_manager,
		client.clone(),
		queue_import,
		grandpa_import,
		clock.clone(),
		telemetry_handle,
	)?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: ConsensusParts {
			block_import,
			observed_headers,
			equivocation_metrics,
			clock,
			best_arrival,
			grandpa_link,
			protection,
			telemetry,
		},
	})
}

/// Starts a pool whose validations are gathered; without limits the one of the SDK, which has its own from the
/// configuration.
fn start_pool(
	config: &Configuration,
	task_manager: &TaskManager,
	client: Arc<FullClient>,
	limits: Option<PoolLimits>,
) -> Result<Arc<TransactionPool>, Error> {
	let spawner = task_manager.spawn_essential_handle();
	let (is_validator, registry) = (config.role.is_authority(), config.prometheus_registry());
	let pool = match limits {
		Some(limits) => gathered_validation::start_pool(
			client,
			&limits,
			is_validator,
			Box::new(spawner),
			registry,
		)?,
		None => sc_transaction_pool::Builder::new(spawner, client, is_validator.into())
			.with_options(config.transaction_pool.clone())
			.with_prometheus(registry)
			.build(),
	};
	Ok(Arc::new(pool))
}
