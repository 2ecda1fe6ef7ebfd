//! The check of a validator's session keys.

use gtos_node_consensus::session_keys;
use gtos_node_types::FullClient;
use sc_service::TaskManager;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// Starts to check the keys that the chain expects. `keystore` is the one below slashing protection.
///
/// The task is not essential: it only logs.
pub fn start(task_manager: &TaskManager, client: Arc<FullClient>, keystore: KeystorePtr) {
	let watch = session_keys::watch(client, keystore);
	task_manager.spawn_handle().spawn_blocking("session-keys", None, watch);
}
