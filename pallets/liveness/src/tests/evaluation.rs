//! Which validators are suspended when a session ends (CON-R19).

use super::*;

/// Counts of a validator that was never disabled.
fn row(produced: u32, missed: u64) -> (u32, u64, u64) {
	(produced, missed, 0)
}

/// CON-R19: one event for each offender; the validator stays a candidate and loses nothing.
#[test]
fn validator_that_misses_more_than_half_is_suspended() {
	Chain::of(4).run(|| {
		end_session(&[3]);
		assert_eq!(
			events(),
			[Event::ValidatorOffline {
				session: 0,
				validator: 3,
				produced: 0,
				missed: 6,
				until: 1
			}]
		);
		assert_eq!(candidates(), [1, 2, 4]);
		assert!(pallet_staking::Validators::<Test>::contains_key(3));
		assert!(pallet_offences::Reports::<Test>::iter().next().is_none());
		assert_eq!(System::read_events_for_pallet::<pallet_staking::Event<Test>>(), []);
	});
}

/// CON-R19: the validator loses its seat in the next election and keeps its stake.
#[test]
fn suspended_validator_keeps_its_stake_and_its_seat_until_the_next_set() {
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
		assert_eq!(suspended(), [1]);
		assert_eq!(pallet_staking::CurrentEra::<Test>::get(), Some(1));
		let queued = Session::queued_keys().into_iter().map(|(who, _)| who).collect::<Vec<_>>();
		assert_eq!(queued, [2, 3, 4, 5]);
	});
}

/// CON-R19: a validator that misses exactly half of its slots is not an offender.
#[test]
fn validator_that_misses_half_is_not_suspended() {
	Chain::of(4).build().execute_with(|| {
		end_session_with(&[row(5, 5), row(5, 0), row(0, 0), row(u32::MAX, u32::MAX.into())]);
		assert_eq!(events(), []);
		assert_eq!(candidates(), [1, 2, 3, 4]);
	});
	Chain::of(4).build().execute_with(|| {
		end_session_with(&[row(5, 5), row(5, 6), row(0, 0), row(9, 9)]);
		assert_eq!(
			events(),
			[Event::ValidatorOffline {
				session: 0,
				validator: 2,
				produced: 5,
				missed: 6,
				until: 1
			}]
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
			[Event::ValidatorOffline {
				session: 0,
				validator: 6,
				produced: 2,
				missed: 3,
				until: 1
			}]
		);
	});
}

/// CON-R19: disabled validators miss all their slots and are not suspended for it.
#[test]
fn disabled_validators_are_not_suspended_for_missed_slots() {
	Chain::of(10).run(|| {
		next_block(&[]);
		for who in [2, 5, 10] {
			assert_ok!(equivocate(who));
		}
		// Equivocators are chilled. One becomes a candidate again.
		assert_ok!(Staking::validate(RuntimeOrigin::signed(2), Default::default()));
		end_session(&[]);
		assert_eq!(events(), []);
		assert!(Liveness::suspended().is_empty());
		let last = Liveness::last_session().expect("a session is over");
		assert_eq!(last.validators[4].count.produced, 0);
		assert!(last.validators[4].count.missed > 0);
	});
}

/// CON-R19: an outage of the whole network suspends nobody.
#[test]
fn session_with_too_many_offenders_suspends_nobody() {
	Chain::of(10).build().execute_with(|| {
		let mut rows = vec![row(9, 0); 10];
		rows[..4].fill(row(0, 9));
		end_session_with(&rows);
		assert_eq!(events(), [Event::OffendersNotSuspended { session: 0, count: 4 }]);
		assert_eq!(candidates(), (1..=10).collect::<Vec<_>>());
		assert_eq!(SparedSessions::<Test>::get(), 1);
		// As many as may be are suspended at once.
		rows[3] = row(9, 0);
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![1, 2, 3], 0));
		assert_eq!(SparedSessions::<Test>::get(), 0);
	});
}

