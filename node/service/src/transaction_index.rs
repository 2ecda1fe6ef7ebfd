//! The index of transactions and the worker that fills it.

use futures::{stream, StreamExt};
use gtos_node_transaction_index::{folder, register_metrics, Event, TransactionIndex, Worker};
use gtos_node_types::{user_error, FullClient};
use sc_client_api::BlockchainEvents;
use sc_service::{Configuration, Error, TaskManager};
use std::{num::NonZeroU32, sync::Arc};

/// Opens the index of the last `window` blocks, and starts the worker that fills it.
///
/// The task is not essential: the node works without the index.
pub fn start(
	config: &Configuration,
	task_manager: &TaskManager,
	client: &Arc<FullClient>,
	window: NonZeroU32,
) -> Result<Arc<TransactionIndex>, Error> {
	let path = folder(config.database.path().unwrap_or(&config.data_path));
	let index = TransactionIndex::open(path.clone()).map_err(|error| {
		user_error(format!(
			"the index of transactions at {} cannot be opened: {error}",
			path.display()
		))
	})?;
	let index = Arc::new(index);
	if let Some(registry) = config.prometheus_registry() {
		register_metrics(&index, registry)?;
	}
	// The streams are opened before the worker reads the best block, so the worker misses no block
	// in between.
	let imported = client.every_import_notification_stream().map(Event::from);
	let finalized = client.finality_notification_stream().map(Event::from);
	let worker = Worker::new(index.clone(), client.clone(), window);
	task_manager.spawn_handle().spawn_blocking(
		"transaction-index",
		None,
		worker.run(stream::select(imported, finalized)),
	);
	Ok(index)
}
