//! How long a suspension lasts and how it ends (CON-R24, CON-R27, CON-R28).

use super::*;
use frame_support::assert_noop;
use pallet_staking::{CurrentEra, ValidatorPrefs, Validators};
use sp_runtime::Perbill;

const GOOD: (u32, u64, u64) = (9, 0, 0);
const BAD: (u32, u64, u64) = (0, 9, 0);

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Ends a session in which only validator 1 missed its slots, if it did.
fn end_session_of_first(misses: bool) {
	let mut rows = vec![GOOD; Session::validators().len()];
	if misses {
		rows[0] = BAD;
	}
	end_session_with(&rows);
}

fn plan_era(era: u32) {
	CurrentEra::<Test>::put(era);
}

fn record() -> Option<(u8, Standing)> {
	let records = Records::<Test>::get().into_iter();
	records.map(|record| (record.level, record.standing)).next()
}

fn stake(who: AccountId) -> u128 {
	Staking::ledger(who.into()).expect("it is bonded").active
}

/// The standing of validator 1 while it is suspended.
fn suspended_until(until: u32) -> Standing {
	Standing::Suspended { until, stake: stake(1) }
}

/// CON-R27: each further suspension is twice as long, up to the limit.
#[test]
fn suspensions_double_up_to_the_limit() {
	Chain::of(4).build().execute_with(|| {
		for (planned, until, level) in [(0, 1, 1), (1, 3, 2), (3, 7, 2), (7, 11, 2)] {
			plan_era(planned);
			// The first session ends the suspension before.
			if planned > 0 {
				end_session_of_first(false);
				assert_eq!(events(), [Event::ValidatorReturned { validator: 1 }]);
			}
			end_session_of_first(true);
			assert_eq!(suspended(), [1]);
			assert_eq!(record(), Some((level, suspended_until(until))));
		}
	});
}

/// CON-R27, CON-R28: the suspension ends with the era that it names, not before, and by itself.
#[test]
fn suspension_ends_by_itself() {
	Chain::of(4).build().execute_with(|| {
		let prefs = ValidatorPrefs { commission: Perbill::from_percent(7), blocked: false };
		assert_ok!(Staking::validate(signed(1), prefs.clone()));
		plan_era(5);
		end_session_of_first(true);
		end_session_of_first(false);
		assert_eq!(candidates(), [2, 3, 4]);
		plan_era(6);
		end_session_of_first(false);
		assert_eq!(events(), [Event::ValidatorReturned { validator: 1 }]);
		assert_eq!(candidates(), [1, 2, 3, 4]);
		assert_eq!(Validators::<Test>::get(1), prefs);
		assert_eq!(record(), Some((1, Standing::Returned { since: 6 })));
	});
}

/// CON-R27: a level falls by one after a number of eras, and the record goes with level 0.
#[test]
fn level_of_a_validator_that_returned_decays() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		plan_era(1);
		end_session_of_first(false);
		end_session_of_first(true);
		plan_era(3);
		end_session_of_first(false);
		assert_eq!(record(), Some((2, Standing::Returned { since: 3 })));
		plan_era(2 + LEVEL_DECAY_ERAS);
		end_session_of_first(false);
		assert_eq!(record(), Some((2, Standing::Returned { since: 3 })));
		plan_era(3 + LEVEL_DECAY_ERAS);
		end_session_of_first(false);
		let since = 3 + LEVEL_DECAY_ERAS;
		assert_eq!(record(), Some((1, Standing::Returned { since })));
		// The second suspension of a validator whose first is half forgotten.
		plan_era(since + 1);
		end_session_of_first(true);
		assert_eq!(record(), Some((2, suspended_until(since + 3))));
		for eras in 0..=2 {
			plan_era(since + 3 + eras * LEVEL_DECAY_ERAS);
			end_session_of_first(false);
		}
		assert_eq!(record(), None);
	});
}

