//! What is paid out, in which order and when.

use crate::{mock::*, Event, Next, Position};
use frame_support::{
	assert_ok,
	traits::{fungible::Mutate, Get, Hooks},
	weights::Weight,
};
use pallet_staking::{
	ActiveEra, ActiveEraInfo, CurrentEra, EraInfo, EraRewardPoints, ErasRewardPoints,
	ErasStakersOverview, ErasValidatorReward, Error, RewardDestination,
};
use sp_staking::{EraIndex, Exposure, IndividualExposure, Page};
use std::panic::catch_unwind;

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

/// Lets validators earn in era 1, as [`earn`] does, which is over and the next to be paid.
fn owe(validators: &[(AccountId, u32)]) {
	earn(1, validators);
	begin(2);
	Next::<Test>::put(start_of(1));
}

/// The position before the first validator of an era.
fn start_of(era: EraIndex) -> Position<AccountId> {
	Position { era, after: None, page: 0 }
}

fn begin(era: EraIndex) {
	CurrentEra::<Test>::put(era);
	ActiveEra::<Test>::put(ActiveEraInfo { index: era, start: None });
}

fn idle(remaining: Weight) -> Weight {
	System::reset_events();
	Payouts::on_idle(System::block_number(), remaining)
}

fn initialize() -> Weight {
	System::reset_events();
	Payouts::on_initialize(System::block_number())
}

/// The pages that the last hook paid out, from the events of the staking pallet.
fn paid() -> Vec<(EraIndex, AccountId, Page)> {
	let page = |event: RuntimeEvent| match event {
		RuntimeEvent::Staking(pallet_staking::Event::PayoutStarted {
			era_index,
			validator_stash,
			page,
			..
		}) => Some((era_index, validator_stash, page)),
		_ => None,
	};
	System::events().into_iter().filter_map(|record| page(record.event)).collect()
}

/// The page that a block pays out that has the weight left for one.
fn next_payout() -> Option<(EraIndex, AccountId, Page)> {
	idle(weight_of(1));
	let paid = paid();
	assert!(paid.len() <= 1);
	paid.first().copied()
}

/// Validators of an era in the order in which they are paid.
fn in_order(era: EraIndex) -> Vec<AccountId> {
	ErasStakersOverview::<Test>::iter_key_prefix(era).collect()
}

/// The two validators of era 1, in the order in which they are paid.
fn two_in_order() -> [AccountId; 2] {
	in_order(1).try_into().expect("there are two")
}

fn staked(who: AccountId) -> u128 {
	Staking::ledger(who.into()).expect("it is bonded").active
}

fn not_paid(era: EraIndex, validator: AccountId, page: Page, error: Error<Test>) -> RuntimeEvent {
	Event::NotPaid { era, validator, page, error: error.into() }.into()
}

#[test]
fn every_validator_of_an_era_is_paid() {
	new_test_ext().execute_with(|| {
		owe(&[(1, 0), (2, 1), (3, 2)]);

		let expected: Vec<_> = in_order(1).into_iter().map(|who| Some((1, who, 0))).collect();
		let paid: Vec<_> = (0..3).map(|_| next_payout()).collect();
		assert_eq!(paid, expected);
		assert_eq!(staked(1), STAKE + REWARD / 3);
		assert_eq!(staked(2), STAKE + REWARD / 6);
		assert_eq!(staked(2_000), STAKE + REWARD / 6);

		// The end of the era is found in a block that pays nothing.
		assert_eq!(next_payout(), None);
		assert_eq!(Next::<Test>::get(), start_of(2));
	});
}

#[test]
fn every_page_of_a_validator_is_paid() {
	new_test_ext().execute_with(|| {
		owe(&[(1, 2 * page_size() + 1)]);

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
		Next::<Test>::put(start_of(1));

		assert_eq!(idle(Weight::MAX), weight_of(0));
		assert_eq!(initialize(), weight_of(0));
		assert_eq!(Next::<Test>::get(), start_of(1));
		assert_eq!(staked(1), STAKE);
	});
}

#[test]
fn a_block_without_enough_weight_left_pays_nothing() {
	new_test_ext().execute_with(|| {
		owe(&[(1, 0)]);

		let needed = weight_of(1);
		assert_eq!(idle(needed.saturating_sub(Weight::from_parts(1, 0))), Weight::zero());
		assert_eq!(Next::<Test>::get(), start_of(1));
		assert_eq!(idle(needed), needed);
		assert_eq!(staked(1), STAKE + REWARD);
	});
}

