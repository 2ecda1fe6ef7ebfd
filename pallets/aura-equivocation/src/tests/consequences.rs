//! The consequences of an accepted report (CON-R22, CON-R23), with the staking pallet.

use super::*;
use codec::Encode;
use frame_support::dispatch::{GetDispatchInfo, Pays};
use sp_consensus_aura::Slot;
use sp_runtime::{traits::Dispatchable, Perbill};
use sp_staking::offence::Offence;

fn stake(who: u64) -> Balance {
	Staking::ledger(who.into()).expect("is bonded").active
}

/// CON-R22, CON-R16: any account can report, and the offender is disabled.
#[test]
fn report_of_any_account_disables_the_offender() {
	on_chain(|| {
		go_to(8);
		assert_ok!(report(&equivocation(2, 101), &owner(2)));

		assert_eq!(offences(), 1);
		System::assert_has_event(
			pallet_offences::Event::Offence {
				kind: *b"aura:equivocatio",
				slot: (1_u32, Slot::from(101)).encode(),
			}
			.into(),
		);
		assert_eq!(Session::disabled_validators(), [1]);
	})
}

/// CON-R22: the holder of a validator's key can make any number of equivocations, so reports have a
/// fee.
#[test]
fn accepted_report_is_charged() {
	on_chain(|| {
		go_to(8);
		let call = RuntimeCall::from(Call::report_equivocation {
			equivocation_proof: Box::new(equivocation(2, 101)),
			key_owner_proof: owner(2),
		});
		let info = call.get_dispatch_info();
		let result = call.dispatch(RuntimeOrigin::signed(WITNESS));
		assert_eq!(frame_support::dispatch::extract_actual_pays_fee(&result, &info), Pays::Yes);
		assert_ok!(result);
	})
}

/// CON-R22: the author of the block is the reporter of an unsigned report.
#[test]
fn unsigned_report_names_the_author_as_reporter() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report_unsigned(&equivocation(2, 101), &owner(2)));
		assert_eq!(offences(), 1);

		let slashes: Vec<_> =
			pallet_staking::UnappliedSlashes::<Test>::iter_values().flatten().collect();
		let author = Authorship::author().expect("blocks have authors");
		assert_eq!(slashes.len(), 1);
		assert_eq!((slashes[0].validator, slashes[0].reporters.clone()), (2, vec![author]));
	})
}

/// CON-R23: one offender of four validators loses 9/16, and its nominator loses the same fraction.
#[test]
fn slash_of_one_offender_is_pro_rata_and_applied_once() {
	on_chain(|| {
		go_to(8);
		assert_ok!(report(&equivocation(1, 100), &owner(1)));
		let left = STAKE - STAKE * 9 / 16;
		assert_eq!((stake(1), stake(NOMINATOR)), (left, left));
		assert!((2..=4).all(|other| stake(other) == STAKE));

		assert_noop!(
			report(&equivocation(1, 100), &owner(1)),
			Error::<Test>::DuplicateOffenceReport
		);
		// An offence in another slot takes nothing more: only the largest slash fraction of an era
		// counts.
		assert_ok!(report(&equivocation(1, 104), &owner(1)));
		assert_eq!((stake(1), stake(NOMINATOR)), (left, left));
	})
}

/// CON-R23: if a later set names the slot of an old offence, the first offender is not slashed for it again.
#[test]
fn offences_of_one_slot_in_two_sessions_are_counted_apart() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report(&equivocation(4, 103), &owner(4)));
		// It leaves, so that the next set has three validators and another author of the slot.
		assert_ok!(Staking::chill(RuntimeOrigin::signed(4)));
		go_to(28);
		assert_eq!(Session::validators(), [1, 2, 3]);
		let later = 2;
		System::reset_events();
		assert_ok!(report(&equivocation(later, 103), &owner(later)));

		assert_eq!(offences(), 1);
		let slashed: Vec<_> = System::events()
			.iter()
			.filter_map(|record| match record.event {
				RuntimeEvent::Staking(pallet_staking::Event::SlashReported {
					validator, ..
				}) => Some(validator),
				_ => None,
			})
			.collect();
		assert_eq!(slashed, [later]);
	})
}

/// CON-R23, CON-R17: during the deferral nothing is taken, and governance can cancel the slash.
#[test]
fn deferred_slash_can_be_cancelled() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report(&equivocation(1, 100), &owner(1)));
		assert_eq!(stake(1), STAKE);
		// An offence in era 0 with a deferral of one era is due when era 2 begins (CON-R17), in block 30.
		let slashes = pallet_staking::UnappliedSlashes::<Test>::get(2);
		assert_eq!(slashes.len(), 1);
		assert_eq!((slashes[0].own, slashes[0].others.len()), (STAKE * 9 / 16, 1));
		assert_ok!(Staking::cancel_deferred_slash(RuntimeOrigin::root(), 2, vec![0]));
		go_to(50);
		assert_eq!((stake(1), stake(NOMINATOR)), (STAKE, STAKE));
	})
}

