//! When the node stops, and when it may start.

use std::time::Duration;

/// What the operator chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// The node stops when less than this is free. With 0 it never stops.
	pub stop_below_bytes: u64,
	/// How often the free space is read.
	pub polling_period: Duration,
}

impl Limits {
	/// How much has to be free when the node starts: a quarter more than when it stops.
	///
	/// With the same limit for both, a supervisor would start the node again and again for a few blocks.
	pub fn needed_at_start_bytes(&self) -> u64 {
		// Saturating: a limit beyond the type only keeps the node from starting.
		self.stop_below_bytes.saturating_add(self.stop_below_bytes / 4)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn start_needs_more_than_a_running_node() {
		let needed = |stop_below_bytes| {
			Limits { stop_below_bytes, polling_period: Duration::from_secs(5) }
				.needed_at_start_bytes()
		};
		assert_eq!(needed(1024), 1280);
		assert_eq!(needed(0), 0);
		assert_eq!(needed(u64::MAX), u64::MAX);
	}
}
