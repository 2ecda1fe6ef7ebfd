//! The comparison of this node's clock with those of the block authors.

use gtos_node_consensus::clock::{self, AnnouncedSlots, Clock};
use gtos_node_types::FullClient;
use sc_service::{Configuration, Error, TaskManager};
use std::sync::Arc;

/// Starts to watch the clock. Returns the validator of block announcements, from which the slots
/// come.
///
/// The task is not essential: the node works without it.
pub fn start(
	config: &Configuration,
	task_manager: &TaskManager,
	clock: Arc<Clock>,
	client: Arc<FullClient>,
) -> Result<AnnouncedSlots, Error> {
	let (announced, watch) = clock::watch(clock, client, config.prometheus_registry())?;
	task_manager.spawn_handle().spawn_blocking("clock-watch", None, watch.run());
	Ok(announced)
}
