//! The slots of this node's own keys.

use gtos_node_consensus::own_slots::OwnSlots;
use gtos_node_types::FullClient;
use sc_service::{Error, TaskManager};
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

/// Starts to count the slots that a validator misses.
///
/// The task is not essential: a validator works without the count.
pub fn start(
	task_manager: &TaskManager,
	client: Arc<FullClient>,
	keystore: KeystorePtr,
	registry: Option<&Registry>,
) -> Result<Arc<OwnSlots>, Error> {
	let own_slots = Arc::new(OwnSlots::new(client, keystore, registry)?);
	task_manager.spawn_handle().spawn_blocking("own-slots", None, own_slots.clone().count_missed());
	Ok(own_slots)
}
