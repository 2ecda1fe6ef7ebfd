//! Reports of equivocations.

use gtos_node_consensus::equivocation::{Metrics, ObservedHeader, ReportSink, Reporter};
use gtos_node_types::{Block, FullClient, TransactionPool};
use sc_network_sync::SyncingService;
use sc_service::TaskManager;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The parts of the node that the reporter needs.
pub struct Params {
	/// The chain, and the store of what is not settled.
	pub client: Arc<FullClient>,
	/// Block sync.
	pub sync: Arc<SyncingService<Block>>,
	/// Pool for the reports; `None` in a node that does not author blocks, whose reporter only logs.
	pub pool: Option<Arc<TransactionPool>>,
	/// Headers of the blocks that the node imports.
	pub observed_headers: mpsc::Receiver<ObservedHeader>,
	/// Metrics.
	pub metrics: Metrics,
}

/// Starts the reporter. Returns the pool that GRANDPA's voter has to be given: it hands the voter's
/// reports to the reporter.
///
/// The task is not essential: the node works without reports.
pub fn start(task_manager: &TaskManager, params: Params) -> OffchainTransactionPoolFactory<Block> {
	let Params { client, sync, pool, observed_headers, metrics } = params;
	let (grandpa_pool, votes) = ReportSink::for_grandpa();
	task_manager.spawn_handle().spawn_blocking(
		"equivocation-reporter",
		None,
		Reporter::new(client, sync, pool, metrics).run(observed_headers, votes),
	);
	OffchainTransactionPoolFactory::new(grandpa_pool)
}