/// CON-R19: a third plus one that is idle for a long time is not spared for ever.
#[test]
fn last_session_of_a_row_with_too_many_offenders_suspends_the_worst() {
	Chain::of(10).build().execute_with(|| {
		let mut rows = vec![row(9, 0); 10];
		rows[2..6].fill(row(0, 9));
		rows[5] = row(0, 10);
		for _ in 1..OUTAGE_SESSIONS {
			end_session_with(&rows);
			assert_eq!((suspended(), not_suspended()), (vec![], 4));
		}
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![6, 3, 4], 1));
		assert_eq!(SparedSessions::<Test>::get(), 0);
		// The next row begins.
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![], 1));
		assert_eq!(SparedSessions::<Test>::get(), 1);
	});
}

/// CON-R19: a session with fewer offenders ends the row.
#[test]
fn session_without_too_many_offenders_ends_the_row() {
	for quiet in [vec![row(9, 0); 4], vec![row(0, 9), row(9, 0), row(9, 0), row(9, 0)]] {
		Chain::of(4).build().execute_with(|| {
			end_session_with(&[row(0, 9); 4]);
			assert_eq!(SparedSessions::<Test>::get(), 1);
			end_session_with(&quiet);
			assert_eq!(SparedSessions::<Test>::get(), 0);
		});
	}
}

/// CON-R19: fewer than a third, for example 1 of 4, 2 of 7 or 33 of 100.
#[test]
fn outage_suspends_less_than_a_third_at_last() {
	for (n, most) in [(1, 0), (2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (10, 3), (21, 6), (100, 33)] {
		Chain::of(n).build().execute_with(|| {
			make_outage_last();
			end_session_with(&vec![row(1, 9); n as usize]);
			assert_eq!(suspended(), (1..=most).collect::<Vec<_>>());
			assert_eq!(not_suspended(), n - most as u32);
			assert_eq!(candidates().len() as u32, n - most as u32);
		});
	}
}

/// CON-R19: offenders are sorted by slots at fault, then by index.
#[test]
fn offenders_with_the_most_missed_slots_are_suspended_first() {
	Chain::of(10).build().execute_with(|| {
		make_outage_last();
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
		assert_eq!(suspended(), [4, 2, 5]);
		assert_eq!(not_suspended(), 3);
	});
}

/// CON-R18, CON-R19: while all authors pause together, as when finality stalls, nobody is at fault.
#[test]
fn pauses_as_long_as_the_set_suspend_nobody() {
	Chain::of(10).run(|| {
		next_block(&[]);
		while Session::current_index() < 2 * OUTAGE_SESSIONS {
			block_in(slot() + 11);
			assert_eq!(events(), []);
		}
		assert_eq!(candidates().len(), 10);
	});
}

/// CON-R19: validators that are no longer candidates count towards the third.
#[test]
fn validators_that_left_count_towards_the_third() {
	Chain::of(10).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(9)));
		assert_ok!(Staking::chill(RuntimeOrigin::signed(10)));
		make_outage_last();
		end_session_with(&[[row(0, 9); 8].as_slice(), &[row(9, 0); 2]].concat());
		assert_eq!(suspended(), [1]);
		assert_eq!(not_suspended(), 7);
	});
	Chain::of(4).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(3)));
		assert_ok!(Staking::chill(RuntimeOrigin::signed(4)));
		make_outage_last();
		end_session_with(&[row(0, 9), row(0, 9), row(9, 0), row(9, 0)]);
		assert_eq!((suspended(), not_suspended()), (vec![], 2));
	});
}

/// CON-R19: a validator that has left before the session ends is an offender nevertheless.
#[test]
fn offender_that_left_is_suspended() {
	Chain::of(10).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(1)));
		let mut rows = vec![row(9, 0); 10];
		rows[0] = row(0, 9);
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![1], 0));
		assert!(!pallet_staking::Validators::<Test>::contains_key(1));
		// To validate again does not end the suspension.
		assert_ok!(Staking::validate(RuntimeOrigin::signed(1), Default::default()));
		assert_eq!(candidates(), (2..=10).collect::<Vec<_>>());
	});
}

