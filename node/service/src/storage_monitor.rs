//! Watches the free disk space.

use gtos_node_storage_monitor::{Limits, Monitor, OutOfSpace};
use sc_service::{Configuration, Error, TaskManager};
use std::sync::{Arc, OnceLock};

/// When a node stops for lack of disk space.
pub struct StorageOptions {
	/// The limits.
	pub limits: Limits,
	/// Receives the reason if the node stops for lack of disk space.
	pub stopped: Arc<OnceLock<OutOfSpace>>,
}

/// Starts the watch. The task is essential: the node stops when it ends.
pub fn start(
	config: &Configuration,
	options: StorageOptions,
	task_manager: &TaskManager,
) -> Result<(), Error> {
	let Some(path) = config.database.path() else { return Ok(()) };
	let registry = config.prometheus_registry();
	let monitor = Monitor::new(path.to_path_buf(), options.limits, registry)?;
	task_manager.spawn_essential_handle().spawn(
		"storage-monitor",
		None,
		monitor.run(options.stopped),
	);
	Ok(())
}