/// CON-R28: the stash or its controller ends the first suspension at once.
#[test]
fn suspended_validator_rejoins_at_once() {
	Chain::of(4).build().execute_with(|| {
		assert_noop!(Liveness::rejoin(signed(1)), Error::<Test>::NotSuspended);
		end_session_of_first(true);
		assert_noop!(Liveness::rejoin(signed(2)), Error::<Test>::NotSuspended);
		assert_noop!(Liveness::rejoin(RuntimeOrigin::root()), sp_runtime::DispatchError::BadOrigin);
		System::reset_events();
		assert_ok!(Liveness::rejoin(signed(1)));
		assert_eq!(events(), [Event::ValidatorReturned { validator: 1 }]);
		assert_eq!(candidates(), [1, 2, 3, 4]);
		assert_eq!(record(), Some((1, Standing::Returned { since: 0 })));
		assert_noop!(Liveness::rejoin(signed(1)), Error::<Test>::NotSuspended);
	});
}

/// CON-R28: a suspension that follows another one leaves the validator out of one election at least.
#[test]
fn later_suspension_ends_after_half_of_its_rest_on_request() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		assert_ok!(Liveness::rejoin(signed(1)));
		end_session_of_first(true);
		assert_eq!(record(), Some((2, suspended_until(2))));
		// It returns with less stake, too, because it has asked.
		assert_ok!(Staking::unbond(signed(1), 1));
		System::reset_events();
		assert_ok!(Liveness::rejoin(signed(1)));
		assert_eq!(events(), [Event::ReturnRequested { validator: 1, until: 1 }]);
		end_session_of_first(true);
		assert_eq!(record(), Some((2, Standing::Suspended { until: 1, stake: 0 })));
		assert_eq!(candidates(), [2, 3, 4]);
		plan_era(1);
		end_session_of_first(false);
		assert_eq!(events(), [Event::ValidatorReturned { validator: 1 }]);
		assert_eq!(candidates(), [1, 2, 3, 4]);
	});
}

/// Suspends validator 1 from era 0 on, at a level of which an earlier suspension counts.
fn suspend_until(until: u32) {
	let standing = suspended_until(until);
	let record = Record { validator: 1, level: 2, standing };
	Records::<Test>::put(RecordsOf::<Test>::truncate_from(vec![record]));
}

/// CON-R28: half of the eras that are left stay, rounded up.
#[test]
fn request_halves_the_rest_of_a_later_suspension() {
	for (planned, until, expected) in [
		(0, 1, 1),
		(0, 2, 1),
		(0, 3, 2),
		(0, 4, 2),
		(1, 4, 3),
		(2, 4, 3),
		(3, 4, 4),
		(4, 4, 4),
		(9, 4, 4),
	] {
		Chain::of(4).build().execute_with(|| {
			suspend_until(until);
			plan_era(planned);
			assert_ok!(Liveness::rejoin(signed(1)));
			let standing = Standing::Suspended { until: expected, stake: 0 };
			assert_eq!(record(), Some((2, standing)), "{planned} {until}");
		});
	}
}

/// CON-R28: a suspension is shortened once.
#[test]
fn further_request_does_not_change_the_end() {
	Chain::of(4).build().execute_with(|| {
		suspend_until(4);
		for planned in [0, 0, 1, 2, 7] {
			plan_era(planned);
			System::set_block_number(1);
			System::reset_events();
			assert_ok!(Liveness::rejoin(signed(1)));
			assert_eq!(events(), [Event::ReturnRequested { validator: 1, until: 2 }]);
			assert_eq!(record(), Some((2, Standing::Suspended { until: 2, stake: 0 })));
		}
	});
}

