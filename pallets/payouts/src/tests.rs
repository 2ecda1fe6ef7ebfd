//! What is paid out, in which order and when.

use crate::{mock::*, weights::WeightInfo, Event, Next, Position};
use frame_support::{
	assert_ok,
	traits::{fungible::Mutate, Get, OnIdle},
	weights::Weight,
};
use pallet_staking::{
	ActiveEra, ActiveEraInfo, CurrentEra, EraInfo, EraRewardPoints, ErasRewardPoints,
	ErasStakersOverview, ErasValidatorReward, Error, RewardDestination,
};
use sp_staking::{EraIndex, Exposure, IndividualExposure, Page};

const STAKE: u128 = 1_000_000;
/// Payout of an era.
const REWARD: u128 = 600_000;

fn page_size() -> u32 {
	<Test as pallet_staking::Config>::MaxExposurePageSize::get()
}

/// Bonds the stake of an account, to which its rewards are added.
fn bond(who: AccountId) {
	if !pallet_staking::Bonded::<Test>::contains_key(who) {
		Balances::set_balance(&who, 2 * STAKE);
		assert_ok!(Staking::bond(RuntimeOrigin::signed(who), STAKE, RewardDestination::Staked));
	}
}

/// Lets each of `validators` earn equally in `era`; the second number is that of its nominators.
fn earn(era: EraIndex, validators: &[(AccountId, u32)]) {
	for (validator, nominators) in validators {
		bond(*validator);
		let others: Vec<_> = (0..*nominators)
			.map(|number| IndividualExposure {
				who: 1_000 * validator + u64::from(number),
				value: STAKE,
			})
			.collect();
		others.iter().for_each(|nominator| bond(nominator.who));
		let total = STAKE * (u128::from(*nominators) + 1);
		EraInfo::<Test>::set_exposure(era, validator, Exposure { total, own: STAKE, others });
	}
	let individual = validators.iter().map(|(validator, _)| (*validator, 20)).collect();
	let total = 20 * validators.len() as u32;
	ErasRewardPoints::<Test>::insert(era, EraRewardPoints { total, individual });
	ErasValidatorReward::<Test>::insert(era, REWARD);
}

fn begin(era: EraIndex) {
	CurrentEra::<Test>::put(era);
	ActiveEra::<Test>::put(ActiveEraInfo { index: era, start: None });
}

fn idle(remaining: Weight) -> Weight {
	System::reset_events();
	Payouts::on_idle(System::block_number(), remaining)
}

/// The page that the next block pays out, from the event of the staking pallet.
fn next_payout() -> Option<(EraIndex, AccountId, Page)> {
	idle(Weight::MAX);
	System::events().into_iter().find_map(|record| match record.event {
		RuntimeEvent::Staking(pallet_staking::Event::PayoutStarted {
			era_index,
			validator_stash,
			page,
			..
		}) => Some((era_index, validator_stash, page)),
		_ => None,
	})
}

/// Validators of an era in the order in which they are paid.
fn in_order(era: EraIndex) -> Vec<AccountId> {
	ErasStakersOverview::<Test>::iter_key_prefix(era).collect()
}

fn staked(who: AccountId) -> u128 {
	Staking::ledger(who.into()).expect("it is bonded").active
}

fn not_paid(era: EraIndex, validator: AccountId, page: Page, error: Error<Test>) -> RuntimeEvent {
	Event::NotPaid { era, validator, page, error: error.into() }.into()
}

#[test]
fn every_validator_of_an_era_is_paid_in_a_block_of_its_own() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0), (2, 1), (3, 2)]);
		begin(2);
		Next::<Test>::put(Position { era: 1, after: None, page: 0 });

		let expected: Vec<_> = in_order(1).into_iter().map(|who| Some((1, who, 0))).collect();
		let paid: Vec<_> = (0..3).map(|_| next_payout()).collect();
		assert_eq!(paid, expected);
		assert_eq!(staked(1), STAKE + REWARD / 3);
		assert_eq!(staked(2), STAKE + REWARD / 6);
		assert_eq!(staked(2_000), STAKE + REWARD / 6);

		// The end of the era is found in a block that pays nothing.
		assert_eq!(next_payout(), None);
		assert_eq!(Next::<Test>::get(), Position { era: 2, after: None, page: 0 });
	});
}