/// CON-R23, CON-R17: the slash is applied when the deferral is over.
#[test]
fn deferred_slash_is_applied_after_the_deferral() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report(&equivocation(1, 100), &owner(1)));
		go_to(29);
		assert_eq!((stake(1), stake(NOMINATOR)), (STAKE, STAKE));
		go_to(30);
		let left = STAKE - STAKE * 9 / 16;
		assert_eq!((stake(1), stake(NOMINATOR)), (left, left));
	})
}

/// CON-R22: a report is accepted as long as the chain stores the hashes of the parents.
#[test]
fn report_of_an_earlier_era_is_accepted() {
	on_chain(|| {
		go_to(8);
		let (proof, owner) = (equivocation(2, 101), owner(2));
		go_to(40);
		assert_ok!(report(&proof, &owner));
		assert_eq!(stake(2), STAKE - STAKE * 9 / 16);
	})
}

/// CON-R22: the parents can be different blocks, in either order.
#[test]
fn report_with_different_parents_is_accepted() {
	on_chain(|| {
		go_to(10);
		// Both are in session 1, like block 9.
		go_to(9);
		assert_ok!(report(&equivocation_on(2, 101, [6, 8]), &proof_of_session(2, 1)));
		assert_ok!(report(&equivocation_on(3, 102, [8, 6]), &proof_of_session(3, 1)));
	})
}

/// CON-R22: with parents in two sessions, the session of the later one counts.
#[test]
fn report_across_sessions_needs_the_session_of_the_later_parent() {
	on_chain(|| {
		go_to(8);
		let earlier = owner(2);
		go_to(12);
		let later = owner(2);
		assert_eq!((earlier.session, later.session), (1, 2));
		let across = equivocation_on(2, 101, [9, 10]);
		assert_noop!(report(&across, &earlier), Error::<Test>::InvalidKeyOwnershipProof);
		assert_ok!(report(&across, &later));
	})
}

/// CON-R8, CON-R22: the old set authors the block that rotates the session.
#[test]
fn report_of_the_rotating_block_needs_the_session_before() {
	on_chain(|| {
		go_to(9);
		let before = owner(2);
		// Block 10 begins session 2.
		go_to(10);
		let after = owner(2);
		assert_eq!((before.session, after.session), (1, 2));
		let rotating = equivocation_on(2, 101, [9, 9]);
		assert_noop!(report(&rotating, &after), Error::<Test>::InvalidKeyOwnershipProof);
		assert_ok!(report(&rotating, &before));

		go_to(11);
		let next = equivocation_on(2, 105, [10, 10]);
		assert_noop!(report(&next, &before), Error::<Test>::InvalidKeyOwnershipProof);
		assert_ok!(report(&next, &after));
	})
}

/// CON-R5, CON-R22: the parent of the first block is the genesis, in session 0.
#[test]
fn report_of_the_first_block_is_accepted() {
	on_chain(|| {
		let owner = owner(2);
		assert_eq!(owner.session, 0);
		assert_ok!(report(&equivocation_on(2, 101, [0, 0]), &owner));
	})
}

/// CON-R15, CON-R23: the fraction for every number of offenders and validators.
#[test]
fn slash_fraction_of_any_set_follows_the_rule() {
	let fraction = |k: u32, n: u32| {
		let (slot, session_index, offender) = (Slot::from(1), 1, 0_u64);
		EquivocationOffence { slot, session_index, validator_set_count: n, offender }
			.slash_fraction(k)
	};
	for n in 1..=100_u64 {
		for k in 1..=n {
			let p = (3 * k * 1_000_000_000 / n).min(1_000_000_000);
			let expected = Perbill::from_parts((p * p / 1_000_000_000) as u32);
			assert_eq!(fraction(k as u32, n as u32), expected, "{k} of {n}");
		}
	}
	assert_eq!(fraction(1, 4), Perbill::from_rational(9_u32, 16));
	assert_eq!(fraction(1, 100), Perbill::from_parts(900_000));
	assert_eq!(fraction(u32::MAX, 0), Perbill::one());
}

/// Proof that the key of `validator` was in force in `session`. The set has not changed since genesis,
/// so the nodes are those of the current session.
fn proof_of_session(validator: u64, session: u32) -> MembershipProof {
	MembershipProof { session, ..owner(validator) }
}
