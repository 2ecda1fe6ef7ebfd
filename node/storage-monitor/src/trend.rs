//! How fast the free space shrinks, and how long it lasts.

use std::{collections::VecDeque, time::Duration};

/// How far the estimate looks back.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Time between two samples that are kept.
const SAMPLING_PERIOD: Duration = Duration::from_secs(60);

/// Least time that an estimate rests on: the database grows in steps, of its log and of its tables.
const MIN_SPAN: Duration = Duration::from_secs(10 * 60);

/// The free space at a moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
	/// Time since the node has started.
	at: Duration,
	free_bytes: u64,
}

/// The free space of the last hour.
#[derive(Debug, Default)]
pub struct Trend {
	/// One each minute, the oldest first. The oldest may be somewhat older than the window.
	samples: VecDeque<Sample>,
	latest: Option<Sample>,
}

impl Trend {
	/// Notes the free space. `at` is the time since the node has started, and never decreases.
	pub fn note(&mut self, at: Duration, free_bytes: u64) {
		let sample = Sample { at, free_bytes };
		self.latest = Some(sample);
		let last = self.samples.back();
		if last.is_none_or(|last| at.saturating_sub(last.at) >= SAMPLING_PERIOD) {
			self.samples.push_back(sample);
		}
		// The second sample is old enough to be the oldest one.
		while self.samples.get(1).is_some_and(|second| at.saturating_sub(second.at) >= WINDOW) {
			self.samples.pop_front();
		}
	}

	/// Time after which less than `stop_below_bytes` are free, if the space goes on shrinking as in the
	/// last hour. `None` if it does not shrink, or if too little is known.
	pub fn time_left(&self, stop_below_bytes: u64) -> Option<Duration> {
		let (oldest, latest) = (self.samples.front()?, self.latest?);
		let span = latest.at.saturating_sub(oldest.at);
		if span < MIN_SPAN {
			return None;
		}
		let lost_bytes = oldest.free_bytes.checked_sub(latest.free_bytes)?;
		// Saturating: below the limit no time is left.
		let left_bytes = latest.free_bytes.saturating_sub(stop_below_bytes);
		let product = u128::from(left_bytes).saturating_mul(u128::from(span.as_secs()));
		let seconds = product.checked_div(u128::from(lost_bytes))?;
		Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const GIB: u64 = 1 << 30;

	/// A trend of samples every five seconds from `from` to `to`, in seconds.
	fn note(trend: &mut Trend, from: u64, to: u64, free_bytes: impl Fn(u64) -> u64) {
		for second in (from..=to).step_by(5) {
			trend.note(Duration::from_secs(second), free_bytes(second));
		}
	}

	#[test]
	fn time_left_is_that_of_the_rate_since_the_start() {
		let mut trend = Trend::default();
		// 100 GiB are free, and a MiB is lost each second.
		note(&mut trend, 0, 1_800, |second| 100 * GIB - (second << 20));
		let left = trend.time_left(GIB).map(|left| left.as_secs());
		assert_eq!(left, Some(99 * 1024 - 1_800));
	}

	#[test]
	fn time_left_is_unknown_in_the_first_minutes_and_if_space_does_not_shrink() {
		let mut trend = Trend::default();
		assert_eq!(trend.time_left(0), None);
		note(&mut trend, 0, 595, |second| 100 * GIB - (second << 20));
		assert_eq!(trend.time_left(0), None);
		note(&mut trend, 600, 600, |second| 100 * GIB - (second << 20));
		assert!(trend.time_left(0).is_some());

		for growth in [0, 1 << 20] {
			let mut trend = Trend::default();
			note(&mut trend, 0, 1_800, |second| 100 * GIB + second * growth);
			assert_eq!(trend.time_left(GIB), None, "{growth}");
		}
	}

	#[test]
	fn time_left_follows_the_last_hour_and_forgets_what_was_before() {
		let mut trend = Trend::default();
		note(&mut trend, 0, 3_600, |second| 100 * GIB - 10 * (second << 20));
		let fast = trend.time_left(0).expect("the space shrinks");
		let rest = 100 * GIB - (36_000 << 20);
		note(&mut trend, 3_605, 7_200, |second| rest - ((second - 3_600) << 20));
		let slow = trend.time_left(0).expect("the space shrinks");
		// The window may hold one sample more, of the fast hour.
		assert!(slow.as_secs() > 8 * fast.as_secs(), "{slow:?} after {fast:?}");
		assert!(trend.samples.len() <= 62, "{}", trend.samples.len());
	}

	#[test]
	fn time_left_below_the_limit_is_zero_and_a_tiny_loss_does_not_overflow() {
		let mut trend = Trend::default();
		note(&mut trend, 0, 1_200, |second| GIB - second);
		assert_eq!(trend.time_left(2 * GIB), Some(Duration::ZERO));

		let mut trend = Trend::default();
		note(&mut trend, 0, 3_600, |second| u64::MAX - u64::from(second == 3_600));
		assert_eq!(trend.time_left(0), Some(Duration::from_secs(u64::MAX)));
	}
}
