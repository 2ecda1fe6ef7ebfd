//! Notices that this node's clock is wrong, by the slots of the blocks that peers announce.
//!
//! The SDK refuses a block whose slot is more than one slot ahead of the node's clock, and
//! disconnects the peer that sent it. A node whose clock is slow would so lose all honest peers,
//! and its log would blame them.
//!
//! Here [`AnnouncedSlots`] compares every announced block with the clock. It ignores a block from
//! the future without blaming the peer. [`Watch`] checks the seals in the background, takes the
//! median over the authors, and warns. As long as the clock is slow by that median, blocks are checked
//! against the time of the authors ([`Clock::network_time`]), so the node goes on following the
//! chain. Its own blocks still have the time of its own clock.
//!
//! Before there is a median, a block from the future that sync requests is refused as by the SDK, and
//! its peer disconnected.
//!
//! The median counts only with samples of two thirds of the authorities. As long as fewer than one
//! third of them are faulty, it lies between the clocks of honest ones.

mod announced_slots;
mod offsets;
mod watch;

pub use announced_slots::AnnouncedSlots;
pub use watch::{watch, Watch};

use sc_consensus_aura::SlotDuration;
use sp_consensus_aura::Slot;
use sp_timestamp::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

const LOG_TARGET: &str = "clock";

/// The clock by which blocks from the network are checked.
#[derive(Default)]
pub struct Clock {
	/// Zero until the duration is known.
	slot_duration_ms: AtomicU64,
	/// How far the system's clock is behind the clocks of the authors.
	behind_ms: AtomicU64,
}

impl Clock {
	/// Time by which blocks from the network are checked: that of the system, or of the authors if
	/// the system's clock is slow.
	pub fn network_time(&self) -> Timestamp {
		let behind_ms = self.behind_ms.load(Ordering::Relaxed);
		Timestamp::new(Timestamp::current().as_millis().saturating_add(behind_ms))
	}

	/// The current slot by [`Self::network_time`]. `None` as long as the slot duration is not known.
	pub fn slot(&self) -> Option<Slot> {
		Some(Slot::from_timestamp(self.network_time(), self.slot_duration()?))
	}

	/// Tells the clock the slot duration, which is in the state of the chain.
	pub fn set_slot_duration(&self, duration: SlotDuration) {
		self.slot_duration_ms.store(duration.as_millis(), Ordering::Relaxed);
	}

	fn slot_duration(&self) -> Option<SlotDuration> {
		let duration_ms = self.slot_duration_ms.load(Ordering::Relaxed);
		(duration_ms > 0).then(|| SlotDuration::from_millis(duration_ms))
	}

	/// Whether the import of a block of this slot would fail because the slot is in the future.
	fn is_too_early(&self, slot: Slot) -> bool {
		// The SDK tolerates one slot.
		self.slot().is_some_and(|now| slot > now.saturating_add(1u64))
	}

	pub(crate) fn set_behind_ms(&self, behind_ms: u64) {
		self.behind_ms.store(behind_ms, Ordering::Relaxed);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const HOUR_MS: u64 = 3_600_000;

	fn clock() -> Clock {
		let clock = Clock::default();
		clock.set_slot_duration(SlotDuration::from_millis(HOUR_MS));
		clock
	}

	#[test]
	fn block_of_the_next_slot_is_not_too_early_and_a_later_one_is() {
		let clock = clock();
		let now = clock.slot().unwrap();
		assert!(!clock.is_too_early(now));
		assert!(!clock.is_too_early(now + 1));
		// Not `now + 2`: the hour may just have ended.
		assert!(clock.is_too_early(now + 3));
	}

	#[test]
	fn slow_clock_checks_blocks_by_the_time_of_the_authors() {
		let clock = clock();
		let now = clock.slot().unwrap();
		clock.set_behind_ms(10 * HOUR_MS);
		assert!(!clock.is_too_early(now + 11));
		assert!(clock.is_too_early(now + 13));
		clock.set_behind_ms(u64::MAX);
		assert!(!clock.is_too_early(now + 13));
	}

	#[test]
	fn nothing_is_too_early_before_the_slot_duration_is_known() {
		let clock = Clock::default();
		assert_eq!(clock.slot(), None);
		assert!(!clock.is_too_early(Slot::from(u64::MAX)));
	}
}
