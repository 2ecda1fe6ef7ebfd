//! A validator outside the current set (RPC-R27).

use super::{bond, chain, details, new_account, register_keys, rewards, run_to, signed, validator};
use frame_support::assert_ok;
use gtos_dpos_api::{Rewards, Status, Validator};
use gtos_runtime::{constants::currency::TOS, Runtime, Staking};
use pallet_liveness::{Record, Records, Standing};
use pallet_staking::ValidatorPrefs;
use sp_keyring::Sr25519Keyring::AliceStash;
use sp_runtime::Perbill;

/// RPC-R27: the states of a validator outside the current set.
#[test]
fn validator_outside_the_set_is_waiting_as_a_candidate_and_none_without_bond_or_keys() {
	chain().execute_with(|| {
		run_to(1);
		let account = new_account(0);
		assert_eq!(details(&account), None);
		register_keys(&account);
		assert_eq!(details(&account), None);
		bond(&account, 100 * TOS);
		pallet_session::NextKeys::<Runtime>::remove(&account);
		assert_eq!(details(&account), None);

		let keys = register_keys(&account);
		let chilled = Validator {
			account: account.clone(),
			status: Status::Chilled,
			is_candidate: false,
			own_stake: 100 * TOS,
			total_stake: 100 * TOS,
			commission: None,
			keys: Some(keys),
			produced: 0,
			missed: 0,
			era_points: 0,
		};
		assert_eq!(validator(&account), chilled);
		assert_eq!(rewards(&account), Rewards { from_era: 0, earned: 0, claimed: 0 });

		let commission = Perbill::from_percent(7);
		assert_ok!(Staking::validate(
			signed(&account),
			ValidatorPrefs { commission, blocked: true }
		));
		let waiting = Validator {
			status: Status::Waiting,
			is_candidate: true,
			commission: Some(70_000_000),
			..chilled.clone()
		};
		assert_eq!(validator(&account), waiting);
		// A suspended validator counts as chilled until it returns.
		let standing = Standing::Suspended { until: 9, stake: 100 * TOS };
		let record = Record { validator: account.clone(), level: 1, standing };
		Records::<Runtime>::mutate(|records| records.try_push(record)).expect("there is room");
		assert_eq!(validator(&account), chilled);
		Records::<Runtime>::kill();
		pallet_session::NextKeys::<Runtime>::remove(&account);
		assert_eq!(validator(&account), Validator { keys: None, ..waiting });

		register_keys(&account);
		assert_ok!(Staking::chill(signed(&account)));
		assert_ok!(Staking::unbond(signed(&account), 60 * TOS));
		let less = Validator { own_stake: 40 * TOS, total_stake: 40 * TOS, ..chilled };
		assert_eq!(validator(&account), less);

		let alice = AliceStash.to_account_id();
		assert_ok!(Staking::nominate(signed(&account), vec![alice.into()]));
		assert_eq!(details(&account), None);
	});
}
