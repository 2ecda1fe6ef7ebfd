//! Each invariant is broken by hand, and `try_state` has to name it.

use super::*;

/// A chain three blocks into its second session, with missed slots in both sessions.
fn chain() -> sp_io::TestExternalities {
	let mut chain = Chain::of(4).build();
	chain.execute_with(|| {
		end_session(&[2]);
		for _ in 0..3 {
			block_from(slot() + 3, &[]);
		}
		check();
	});
	chain
}

/// The error of `try_state` after `corrupt` has changed the storage.
fn broken(corrupt: impl FnOnce()) -> &'static str {
	chain().execute_with(|| {
		corrupt();
		Liveness::do_try_state().expect_err("an invariant is broken").into()
	})
}

fn change_last(change: impl FnOnce(&mut SessionSlotsOf<Test>)) {
	LastSession::<Test>::mutate(|last| change(last.as_mut().expect("a session is over")));
}

#[test]
fn genesis_is_sound() {
	Chain::of(4).build().execute_with(|| assert_eq!(Liveness::do_try_state(), Ok(())));
}

/// LIV-I1: there are as many rows as authorities, or none.
#[test]
fn counts_of_another_number_than_the_authorities_are_found() {
	let reason = "LIV-I1: the number of counts is not that of authorities";
	for rows in [1, 3, 5] {
		assert_eq!(
			broken(|| CurrentCounts::<Test>::mutate(|counts| {
				counts.bounded_resize(rows, SlotCount::default());
			})),
			reason
		);
	}
	chain().execute_with(|| {
		CurrentCounts::<Test>::kill();
		assert_eq!(Liveness::do_try_state(), Ok(()));
	});
}

/// LIV-I2: only missed slots are excused.
#[test]
fn excuse_for_a_slot_that_was_not_missed_is_found() {
	let reason = "LIV-I2: more slots are excused than missed";
	assert_eq!(
		broken(|| CurrentCounts::<Test>::mutate(|counts| counts[0].excused = counts[0].missed + 1)),
		reason
	);
	assert_eq!(broken(|| change_last(|last| last.validators[3].count.excused = 99)), reason);
}

/// LIV-I3: the stored session is the one before the current session.
#[test]
fn last_session_of_another_index_is_found() {
	let reason = "LIV-I3: the stored session is not the last one";
	for session in [1, 7, u32::MAX] {
		assert_eq!(broken(|| change_last(|last| last.session = session)), reason);
	}
	assert_eq!(broken(LastSession::<Test>::kill), "LIV-I3: the last session is not stored");
}

/// LIV-I3: each validator has one row.
#[test]
fn validator_with_two_rows_is_found() {
	assert_eq!(
		broken(|| change_last(|last| last.validators[1].validator = 1)),
		"LIV-I3: a validator is stored twice"
	);
}

/// LIV-I4: no slot is counted twice.
#[test]
fn counts_of_more_slots_than_have_passed_are_found() {
	let reason = "LIV-I4: more slots are counted than have passed";
	assert_eq!(
		broken(|| CurrentCounts::<Test>::mutate(|counts| counts[0].missed = slot())),
		reason
	);
	assert_eq!(
		broken(|| change_last(|last| {
			last.validators[0].count.missed = u64::MAX;
			last.validators[1].count.missed = u64::MAX;
		})),
		reason
	);
}

/// Replaces the records of suspensions, of which the chain has one: validator 2 is suspended until era 1.
fn change_records(change: impl FnOnce(&mut Vec<Record<AccountId>>)) {
	let mut records = Records::<Test>::get().into_inner();
	assert_eq!(records.len(), 1);
	change(&mut records);
	Records::<Test>::put(RecordsOf::<Test>::truncate_from(records));
}

/// LIV-I5: each validator has one record.
#[test]
fn validator_with_two_records_is_found() {
	assert_eq!(
		broken(|| change_records(|records| records.push(records[0].clone()))),
		"LIV-I5: a validator has two records"
	);
}

/// LIV-I6: level, end and return are possible.
#[test]
fn records_that_cannot_be_are_found() {
	for level in [0, MAX_LEVEL + 1] {
		assert_eq!(
			broken(|| change_records(|records| records[0].level = level)),
			"LIV-I6: a level is out of range"
		);
	}
	let standing = |standing| broken(|| change_records(|records| records[0].standing = standing));
	let until = suspension_eras(MAX_LEVEL) + 1;
	assert_eq!(
		standing(Standing::Suspended { until, stake: 0 }),
		"LIV-I6: a suspension is too long"
	);
	assert_eq!(
		standing(Standing::Returned { since: 1 }),
		"LIV-I6: a validator returns in the future"
	);
}

/// LIV-I8: less than a third of the largest set is suspended.
#[test]
fn too_many_suspensions_are_found() {
	let suspend = |most: u64| {
		change_records(|records| {
			let record = records[0].clone();
			records.extend(
				(1..most).map(|number| Record { validator: 1_000 + number, ..record.clone() }),
			);
		})
	};
	chain().execute_with(|| {
		suspend(33);
		check();
	});
	assert_eq!(broken(|| suspend(34)), "LIV-I8: a third of the largest set or more is suspended");
}

/// LIV-I7: a session after too many in a row suspends the worst.
#[test]
fn too_many_spared_sessions_are_found() {
	assert_eq!(
		broken(|| SparedSessions::<Test>::put(OUTAGE_SESSIONS)),
		"LIV-I7: more sessions in a row suspended nobody than may"
	);
}

fn raise(validator: AccountId) -> Raise<AccountId> {
	Raise { validator, fraction: sp_runtime::Perbill::one(), reporter: None }
}

/// LIV-I9: a validator waits once for being raised.
#[test]
fn raises_that_cannot_be_are_found() {
	let store = |raises: Vec<_>| {
		broken(|| Raises::<Test>::insert(1_u32, RaisesOf::<Test>::truncate_from(raises)))
	};
	assert_eq!(store(vec![]), "LIV-I9: an empty list of raises is stored");
	assert_eq!(store(vec![raise(2), raise(3), raise(2)]), "LIV-I9: a validator waits twice");
}

/// LIV-I10: a page takes something, pays no more than that, and is of an era that has begun.
#[test]
fn due_slashes_that_cannot_be_are_found() {
	let page = |amounts: &[u128], payout| {
		let stakes = (0..).zip(amounts.iter().copied()).collect();
		DuePageOf::<Test> {
			stakes: frame_support::BoundedVec::truncate_from(stakes),
			reporters: Default::default(),
			payout,
		}
	};
	let store = |era: u32, page| broken(|| DueSlashes::<Test>::insert((era, 0_u32), page));
	chain().execute_with(|| {
		DueSlashes::<Test>::insert((0_u32, 0_u32), page(&[1, 2], 3));
		check();
	});
	assert_eq!(store(1, page(&[1], 0)), "LIV-I10: a slash is taken before it is due");
	for nothing in [&[][..], &[1, 0][..]] {
		assert_eq!(store(0, page(nothing, 0)), "LIV-I10: a slash takes nothing");
	}
	assert_eq!(store(0, page(&[1, 2], 4)), "LIV-I10: a slash pays more than it takes");
}