#[test]
fn a_page_that_somebody_has_claimed_is_skipped() {
	new_test_ext().execute_with(|| {
		owe(&[(1, 0), (2, 0)]);
		let [first, second] = two_in_order();
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
		owe(&[(1, 0), (2, 0)]);
		let [first, second] = two_in_order();
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
		Next::<Test>::put(start_of(1));

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

/// ECO-R10: the block takes as many steps as its weight covers, and at most those of its share.
#[test]
fn a_block_pays_the_pages_that_its_weight_left_and_its_share_cover() {
	let one = Weight::from_parts(1, 0);
	for (remaining, pages) in [
		(weight_of(2), 2),
		(weight_of(3).saturating_sub(one), 2),
		(weight_of(3), 3),
		(weight_of(5), 3),
		(Weight::MAX, 3),
	] {
		new_test_ext().execute_with(|| {
			let validators: Vec<_> = (1..=5).map(|who| (who, 0)).collect();
			owe(&validators);

			assert_eq!(idle(remaining), weight_of(pages));
			let expected: Vec<_> =
				in_order(1).into_iter().take(pages as usize).map(|who| (1, who, 0)).collect();
			assert_eq!(paid(), expected);
		});
	}
}

/// ECO-R10: a share that is less than a page, as that of the smallest blocks, still pays one.
#[test]
fn a_block_with_a_share_of_less_than_a_page_pays_one() {
	new_test_ext().execute_with(|| {
		IdleWeight::set(Weight::from_parts(1, 0));
		owe(&[(1, 0), (2, 0)]);

		assert_eq!(idle(Weight::MAX), weight_of(1));
		assert_eq!(paid().len(), 1);
	});
}

#[test]
fn a_block_stops_when_nothing_is_due_any_more() {
	new_test_ext().execute_with(|| {
		owe(&[(1, 0)]);

		// The page and the end of the era. The weight would cover a third step.
		assert_eq!(idle(Weight::MAX), weight_of(2));
		assert_eq!(paid(), [(1, 1, 0)]);
		assert_eq!(Next::<Test>::get(), start_of(2));
		assert_eq!(idle(Weight::MAX), weight_of(0));
	});
}

#[test]
fn a_page_that_cannot_be_paid_does_not_stop_the_others_of_its_block() {
	new_test_ext().execute_with(|| {
		owe(&[(1, 0), (2, 0)]);
		let [first, second] = two_in_order();
		assert_ok!(Staking::force_unstake(RuntimeOrigin::root(), first, 0));

		idle(Weight::MAX);
		assert_eq!(paid(), [(1, second, 0)]);
		System::assert_has_event(not_paid(1, first, 0, Error::NotStash));
	});
}

/// An era with fewer blocks than validators falls behind with one page in each block; with the share it does
/// not.
#[test]
fn eras_of_fewer_blocks_than_validators_are_caught_up_with() {
	let lag_after = |pages_per_block: u64| {
		new_test_ext().execute_with(|| {
			IdleWeight::set(weight_of(pages_per_block));
			let validators: Vec<_> = (1..=7).map(|who| (who, 0)).collect();
			for era in 0..10 {
				earn(era, &validators);
				begin(era + 1);
				(0..3).for_each(|_| {
					idle(Weight::MAX);
				});
			}
			10 - Next::<Test>::get().era
		})
	};
	assert_eq!(lag_after(3), 0);
	assert!(lag_after(1) > 5);
}

/// ECO-R10: blocks that are always full pay what is overdue, one page each, before their transactions.
#[test]
fn full_blocks_pay_one_overdue_page_each() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 2 * page_size()), (2, 0)]);
		let overdue = 1 + OverdueEras::get();
		Next::<Test>::put(start_of(1));

		begin(overdue - 1);
		assert_eq!(initialize(), weight_of(0));
		assert!(paid().is_empty());

		begin(overdue);
		let mut all = Vec::new();
		for _ in 0..3 {
			// A full block leaves nothing for the other hook.
			assert_eq!(initialize(), weight_of(1));
			assert_eq!(paid().len(), 1);
			all.extend(paid());
			assert_eq!(idle(Weight::zero()), Weight::zero());
		}
		all.sort_unstable();
		assert_eq!(all, [(1, 1, 0), (1, 1, 1), (1, 2, 0)]);

		// The end of the era is a step, too. The next era is younger.
		assert_eq!(initialize(), weight_of(1));
		assert_eq!(Next::<Test>::get(), start_of(2));
		assert_eq!(initialize(), weight_of(0));
	});
}

/// ECO-R10: with a block for each step, no page lapses, however long the blocks are full.
#[test]
fn no_rewards_lapse_while_all_blocks_are_full() {
	new_test_ext().execute_with(|| {
		let depth: u32 = <Test as pallet_staking::Config>::HistoryDepth::get();
		let validators: Vec<_> = (1..=3).map(|who| (who, 0)).collect();
		let mut all = Vec::new();
		for era in 0..2 * depth {
			earn(era, &validators);
			begin(era + 1);
			for _ in 0..=validators.len() {
				initialize();
				all.extend(paid());
				idle(Weight::zero());
			}
		}
		let oldest = 2 * depth - OverdueEras::get();
		let expected: Vec<_> = (0..=oldest)
			.flat_map(|era| in_order(era).into_iter().map(move |who| (era, who, 0)))
			.collect();
		assert_eq!(all, expected);
	});
}

#[test]
fn overdue_page_that_cannot_be_paid_is_skipped() {
	new_test_ext().execute_with(|| {
		earn(1, &[(1, 0), (2, 0)]);
		begin(1 + OverdueEras::get());
		Next::<Test>::put(start_of(1));
		let [first, second] = two_in_order();
		assert_ok!(Staking::force_unstake(RuntimeOrigin::root(), first, 0));

		assert_eq!(initialize(), weight_of(1));
		System::assert_last_event(not_paid(1, first, 0, Error::NotStash));
		initialize();
		assert_eq!(paid(), [(1, second, 0)]);
	});
}

#[test]
fn configuration_in_which_rewards_lapse_before_they_are_overdue_is_refused() {
	let usual = OverdueEras::get();
	assert!(catch_unwind(Payouts::integrity_test).is_ok());
	OverdueEras::set(<Test as pallet_staking::Config>::HistoryDepth::get());
	let result = catch_unwind(Payouts::integrity_test);
	// Another test may run in this thread afterwards.
	OverdueEras::set(usual);
	let reason = result.expect_err("it is refused").downcast::<String>().expect("it has a reason");
	assert!(reason.contains("rewards are overdue after 84 eras, but lapse after 84"), "{reason}");
}