/// CON-R27, CON-R28: a validator that misses another session of its seat does not return at once.
#[test]
fn validator_that_goes_on_missing_its_slots_does_not_return_at_once() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		assert_eq!(record(), Some((1, suspended_until(1))));
		for misses in [true, true, false] {
			end_session_of_first(misses);
			assert_eq!(events(), []);
			assert_eq!(record(), Some((2, suspended_until(1))));
		}
		assert_ok!(Liveness::rejoin(signed(1)));
		assert!(Liveness::is_suspended(&1));
		plan_era(1);
		end_session_of_first(false);
		assert_eq!(record(), Some((2, Standing::Returned { since: 1 })));
	});
}

/// CON-R27: the fault of the network raises no level.
#[test]
fn level_stays_in_a_session_that_is_spared() {
	Chain::of(7).build().execute_with(|| {
		end_session_of_first(true);
		end_session_with(&[BAD; 7]);
		assert!(SparedSessions::<Test>::get() > 0);
		assert_eq!(record(), Some((1, suspended_until(1))));
		// Other offenders, no more than may be suspended.
		end_session_with(&[BAD, BAD, GOOD, GOOD, GOOD, GOOD, GOOD]);
		assert_eq!(suspended(), [2]);
		let levels: Vec<_> =
			Records::<Test>::get().iter().map(|record| (record.validator, record.level)).collect();
		assert_eq!(levels, [(1, 2), (2, 1)]);
	});
}

/// CON-R27: nor does the session of an outage that suspends the worst.
#[test]
fn level_stays_in_the_last_session_of_an_outage() {
	Chain::of(7).build().execute_with(|| {
		end_session_of_first(true);
		make_outage_last();
		end_session_with(&[BAD; 7]);
		assert_eq!(SparedSessions::<Test>::get(), 0);
		let levels: Vec<_> =
			Records::<Test>::get().iter().map(|record| (record.validator, record.level)).collect();
		assert_eq!(levels, [(1, 1), (2, 1)]);
	});
}

/// CON-R28: a validator that makes blocks only in the session before each election, and asks to return
/// after each suspension, loses its seat.
#[test]
fn validator_that_idles_and_asks_to_return_loses_its_seat() {
	Chain::of(4).with_waiting(1).run(|| {
		while Session::current_index() < 2 * SESSIONS_PER_ERA {
			let idles = Session::current_index() % SESSIONS_PER_ERA != SESSIONS_PER_ERA - 2;
			end_session(if idles { &[1][..] } else { &[] });
			if Liveness::is_suspended(&1) {
				assert_ok!(Liveness::rejoin(signed(1)));
			}
		}
		assert_eq!(Session::validators(), [2, 3, 4, 5]);
	});
}

/// CON-R28: a validator that idles whenever it has a seat, and asks to return at once after each suspension, is out for
/// longer and longer.
#[test]
fn requests_do_not_stop_suspensions_from_doubling() {
	Chain::of(4).build().execute_with(|| {
		let mut planned = 0;
		for (until, level) in [(1, 1), (2, 2), (4, 2), (6, 2)] {
			plan_era(planned);
			end_session_of_first(true);
			assert_eq!(suspended(), [1]);
			assert_ok!(Liveness::rejoin(signed(1)));
			planned = until;
			plan_era(planned);
			end_session_of_first(false);
			assert!(!Liveness::is_suspended(&1));
			assert_eq!(record().map(|(level, _)| level), Some(level));
		}
	});
}

/// CON-R28: a controller of its own, as old stashes have, can end the suspension of the stash.
#[test]
fn controller_ends_the_suspension_of_its_stash() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		let ledger = pallet_staking::Ledger::<Test>::take(1).expect("it is bonded");
		pallet_staking::Ledger::<Test>::insert(99, ledger);
		pallet_staking::Bonded::<Test>::insert(1, 99);
		assert_ok!(Liveness::rejoin(signed(99)));
		assert!(!Liveness::is_suspended(&1));
	});
}

