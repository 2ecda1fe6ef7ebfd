//! Sizes and times as an operator reads them.

use std::time::Duration;

/// The option that sets when the node stops.
pub const OPTION: &str = "--db-storage-threshold";

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A number of bytes in MiB, or in GiB with one decimal, rounded down.
pub fn bytes(bytes: u64) -> String {
	if bytes < GIB {
		return format!("{} MiB", bytes / MIB);
	}
	let (whole, rest) = (bytes / GIB, bytes % GIB);
	format!("{whole}.{} GiB", rest.saturating_mul(10) / GIB)
}

/// A time in its two largest units, rounded down to minutes.
pub fn time(time: Duration) -> String {
	let seconds = time.as_secs();
	let (days, hours, minutes) = (seconds / DAY, seconds % DAY / HOUR, seconds % HOUR / MINUTE);
	match (days, hours) {
		(0, 0) => count(minutes, "minute"),
		(0, _) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
		_ => format!("{} {}", count(days, "day"), count(hours, "hour")),
	}
}

fn count(number: u64, unit: &str) -> String {
	let plural = if number == 1 { "" } else { "s" };
	format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bytes_are_in_mebibytes_below_a_gibibyte() {
		assert_eq!(bytes(0), "0 MiB");
		assert_eq!(bytes(GIB - 1), "1023 MiB");
		assert_eq!(bytes(GIB), "1.0 GiB");
		assert_eq!(bytes(120 * GIB + 3 * GIB / 10 + 1), "120.3 GiB");
		assert_eq!(bytes(u64::MAX), "17179869183.9 GiB");
	}

	#[test]
	fn time_has_its_two_largest_units() {
		let time = |seconds| time(Duration::from_secs(seconds));
		assert_eq!(time(59), "0 minutes");
		assert_eq!(time(60), "1 minute");
		assert_eq!(time(HOUR + 2 * MINUTE), "1 hour 2 minutes");
		assert_eq!(time(2 * DAY + 3 * HOUR + 59 * MINUTE), "2 days 3 hours");
	}
}
