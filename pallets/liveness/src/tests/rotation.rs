//! The session for which a block and the slots before it count (CON-R8, CON-R18).

use super::*;

/// CON-R8: the block that rotates the session is the last one of the old set.
#[test]
fn rotating_block_and_the_gap_before_it_count_for_the_ending_session() {
	Chain::of(4).run(|| {
		for _ in 1..SessionLength::get() {
			next_block(&[]);
		}
		assert_eq!(counts(), [(5, 0, 0), (5, 0, 0), (5, 0, 0), (4, 0, 0)]);
		// The slots of indices 3, 0 and 1 are skipped.
		block_in(slot() + 4);
		assert_eq!(Session::current_index(), 1);
		assert_eq!(counts(), []);
		let last = Liveness::last_session().expect("a session is over");
		assert_eq!(last.session, 0);
		let rows = last.validators.into_iter().map(|row| (row.validator, numbers(row.count)));
		assert_eq!(
			rows.collect::<Vec<_>>(),
			[(1, (5, 1, 0)), (2, (5, 1, 0)), (3, (6, 0, 0)), (4, (4, 1, 0))]
		);
		assert_eq!(Liveness::count_in_last_session(&2).map(numbers), Some((5, 1, 0)));
		assert_eq!(Liveness::count_in_last_session(&5), None);
		assert_eq!(Liveness::count_in_current_session(&2), Some(SlotCount::default()));

		next_block(&[]);
		assert_eq!(counts(), [(0, 0, 0), (0, 0, 0), (0, 0, 0), (1, 0, 0)]);
	});
}

/// CON-R8: slots before the rotating block belong to the old set, slots after it to the new one.
#[test]
fn new_set_counts_from_the_block_after_the_rotation_on() {
	Chain::of(4).with_waiting(1).run(|| {
		next_block(&[]);
		assert_ok!(Staking::chill(RuntimeOrigin::signed(1)));
		assert_ok!(Staking::set_validator_count(RuntimeOrigin::root(), 3));
		while System::block_number() < 3 * SessionLength::get() - 1 {
			next_block(&[]);
		}
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		assert_eq!((System::block_number(), slot()), (59, FIRST_SLOT + 58));

		// 59 ... 61 mod 4 is 3 0 1.
		block_in(FIRST_SLOT + 62);
		assert_eq!(Session::validators(), [2, 3, 4]);
		let last = Liveness::last_session().expect("a session is over");
		let missed = last.validators.iter().map(|row| (row.validator, row.count.missed));
		assert_eq!(missed.collect::<Vec<_>>(), [(1, 1), (2, 1), (3, 0), (4, 1)]);

		// (1,000,063, 1,000,064) mod 3 is 1 2: 1,000,000 mod 3 is 1.
		block_in(FIRST_SLOT + 65);
		assert_eq!(counts(), [(1, 0, 0), (0, 1, 0), (0, 1, 0)]);
	});
}

/// CON-R18: every slot since the first block is counted once, as produced or missed, or lies in a gap as
/// long as the set.
#[test]
fn slots_of_many_sessions_are_counted_once() {
	Chain::of(5).with_waiting(2).run(|| {
		next_block(&[]);
		let (mut counted, mut in_long_gaps) = (0_u64, 0_u64);
		let mut session = 0;
		for gap in (0..13_u64).cycle().take(200) {
			let (before, last_slot) = (Session::current_index(), slot());
			let authorities = Session::validators().len() as u64;
			block_from(last_slot + 1 + gap, &[]);
			assert_eq!(slot(), last_slot + 1 + gap);
			if gap >= authorities {
				in_long_gaps += gap;
			}
			if Session::current_index() != before {
				let last = Liveness::last_session().expect("a session is over");
				assert_eq!(last.session, session);
				session += 1;
				counted += last
					.validators
					.iter()
					.map(|row| u64::from(row.count.produced) + row.count.missed)
					.sum::<u64>();
				let produced = last.validators.iter().map(|row| row.count.produced).sum::<u32>();
				assert_eq!(u64::from(produced), SessionLength::get());
			}
		}
		let open = counts().iter().map(|row| u64::from(row.0) + row.1).sum::<u64>();
		assert_eq!(counted + open + in_long_gaps, slot() - FIRST_SLOT + 1);
		assert_eq!(session, 10);
	});
}
