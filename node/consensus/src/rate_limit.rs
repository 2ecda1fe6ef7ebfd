//! A limit on how often a warning is repeated.

use std::{
	sync::atomic::{AtomicU64, Ordering},
	time::{Duration, Instant},
};

/// Allows something once in each period.
pub(crate) struct RateLimit {
	period: Duration,
	start: Instant,
	/// Milliseconds after `start` from which on it is allowed again.
	next_ms: AtomicU64,
}

impl RateLimit {
	pub(crate) fn new(period: Duration) -> Self {
		Self { period, start: Instant::now(), next_ms: AtomicU64::new(0) }
	}

	/// Whether it is allowed now. If so, not again before the period is over.
	pub(crate) fn is_due(&self) -> bool {
		self.is_due_after(self.start.elapsed())
	}

	fn is_due_after(&self, elapsed: Duration) -> bool {
		let as_ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
		let now_ms = as_ms(elapsed);
		let next_ms = self.next_ms.load(Ordering::Relaxed);
		let later_ms = now_ms.saturating_add(as_ms(self.period));
		now_ms >= next_ms
			&& self
				.next_ms
				.compare_exchange(next_ms, later_ms, Ordering::Relaxed, Ordering::Relaxed)
				.is_ok()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn rate_limit_allows_once_in_each_period() {
		let limit = RateLimit::new(Duration::from_secs(60));
		let is_due = |seconds| limit.is_due_after(Duration::from_secs(seconds));
		assert_eq!(
			[0, 1, 59, 60, 61, 500, 501].map(is_due),
			[true, false, false, true, false, true, false]
		);
	}
}
