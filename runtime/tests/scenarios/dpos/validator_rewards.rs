//! Rewards of a validator (RPC-R27).

use super::{bond, chain, new_account, rewards, run_to, signed, LENGTH, SESSIONS};
use crate::common::stop_payouts;
use frame_support::{
	assert_ok,
	traits::{fungible::Inspect, Get},
};
use gtos_dpos_api::Rewards;
use gtos_runtime::{constants::currency::TOS, Balance, Balances, Runtime, Staking};
use pallet_staking::{RewardDestination, ValidatorPrefs};
use sp_keyring::Sr25519Keyring::{AliceStash, Eve};
use sp_runtime::Perbill;

/// RPC-R27, ECO-R6: the answer equals exactly what payouts mint, even over several pages.
#[test]
fn rewards_are_what_payouts_pay_to_the_validator_itself() {
	chain().execute_with(|| {
		stop_payouts();
		let (alice, payee) = (AliceStash.to_account_id(), new_account(1_000));
		run_to(1);
		let commission = Perbill::from_parts(123_456_789);
		assert_ok!(Staking::validate(
			signed(&alice),
			ValidatorPrefs { commission, blocked: false }
		));
		assert_ok!(Staking::set_payee(signed(&alice), RewardDestination::Account(payee.clone())));
		// More than one page of nominators.
		let page_size: u32 = <Runtime as pallet_staking::Config>::MaxExposurePageSize::get();
		for number in 0..page_size + 6 {
			let nominator = new_account(number);
			bond(&nominator, 100 * TOS + Balance::from(number));
			assert_ok!(Staking::nominate(signed(&nominator), vec![alice.clone().into()]));
		}
		let (first_era_ends, second_era_ends) = (SESSIONS * LENGTH, 2 * SESSIONS * LENGTH);
		run_to(first_era_ends - 1);
		assert_eq!(rewards(&alice), Rewards { from_era: 0, earned: 0, claimed: 0 });
		run_to(second_era_ends);
		let pages = |era| {
			pallet_staking::ErasStakersOverview::<Runtime>::get(era, &alice)
				.expect("it is a validator")
				.page_count
		};
		assert_eq!((pages(0), pages(1)), (0, 2));

		let earned = rewards(&alice).earned;
		let paid = || Balances::total_balance(&payee);
		assert_eq!(rewards(&alice).claimed, 0);
		// The second page alone pays too little to create an account.
		for (era, page) in [(0, 0), (1, 1), (1, 0)] {
			let before = paid();
			let anybody = signed(&Eve.to_account_id());
			assert_ok!(Staking::payout_stakers_by_page(anybody, alice.clone(), era, page));
			assert!(paid() > before);
			let expected = Rewards { from_era: 0, earned, claimed: paid() };
			assert_eq!(rewards(&alice), expected);
		}
		assert_eq!(paid(), earned);
	});
}
