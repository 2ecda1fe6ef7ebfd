//! The check before the start, and the watch of a running node.

use crate::{
	alarm::{Alarm, Level},
	limits::Limits,
	metrics::Metrics,
	out_of_space::OutOfSpace,
	text::{bytes, time, OPTION},
	trend::Trend,
};
use std::{
	io,
	path::{Path, PathBuf},
	sync::{Arc, OnceLock},
	time::{Duration, Instant},
};
use substrate_prometheus_endpoint::{PrometheusError, Registry};

const LOG_TARGET: &str = "storage-monitor";

/// Fails if the disk has no room for a node that starts with this database, which need not exist yet.
///
/// Succeeds if the free space cannot be read: opening the database then reports what is wrong.
pub fn ensure_room(database: &Path, limits: &Limits) -> Result<(), OutOfSpace> {
	let needed_bytes = limits.needed_at_start_bytes();
	match free_space(database) {
		Ok(free_bytes) if free_bytes < needed_bytes => {
			Err(OutOfSpace { path: database.to_path_buf(), free_bytes, needed_bytes })
		},
		_ => Ok(()),
	}
}

/// Free space of the disk of `path`, or of its nearest ancestor that exists.
fn free_space(path: &Path) -> io::Result<u64> {
	let existing = path.ancestors().find(|path| path.exists());
	// A relative path ends in an empty one, which stands for the current folder.
	fs4::available_space(existing.unwrap_or(Path::new(".")))
}

/// Watches the disk under the database of a running node.
pub struct Monitor {
	database: PathBuf,
	limits: Limits,
	trend: Trend,
	alarm: Alarm,
	metrics: Metrics,
	/// Whether the last attempt to read the free space has failed.
	is_blind: bool,
}

impl Monitor {
	/// Creates a monitor, and registers its metrics.
	pub fn new(
		database: PathBuf,
		limits: Limits,
		registry: Option<&Registry>,
	) -> Result<Self, PrometheusError> {
		let metrics = Metrics::new(&limits, registry)?;
		let (trend, alarm) = Default::default();
		Ok(Self { database, limits, trend, alarm, metrics, is_blind: false })
	}

	/// Runs until there is too little space, and then writes why the node has to stop into `reason`.
	pub async fn run(mut self, reason: Arc<OnceLock<OutOfSpace>>) {
		let start = Instant::now();
		loop {
			let free = free_space(&self.database);
			if let Err(out_of_space) = self.take(start.elapsed(), free) {
				tracing::error!(target: LOG_TARGET, "The node stops: {out_of_space}");
				// Nobody else writes it.
				let _ = reason.set(out_of_space);
				return;
			}
			tokio::time::sleep(self.limits.polling_period).await;
		}
	}

	/// Takes what was read at a time since the start. Fails if the node has to stop.
	fn take(&mut self, now: Duration, free: io::Result<u64>) -> Result<(), OutOfSpace> {
		let free_bytes = match free {
			Ok(free_bytes) => free_bytes,
			Err(error) => {
				if !std::mem::replace(&mut self.is_blind, true) {
					tracing::error!(
						target: LOG_TARGET,
						"The free space of the disk of {} cannot be read, so the node does not stop before it is \
						full: {error}",
						self.database.display(),
					);
				}
				return Ok(());
			},
		};
		self.is_blind = false;
		let stop_below_bytes = self.limits.stop_below_bytes;
		self.trend.note(now, free_bytes);
		let time_left = self.trend.time_left(stop_below_bytes);
		self.metrics.set(free_bytes, time_left);
		if free_bytes < stop_below_bytes {
			return Err(OutOfSpace {
				path: self.database.clone(),
				free_bytes,
				needed_bytes: self.limits.needed_at_start_bytes(),
			});
		}
		let level = Level::of(free_bytes, stop_below_bytes, time_left);
		if self.alarm.is_due(now, level) {
			let warning = self.warning(free_bytes, time_left);
			if level == Level::Hours {
				tracing::error!(target: LOG_TARGET, "{warning}");
			} else {
				tracing::warn!(target: LOG_TARGET, "{warning}");
			}
		}
		Ok(())
	}

