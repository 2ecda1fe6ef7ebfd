//! The chilling of offenders (CON-R20).

use super::*;
use frame_support::weights::Weight;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	SessionIndex,
};
use std::cell::RefCell;

type Offender = (AccountId, ());
type Details = OffenceDetails<AccountId, Offender>;

thread_local! {
	static HEARD: RefCell<Vec<(AccountId, Perbill, SessionIndex)>> = const { RefCell::new(vec![]) };
}

/// Records the offences that are passed on to it.
struct Listener;

impl OnOffenceHandler<AccountId, Offender, Weight> for Listener {
	fn on_offence(offenders: &[Details], fractions: &[Perbill], session: SessionIndex) -> Weight {
		assert_eq!(offenders.len(), fractions.len());
		let told =
			offenders.iter().zip(fractions).map(|(it, part)| (it.offender.0, *part, session));
		HEARD.with_borrow_mut(|heard| heard.extend(told));
		Weight::from_parts(7, 0)
	}
}

fn report(fractions: &[(AccountId, u32)]) -> (Weight, Vec<(AccountId, Perbill, SessionIndex)>) {
	let (offenders, fractions): (Vec<_>, Vec<_>) = fractions
		.iter()
		.map(|(who, percent)| {
			let details = Details { offender: (*who, ()), reporters: vec![] };
			(details, Perbill::from_percent(*percent))
		})
		.unzip();
	let weight = ChillOffenders::<Listener, Staking>::on_offence(&offenders, &fractions, 3);
	(weight, HEARD.take())
}

/// CON-R20: the offender loses its seat in the next election.
#[test]
fn equivocator_is_slashed_disabled_and_chilled() {
	Chain::of(4).with_waiting(1).run(|| {
		next_block(&[]);
		let staked = Staking::ledger(2.into()).expect("it is bonded").active;
		assert_ok!(equivocate(2));
		assert_eq!(disabled(), [1].into());
		assert_eq!(Staking::ledger(2.into()).expect("it is bonded").active, staked - staked / 100);
		assert_eq!(candidates(), [1, 3, 4, 5]);
		let staking = System::read_events_for_pallet::<pallet_staking::Event<Test>>();
		assert!(staking.contains(&pallet_staking::Event::Chilled { stash: 2 }));
		while Session::current_index() < SESSIONS_PER_ERA {
			next_block(&[]);
		}
		assert_eq!(Session::validators(), [1, 3, 4, 5]);
		assert_eq!(disabled(), [].into());
	});
}

/// CON-R20: the limits of CON-R19, which are for outages, do not apply.
#[test]
fn equivocators_of_any_number_are_chilled() {
	Chain::of(4).run(|| {
		next_block(&[]);
		for who in [2, 3, 4] {
			assert_ok!(equivocate(who));
		}
		assert_eq!(candidates(), [1]);
		assert_eq!(disabled().len(), 1);
	});
}

/// CON-R9, CON-R20: without candidates the old set stays.
#[test]
fn chain_without_candidates_continues_with_the_old_set() {
	Chain::of(4).run(|| {
		next_block(&[]);
		for who in 1..=4 {
			assert_ok!(equivocate(who));
		}
		assert!(candidates().is_empty());
		while Session::current_index() < 5 {
			next_block(&[]);
		}
		assert_eq!(Session::validators(), [1, 2, 3, 4]);
		assert_eq!(pallet_staking::ActiveEra::<Test>::get().expect("it began").index, 0);
	});
}

/// CON-R20: an offence without a slash is not passed on, because staking would disable the
/// offender.
#[test]
fn offence_without_a_slash_chills_and_does_nothing_else() {
	Chain::of(4).run(|| {
		let (weight, heard) = report(&[(2, 0)]);
		assert_eq!(heard, []);
		assert_eq!(candidates(), [1, 3, 4]);
		assert_eq!(weight, <() as pallet_staking::WeightInfo>::chill());
	});
}

/// CON-R20: of one report, only the offenders with a slash are passed on, and the new one is chilled.
#[test]
fn offences_with_and_without_a_slash_are_separated() {
	Chain::of(4).run(|| {
		let (weight, heard) = report(&[(1, 0), (2, 50), (3, 0), (4, 100)]);
		assert_eq!(heard, [(2, Perbill::from_percent(50), 3), (4, Perbill::from_percent(100), 3)]);
		assert_eq!(candidates(), [1, 2, 3]);
		let chill = <() as pallet_staking::WeightInfo>::chill();
		assert_eq!(weight, Weight::from_parts(7, 0) + chill);
	});
}

/// CON-R20: another report for the same time slot does not chill an earlier offender that has become a candidate again.
#[test]
fn offender_that_validates_again_is_not_chilled_by_the_report_of_another() {
	Chain::of(7).run(|| {
		next_block(&[]);
		assert_ok!(equivocate(2));
		assert_ok!(Staking::validate(RuntimeOrigin::signed(2), Default::default()));
		assert_ok!(equivocate(3));
		assert_eq!(candidates(), [1, 2, 4, 5, 6, 7]);
		// The order is that of the reports, whatever the accounts.
		assert_ok!(equivocate(1));
		assert_eq!(candidates(), [2, 4, 5, 6, 7]);
	});
}

/// CON-R20: an offender that nominates keeps its nominations.
#[test]
fn nominations_of_a_former_candidate_stay() {
	Chain::of(4).run(|| {
		assert_ok!(Staking::nominate(RuntimeOrigin::signed(2), vec![1]));
		report(&[(2, 50)]);
		report(&[(99, 50)]);
		assert!(pallet_staking::Nominators::<Test>::contains_key(2));
		assert_eq!(candidates(), [1, 3, 4]);
	});
}

/// CON-R20: an invulnerable validator cannot be slashed, but it can lose its seat.
#[test]
fn invulnerable_offender_is_chilled_and_keeps_its_stake() {
	Chain::of(4).run(|| {
		pallet_staking::Invulnerables::<Test>::put(vec![2]);
		next_block(&[]);
		let staked = Staking::ledger(2.into()).expect("it is bonded").active;
		assert_ok!(equivocate(2));
		assert_eq!(Staking::ledger(2.into()).expect("it is bonded").active, staked);
		assert_eq!(disabled(), [].into());
		assert_eq!(candidates(), [1, 3, 4]);
	});
}
