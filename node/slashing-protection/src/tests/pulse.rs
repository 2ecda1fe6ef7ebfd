//! Whether the process has stood still.

use crate::pulse::{Moment, Pulse, MAX_PAUSE};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn pause_is_noticed_by_either_clock_and_only_beyond_its_bound() {
	let start = Moment::now();
	let mut pulse = Pulse::default();
	let later = |monotonic: Duration, wall: Duration| Moment {
		monotonic: start.monotonic + monotonic,
		wall: start.wall + wall,
	};
	assert_eq!(pulse.pause(later(2 * MAX_PAUSE, 2 * MAX_PAUSE)), None, "it has not begun");
	pulse.beat(start);
	assert_eq!(pulse.pause(later(MAX_PAUSE, MAX_PAUSE)), None);
	let long = MAX_PAUSE + SECOND;
	assert_eq!(pulse.pause(later(long, SECOND)), Some(long));
	assert_eq!(pulse.pause(later(SECOND, long)), Some(long), "the machine was paused");
	pulse.beat(later(long, long));
	assert_eq!(pulse.pause(later(long + SECOND, long + SECOND)), None);
}

#[test]
fn clock_that_is_set_back_is_no_pause() {
	let start = Moment::now();
	let mut pulse = Pulse::default();
	pulse.beat(start);
	let wall = start.wall - 2 * MAX_PAUSE;
	assert_eq!(pulse.pause(Moment { monotonic: start.monotonic + SECOND, wall }), None);
}
