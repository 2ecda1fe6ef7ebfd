//! What an accepted report does (CON-R22, CON-R23), through the real staking pallet.

use super::*;
use codec::Encode;
use frame_support::dispatch::{GetDispatchInfo, Pays};
use sp_consensus_aura::Slot;
use sp_runtime::{traits::Dispatchable, Perbill};
use sp_staking::offence::Offence;

fn stake(who: u64) -> Balance {
	Staking::ledger(who.into()).expect("is bonded").active
}

/// CON-R22: offence raised once, validator disabled.
#[test]
fn report_of_anybody_disables_the_validator() {
	on_chain(|| {
		go_to(8);
		assert_ok!(report(&double_seal(2, 100), &owner(2)));

		assert_eq!(offences(), 1);
		System::assert_has_event(
			pallet_offences::Event::Offence {
				kind: *b"aura:equivocatio",
				slot: Slot::from(100).encode(),
			}
			.into(),
		);
		assert_eq!(Session::disabled_validators(), [1]);
	})
}

/// CON-R22: whoever has a validator's key can make any number of double seals.
#[test]
fn accepted_report_is_charged() {
	on_chain(|| {
		go_to(8);
		let call = RuntimeCall::from(Call::report_equivocation {
			equivocation_proof: Box::new(double_seal(2, 100)),
			key_owner_proof: owner(2),
		});
		let info = call.get_dispatch_info();
		let result = call.dispatch(RuntimeOrigin::signed(WITNESS));
		assert_eq!(frame_support::dispatch::extract_actual_pays_fee(&result, &info), Pays::Yes);
		assert_ok!(result);
	})
}

/// CON-R22: the unsigned form does the same, and the author of the block is the reporter.
#[test]
fn report_of_the_author_names_the_author_as_reporter() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report_unsigned(&double_seal(2, 100), &owner(2)));
		assert_eq!(offences(), 1);

		let slashes: Vec<_> =
			pallet_staking::UnappliedSlashes::<Test>::iter_values().flatten().collect();
		let author = Authorship::author().expect("blocks have authors");
		assert_eq!(slashes.len(), 1);
		assert_eq!((slashes[0].validator, slashes[0].reporters.clone()), (2, vec![author]));
	})
}

/// CON-R23: one of four loses 9/16, its nominator the same part.
#[test]
fn slash_is_pro_rata_and_once() {
	on_chain(|| {
		go_to(8);
		assert_ok!(report(&double_seal(1, 100), &owner(1)));
		let left = STAKE - STAKE * 9 / 16;
		assert_eq!((stake(1), stake(NOMINATOR)), (left, left));
		assert!((2..=4).all(|other| stake(other) == STAKE));

		assert_noop!(
			report(&double_seal(1, 100), &owner(1)),
			Error::<Test>::DuplicateOffenceReport
		);
		// Another slot is another offence, and takes nothing more: in an era the greatest counts.
		assert_ok!(report(&double_seal(1, 104), &owner(1)));
		assert_eq!((stake(1), stake(NOMINATOR)), (left, left));
	})
}

/// CON-R23: two validators in one slot lose all, the first of them as well.
#[test]
fn offenders_of_one_slot_count_together() {
	on_chain(|| {
		go_to(8);
		assert_ok!(report(&double_seal(2, 100), &owner(2)));
		assert_eq!(stake(2), STAKE - STAKE * 9 / 16);
		assert_ok!(report(&double_seal(3, 100), &owner(3)));
		assert!(Staking::ledger(3.into()).map_or(0, |ledger| ledger.active) == 0);
		assert!(Staking::ledger(2.into()).map_or(0, |ledger| ledger.active) == 0);
	})
}