#[test]
fn every_page_of_a_validator_is_paid() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 2 * page_size() + 1)]);
		begin(2);
		Next::<Test>::put(Position { era: 1, after: None, page: 0 });

		let paid: Vec<_> = (0..4).map(|_| next_payout()).collect();
		assert_eq!(paid, [Some((1, 1, 0)), Some((1, 1, 1)), Some((1, 1, 2)), None]);
		let nominators = (0..=2 * page_size()).map(|number| 1_000 + u64::from(number));
		assert!(nominators.into_iter().all(|who| staked(who) > STAKE));
	});
}

#[test]
fn an_era_that_is_not_over_is_not_paid() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0)]);
		begin(1);
		let due = Position { era: 1, after: None, page: 0 };
		Next::<Test>::put(&due);

		assert_eq!(idle(Weight::MAX), <()>::nothing_due());
		assert_eq!(Next::<Test>::get(), due);
		assert_eq!(staked(1), STAKE);
	});
}

#[test]
fn a_block_without_enough_weight_left_pays_nothing() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0)]);
		begin(2);
		let due = Position { era: 1, after: None, page: 0 };
		Next::<Test>::put(&due);

		let needed = <()>::pay_page();
		assert_eq!(idle(needed.saturating_sub(Weight::from_parts(1, 0))), Weight::zero());
		assert_eq!(Next::<Test>::get(), due);
		assert_eq!(idle(needed), needed);
		assert_eq!(staked(1), STAKE + REWARD);
	});
}

#[test]
fn a_page_that_somebody_has_claimed_is_skipped() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0), (2, 0)]);
		begin(2);
		Next::<Test>::put(Position { era: 1, after: None, page: 0 });
		let [first, second] = in_order(1)[..] else { panic!("there are two") };
		assert_ok!(Staking::payout_stakers(RuntimeOrigin::signed(9), first, 1));

		assert_eq!(next_payout(), None);
		System::assert_last_event(not_paid(1, first, 0, Error::AlreadyClaimed));
		assert_eq!(next_payout(), Some((1, second, 0)));
		assert_eq!(staked(first), STAKE + REWARD / 2);
	});
}

#[test]
fn a_validator_that_has_withdrawn_its_bond_does_not_stop_the_others() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0), (2, 0)]);
		begin(2);
		Next::<Test>::put(Position { era: 1, after: None, page: 0 });
		let [first, second] = in_order(1)[..] else { panic!("there are two") };
		assert_ok!(Staking::force_unstake(RuntimeOrigin::root(), first, 0));

		assert_eq!(next_payout(), None);
		System::assert_last_event(not_paid(1, first, 0, Error::NotStash));
		assert_eq!(next_payout(), Some((1, second, 0)));
	});
}

#[test]
fn an_era_without_rewards_does_not_stop_the_next() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0)]);
		ErasValidatorReward::<Test>::remove(1);
		earn(2, &[(1, 0)]);
		begin(3);
		Next::<Test>::put(Position { era: 1, after: None, page: 0 });

		let paid: Vec<_> = (0..3).map(|_| next_payout()).collect();
		assert_eq!(paid, [None, None, Some((2, 1, 0))]);
	});
}

#[test]
fn eras_that_staking_has_forgotten_are_passed_over() {
	new_test_ext().execute_with(|| {
		let depth: EraIndex = <Test as pallet_staking::Config>::HistoryDepth::get();
		earn(1, &[(1, 0)]);
		begin(depth + 1);
		Next::<Test>::put(Position { era: 0, after: Some(7), page: 3 });

		assert_eq!(next_payout(), Some((1, 1, 0)));
		assert_eq!(Next::<Test>::get(), Position { era: 1, after: Some(1), page: 0 });
	});
}
