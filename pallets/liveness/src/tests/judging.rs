//! Who is chilled when a session ends (CON-R19).

use super::*;

/// The count of somebody that made `produced` blocks and missed `missed` slots.
fn row(produced: u32, missed: u64) -> (u32, u64, u64) {
	(produced, missed, 0)
}

/// CON-R19
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

/// CON-R19: the seat is lost with the next election, the stake is not
#[test]
fn chilled_validator_keeps_its_stake_and_its_seat_until_the_next_set() {
	Chain::of(4).with_waiting(1).run(|| {
		let staked = Staking::ledger(3.into()).expect("it is bonded").active;
		end_session(&[3]);
		assert_eq!(disabled(), [].into());
		// It is back, and makes blocks like the others.
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

/// CON-R19: the session that ends with an election counts for it
#[test]
fn judgement_comes_before_an_election_in_the_same_block() {
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

/// CON-R19: until it validates anew
#[test]
fn chilled_validator_may_stand_again() {
	Chain::of(4).with_waiting(1).run(|| {
		end_session(&[3]);
		assert_ok!(Staking::validate(RuntimeOrigin::signed(3), Default::default()));
		end_session(&[]);
		end_session(&[]);
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
	});
}

/// CON-R19
#[test]
fn exactly_half_is_not_more_than_half() {
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

/// CON-R19
#[test]
fn slots_missed_while_disabled_do_not_count() {
	Chain::of(10).build().execute_with(|| {
		// All of them excused; as many at fault as produced; one more.
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

/// CON-R19: several disabled validators miss all their slots, and nobody is chilled for it
#[test]
fn disabled_validators_are_not_judged() {
	Chain::of(10).run(|| {
		next_block(&[]);
		for who in [2, 5, 10] {
			assert_ok!(equivocate(who));
		}
		// Chilled as offenders, they stand again: their slots have to speak for them.
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

/// CON-R19: 1 of 4, 2 of 7, 33 of 100
#[test]
fn at_most_a_third_is_chilled_for_one_session() {
	for (n, most) in [(1, 0), (2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (10, 3), (21, 6), (100, 33)] {
		Chain::of(n).build().execute_with(|| {
			end_session_with(&vec![row(1, 9); n as usize]);
			assert_eq!(chilled(), (1..=most).collect::<Vec<_>>());
			assert_eq!(spared(), n - most as u32);
			assert_eq!(candidates().len() as u32, n - most as u32);
		});
	}
}

/// CON-R19
#[test]
fn those_with_the_most_missed_slots_are_chilled_first_and_ties_go_by_index() {
	Chain::of(10).build().execute_with(|| {
		end_session_with(&[
			row(0, 5),
			row(0, 7),
			row(9, 0),
			row(0, 9),
			row(0, 7),
			row(100, 50),
			// More missed than anybody, most of them excused.
			(0, 20, 14),
			row(0, 7),
			row(9, 0),
			row(9, 0),
		]);
		assert_eq!(chilled(), [4, 2, 5]);
		assert_eq!(spared(), 3);
	});
}

/// CON-R19: an outage of everybody, as when finality stalls and authors back off
#[test]
fn outage_of_the_network_chills_no_more_than_the_cap_however_long_it_lasts() {
	Chain::of(10).run(|| {
		next_block(&[]);
		// Two sessions of one block every 31 slots, of which everybody misses about three.
		let mut all = Vec::new();
		while Session::current_index() < 2 {
			block_in(slot() + 31);
			all.extend(chilled());
		}
		assert_eq!(all.len(), 3);
		assert_eq!(candidates().len(), 7);
	});
}

/// CON-R19: whoever has left counts
#[test]
fn validators_that_left_leave_room_for_fewer() {
	Chain::of(10).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(9)));
		assert_ok!(Staking::chill(RuntimeOrigin::signed(10)));
		end_session_with(&[row(0, 9); 10]);
		assert_eq!(chilled(), [1]);
		assert_eq!(spared(), 7);
	});
	Chain::of(4).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(3)));
		assert_ok!(Staking::chill(RuntimeOrigin::signed(4)));
		end_session_with(&[row(0, 9); 4]);
		assert_eq!((chilled(), spared()), (vec![], 2));
	});
}

/// CON-R19: who does not stand any more is not reported
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

/// CON-R19: an election has to find its minimum
#[test]
fn candidates_do_not_fall_below_the_minimum() {
	for (minimum, most) in [(0, 3), (1, 3), (7, 3), (8, 2), (9, 1), (10, 0), (11, 0)] {
		Chain::of(10).with_minimum(1).build().execute_with(|| {
			pallet_staking::MinimumValidatorCount::<Test>::put(minimum);
			end_session_with(&[row(0, 9); 10]);
			assert_eq!(chilled().len(), most);
			assert_eq!(spared() as usize, 10 - most);
		});
	}
	// Candidates that wait make room.
	Chain::of(10).with_waiting(2).with_minimum(10).build().execute_with(|| {
		end_session_with(&[row(0, 9); 10]);
		assert_eq!(chilled().len(), 2);
	});
}

/// CON-R19
#[test]
fn session_in_which_everybody_is_online_says_nothing() {
	Chain::of(4).run(|| {
		end_session(&[]);
		assert_eq!(events(), []);
		assert!(pallet_offences::Reports::<Test>::iter().next().is_none());
	});
}

/// A validator that is offline until it is out costs one report
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

#[test]
fn session_without_counts_is_kept_with_zeros() {
	Chain::of(2).build().execute_with(|| {
		Liveness::do_end_session(0);
		assert_eq!(events(), []);
		assert_eq!(Liveness::count_in_last_session(&1), Some(SlotCount::default()));
	});
}
