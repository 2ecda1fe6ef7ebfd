//! The slots that a block counts (CON-R18).

use super::*;
use frame_support::traits::Hooks;

/// CON-R18: the genesis has no slot.
#[test]
fn first_block_misses_nothing() {
	Chain::of(4).run(|| {
		block_in(FIRST_SLOT + 1);
		assert_eq!(counts(), [(0, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0)]);
	});
}

/// CON-R18: only slots between a block and its parent are missed.
#[test]
fn block_in_the_next_slot_misses_nothing() {
	Chain::of(4).run(|| {
		for slot in 0..8 {
			block_in(FIRST_SLOT + slot);
		}
		assert_eq!(counts(), [(2, 0, 0); 4]);
	});
}

/// CON-R18: the author of a slot follows from the slot and the number of authorities.
#[test]
fn skipped_slots_are_missed_by_their_authors() {
	Chain::of(4).run(|| {
		// Index 0 is the author of slots that are multiples of 4.
		block_in(FIRST_SLOT);
		block_in(FIRST_SLOT + 3);
		assert_eq!(counts(), [(1, 0, 0), (0, 1, 0), (0, 1, 0), (1, 0, 0)]);
		// Three slots: 0 1 2.
		block_in(FIRST_SLOT + 7);
		assert_eq!(counts(), [(1, 1, 0), (0, 2, 0), (0, 2, 0), (2, 0, 0)]);
	});
}

/// CON-R18: in a gap as long as the set everybody let a turn pass, so nobody is at fault.
#[test]
fn gap_as_long_as_the_set_counts_for_nobody() {
	Chain::of(4).run(|| {
		block_in(FIRST_SLOT);
		block_in(FIRST_SLOT + 5);
		assert_eq!(counts(), [(1, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0)]);
		block_in(FIRST_SLOT + 100);
		assert_eq!(counts(), [(2, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0)]);
		// One slot less is the fault of those whose turns they were.
		block_in(FIRST_SLOT + 104);
		assert_eq!(counts(), [(3, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 0)]);
	});
}

/// CON-R18: every gap is as long as a set of one.
#[test]
fn only_authority_misses_nothing() {
	Chain::of(1).run(|| {
		block_in(FIRST_SLOT);
		block_in(FIRST_SLOT + 2);
		block_in(FIRST_SLOT + 10);
		assert_eq!(counts(), [(3, 0, 0)]);
	});
}

/// CON-R18: the work does not grow with the length of the gap.
#[test]
fn gap_up_to_the_highest_slot_counts_for_nobody() {
	Chain::of(7).run(|| {
		block_in(FIRST_SLOT);
		block_in(u64::MAX - 1);
		assert!(counts().iter().all(|(_, missed, _)| *missed == 0));
		assert_eq!(counts().iter().map(|(produced, ..)| produced).sum::<u32>(), 2);
	});
}

/// CON-R18: a disabled validator cannot make blocks, and the others continue.
#[test]
fn slots_of_disabled_validators_are_missed_and_excused() {
	Chain::of(10).run(|| {
		next_block(&[]);
		for who in [2, 5, 10] {
			assert_ok!(equivocate(who));
		}
		assert_eq!(disabled(), [1, 4, 9].into());
		for _ in 1..14 {
			next_block(&[]);
		}
		assert_eq!(System::block_number(), 14);
		for (index, row) in counts().into_iter().enumerate() {
			match index {
				1 | 4 | 9 => assert!(row.0 == 0 && row.1 >= 1 && row.1 == row.2, "{row:?}"),
				_ => assert!(row.0 >= 1 && row.1 == 0, "{row:?}"),
			}
		}
	});
}

/// CON-R18: only slots after the block that disables a validator are excused.
#[test]
fn slots_before_disabling_are_not_excused() {
	Chain::of(4).run(|| {
		block_in(FIRST_SLOT);
		block_in(FIRST_SLOT + 3);
		assert_ok!(equivocate(2));
		block_in(FIRST_SLOT + 7);
		assert_eq!(counts(), [(1, 1, 0), (0, 2, 1), (0, 2, 0), (2, 0, 0)]);
	});
}

/// CON-R18: the formula agrees with counting slot by slot.
#[test]
fn skipped_turns_are_as_many_as_counted_one_by_one() {
	for n in 1..=7_u32 {
		for parent in 0..15_u64 {
			for slot in parent..40 {
				let is_long = slot.saturating_sub(parent + 1) >= u64::from(n);
				for authority in 0..n {
					let counted = (parent + 1..slot)
						.filter(|slot| slot % u64::from(n) == u64::from(authority))
						.count();
					let expected = !is_long && counted == 1;
					assert_eq!(is_turn_skipped(parent, slot, n, authority), expected);
				}
			}
		}
	}
}

#[test]
fn turns_between_adjacent_slots_or_of_no_authority_are_not_skipped() {
	for (parent, slot) in [(5, 6), (5, 5), (5, 4), (u64::MAX, 0)] {
		assert!((0..4).all(|authority| !is_turn_skipped(parent, slot, 3, authority)));
	}
	assert!(!is_turn_skipped(0, 2, 0, 0));
	assert!(!is_turn_skipped(0, 2, 3, 4));
}

#[test]
fn turns_between_the_highest_slots_do_not_overflow() {
	// 2^64 - 2 is a multiple of 2 and one more than a multiple of 3.
	assert!(is_turn_skipped(u64::MAX - 2, u64::MAX, 2, 0));
	assert!(!is_turn_skipped(u64::MAX - 2, u64::MAX, 2, 1));
	assert!(is_turn_skipped(u64::MAX - 2, u64::MAX, 3, 2));
	assert!(!is_turn_skipped(0, u64::MAX, u32::MAX, 0));
}

#[test]
fn queries_in_the_first_session_answer_its_counts() {
	Chain::of(4).run(|| {
		block_in(FIRST_SLOT);
		block_in(FIRST_SLOT + 2);
		let current = Liveness::current_session();
		assert_eq!(current.session, 0);
		let rows = current.validators.into_iter().map(|row| (row.validator, numbers(row.count)));
		assert_eq!(
			rows.collect::<Vec<_>>(),
			[(1, (1, 0, 0)), (2, (0, 1, 0)), (3, (1, 0, 0)), (4, (0, 0, 0))]
		);
		assert_eq!(Liveness::count_in_current_session(&2).map(numbers), Some((0, 1, 0)));
		assert_eq!(Liveness::count_in_current_session(&5), None);
		assert_eq!(Liveness::last_session(), None);
		assert_eq!(Liveness::count_in_last_session(&1), None);
	});
}

#[test]
fn queries_before_the_first_block_answer_zeros() {
	Chain::of(2).build().execute_with(|| {
		assert_eq!(Liveness::current_session().validators.len(), 2);
		assert_eq!(Liveness::count_in_current_session(&2), Some(SlotCount::default()));
	});
}

/// `pallet-authorship` declares no weight for its event handlers. The hook also looks for slashes that wait.
#[test]
fn hook_declares_the_weight_of_counting_every_authority() {
	Chain::of(5).run(|| {
		next_block(&[]);
		let look = <Test as frame_system::Config>::DbWeight::get().reads(2);
		assert_eq!(Liveness::on_initialize(2), <() as WeightInfo>::note_author(5) + look);
	});
}