	fn warning(&self, free_bytes: u64, time_left: Option<Duration>) -> String {
		let lasts = match time_left {
			Some(left) => format!(", which last about {} at the rate of the last hour", time(left)),
			None => String::new(),
		};
		let end = match self.limits.stop_below_bytes {
			0 => "A full disk crashes the node".to_string(),
			limit => format!("The node stops when less than {} are free ({OPTION})", bytes(limit)),
		};
		format!(
			"The disk of {} is filling up: {} are free{lasts}. {end}. Free some space or enlarge the disk, or \
			keep fewer blocks (--blocks-pruning, --tx-index-blocks) in a new database",
			self.database.display(),
			bytes(free_bytes),
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const GIB: u64 = 1 << 30;

	fn limits(stop_below_bytes: u64) -> Limits {
		Limits { stop_below_bytes, polling_period: Duration::from_secs(5) }
	}

	fn monitor(stop_below_bytes: u64) -> Monitor {
		Monitor::new("/data/db".into(), limits(stop_below_bytes), None).unwrap()
	}

	#[test]
	fn database_that_does_not_exist_yet_is_checked_on_the_disk_of_its_folder() {
		let folder = tempfile::tempdir().unwrap();
		let database = folder.path().join("chains/dev/paritydb/full");
		assert_eq!(ensure_room(&database, &limits(0)), Ok(()));
		// More than a disk has.
		let limits = limits(1 << 60);
		let error = ensure_room(&database, &limits).unwrap_err();
		assert_eq!(error.path, database);
		assert_eq!(error.needed_bytes, limits.needed_at_start_bytes());
		assert!(error.free_bytes < 1 << 60);
		assert!(ensure_room(Path::new("no-such-folder"), &limits).is_err());
	}

	#[test]
	fn monitor_stops_the_node_below_the_limit_and_names_what_a_start_needs() {
		let mut monitor = monitor(GIB);
		assert_eq!(monitor.take(Duration::ZERO, Ok(GIB)), Ok(()));
		let stopped = monitor.take(Duration::from_secs(5), Ok(GIB - 1)).unwrap_err();
		assert_eq!((stopped.free_bytes, stopped.needed_bytes), (GIB - 1, GIB + GIB / 4));
	}

	#[test]
	fn monitor_without_a_limit_never_stops_the_node() {
		assert_eq!(monitor(0).take(Duration::ZERO, Ok(0)), Ok(()));
	}

	#[test]
	fn monitor_that_cannot_read_the_space_goes_on_and_stops_once_it_can() {
		let mut monitor = monitor(GIB);
		let fails = || Err(io::ErrorKind::NotFound.into());
		assert_eq!(monitor.take(Duration::ZERO, fails()), Ok(()));
		assert_eq!(monitor.take(Duration::from_secs(5), fails()), Ok(()));
		assert!(monitor.take(Duration::from_secs(10), Ok(0)).is_err());
	}

	#[test]
	fn warning_names_disk_space_time_limit_and_remedy() {
		let day = Duration::from_secs(24 * 60 * 60);
		let warning = monitor(GIB).warning(40 * GIB, Some(day));
		for part in ["/data/db", "40.0 GiB", "about 1 day 0 hours", "1.0 GiB", "--blocks-pruning"] {
			assert!(warning.contains(part), "{part}: {warning}");
		}
		let without = monitor(0).warning(GIB, None);
		assert!(without.contains("crashes") && !without.contains("about"), "{without}");
	}

	#[test]
	fn run_ends_with_the_reason_when_there_is_too_little_space() {
		let folder = tempfile::tempdir().unwrap();
		let monitor = Monitor::new(folder.path().into(), limits(1 << 60), None).unwrap();
		let reason = Arc::new(OnceLock::new());
		let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
		runtime.block_on(monitor.run(reason.clone()));
		assert_eq!(reason.get().map(|reason| reason.path.as_path()), Some(folder.path()));
	}
}