/// CON-R19: whoever chills itself before a session ends, and validates afterwards, loses its seat.
#[test]
fn chill_over_the_end_of_a_session_does_not_prevent_a_suspension() {
	Chain::of(4).with_waiting(1).run(|| {
		while System::block_number() + 1 < SessionLength::get() {
			next_block(&[1]);
		}
		assert_ok!(Staking::chill(RuntimeOrigin::signed(1)));
		end_session(&[1]);
		assert_eq!(suspended(), [1]);
		assert_ok!(Staking::validate(RuntimeOrigin::signed(1), Default::default()));
		// It makes its blocks until the election.
		while Session::current_index() < SESSIONS_PER_ERA {
			end_session(&[]);
		}
		assert_eq!(Session::validators(), [2, 3, 4, 5]);
	});
}

/// CON-R19: offenders that have left count towards the third, suspended or not.
#[test]
fn offenders_that_left_are_suspended_up_to_a_third() {
	Chain::of(7).build().execute_with(|| {
		for who in [2, 4, 6] {
			assert_ok!(Staking::chill(RuntimeOrigin::signed(who)));
		}
		let mut rows = vec![row(0, 9); 7];
		rows[0] = row(9, 0);
		rows[5] = row(0, 10);
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![], 6));
		make_outage_last();
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![6, 2], 4));
	});
	// The one that has left and a candidate are a third together.
	Chain::of(7).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(7)));
		make_outage_last();
		end_session_with(&[row(0, 9); 7]);
		assert_eq!((suspended(), not_suspended()), (vec![1, 7], 5));
	});
}

/// CON-R19: the next election loses nothing by the suspension of a validator that has left.
#[test]
fn offender_that_left_is_suspended_although_no_candidate_can_be_spared() {
	Chain::of(4).with_waiting(1).with_electable(4).build().execute_with(|| {
		assert_ok!(Staking::chill(RuntimeOrigin::signed(1)));
		end_session_with(&[row(0, 9), row(9, 0), row(9, 0), row(9, 0)]);
		assert_eq!((suspended(), not_suspended()), (vec![1], 0));
		assert_eq!(candidates(), [2, 3, 4, 5]);
	});
}

/// CON-R19: suspended validators count towards the third as long as they have a seat.
#[test]
fn validators_suspended_before_count_towards_the_third() {
	Chain::of(7).run(|| {
		end_session(&[1, 2]);
		assert_eq!(suspended(), [1, 2]);
		end_session(&[1, 2, 3]);
		assert_eq!((suspended(), not_suspended()), (vec![], 1));
	});
}

/// CON-R19: suspended validators count towards the third when others have their seats, too.
#[test]
fn suspended_validators_without_a_seat_count_towards_the_third() {
	for (elsewhere, most) in [(vec![], 2), (vec![8], 1), (vec![8, 9], 0), (vec![8, 9, 10], 0)] {
		Chain::of(7).with_waiting(3).build().execute_with(|| {
			assert_eq!(Session::validators(), (1..=7).collect::<Vec<_>>());
			Liveness::suspend(elsewhere.iter());
			make_outage_last();
			end_session_with(&[row(0, 9); 7]);
			assert_eq!(suspended().len(), most);
			assert_eq!(not_suspended() as usize, 7 - most);
			assert_eq!(Liveness::suspended().len(), elsewhere.len() + most);
		});
	}
}

/// CON-R19: while as many are suspended as may be, no level is raised.
#[test]
fn offender_that_cannot_be_suspended_keeps_its_level() {
	Chain::of(4).with_waiting(1).build().execute_with(|| {
		Liveness::suspend([1_u64].iter());
		assert_ok!(Liveness::rejoin(RuntimeOrigin::signed(1)));
		Liveness::suspend([5_u64].iter());
		let records = Records::<Test>::get().into_inner();
		make_outage_last();
		end_session_with(&[row(0, 9), row(9, 0), row(9, 0), row(9, 0)]);
		assert_eq!((suspended(), not_suspended()), (vec![], 1));
		assert_eq!(Records::<Test>::get().into_inner(), records);
	});
}

