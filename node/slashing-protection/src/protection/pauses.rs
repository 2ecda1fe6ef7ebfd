//! Pauses in which the process stood still, and what is recent since then.

use super::{Phase, SlashingProtection, State};
use crate::{pulse::Moment, start::Doubt, LOG_TARGET};

/// By how many slots a signature must be later than the start of the node, or the end of its last
/// pause, to show that another node has the keys: the clocks of validators differ a little.
const CLOCK_SLOTS: u64 = 2;

impl SlashingProtection {
	/// Lets a node that has stood still listen before it signs again. One that listens begins anew: it
	/// has heard nothing meanwhile.
	pub(crate) fn notice_pause(&self, now: Moment) {
		// The lock is held until the phase has changed, so that no other thread signs in between.
		let mut state = self.state.lock();
		let Some(pause) = state.pulse.pause(now) else { return };
		state.pulse.beat(now);
		state.pauses = state.pauses.saturating_add(1);
		if self.phase() != Phase::Stopped {
			tracing::warn!(
				target: LOG_TARGET,
				"This node has stood still for {} s, and another one may have taken over. It listens for \
				its own keys before it signs again",
				pause.as_secs(),
			);
			self.set_phase(Phase::Listening(Doubt::Suspended));
			self.news.notify_one();
		}
	}

	/// How often the process has stood still.
	pub(crate) fn pauses(&self) -> u64 {
		self.state.lock().pauses
	}

	/// Tells the present slot, and whether the process has stood still before it.
	///
	/// A signature of an own key is another node's if it is later than the start, or than the end of
	/// the last pause, or than the present if the clock was ahead at that time.
	pub(crate) fn note_slot(&self, slot: u64, has_paused: bool) {
		let mut state = self.state.lock();
		state.since_slot = if has_paused { slot } else { slot.min(state.since_slot) };
	}

	/// Says that the process runs.
	pub(crate) fn beat(&self, now: Moment) {
		self.notice_pause(now);
		self.state.lock().pulse.beat(now);
	}
}

impl State {
	/// Whether a block of this slot cannot have been known before the node started or stood still.
	pub(super) fn is_recent(&self, slot: u64) -> bool {
		slot > self.since_slot.saturating_add(CLOCK_SLOTS)
	}
}