/// CON-R28: a validator that chilled itself, or was chilled for an equivocation, does not return.
#[test]
fn chilled_validator_does_not_return() {
	let chills: [fn(); 3] = [
		|| Staking::chill(signed(1)).expect("it is bonded"),
		|| equivocate(1).expect("it is the first report"),
		|| Staking::nominate(signed(1), vec![2]).expect("it is bonded"),
	];
	for chill in chills {
		Chain::of(4).build().execute_with(|| {
			next_block(&[]);
			end_session_of_first(true);
			chill();
			assert_noop!(Liveness::rejoin(signed(1)), Error::<Test>::NotCandidate);
			end_session_of_first(false);
			assert!(Liveness::is_suspended(&1));
			plan_era(1);
			end_session_of_first(false);
			assert_eq!(record(), Some((1, Standing::Returned { since: 1 })));
			assert_eq!(events(), []);
			plan_era(1 + LEVEL_DECAY_ERAS);
			end_session_of_first(false);
			assert_eq!(record(), None);
			assert_eq!(events(), []);
			assert_eq!(candidates(), [2, 3, 4]);
			assert!(!Validators::<Test>::contains_key(1));
		});
	}
}

/// CON-R28: a validator that has unbonded some of its stake does not return by itself.
#[test]
fn validator_with_less_stake_than_before_does_not_return() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		assert_ok!(Staking::unbond(signed(1), 1));
		end_session_of_first(false);
		assert_eq!(events(), []);
		plan_era(1);
		end_session_of_first(false);
		assert_eq!(events(), [Event::ReturnRefused { validator: 1 }]);
		assert!(!Validators::<Test>::contains_key(1));
		assert_eq!(record(), Some((1, Standing::Returned { since: 1 })));
	});
	// It may come back when asked.
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		assert_ok!(Staking::unbond(signed(1), 1));
		assert_ok!(Liveness::rejoin(signed(1)));
		plan_era(1);
		end_session_of_first(false);
		assert_eq!(candidates(), [1, 2, 3, 4]);
	});
}

/// CON-R28: a validator that was chilled while it was suspended, or because it could not return, keeps its
/// level when it validates again.
#[test]
fn validator_that_validates_again_keeps_its_level() {
	let leaves: [fn(); 3] = [
		|| Staking::chill(signed(1)).expect("it is bonded"),
		|| Staking::nominate(signed(1), vec![2]).expect("it is bonded"),
		|| {
			assert_ok!(Staking::unbond(signed(1), 1));
		},
	];
	for leave in leaves {
		Chain::of(4).build().execute_with(|| {
			end_session_of_first(true);
			leave();
			plan_era(1);
			end_session_of_first(false);
			assert!(!Validators::<Test>::contains_key(1));
			assert!(!Liveness::is_suspended(&1));
			assert_ok!(Staking::validate(signed(1), Default::default()));
			assert_eq!(candidates(), [1, 2, 3, 4]);
			end_session_of_first(true);
			assert_eq!(suspended(), [1]);
			assert_eq!(record(), Some((2, suspended_until(3))));
		});
	}
}

/// CON-R28: a validator that has left and validates again stays suspended, whether a session ends in between or not.
#[test]
fn chill_and_validate_do_not_end_a_suspension() {
	for sessions_between in [0, 1, 2] {
		Chain::of(4).build().execute_with(|| {
			end_session_of_first(true);
			assert_ok!(Staking::chill(signed(1)));
			(0..sessions_between).for_each(|_| end_session_of_first(false));
			let prefs = ValidatorPrefs { commission: Perbill::from_percent(7), blocked: false };
			assert_ok!(Staking::validate(signed(1), prefs.clone()));
			end_session_of_first(false);
			assert_eq!(record(), Some((1, suspended_until(1))));
			assert_eq!(candidates(), [2, 3, 4]);
			plan_era(1);
			end_session_of_first(false);
			assert_eq!(candidates(), [1, 2, 3, 4]);
			assert_eq!(Validators::<Test>::get(1), prefs);
		});
	}
}

