//! When the log warns of little space.

use std::time::Duration;

/// How often the same warning is repeated.
const REPEAT_PERIOD: Duration = Duration::from_secs(60 * 60);

/// How urgent it is to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
	/// There is space for days.
	Fine,
	/// For less than three days.
	Days,
	/// For less than a day.
	Day,
	/// For less than two hours.
	Hours,
}

/// For each level the time left below which it begins, and how many times the space at which the node
/// stops is free.
///
/// The space alone decides as long as no time can be estimated.
const LEVELS: [(Level, Duration, u64); 3] = [
	(Level::Hours, Duration::from_secs(2 * 60 * 60), 2),
	(Level::Day, Duration::from_secs(24 * 60 * 60), 4),
	(Level::Days, Duration::from_secs(3 * 24 * 60 * 60), 10),
];

impl Level {
	/// The level for this free space and time.
	pub fn of(free_bytes: u64, stop_below_bytes: u64, time_left: Option<Duration>) -> Self {
		let is_reached = |&&(_, below, times): &&(Level, Duration, u64)| {
			free_bytes < stop_below_bytes.saturating_mul(times)
				|| time_left.is_some_and(|left| left < below)
		};
		LEVELS.iter().find(is_reached).map_or(Level::Fine, |(level, ..)| *level)
	}
}

/// Decides which levels the log reports.
#[derive(Debug, Default)]
pub struct Alarm {
	/// When a warning was last logged, and at which level.
	last: Option<(Duration, Level)>,
}

impl Alarm {
	/// Whether to warn of `level` now: at once if it is worse than the last one of the last hour, else once an
	/// hour.
	pub fn is_due(&mut self, now: Duration, level: Level) -> bool {
		let is_old = |at: Duration| now.saturating_sub(at) >= REPEAT_PERIOD;
		let is_due = level > Level::Fine
			&& self.last.is_none_or(|(at, reported)| level > reported || is_old(at));
		if is_due {
			self.last = Some((now, level));
		}
		is_due
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const GIB: u64 = 1 << 30;
	const HOUR: u64 = 60 * 60;

	fn hours(hours: u64) -> Option<Duration> {
		Some(Duration::from_secs(hours * HOUR))
	}

	#[test]
	fn level_depends_on_the_time_left_if_there_is_space() {
		let level = |time_left| Level::of(500 * GIB, GIB, time_left);
		assert_eq!(level(None), Level::Fine);
		assert_eq!(level(hours(72)), Level::Fine);
		assert_eq!(level(hours(71)), Level::Days);
		assert_eq!(level(hours(23)), Level::Day);
		assert_eq!(level(hours(1)), Level::Hours);
	}

	#[test]
	fn level_depends_on_the_space_if_no_time_is_known() {
		let level = |free| Level::of(free * GIB, GIB, None);
		assert_eq!(level(10), Level::Fine);
		assert_eq!(level(9), Level::Days);
		assert_eq!(level(3), Level::Day);
		assert_eq!(level(1), Level::Hours);
		// Whoever switches the stop off is warned by time alone.
		assert_eq!(Level::of(0, 0, None), Level::Fine);
		assert_eq!(Level::of(GIB, 0, hours(1)), Level::Hours);
	}

	#[test]
	fn alarm_reports_a_worse_level_at_once_and_the_same_one_each_hour() {
		let mut alarm = Alarm::default();
		let mut is_due = |seconds, level| alarm.is_due(Duration::from_secs(seconds), level);
		assert!(!is_due(0, Level::Fine));
		assert!(is_due(5, Level::Days));
		assert!(!is_due(10, Level::Days));
		assert!(is_due(15, Level::Day));
		// The estimate swings around a limit.
		assert!(!is_due(20, Level::Days));
		assert!(!is_due(25, Level::Fine));
		assert!(!is_due(30, Level::Day));
		assert!(is_due(15 + HOUR, Level::Days));
		assert!(is_due(20 + HOUR, Level::Hours));
	}
}
