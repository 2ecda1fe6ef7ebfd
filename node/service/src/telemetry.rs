//! Telemetry to the endpoints that the operator chose.

use sc_service::{Configuration, Error, TaskManager};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};

/// Length of the worker's message buffer, as in other Substrate nodes.
const BUFFER_MESSAGES: usize = 16;

/// Telemetry whose worker does not run yet: it needs the task manager, which is created later.
pub struct PendingTelemetry {
	worker: TelemetryWorker,
	telemetry: Telemetry,
}

impl PendingTelemetry {
	/// Prepares telemetry; `None` without endpoints.
	pub fn new(config: &Configuration) -> Result<Option<Self>, Error> {
		let endpoints = config.telemetry_endpoints.clone();
		let Some(endpoints) = endpoints.filter(|endpoints| !endpoints.is_empty()) else {
			return Ok(None);
		};
		let worker = TelemetryWorker::new(BUFFER_MESSAGES)?;
		let telemetry = worker.handle().new_telemetry(endpoints);
		Ok(Some(Self { worker, telemetry }))
	}

	/// A handle with which other parts send messages.
	pub fn handle(&self) -> TelemetryHandle {
		self.telemetry.handle()
	}

	/// Starts the worker.
	pub fn start(self, task_manager: &TaskManager) -> Telemetry {
		task_manager.spawn_handle().spawn("telemetry", None, self.worker.run());
		self.telemetry
	}
}
