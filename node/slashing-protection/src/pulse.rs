//! Notices that the process did not run for a while: it was stopped, or its machine was paused.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The longest time for which the process may stand still and still sign without listening.
///
/// A node that takes over listens for longer than a minute before it signs; half of that is left for
/// a machine that is only slow.
pub const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The present by the wall clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// A moment by both clocks: the monotonic one of a machine that is paused may stand still with it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
	/// By the monotonic clock.
	pub monotonic: Instant,
	/// By the wall clock, which may be set.
	pub wall: SystemTime,
}

impl Moment {
	/// The present.
	pub fn now() -> Self {
		Self { monotonic: Instant::now(), wall: SystemTime::now() }
	}

	fn since(&self, earlier: &Self) -> Duration {
		let by_wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
		self.monotonic.saturating_duration_since(earlier.monotonic).max(by_wall)
	}
}

/// The last moment in which the process was known to run.
#[derive(Debug, Default)]
pub struct Pulse(Option<Moment>);

impl Pulse {
	/// Says that the process runs. Until the first time there is no pause.
	pub fn beat(&mut self, now: Moment) {
		self.0 = Some(now);
	}

	/// How long the process has stood still, if that is longer than [`MAX_PAUSE`].
	pub fn pause(&self, now: Moment) -> Option<Duration> {
		let passed = now.since(&self.0?);
		(passed > MAX_PAUSE).then_some(passed)
	}
}
