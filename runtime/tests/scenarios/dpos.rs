//! Queries of validators, sessions and eras (RPC-R26, RPC-R27, RPC-R28, RPC-R29).

mod candidates;
mod current_set;
mod encoding;
mod epoch_info;
mod validator_rewards;

use crate::common::{build, call_api, genesis_json, run_to};
use codec::Encode;
use frame_support::{assert_ok, traits::fungible::Mutate};
use gtos_dpos_api::{EpochInfo, Keys, Rewards, Snapshot, Validator, ValidatorDetails};
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::LOCAL, AccountId, Balance, Balances,
	BlockNumber, Runtime, RuntimeOrigin, SessionKeys, Staking,
};
use pallet_staking::RewardDestination;
use sp_io::TestExternalities;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// Number of blocks of a session, and of sessions of an era, in these tests.
const LENGTH: BlockNumber = 5;
const SESSIONS: u32 = 2;
/// Stake of each validator of the preset.
const STAKE: Balance = 1_000_000 * TOS;

fn validators() -> Vec<Validator<AccountId, Balance>> {
	call_api("DposApi_validators", &[])
}

fn details(account: &AccountId) -> Option<ValidatorDetails<AccountId, Balance>> {
	call_api("DposApi_validator", &account.encode())
}

fn validator(account: &AccountId) -> Validator<AccountId, Balance> {
	details(account).expect("it is a validator").validator
}

fn rewards(account: &AccountId) -> Rewards<Balance> {
	details(account).expect("it is a validator").rewards
}

fn epoch() -> EpochInfo<BlockNumber> {
	call_api("DposApi_epoch_info", &[])
}

/// The preset with three validators, with short sessions and eras.
fn short_local() -> serde_json::Value {
	let mut config = genesis_json(LOCAL);
	let timing = &mut config["genesisParameters"]["timing"];
	timing["sessionLengthBlocks"] = LENGTH.into();
	timing["sessionsPerEra"] = SESSIONS.into();
	config
}

fn chain() -> TestExternalities {
	build(&short_local()).expect("the configuration is sound")
}

fn signed(account: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account.clone())
}

fn bond(account: &AccountId, amount: Balance) {
	assert_ok!(Balances::mint_into(account, 2 * amount));
	assert_ok!(Staking::bond(signed(account), amount, RewardDestination::Stash));
}

fn register_keys(account: &AccountId) -> Keys {
	let keys = SessionKeys {
		aura: Sr25519Keyring::Ferdie.public().into(),
		grandpa: Ed25519Keyring::Ferdie.public().into(),
	};
	pallet_session::NextKeys::<Runtime>::insert(account, keys);
	Keys {
		aura: Sr25519Keyring::Ferdie.to_raw_public(),
		grandpa: Ed25519Keyring::Ferdie.to_raw_public(),
	}
}

/// An account that has not been used.
fn new_account(number: u32) -> AccountId {
	let mut bytes = [0xee; 32];
	bytes[..4].copy_from_slice(&number.to_le_bytes());
	bytes.into()
}

/// RPC-R29: the set with its height, session, era and number.
#[test]
fn snapshot_is_the_set_with_its_height_session_era_and_number() {
	chain().execute_with(|| {
		for (height, session, era, set_id) in [(0, 0, 0, 0), (9, 1, 0, 0), (10, 2, 1, 1)] {
			run_to(height);
			let snapshot: Snapshot<AccountId, Balance, BlockNumber> =
				call_api("DposApi_snapshot", &[]);
			let expected =
				Snapshot { block_number: height, session, era, set_id, validators: validators() };
			assert_eq!(snapshot, expected);
		}
	});
}
