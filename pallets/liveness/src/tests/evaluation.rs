//! Which validators are chilled when a session ends (CON-R19).

use super::*;

/// Counts of a validator that was never disabled.
fn row(produced: u32, missed: u64) -> (u32, u64, u64) {
	(produced, missed, 0)
}

/// CON-R19: one offence, and an event for each offender.
#[test]
fn validator_that_misses_more_than_half_is_reported_and_chilled() {
	Chain::of(4).run(|| {
		end_session(&[3]);
		assert_eq!(
			events(),
			[Event::ValidatorOffline { session: 0, validator: 3, produced: 0, missed: 6 }]
		);
		assert_eq!(candidates(), [1, 2, 4]);
		let reports = System::read_events_for_pallet::<pallet_offences::Event>();
		assert_eq!(
			reports,
			[pallet_offences::Event::Offence {
				kind: *b"liveness:missing",
				slot: vec![0, 0, 0, 0]
			}]
		);
		let staking = System::read_events_for_pallet::<pallet_staking::Event<Test>>();
		assert_eq!(staking, [pallet_staking::Event::Chilled { stash: 3 }]);
	});
}

/// CON-R19: the validator loses its seat in the next election and keeps its stake.
#[test]
fn chilled_validator_keeps_its_stake_and_its_seat_until_the_next_set() {
	Chain::of(4).with_waiting(1).run(|| {
		let staked = Staking::ledger(3.into()).expect("it is bonded").active;
		end_session(&[3]);
		assert_eq!(disabled(), [].into());
		// The validator is online again and makes blocks like the others.
		end_session(&[]);
		let last = Liveness::last_session().expect("a session is over");
		assert!(last.validators.iter().all(|row| row.count.produced == 5));
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		end_session(&[]);
		assert_eq!(Session::current_index(), SESSIONS_PER_ERA);
		assert_eq!(Session::validators(), [1, 2, 4, 5]);
		assert_eq!(Staking::ledger(3.into()).expect("it is bonded").active, staked);
		assert!(pallet_staking::SlashingSpans::<Test>::iter().next().is_none());
		assert!(pallet_staking::UnappliedSlashes::<Test>::iter().next().is_none());
	});
}

/// CON-R19: a session that ends in the block of an election is evaluated before it.
#[test]
fn evaluation_in_the_block_of_an_election_comes_first() {
	Chain::of(4).with_waiting(1).run(|| {
		end_session(&[]);
		// The rotation into session 2 elects era 1.
		end_session(&[1]);
		assert_eq!(chilled(), [1]);
		assert_eq!(pallet_staking::CurrentEra::<Test>::get(), Some(1));
		let queued = Session::queued_keys().into_iter().map(|(who, _)| who).collect::<Vec<_>>();
		assert_eq!(queued, [2, 3, 4, 5]);
	});
}

/// CON-R19: a chilled validator can declare itself a candidate again.
#[test]
fn chilled_validator_that_stands_again_is_elected() {
	Chain::of(4).with_waiting(1).run(|| {
		end_session(&[3]);
		assert_ok!(Staking::validate(RuntimeOrigin::signed(3), Default::default()));
		end_session(&[]);
		end_session(&[]);
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
	});
}

/// CON-R19: a validator that misses exactly half of its slots is not an offender.
#[test]
fn validator_that_misses_half_is_not_chilled() {
	Chain::of(4).build().execute_with(|| {
		end_session_with(&[row(5, 5), row(5, 0), row(0, 0), row(u32::MAX, u32::MAX.into())]);
		assert_eq!(events(), []);
		assert_eq!(candidates(), [1, 2, 3, 4]);
	});
	Chain::of(4).build().execute_with(|| {
		end_session_with(&[row(5, 5), row(5, 6), row(0, 0), row(9, 9)]);
		assert_eq!(
			events(),
			[Event::ValidatorOffline { session: 0, validator: 2, produced: 5, missed: 6 }]
		);
	});
}

/// CON-R19: excused slots count neither as missed nor as produced.
#[test]
fn slots_missed_while_disabled_do_not_count() {
	Chain::of(10).build().execute_with(|| {
		// In order: all missed slots are excused; as many slots are at fault as were produced; one
		// more is at fault.
		let mut rows = vec![row(9, 0); 10];
		rows[3] = (0, 9, 9);
		rows[4] = (2, 9, 7);
		rows[5] = (2, 9, 6);
		end_session_with(&rows);
		assert_eq!(
			events(),
			[Event::ValidatorOffline { session: 0, validator: 6, produced: 2, missed: 3 }]
		);
	});
}

/// CON-R19: disabled validators miss all their slots and are not chilled for it.
#[test]
fn disabled_validators_are_not_chilled_for_missed_slots() {
	Chain::of(10).run(|| {
		next_block(&[]);
		for who in [2, 5, 10] {
			assert_ok!(equivocate(who));
		}
		// Equivocators are chilled. They become candidates again, so that the evaluation sees them.
		for who in [2, 5, 10] {
			assert_ok!(Staking::validate(RuntimeOrigin::signed(who), Default::default()));
		}
		end_session(&[]);
		assert_eq!(events(), []);
		assert_eq!(candidates(), (1..=10).collect::<Vec<_>>());
		let last = Liveness::last_session().expect("a session is over");
		assert_eq!(last.validators[4].count.produced, 0);
		assert!(last.validators[4].count.missed > 0);
	});
}