/// CON-R28: a validator below the minimum bond does not return.
#[test]
fn validator_below_the_minimum_bond_does_not_return() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		pallet_staking::MinValidatorBond::<Test>::put(stake(1) + 1);
		assert_noop!(Liveness::rejoin(signed(1)), Error::<Test>::InsufficientBond);
		plan_era(1);
		end_session_of_first(false);
		assert_eq!(events(), [Event::ReturnRefused { validator: 1 }]);
		assert!(!Validators::<Test>::contains_key(1));
	});
}

/// CON-R28: a validator that unbonds everything is chilled by staking.
#[test]
fn validator_that_unbonds_everything_does_not_return() {
	Chain::of(4).build().execute_with(|| {
		end_session_of_first(true);
		assert_ok!(Staking::unbond(signed(1), stake(1)));
		plan_era(1);
		end_session_of_first(false);
		assert_eq!(events(), []);
		assert!(!Validators::<Test>::contains_key(1));
	});
}

/// CON-R24: an election leaves a suspended validator out, and its nominations wait for it.
#[test]
fn suspended_validator_is_out_of_one_set_and_returns_with_its_nominations() {
	Chain::of(4).with_waiting(2).run(|| {
		// Candidate 6 nominates validator 3 instead.
		assert_ok!(Staking::nominate(signed(6), vec![3]));
		let mut sets = Vec::new();
		end_session(&[3]);
		while Session::current_index() < 4 * SESSIONS_PER_ERA {
			end_session(&[]);
			if Session::current_index().is_multiple_of(SESSIONS_PER_ERA) {
				sets.push(Session::validators());
			}
		}
		assert_eq!(sets[0], [1, 2, 4, 5]);
		assert_eq!(sets[1], [1, 2, 3, 4]);
		let exposure = pallet_staking::EraInfo::<Test>::get_full_exposure(2, &3);
		assert_eq!(exposure.others.len(), 1);
	});
}

/// CON-R24: an election with too few other candidates elects suspended validators too.
#[test]
fn suspended_validators_are_elected_if_too_few_others_are_left() {
	Chain::of(4).with_electable(3).run(|| {
		end_session(&[1]);
		assert_eq!(suspended(), [1]);
		assert_ok!(Staking::chill(signed(4)));
		while Session::current_index() < SESSIONS_PER_ERA {
			end_session(&[]);
		}
		assert_eq!(Session::validators(), [1, 2, 3]);
	});
}

/// CON-R27: a new record takes the place of the oldest one of a validator that is not suspended any more.
#[test]
fn full_records_make_room() {
	Chain::of(4).build().execute_with(|| {
		plan_era(10);
		let standing = |index: u64| match index {
			7 => Standing::Returned { since: 4 },
			8 | 9 => Standing::Returned { since: 3 },
			_ => Standing::Suspended { until: 11, stake: 0 },
		};
		let record =
			|index: u64| Record { validator: 1_000 + index, level: 1, standing: standing(index) };
		let most = u64::from(MaxAuthorities::get());
		let full = (0..most).map(record).collect::<Vec<_>>();
		Records::<Test>::put(RecordsOf::<Test>::truncate_from(full.clone()));
		System::set_block_number(1);
		System::reset_events();
		assert_eq!(Liveness::suspend([1_u64].iter()), [11]);
		let mut records = Records::<Test>::get().into_inner();
		assert_eq!(records.pop().map(|record| record.validator), Some(1));
		let kept = full.into_iter().filter(|record| record.validator != 1_008);
		assert_eq!(records, kept.collect::<Vec<_>>());
		assert_eq!(events(), []);
	});
}

#[test]
fn suspension_eras_are_powers_of_two_without_overflow() {
	assert_eq!([0, 1, 5, 31].map(suspension_eras), [1, 2, 32, 1 << 31]);
	assert_eq!([32, u8::MAX].map(suspension_eras), [u32::MAX; 2]);
}
