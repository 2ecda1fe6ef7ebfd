//! Chains in which finality stalls, slot by slot, with the rule by which the runtime counts missed slots.

use super::{Chain, Pauses, LONGEST_GAP_SLOTS, LONGEST_PAUSE_SLOTS, SLACK_BLOCKS, STEP_BLOCKS};
use crate::test_client;
use sc_consensus_slots::BackoffAuthoringBlocksStrategy;
use std::{collections::BTreeSet, sync::Arc};

/// A chain, and what its validators have done.
struct Network {
	chain: Chain,
	produced: Vec<u64>,
	/// Slots that count as missed (CON-R18).
	missed: Vec<u64>,
}

impl Network {
	fn of(authorities: u64) -> Self {
		let none = vec![0; authorities as usize];
		let chain = Chain { best: 0, best_slot: 0, finalized: 0, authorities };
		Self { chain, produced: none.clone(), missed: none }
	}

	/// Lets a slot pass, in which its author makes a block if `authors(chain, author, slot)`.
	fn pass(&mut self, slot: u64, authors: impl Fn(&Chain, u64, u64) -> bool) {
		let Self { chain, produced, missed } = self;
		let author = slot % chain.authorities;
		if !authors(chain, author, slot) {
			return;
		}
		if slot - chain.best_slot - 1 < chain.authorities {
			for missed_slot in chain.best_slot + 1..slot {
				missed[(missed_slot % chain.authorities) as usize] += 1;
			}
		}
		produced[author as usize] += 1;
		(chain.best, chain.best_slot) = (chain.best + 1, slot);
	}

	fn all_missed(&self) -> u64 {
		self.missed.iter().sum()
	}

	/// Blocks of these authorities.
	fn produced_by(&self, authorities: impl Iterator<Item = u64>) -> Vec<u64> {
		authorities.map(|authority| self.produced[authority as usize]).collect()
	}
}

/// Authors whenever it does not have to pause.
fn complies(chain: &Chain, _author: u64, slot: u64) -> bool {
	chain.may_author(slot)
}

/// A chain whose finality has stalled at block 0, with the best block in slot 0.
fn stalled(best: u64, authorities: u64) -> Chain {
	Chain { best, best_slot: 0, finalized: 0, authorities }
}

#[test]
fn chain_with_slack_does_not_pause() {
	for authorities in [1, 4, 21, 100] {
		for lag in 0..=SLACK_BLOCKS {
			let chain = Chain { finalized: 1_000, ..stalled(1_000 + lag, authorities) };
			assert_eq!(chain.period_slots(), None);
			assert!((1..=200).all(|slot| chain.may_author(slot)));
		}
	}
}

#[test]
fn author_leaves_slots_empty_unless_it_never_pauses() {
	let folder = tempfile::tempdir().unwrap();
	let client = Arc::new(test_client::open(folder.path()));
	let leaves_empty = |pauses: Pauses, best: u32| {
		pauses.strategy(client.clone()).is_some_and(|strategy| {
			// The client has no state, so this is the first slot of the largest set, which is not shared.
			strategy.should_backoff(best, 0.into(), 0, 1.into(), "aura")
		})
	};
	assert!(!leaves_empty(Pauses::WhileFinalityLags, 1));
	assert!(leaves_empty(Pauses::WhileFinalityLags, 1_000));
	assert!(!leaves_empty(Pauses::Never, 1_000));
}

#[test]
fn pause_begins_within_three_rounds_and_leaves_more_slots_empty_than_there_are_authorities() {
	for authorities in 0..=100_u64 {
		let latest = SLACK_BLOCKS + STEP_BLOCKS * authorities.max(1);
		for lag in 0..500 {
			let chain = Chain { finalized: 10_000, ..stalled(10_000 + lag, authorities) };
			match chain.period_slots() {
				None => assert!(lag <= latest, "{authorities} authorities, lag {lag}"),
				Some(period) => assert!(period > authorities, "{authorities}, lag {lag}"),
			}
		}
	}
}

