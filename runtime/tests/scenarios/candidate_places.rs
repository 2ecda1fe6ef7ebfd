//! A list of candidates that somebody has filled gets free again, as docs/governance.md says.

use crate::{
	common::{chain, run_block},
	wrappings::signed,
};
use frame_support::{assert_ok, traits::fungible::Mutate};
use gtos_runtime::{
	constants::{currency::TOS, staking::MAX_ELECTABLE_TARGETS},
	genesis_config_presets::LOCAL,
	AccountId, Balance, Balances, Runtime, RuntimeOrigin, Staking,
};
use pallet_staking::{ConfigOp, Error, RewardDestination, ValidatorPrefs, Validators};
use sp_keyring::Sr25519Keyring::{AliceStash, Bob};
use sp_runtime::{DispatchResult, Percent};

/// The minimum of the preset, and one with which this page replaces it.
const LEAST: Balance = 10 * TOS;
const MORE: Balance = 50 * TOS;

fn account(number: u32) -> AccountId {
	sp_io::hashing::blake2_256(&number.to_le_bytes()).into()
}

/// Bonds `stake` of a new account, which then declares that it validates.
fn validate(number: u32, stake: Balance) -> DispatchResult {
	let who = account(number);
	Balances::set_balance(&who, 2 * stake);
	let origin = RuntimeOrigin::signed(who);
	Staking::bond(origin.clone(), stake, RewardDestination::Staked)?;
	Staking::validate(origin, ValidatorPrefs::default())
}

#[test]
fn higher_bond_frees_the_places_of_small_candidates() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let first = Validators::<Runtime>::count();
		for number in first..MAX_ELECTABLE_TARGETS {
			assert_ok!(validate(number, LEAST));
		}
		let full: DispatchResult = Err(Error::<Runtime>::TooManyValidators.into());
		assert_eq!(validate(1_000, MORE), full);

		let chill = |stash| Staking::chill_other(signed(Bob), stash);
		let refused: DispatchResult = Err(Error::<Runtime>::CannotChillOther.into());
		assert_eq!(chill(account(first)), refused);
		assert_ok!(Staking::set_staking_configs(
			RuntimeOrigin::root(),
			ConfigOp::Noop,
			ConfigOp::Set(MORE),
			ConfigOp::Noop,
			ConfigOp::Noop,
			ConfigOp::Set(Percent::from_percent(80)),
			ConfigOp::Noop,
			ConfigOp::Noop,
		));
		assert_eq!(chill(AliceStash.to_account_id()), refused);
		let kept = MAX_ELECTABLE_TARGETS * 80 / 100;
		for number in first..first + MAX_ELECTABLE_TARGETS - kept {
			assert_ok!(chill(account(number)));
		}
		assert_eq!(Validators::<Runtime>::count(), kept);
		assert_eq!(chill(account(MAX_ELECTABLE_TARGETS - 1)), refused);
		assert_ok!(validate(1_001, MORE));
	});
}
