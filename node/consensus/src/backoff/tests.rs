//! Chains in which finality stalls, slot by slot, with the rule by which the runtime counts missed slots.

use super::{is_pausing, pause_slots, LONGEST_PAUSE_SLOTS, SLACK_BLOCKS};

/// A chain on which every authority that is online authors whenever it does not pause.
struct Chain {
	authorities: u64,
	/// Number and slot of the best block.
	best: u64,
	best_slot: u64,
	finalized: u64,
	/// Empty slots since the best block.
	gap: u64,
	produced: Vec<u64>,
	/// Slots that count as missed (CON-R18).
	missed: Vec<u64>,
}

impl Chain {
	fn of(authorities: u64) -> Self {
		let none = vec![0; authorities as usize];
		let (produced, missed) = (none.clone(), none);
		Self { authorities, best: 0, best_slot: 0, finalized: 0, gap: 0, produced, missed }
	}

	/// Lets the next slot pass. Answers whether it has a block.
	fn next_slot(&mut self, is_online: impl Fn(u64) -> bool) -> bool {
		let slot = self.best_slot + self.gap + 1;
		let author = slot % self.authorities;
		let pause = pause_slots(self.best, self.finalized, self.authorities);
		if !is_online(author) || is_pausing(self.best_slot, slot, pause) {
			self.gap += 1;
			return false;
		}
		if self.gap < self.authorities {
			for missed in self.best_slot + 1..slot {
				self.missed[(missed % self.authorities) as usize] += 1;
			}
		}
		self.produced[author as usize] += 1;
		(self.best, self.best_slot, self.gap) = (self.best + 1, slot, 0);
		true
	}

	fn all_missed(&self) -> u64 {
		self.missed.iter().sum()
	}
}

#[test]
fn chain_with_slack_does_not_pause() {
	for authorities in [1, 4, 21, 100] {
		for best in 0..=SLACK_BLOCKS {
			assert_eq!(pause_slots(best, 0, authorities), 0);
			assert_eq!(pause_slots(1_000_000 + best, 1_000_000, authorities), 0);
		}
	}
}

#[test]
fn pause_is_never_shorter_than_the_set_and_begins_within_two_rounds() {
	for authorities in 0..=100_u64 {
		let latest = SLACK_BLOCKS + 2 * authorities.max(1);
		for lag in 0..400 {
			let pause = pause_slots(10_000 + lag, 10_000, authorities);
			assert!(pause == 0 || pause >= authorities, "{authorities} authorities, lag {lag}");
			assert!(pause > 0 || lag <= latest, "{authorities} authorities, lag {lag}");
		}
	}
}

#[test]
fn pause_grows_to_its_bound_and_no_further() {
	assert_eq!(pause_slots(56, 0, 4), 4);
	assert_eq!(pause_slots(104, 0, 4), 27);
	for best in [248, 256, 1_000, u64::MAX] {
		let pause = pause_slots(best, 0, 4);
		assert!(pause <= LONGEST_PAUSE_SLOTS);
	}
	assert_eq!(pause_slots(u64::MAX, 0, 4), LONGEST_PAUSE_SLOTS);
	assert_eq!(pause_slots(u64::MAX, 0, 100), 100);
	assert_eq!(pause_slots(u64::MAX, u64::MAX, 4), 0);
	// Finality can be read later than the best block.
	assert_eq!(pause_slots(10, 500, 4), 0);
}

#[test]
fn slots_of_the_pause_are_those_after_the_block() {
	assert!((11..=14).all(|slot| is_pausing(10, slot, 4)));
	assert!(!is_pausing(10, 15, 4));
	assert!(!is_pausing(10, 10, 4));
	assert!(!is_pausing(10, 9, 4));
	assert!(!is_pausing(10, 11, 0));
	assert!(is_pausing(0, u64::MAX, u64::MAX));
}

/// CON-R18: while finality stalls and all are online, no slot counts as missed.
#[test]
fn stall_of_finality_leaves_only_gaps_that_count_for_nobody() {
	for authorities in [1, 2, 3, 4, 5, 21, 100] {
		let mut chain = Chain::of(authorities);
		for _ in 0..30_000 {
			chain.next_slot(|_| true);
		}
		assert_eq!(chain.all_missed(), 0);
		// The chain goes on, and all take part.
		assert!(chain.best > SLACK_BLOCKS + 30_000 / (LONGEST_PAUSE_SLOTS + 2));
		assert!(authorities > 21 || chain.produced.iter().all(|blocks| *blocks > 0));
	}
}

/// CON-R18: a part of a partition counts missed slots only until it pauses.
#[test]
fn partition_counts_missed_slots_of_a_bounded_number_of_blocks() {
	for authorities in [4, 5, 7, 21] {
		let mut chain = Chain::of(authorities);
		let mut counted_until = 0;
		for _ in 0..10_000 {
			let before = chain.all_missed();
			chain.next_slot(|author| author < authorities / 2);
			if chain.all_missed() > before {
				counted_until = chain.best;
			}
		}
		assert!(counted_until <= SLACK_BLOCKS + 2 * authorities + 1);
	}
}

/// CON-R19: a chain whose finality lags steadily makes nobody an offender.
#[test]
fn finality_that_lags_steadily_makes_nobody_miss_half_of_its_slots() {
	for authorities in [4_u64, 5, 7, 21, 100] {
		for lag in [SLACK_BLOCKS - 1, SLACK_BLOCKS, SLACK_BLOCKS + 1, SLACK_BLOCKS + authorities] {
			for every in 1..=7 {
				let mut chain = Chain::of(authorities);
				for slot in 0..60_000_u64 {
					// Finality advances by a block at a time, in the middle of pauses too.
					if slot % every == 0 && chain.best >= chain.finalized + lag {
						chain.finalized += 1;
					}
					chain.next_slot(|_| true);
				}
				for (produced, missed) in chain.produced.iter().zip(&chain.missed) {
					assert!(missed <= produced, "{authorities}, {lag}, {every}");
				}
			}
		}
	}
}

#[test]
fn chain_goes_on_at_once_when_finality_advances() {
	let mut chain = Chain::of(4);
	for _ in 0..5_000 {
		chain.next_slot(|_| true);
	}
	assert!(pause_slots(chain.best, chain.finalized, 4) > 4);
	chain.finalized = chain.best;
	assert!((0..50).all(|_| chain.next_slot(|_| true)));
}
