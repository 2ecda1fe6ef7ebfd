//! The import queue: Aura's checks of blocks from the network, and the block import behind them.

use crate::components::{GrandpaBlockImport, QueueBlockImport};
use gtos_node_consensus::{clock::Clock, inherents};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::Hash;
use sc_consensus_aura::{CheckForEquivocation, ImportQueueParams};
use sc_service::{Configuration, Error, TaskManager};
use sc_telemetry::TelemetryHandle;
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use std::sync::Arc;

/// Starts the import queue in front of `block_import`.
pub fn start(
	config: &Configuration,
	task_manager: &TaskManager,
	client: Arc<FullClient>,
	block_import: QueueBlockImport,
	justification_import: GrandpaBlockImport,
	clock: Arc<Clock>,
	telemetry: Option<TelemetryHandle>,
) -> Result<sc_consensus::DefaultImportQueue<Block>, Error> {
	let slot_client = client.clone();
	let create_inherent_data_providers = move |parent: Hash, ()| {
		let client = slot_client.clone();
		let clock = clock.clone();
		async move {
			let slot_duration =
				sc_consensus_aura::standalone::slot_duration_at::<AuraId, Block, FullClient>(
					&client, parent,
				)?;
			clock.set_slot_duration(slot_duration);
			Ok::<_, Box<dyn std::error::Error + Send + Sync>>(inherents::providers_at(
				clock.network_time(),
				slot_duration,
			))
		}
	};
	let queue = sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
		block_import,
		justification_import: Some(Box::new(justification_import)),
		client,
		create_inherent_data_providers,
		spawner: &task_manager.spawn_essential_handle(),
		registry: config.prometheus_registry(),
		// The SDK's check only logs; `block_import` observes headers for our own reporter.
		check_for_equivocation: CheckForEquivocation::No,
		telemetry,
		compatibility_mode: Default::default(),
	})?;
	Ok(queue)
}