/// CON-R23: with a deferral nothing is taken until it is over, and governance may cancel.
#[test]
fn deferred_slash_can_be_cancelled() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report(&double_seal(1, 100), &owner(1)));
		assert_eq!(stake(1), STAKE);
		// Era 0 and one of deferral: due when era 2 begins (CON-R17), in block 30.
		let slashes = pallet_staking::UnappliedSlashes::<Test>::get(2);
		assert_eq!(slashes.len(), 1);
		assert_eq!((slashes[0].own, slashes[0].others.len()), (STAKE * 9 / 16, 1));
		assert_ok!(Staking::cancel_deferred_slash(RuntimeOrigin::root(), 2, vec![0]));
		go_to(50);
		assert_eq!((stake(1), stake(NOMINATOR)), (STAKE, STAKE));
	})
}

/// CON-R23: with a deferral the slash comes when it is over.
#[test]
fn deferred_slash_is_applied_in_the_end() {
	on_chain(|| {
		SlashDeferDuration::set(1);
		go_to(8);
		assert_ok!(report(&double_seal(1, 100), &owner(1)));
		go_to(29);
		assert_eq!((stake(1), stake(NOMINATOR)), (STAKE, STAKE));
		go_to(30);
		let left = STAKE - STAKE * 9 / 16;
		assert_eq!((stake(1), stake(NOMINATOR)), (left, left));
	})
}

/// CON-R22: a report may come sessions and an era later, as long as the chain knows the parents.
#[test]
fn report_of_an_earlier_era_is_accepted() {
	on_chain(|| {
		go_to(8);
		let (proof, owner) = (double_seal(2, 100), owner(2));
		go_to(40);
		assert_ok!(report(&proof, &owner));
		assert_eq!(stake(2), STAKE - STAKE * 9 / 16);
	})
}

/// CON-R22: the parents may be different blocks, in either order.
#[test]
fn parents_may_differ() {
	on_chain(|| {
		go_to(10);
		// Both in session 1, in which block 9 still is.
		go_to(9);
		assert_ok!(report(&double_seal_on(2, 100, [6, 8]), &proof_of_session(2, 1)));
		assert_ok!(report(&double_seal_on(3, 100, [8, 6]), &proof_of_session(3, 1)));
	})
}

/// CON-R22: with parents in two sessions, that of the later one counts.
#[test]
fn session_of_the_later_parent_counts() {
	on_chain(|| {
		go_to(8);
		let earlier = owner(2);
		go_to(12);
		let later = owner(2);
		assert_eq!((earlier.session, later.session), (1, 2));
		let across = double_seal_on(2, 100, [9, 10]);
		assert_noop!(report(&across, &earlier), Error::<Test>::InvalidKeyOwnershipProof);
		assert_ok!(report(&across, &later));
	})
}

/// CON-R8, CON-R22: the block that rotates the session is held against the set before.
#[test]
fn rotating_block_belongs_to_the_session_before() {
	on_chain(|| {
		go_to(9);
		let before = owner(2);
		// Block 10 begins session 2.
		go_to(10);
		let after = owner(2);
		assert_eq!((before.session, after.session), (1, 2));
		let rotating = double_seal_on(2, 100, [9, 9]);
		assert_noop!(report(&rotating, &after), Error::<Test>::InvalidKeyOwnershipProof);
		assert_ok!(report(&rotating, &before));

		go_to(11);
		let next = double_seal_on(2, 104, [10, 10]);
		assert_noop!(report(&next, &before), Error::<Test>::InvalidKeyOwnershipProof);
		assert_ok!(report(&next, &after));
	})
}

/// CON-R5, CON-R22: the first block rests on genesis, in session 0.
#[test]
fn first_block_can_be_reported() {
	on_chain(|| {
		let owner = owner(2);
		assert_eq!(owner.session, 0);
		assert_ok!(report(&double_seal_on(2, 100, [0, 0]), &owner));
	})
}

/// CON-R15, CON-R23
#[test]
fn slash_fraction_follows_the_rule() {
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

/// What `validator` owned its key with in `session`, whose set has not changed since genesis.
fn proof_of_session(validator: u64, session: u32) -> MembershipProof {
	MembershipProof { session, ..owner(validator) }
}
