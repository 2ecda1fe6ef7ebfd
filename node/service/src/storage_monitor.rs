//! Watches the free disk space.

use gtos_node_types::user_error;
use sc_service::{Configuration, Error, TaskManager};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};

/// Stops the node before the disk is full. A full disk would crash the node, because the database
/// maps its files into memory.
pub fn start(
	config: &Configuration,
	params: StorageMonitorParams,
	task_manager: &TaskManager,
) -> Result<(), Error> {
	let Some(path) = config.database.path() else { return Ok(()) };
	StorageMonitorService::try_spawn(
		params,
		path.to_path_buf(),
		&task_manager.spawn_essential_handle(),
	)
	.map_err(|error| {
		user_error(format!(
			"no room for the database at {}: {error}. Free some space, or lower \
			--db-storage-threshold",
			path.display()
		))
	})
}
