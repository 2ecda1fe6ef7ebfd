//! Reports of author equivocations.

use gtos_node_consensus::equivocation::{ObservedHeader, Reporter};
use gtos_node_types::{Block, FullClient};
use sc_network_sync::SyncingService;
use sc_service::TaskManager;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Starts the reporter, which only logs if `pool` is `None`.
///
/// The task is not essential: the node works without reports.
pub fn start(
	task_manager: &TaskManager,
	client: Arc<FullClient>,
	sync: Arc<SyncingService<Block>>,
	pool: Option<OffchainTransactionPoolFactory<Block>>,
	observed_headers: mpsc::Receiver<ObservedHeader>,
) {
	task_manager.spawn_handle().spawn_blocking(
		"equivocation-reporter",
		None,
		Reporter::new(client, sync, pool).run(observed_headers),
	);
}