/// CON-R19: whoever takes validators offline in one era after another empties less than a third of the
/// seats. Here, 6 to 11 profit from it.
#[test]
fn outages_in_one_era_after_another_suspend_less_than_a_third() {
	Chain::of(7).with_waiting(4).run(|| {
		let is_honest = |who: &AccountId| *who <= 5;
		let mut was_full = false;
		while Session::current_index() < 10 * SESSIONS_PER_ERA {
			let seats = Session::validators().into_iter().filter(is_honest).collect::<Vec<_>>();
			assert!(seats.len() >= 3);
			end_session(&seats[..2]);
			let suspended = Liveness::suspended();
			assert!(suspended.len() <= 2);
			was_full |= not_suspended() > 0;
		}
		assert!(was_full);
	});
}

/// CON-R19: a validator that is suspended and has left counts once.
#[test]
fn suspended_validator_that_left_counts_once() {
	Chain::of(7).build().execute_with(|| {
		Liveness::suspend([7_u64].iter());
		assert_ok!(Staking::chill(RuntimeOrigin::signed(7)));
		let mut rows = vec![row(9, 0); 7];
		rows[0] = row(0, 9);
		end_session_with(&rows);
		assert_eq!((suspended(), not_suspended()), (vec![1], 0));
	});
}

/// CON-R19: the next election needs its minimum of candidates.
#[test]
fn candidates_do_not_fall_below_the_minimum() {
	for (minimum, electable, most) in
		[(0, 0, 3), (1, 7, 3), (7, 1, 3), (8, 1, 2), (1, 9, 1), (9, 4, 1), (10, 4, 0), (4, 11, 0)]
	{
		Chain::of(10).with_minimum(1).with_electable(electable).build().execute_with(|| {
			pallet_staking::MinimumValidatorCount::<Test>::put(minimum);
			make_outage_last();
			end_session_with(&[row(0, 9); 10]);
			assert_eq!(suspended().len(), most);
			assert_eq!(not_suspended() as usize, 10 - most);
		});
	}
	// Candidates without a seat count towards the minimum.
	Chain::of(10).with_waiting(2).with_minimum(10).build().execute_with(|| {
		make_outage_last();
		end_session_with(&[row(0, 9); 10]);
		assert_eq!(suspended().len(), 2);
	});
}

/// CON-R19: an election does not elect candidates without session keys, so they do not count.
#[test]
fn candidates_without_keys_do_not_count_towards_the_minimum() {
	Chain::of(4).with_waiting(1).with_electable(4).build().execute_with(|| {
		assert_ok!(Session::purge_keys(RuntimeOrigin::signed(5)));
		end_session_with(&[row(0, 9), row(9, 0), row(9, 0), row(9, 0)]);
		assert_eq!((suspended(), not_suspended()), (vec![], 1));
	});
	Chain::of(4).with_waiting(1).with_electable(4).build().execute_with(|| {
		end_session_with(&[row(0, 9), row(9, 0), row(9, 0), row(9, 0)]);
		assert_eq!((suspended(), not_suspended()), (vec![1], 0));
	});
}

/// CON-R19: without offenders there is no event.
#[test]
fn session_in_which_all_are_online_reports_nothing() {
	Chain::of(4).run(|| {
		end_session(&[]);
		assert_eq!(events(), []);
		assert!(Liveness::suspended().is_empty());
	});
}

/// CON-R19: a validator that stays offline while it is suspended is not reported again.
#[test]
fn offender_is_reported_once_until_it_returns() {
	Chain::of(4).with_waiting(1).run(|| {
		end_session(&[2]);
		assert_eq!(suspended(), [2]);
		assert_ok!(Liveness::rejoin(RuntimeOrigin::signed(2)));
		end_session(&[2]);
		assert_eq!(suspended(), [2]);
		end_session(&[2]);
		assert_eq!(events(), []);
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