/// CON-R19: fewer than a third, for example 1 of 4, 2 of 7 or 33 of 100.
#[test]
fn session_in_which_all_are_offline_chills_less_than_a_third() {
	for (n, most) in [(1, 0), (2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (10, 3), (21, 6), (100, 33)] {
		Chain::of(n).build().execute_with(|| {
			end_session_with(&vec![row(1, 9); n as usize]);
			assert_eq!(chilled(), (1..=most).collect::<Vec<_>>());
			assert_eq!(not_chilled(), n - most as u32);
			assert_eq!(candidates().len() as u32, n - most as u32);
		});
	}
}

/// CON-R19: offenders are sorted by slots at fault, then by index.
#[test]
fn offenders_with_the_most_missed_slots_are_chilled_first() {
	Chain::of(10).build().execute_with(|| {
		end_session_with(&[
			row(0, 5),
			row(0, 7),
			row(9, 0),
			row(0, 9),
			row(0, 7),
			row(100, 50),
			// The most missed slots, of which most are excused.
			(0, 20, 14),
			row(0, 7),
			row(9, 0),
			row(9, 0),
		]);
		assert_eq!(chilled(), [4, 2, 5]);
		assert_eq!(not_chilled(), 3);
	});
}

/// CON-R19: an outage of several sessions, as when finality stalls and authors back off, chills no more
/// validators than an outage of one.
#[test]
fn outage_of_several_sessions_chills_less_than_a_third_in_total() {
	Chain::of(10).run(|| {
		next_block(&[]);
		// Two sessions with a block every 31 slots, so each validator misses about three per block.
		let mut all = Vec::new();
		while Session::current_index() < 2 {
			block_in(slot() + 31);
			all.extend(chilled());
		}
		assert_eq!(all.len(), 3);
		assert_eq!(candidates().len(), 7);
	});
}

/// CON-R19: validators that are no longer candidates count towards the third.
#[test]
fn validators_that_left_count_towards_the_third() {
	Chain::of(10).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(9)));
		assert_ok!(Staking::chill(RuntimeOrigin::signed(10)));
		end_session_with(&[row(0, 9); 10]);
		assert_eq!(chilled(), [1]);
		assert_eq!(not_chilled(), 7);
	});
	Chain::of(4).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(3)));
		assert_ok!(Staking::chill(RuntimeOrigin::signed(4)));
		end_session_with(&[row(0, 9); 4]);
		assert_eq!((chilled(), not_chilled()), (vec![], 2));
	});
}

/// CON-R19: only a candidate can be an offender.
#[test]
fn offender_that_left_is_not_reported() {
	Chain::of(10).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(1)));
		let mut rows = vec![row(9, 0); 10];
		rows[0] = row(0, 9);
		end_session_with(&rows);
		assert_eq!(events(), []);
		assert!(pallet_offences::Reports::<Test>::iter().next().is_none());
	});
}

/// CON-R19: the next election needs its minimum of candidates.
#[test]
fn candidates_do_not_fall_below_the_minimum() {
	for (minimum, most) in [(0, 3), (1, 3), (7, 3), (8, 2), (9, 1), (10, 0), (11, 0)] {
		Chain::of(10).with_minimum(1).build().execute_with(|| {
			pallet_staking::MinimumValidatorCount::<Test>::put(minimum);
			end_session_with(&[row(0, 9); 10]);
			assert_eq!(chilled().len(), most);
			assert_eq!(not_chilled() as usize, 10 - most);
		});
	}
	// Candidates without a seat count towards the minimum.
	Chain::of(10).with_waiting(2).with_minimum(10).build().execute_with(|| {
		end_session_with(&[row(0, 9); 10]);
		assert_eq!(chilled().len(), 2);
	});
}

/// CON-R19: without offenders there is neither an event nor an offence.
#[test]
fn session_in_which_all_are_online_reports_nothing() {
	Chain::of(4).run(|| {
		end_session(&[]);
		assert_eq!(events(), []);
		assert!(pallet_offences::Reports::<Test>::iter().next().is_none());
	});
}

/// CON-R19: a validator that stays offline after it was chilled is not reported again.
#[test]
fn offender_is_reported_once_until_it_stands_again() {
	Chain::of(4).with_waiting(1).run(|| {
		end_session(&[2]);
		assert_eq!(chilled(), [2]);
		end_session(&[2]);
		assert_eq!(events(), []);
		assert_ok!(Staking::validate(RuntimeOrigin::signed(2), Default::default()));
		end_session(&[2]);
		assert_eq!(chilled(), [2]);
		assert_eq!(pallet_offences::Reports::<Test>::iter().count(), 2);
	});
}

/// A session can end before its first block.
#[test]
fn session_without_counts_is_stored_with_zeros() {
	Chain::of(2).build().execute_with(|| {
		Liveness::do_end_session(0);
		assert_eq!(events(), []);
		assert_eq!(Liveness::count_in_last_session(&1), Some(SlotCount::default()));
	});
}