#[test]
fn period_grows_to_its_bound_and_no_further() {
	let period = |best, authorities| stalled(best, authorities).period_slots();
	assert_eq!(period(59, 4), None);
	assert_eq!(period(60, 4), Some(5));
	// 30 slots hold 6 shared ones, and 6 and 4 have a divisor in common.
	assert_eq!(period(108, 4), Some(25));
	assert_eq!(period(u64::MAX, 4), Some(95));
	assert_eq!(period(u64::MAX, 21), Some(88));
	assert_eq!(period(u64::MAX, 30), Some(31));
	for authorities in 1..=100 {
		assert!(period(u64::MAX, authorities) <= Some(LONGEST_PAUSE_SLOTS + 1));
	}
	assert_eq!(Chain { finalized: u64::MAX, ..stalled(u64::MAX, 4) }.period_slots(), None);
	// Finality can be read later than the best block.
	assert_eq!(Chain { finalized: 500, ..stalled(10, 4) }.period_slots(), None);
	assert!(!stalled(u64::MAX, u64::MAX).may_author(u64::MAX - 1));
}

#[test]
fn first_slots_of_the_periods_give_each_authority_a_turn() {
	for authorities in 1..=100_u64 {
		for lag in (0..500).step_by(authorities as usize) {
			let Some(period) = stalled(lag, authorities).period_slots() else { continue };
			let turns: BTreeSet<u64> = (0..authorities).map(|i| i * period % authorities).collect();
			assert_eq!(turns.len() as u64, authorities, "lag {lag}");
		}
	}
}

// Block 60 is the first after which four authorities pause, and 240 and 252 are others at which the lag grows.
#[test]
fn author_waits_for_a_shared_slot_of_the_next_period() {
	let may_author = |best, best_slot, slot| {
		Chain { best, best_slot, finalized: 0, authorities: 4 }.may_author(slot)
	};
	let slots = |best, best_slot| -> Vec<u64> {
		(best_slot + 1..=190).filter(|slot| may_author(best, best_slot, *slot)).take(3).collect()
	};
	assert_eq!(slots(60, 12), [20, 25, 30], "the first gap is long enough, too");
	assert_eq!(slots(61, 20), [25, 30, 35]);
	assert_eq!(
		slots(240, 5),
		[95, 100, 105],
		"if the first author is offline, the next one has its turn"
	);
	assert_eq!(slots(240, 100), [190]);
	assert_eq!(
		slots(252, 99),
		[100, 105, 110],
		"an author that does not pause has made the best block"
	);
}

/// CON-R18: while finality stalls and all are online, no slot counts as missed.
#[test]
fn stall_of_finality_leaves_only_gaps_that_count_for_nobody() {
	for authorities in 1..=100 {
		let mut network = Network::of(authorities);
		(1..30_000).for_each(|slot| network.pass(slot, complies));
		assert_eq!(network.all_missed(), 0, "{authorities}");
		// The chain goes on, and all take part.
		assert!(network.chain.best > SLACK_BLOCKS + 30_000 / (LONGEST_PAUSE_SLOTS + 2));
		let (least, most) = (network.produced.iter().min(), network.produced.iter().max());
		assert!(least > Some(&0) && most <= least.map(|least| least + 3).as_ref(), "{authorities}");
	}
}

/// CON-R18: however differently authors see finality, no slot counts as missed while all of them pause.
#[test]
fn authors_that_disagree_about_finality_leave_only_gaps_that_count_for_nobody() {
	for authorities in [2, 4, 5, 7, 21] {
		let mut network = Network::of(authorities);
		network.chain.best = 2_000;
		for slot in 1..60_000 {
			network.pass(slot, |chain, author, slot| {
				let finalized = if author % 2 == 0 { 0 } else { chain.best.min(2_050) - 130 };
				Chain { finalized, ..*chain }.may_author(slot)
			});
		}
		assert_eq!(network.all_missed(), 0, "{authorities}");
		assert!(network.produced.iter().all(|blocks| *blocks > 0), "{authorities}");
	}
}

