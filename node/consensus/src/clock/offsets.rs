//! The estimate of a clock's error from the arrival of blocks.

use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

/// A slow chain of late blocks must not pass for a fast clock. On chains with slots shorter than
/// this, blocks may arrive late by so much before the clock is blamed.
const MIN_LATENESS_MS: i64 = 1_000;

/// When a block of one author arrived.
struct Sample {
	slot: Slot,
	/// Arrival by this node's clock, minus the begin of the slot.
	offset_ms: i64,
	taken: Instant,
}

/// The last arrival of a block of each author; as many as there are authorities.
#[derive(Default)]
pub(super) struct Offsets {
	samples: HashMap<AuthorityId, Sample>,
}

/// What the arrivals say of this node's clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
	/// Too few authors have been heard.
	Unknown,
	/// The clock is right to within one slot. The error is positive if the clock is fast.
	Right { error_ms: i64 },
	/// The clock is slow, or the clocks of most authors are fast.
	Slow { behind_ms: u64 },
	/// The clock is fast, or blocks arrive very late.
	Fast { ahead_ms: u64 },
}

impl Offsets {
	/// Notes that a block of `author` has arrived `offset_ms` after the begin of its slot. Only the
	/// first arrival of an author's latest block counts: peers announce the same block at different
	/// times.
	pub(super) fn insert(&mut self, author: AuthorityId, slot: Slot, offset_ms: i64, now: Instant) {
		let is_new = self.samples.get(&author).is_none_or(|sample| slot > sample.slot);
		if is_new {
			self.samples.insert(author, Sample { slot, offset_ms, taken: now });
		}
	}

	/// Judges the clock by the samples of `authorities` that are not older than two rounds of
	/// slots, and forgets the others.
	pub(super) fn judge(
		&mut self,
		authorities: &[AuthorityId],
		slot_ms: u64,
		now: Instant,
	) -> Verdict {
		let round_ms = slot_ms.saturating_mul(authorities.len() as u64);
		let max_age = Duration::from_millis(round_ms.saturating_mul(2));
		self.samples.retain(|author, sample| {
			now.saturating_duration_since(sample.taken) <= max_age && authorities.contains(author)
		});
		if self.samples.is_empty() || self.samples.len() * 3 < authorities.len() * 2 {
			return Verdict::Unknown;
		}
		let slot_ms = i64::try_from(slot_ms).unwrap_or(i64::MAX);
		// An author announces an empty block at the begin of the slot, and a full one after two
		// thirds of it.
		let usual_ms = slot_ms / 3;
		let errors = self.samples.values().map(|sample| sample.offset_ms.saturating_sub(usual_ms));
		let error_ms = median(errors.collect());
		if error_ms < -slot_ms {
			Verdict::Slow { behind_ms: error_ms.unsigned_abs() }
		} else if error_ms > slot_ms.max(MIN_LATENESS_MS) {
			Verdict::Fast { ahead_ms: error_ms.unsigned_abs() }
		} else {
			Verdict::Right { error_ms }
		}
	}
}

