//! The index of transactions and the worker that fills it.

use futures::{stream, StreamExt};
use gtos_node_transaction_index::{folder, register_metrics, Event, TransactionIndex, Worker};
use gtos_node_types::{user_error, Block, FullClient};
use gtos_runtime::opaque::Header;
use sc_client_api::BlockchainEvents;
use sc_consensus_aura::{standalone::find_pre_digest, SlotDuration};
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, TaskManager};
use sp_consensus::SyncOracle;
use sp_consensus_aura::{
	sr25519::{AuthorityId as AuraId, AuthoritySignature},
	Slot,
};
use sp_timestamp::Timestamp;
use std::{num::NonZeroU32, sync::Arc};

/// Opens the index of the last `window` blocks, and starts the worker that fills it.
///
/// The task is not essential: the node works without the index.
pub fn start(
	config: &Configuration,
	task_manager: &TaskManager,
	client: &Arc<FullClient>,
	sync: Arc<SyncingService<Block>>,
	window: NonZeroU32,
) -> Result<Arc<TransactionIndex>, Error> {
	let path = folder(config.database.path().unwrap_or(&config.data_path));
	let index = TransactionIndex::open(path.clone(), window).map_err(|error| {
		user_error(format!(
			"the index of transactions at {} cannot be opened: {error}",
			path.display()
		))
	})?;
	let index = Arc::new(index);
	if let Some(registry) = config.prometheus_registry() {
		register_metrics(&index, registry)?;
	}
	let slot_duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(client)?;
	// Peers may lie about their height, so a block of the last `window` slots is indexed whatever they
	// say.
	let is_old = move |header: &Header| {
		sync.is_major_syncing()
			&& slots_since(header, slot_duration) >= Some(u64::from(window.get()))
	};
	// The streams are opened before the worker reads the best block, so the worker misses no block
	// in between.
	let imported = client.every_import_notification_stream().map(move |notification| {
		let is_old = is_old(&notification.header);
		Event::imported(notification, is_old)
	});
	let finalized = client.finality_notification_stream().map(Event::from);
	let worker = Worker::new(index.clone(), client.clone());
	task_manager.spawn_handle().spawn_blocking(
		"transaction-index",
		None,
		worker.run(stream::select(imported, finalized)),
	);
	Ok(index)
}

/// Slots from that of the block until now; `None` for the genesis block, which claims no slot.
fn slots_since(header: &Header, slot_duration: SlotDuration) -> Option<u64> {
	let slot = find_pre_digest::<Block, AuthoritySignature>(header).ok()?;
	let now = Slot::from_timestamp(Timestamp::current(), slot_duration);
	// Saturating: the slot of a block may be ahead of this node's clock.
	Some(*now.saturating_sub(slot))
}