#[test]
fn all_that_are_online_author_if_half_of_the_set_is_not() {
	for authorities in [4_u64, 5, 7, 21, 30, 100] {
		let mut network = Network::of(authorities);
		let online = authorities / 2..authorities;
		for slot in 1..60_000 {
			network.pass(slot, |chain, author, slot| {
				online.contains(&author) && chain.may_author(slot)
			});
		}
		assert!(network.produced_by(online).iter().all(|blocks| *blocks > 0), "{authorities}");
		// With more than 50 authorities, each shared slot is the only one of its period.
		assert!(network.chain.best >= 60_000 / (2 * (LONGEST_PAUSE_SLOTS + 1)), "{authorities}");
	}
}

#[test]
fn author_that_does_not_pause_leaves_the_others_more_than_a_third_of_what_they_can_make() {
	for (authorities, offline) in [(4_u64, 2_u64), (7, 3), (21, 7), (50, 17), (100, 34)] {
		let mut network = Network::of(authorities);
		let others = offline + 1..authorities;
		for slot in 1..60_000 {
			network.pass(slot, |chain, author, slot| {
				author == 0 || others.contains(&author) && chain.may_author(slot)
			});
		}
		let shared_slots = 60_000 / (authorities + 1);
		for blocks in network.produced_by(others.clone()) {
			assert!(3 * blocks > shared_slots / authorities, "{authorities}: {blocks}");
		}
		// If validators are suspended for it, those that are offline are the first (CON-R19).
		let most = others.map(|other| network.missed[other as usize]).max();
		let least = (1..=offline).map(|gone| network.missed[gone as usize]).min();
		assert!(most < least, "{authorities}");
	}
}

/// CON-R18: a part of a partition counts missed slots only until it pauses.
#[test]
fn partition_counts_missed_slots_of_a_bounded_number_of_blocks() {
	for authorities in [4, 5, 7, 21] {
		let mut network = Network::of(authorities);
		let mut counted_until = 0;
		for slot in 1..10_000 {
			let before = network.all_missed();
			network.pass(slot, |chain, author, slot| {
				author < authorities / 2 && chain.may_author(slot)
			});
			if network.all_missed() > before {
				counted_until = network.chain.best;
			}
		}
		assert!(counted_until <= SLACK_BLOCKS + STEP_BLOCKS * authorities, "{authorities}");
	}
}

/// CON-R19: a chain whose finality lags steadily makes nobody an offender.
#[test]
fn finality_that_lags_steadily_makes_nobody_miss_more_than_it_produces() {
	for authorities in [4_u64, 5, 7, 21, 100] {
		let lags = [SLACK_BLOCKS - 1, SLACK_BLOCKS, SLACK_BLOCKS + 1];
		let more = [1, 3, 6].map(|rounds| SLACK_BLOCKS + rounds * authorities);
		for lag in lags.into_iter().chain(more) {
			for every in 1..=7 {
				let mut network = Network::of(authorities);
				for slot in 1..30_000_u64 {
					// Finality advances by a block at a time, in the middle of pauses too.
					if slot % every == 0 && network.chain.best >= network.chain.finalized + lag {
						network.chain.finalized += 1;
					}
					network.pass(slot, complies);
				}
				for (produced, missed) in network.produced.iter().zip(&network.missed) {
					assert!(*missed <= produced * 2 / 3 + 1, "{authorities}, {lag}, {every}");
				}
			}
		}
	}
}

#[test]
fn chain_goes_on_at_once_when_finality_advances() {
	let mut network = Network::of(4);
	(1..5_000).for_each(|slot| network.pass(slot, complies));
	assert!(network.chain.period_slots() > Some(5));
	let best = network.chain.best;
	network.chain.finalized = best;
	(5_000..5_050).for_each(|slot| network.pass(slot, complies));
	assert_eq!(network.chain.best, best + 50);
}

#[test]
fn longest_gap_is_that_of_a_chain_whose_finality_has_stalled() {
	for authorities in [1, 4, 21, 50, 100] {
		let mut network = Network::of(authorities);
		let mut longest = 0;
		for slot in 1..100_000 {
			let gap = slot - network.chain.best_slot;
			longest = longest.max(gap);
			network.pass(slot, complies);
		}
		assert!(longest > LONGEST_PAUSE_SLOTS.min(authorities), "{authorities}: {longest}");
		assert!(longest <= LONGEST_GAP_SLOTS, "{authorities}: {longest}");
	}
}