/// The median; of the two middle values the one that is closer to zero.
fn median(mut values: Vec<i64>) -> i64 {
	values.sort_unstable();
	let upper = values.len() / 2;
	let lower = values.len().saturating_sub(1) / 2;
	let middle = [lower, upper].into_iter().filter_map(|index| values.get(index).copied());
	middle.min_by_key(|value| value.unsigned_abs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::crypto::UncheckedFrom;

	const SLOT_MS: u64 = 900;
	/// Arrival of a block by a right clock.
	const USUAL_MS: i64 = 300;

	fn authors(count: u8) -> Vec<AuthorityId> {
		let key = |byte| sp_core::sr25519::Public::unchecked_from([byte; 32]).into();
		(0..count).map(key).collect()
	}

	/// The verdict of a node to which these errors appear, one an author, of `count` authorities.
	fn verdict(count: u8, errors_ms: &[i64]) -> Verdict {
		let authorities = authors(count);
		let mut offsets = Offsets::default();
		let now = Instant::now();
		for (slot, (author, error)) in authorities.iter().zip(errors_ms).enumerate() {
			let slot = Slot::from(slot as u64);
			offsets.insert(author.clone(), slot, USUAL_MS.saturating_add(*error), now);
		}
		offsets.judge(&authorities, SLOT_MS, now)
	}

	#[test]
	fn clock_off_by_up_to_a_slot_is_right() {
		assert_eq!(verdict(3, &[0, 0, 0]), Verdict::Right { error_ms: 0 });
		assert_eq!(verdict(3, &[-900, -900, -900]), Verdict::Right { error_ms: -900 });
		// Late blocks are blamed on the clock from one second on.
		assert_eq!(verdict(3, &[1_000, 1_000, 1_000]), Verdict::Right { error_ms: 1_000 });
	}

	#[test]
	fn clock_off_by_more_than_a_slot_is_slow_or_fast() {
		assert_eq!(verdict(3, &[-901, -901, -901]), Verdict::Slow { behind_ms: 901 });
		assert_eq!(verdict(3, &[1_001, 1_001, 1_001]), Verdict::Fast { ahead_ms: 1_001 });
		assert_eq!(verdict(1, &[-5_000]), Verdict::Slow { behind_ms: 5_000 });
	}

	#[test]
	fn one_author_with_a_wrong_clock_does_not_move_the_verdict() {
		for error in [i64::MIN, -60_000, 60_000, i64::MAX] {
			assert_eq!(
				verdict(4, &[0, error, 100]),
				Verdict::Right { error_ms: 100 * i64::from(error > 0) }
			);
		}
	}

	#[test]
	fn verdict_needs_two_thirds_of_the_authorities() {
		assert_eq!(verdict(4, &[-5_000, -5_000]), Verdict::Unknown);
		assert_eq!(verdict(4, &[-5_000; 3]), Verdict::Slow { behind_ms: 5_000 });
		assert_eq!(verdict(100, &[-5_000; 66]), Verdict::Unknown);
		assert_eq!(verdict(100, &[-5_000; 67]), Verdict::Slow { behind_ms: 5_000 });
		assert_eq!(verdict(0, &[]), Verdict::Unknown);
	}

	#[test]
	fn only_the_first_arrival_of_the_latest_block_counts() {
		let authorities = authors(1);
		let mut offsets = Offsets::default();
		let now = Instant::now();
		for (slot, error) in [(7, 0), (7, 9_000), (6, 10_000)] {
			offsets.insert(authorities[0].clone(), Slot::from(slot), USUAL_MS + error, now);
		}
		assert_eq!(offsets.judge(&authorities, SLOT_MS, now), Verdict::Right { error_ms: 0 });
	}

	#[test]
	fn samples_of_former_authorities_and_of_old_rounds_are_forgotten() {
		let authorities = authors(2);
		let now = Instant::now();
		let mut offsets = Offsets::default();
		for author in &authorities {
			offsets.insert(author.clone(), Slot::from(1), USUAL_MS, now);
		}
		let two_rounds = Duration::from_millis(4 * SLOT_MS);
		let right = Verdict::Right { error_ms: 0 };
		assert_eq!(offsets.judge(&authorities, SLOT_MS, now + two_rounds), right);
		let later = now + two_rounds + Duration::from_millis(1);
		assert_eq!(offsets.judge(&authorities, SLOT_MS, later), Verdict::Unknown);
		offsets.insert(authorities[0].clone(), Slot::from(1), USUAL_MS, later);
		assert_eq!(offsets.judge(&authorities[1..], SLOT_MS, later), Verdict::Unknown);
		assert!(offsets.samples.is_empty());
	}

	#[test]
	fn median_of_two_is_the_one_closer_to_zero() {
		assert_eq!(median(vec![-7, 3]), 3);
		assert_eq!(median(vec![-7, -3]), -3);
		assert_eq!(median(vec![9, 1, 5]), 5);
		assert_eq!(median(vec![]), 0);
	}
}
