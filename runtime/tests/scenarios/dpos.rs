//! Queries of validators, sessions and eras (RPC-R26, RPC-R27, RPC-R28, RPC-R29).

use crate::common::{build, call_api, genesis_json, run_block, run_to, stop_payouts};
use codec::Encode;
use frame_support::{
	assert_ok,
	traits::{
		fungible::{Inspect, Mutate},
		Get,
	},
};
use gtos_dpos_api::{
	EpochInfo, Keys, NextValidator, Rewards, Snapshot, Status, Validator, ValidatorDetails,
};
use gtos_runtime::{
	constants::{currency::TOS, staking::MAX_VALIDATORS},
	genesis_config_presets::LOCAL,
	AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeOrigin, Session, SessionKeys,
	Staking,
};
use pallet_liveness::{Record, Records, Standing};
use pallet_staking::{Forcing, RewardDestination, ValidatorPrefs};
use serde_json::json;
use sp_core::{ed25519, sr25519};
use sp_io::TestExternalities;
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, AliceStash, BobStash, CharlieStash, Eve},
};
use sp_runtime::Perbill;

/// Number of blocks of a session, and of sessions of an era, in these tests.
const LENGTH: BlockNumber = 5;
const SESSIONS: u32 = 2;
/// Stake of each validator of the preset.
const STAKE: Balance = 1_000_000 * TOS;

fn validators() -> Vec<Validator<AccountId, Balance>> {
	call_api("DposApi_validators", &[])
}

fn next_validators() -> Vec<NextValidator<AccountId>> {
	call_api("DposApi_next_validators", &[])
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

fn session_keys(aura: Sr25519Keyring, grandpa: Ed25519Keyring) -> SessionKeys {
	SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() }
}

fn register_keys(account: &AccountId) -> Keys {
	let keys = session_keys(Sr25519Keyring::Ferdie, Ed25519Keyring::Ferdie);
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

/// RPC-R28: progress of session and era on a chain whose elections succeed.
#[test]
fn epoch_info_at_every_block_has_the_progress_of_session_and_era() {
	chain().execute_with(|| {
		for number in 0..=31 {
			run_to(number);
			let session = number / LENGTH;
			let era = session / SESSIONS;
			let expected = EpochInfo {
				session,
				session_progress: number % LENGTH,
				session_length: LENGTH,
				era,
				era_progress: session % SESSIONS,
				sessions_per_era: SESSIONS,
				next_session_block: (session + 1) * LENGTH,
				next_era_session: Some((era + 1) * SESSIONS),
				next_era_block: Some((era + 1) * SESSIONS * LENGTH),
			};
			assert_eq!(epoch(), expected, "at {number}");
		}
	});
}

/// CON-R12, CON-R18: the set stays in the queries, and its blocks are counted.
#[test]
fn set_of_which_no_validator_has_keys_left_stays_and_is_counted() {
	chain().execute_with(|| {
		run_to(1);
		let stashes = Session::validators();
		let (set_id, before) = (pallet_grandpa::CurrentSetId::<Runtime>::get(), validators());
		for stash in &stashes {
			assert_ok!(Staking::chill(signed(stash)));
			assert_ok!(Session::purge_keys(signed(stash)));
		}
		for session in 1..=8 {
			run_to(session * LENGTH + 3);
			assert_eq!(Session::validators(), stashes, "{session}");
			let now = validators();
			assert_eq!(now.iter().map(|it| it.produced).sum::<u32>(), 3, "{session}");
			for (earlier, later) in before.iter().zip(&now) {
				assert_eq!((&earlier.account, &earlier.keys), (&later.account, &later.keys));
			}
		}
		assert_eq!(pallet_grandpa::CurrentSetId::<Runtime>::get(), set_id);

		// It ends as soon as one of them has keys again.
		let keys = register_keys(&stashes[0]);
		run_to(11 * LENGTH);
		assert_eq!(Session::validators(), stashes[..1]);
		assert_eq!(validators()[0].keys, Some(keys));
	});
}

#[test]
fn epoch_info_after_failed_elections_names_the_next_session_that_can_begin_an_era() {
	chain().execute_with(|| {
		pallet_staking::MinimumValidatorCount::<Runtime>::put(10);
		let next = || (epoch().era, epoch().era_progress, epoch().next_era_session);
		run_to(LENGTH);
		assert_eq!((next(), epoch().next_era_block), ((0, 1, Some(3)), Some(3 * LENGTH)));
		run_to(2 * LENGTH);
		assert_eq!((next(), epoch().next_era_block), ((0, 2, Some(4)), Some(4 * LENGTH)));
		pallet_staking::MinimumValidatorCount::<Runtime>::put(1);
		// The election of this block succeeds, for the session after its own.
		run_to(3 * LENGTH);
		assert_eq!((next(), epoch().next_era_block), ((0, 3, Some(4)), Some(4 * LENGTH)));
		run_to(4 * LENGTH);
		assert_eq!(next(), (1, 0, Some(6)));
	});
}

#[test]
fn epoch_info_follows_what_governance_forces() {
	let mut config = short_local();
	config["genesisParameters"]["timing"]["sessionsPerEra"] = 4.into();
	build(&config).expect("the configuration is sound").execute_with(|| {
		run_to(1);
		let next = |forcing| {
			pallet_staking::ForceEra::<Runtime>::put(forcing);
			(epoch().next_era_session, epoch().next_era_block)
		};
		assert_eq!(next(Forcing::ForceNone), (None, None));
		for forcing in [Forcing::ForceNew, Forcing::ForceAlways] {
			assert_eq!(next(forcing), (Some(2), Some(2 * LENGTH)));
		}
		assert_eq!(next(Forcing::NotForcing), (Some(4), Some(4 * LENGTH)));
		// A set that is already elected takes over anyway.
		run_to(3 * LENGTH);
		assert_eq!(next(Forcing::ForceNone), (Some(4), Some(4 * LENGTH)));
	});
}

/// RPC-R26: the set is listed in the order that determines the author of a slot.
#[test]
fn validators_at_genesis_are_those_of_the_genesis_in_the_order_of_slots() {
	chain().execute_with(|| {
		let expected: Vec<_> = [
			(AliceStash, Sr25519Keyring::Alice, Ed25519Keyring::Alice),
			(BobStash, Sr25519Keyring::Bob, Ed25519Keyring::Bob),
			(CharlieStash, Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		]
		.into_iter()
		.map(|(stash, aura, grandpa)| Validator {
			account: stash.to_account_id(),
			status: Status::Active,
			is_candidate: true,
			own_stake: STAKE,
			total_stake: STAKE,
			commission: Some(0),
			keys: Some(Keys { aura: aura.to_raw_public(), grandpa: grandpa.to_raw_public() }),
			produced: 0,
			missed: 0,
			era_points: 0,
		})
		.collect();
		let mut found = validators();
		let order: Vec<AccountId> = found.iter().map(|found| found.account.clone()).collect();
		assert_eq!(order, Session::validators());
		for found in &mut found {
			// An election counts votes of a few units each.
			assert!(STAKE - found.own_stake < 100 && found.own_stake == found.total_stake);
			(found.own_stake, found.total_stake) = (STAKE, STAKE);
			assert_eq!(
				details(&found.account).map(|found| found.validator.keys),
				Some(found.keys.clone())
			);
		}
		found.sort_by_key(|found| expected.iter().position(|other| other.account == found.account));
		assert_eq!(found, expected);
	});
}

#[test]
fn validators_show_slots_and_points_until_the_session_and_the_era_end() {
	chain().execute_with(|| {
		let counts = || {
			let counts = |found: Validator<_, _>| (found.produced, found.missed, found.era_points);
			validators().into_iter().map(counts).collect::<Vec<_>>()
		};
		// Slot 1. Slots before the first block count for no validator.
		run_block(0, vec![]);
		assert_eq!(counts(), [(0, 0, 0), (1, 0, 20), (0, 0, 0)]);
		// Slot 4, after 2 and 3.
		run_block(2, vec![]);
		assert_eq!(counts(), [(0, 1, 0), (2, 0, 40), (0, 1, 0)]);
		run_to(LENGTH);
		let points: u32 = counts().into_iter().map(|(_, _, points)| points).sum();
		assert_eq!(points, 20 * LENGTH);
		assert!(counts().into_iter().all(|(produced, missed, _)| (produced, missed) == (0, 0)));
		run_to(SESSIONS * LENGTH);
		assert_eq!(counts(), [(0, 0, 0); 3]);
	});
}

/// RPC-R26, RPC-R27, CON-R8: after a block that rotates the session, answers describe the set that
/// authors the next blocks.
#[test]
fn validator_that_chills_serves_until_its_era_ends_and_then_is_chilled() {
	chain().execute_with(|| {
		let bob = BobStash.to_account_id();
		run_to(1);
		assert_ok!(Staking::chill(signed(&bob)));
		let last = SESSIONS * LENGTH - 1;
		run_to(last);
		let before = validator(&bob);
		assert_eq!((before.status, before.is_candidate), (Status::Active, false));
		assert_eq!((before.commission, validators().len()), (Some(0), 3));
		run_to(last + 1);
		assert_eq!(validators().len(), 2);
		let after = validator(&bob);
		assert_eq!((after.status, after.is_candidate), (Status::Chilled, false));
		assert_eq!((after.own_stake, after.total_stake), (STAKE, STAKE));
		assert_eq!((after.commission, after.keys), (None, before.keys));
		assert_eq!((after.produced, after.missed, after.era_points), (0, 0, 0));
	});
}

#[test]
fn validators_keep_the_keys_in_force_and_the_terms_of_their_era() {
	chain().execute_with(|| {
		let alice = AliceStash.to_account_id();
		run_to(1);
		let old = validator(&alice);
		let new_keys = register_keys(&alice);
		let commission = Perbill::from_percent(10);
		assert_ok!(Staking::validate(
			signed(&alice),
			ValidatorPrefs { commission, blocked: false }
		));
		bond(&Eve.to_account_id(), STAKE);
		assert_ok!(Staking::nominate(signed(&Eve.to_account_id()), vec![alice.clone().into()]));
		assert_eq!(validator(&alice), old);
		run_to(SESSIONS * LENGTH - 1);
		let still = validator(&alice);
		assert_eq!((still.commission, still.total_stake), (old.commission, old.total_stake));
		assert_eq!(still.keys, old.keys);
		run_to(SESSIONS * LENGTH);
		let new = validator(&alice);
		assert_eq!((new.commission, new.keys), (Some(100_000_000), Some(new_keys)));
		assert!(2 * STAKE - new.total_stake < 100 && new.own_stake <= STAKE);
	});
}

#[test]
fn next_validators_have_the_keys_that_the_next_session_brings_into_force() {
	chain().execute_with(|| {
		let alice = AliceStash.to_account_id();
		let next_keys = || {
			let mut next = next_validators().into_iter();
			next.find(|next| next.account == alice).map(|next| next.keys)
		};
		run_to(1);
		let accounts: Vec<_> = validators().into_iter().map(|current| current.account).collect();
		let next: Vec<_> = next_validators().into_iter().map(|next| next.account).collect();
		assert_eq!(next, accounts);
		let old = validator(&alice).keys;
		assert_eq!(next_keys(), old);

		let new = register_keys(&alice);
		assert_eq!(next_keys(), old);
		run_to(LENGTH);
		assert_eq!((validator(&alice).keys, next_keys()), (old, Some(new.clone())));
		run_to(2 * LENGTH);
		assert_eq!(validator(&alice).keys, Some(new));
	});
}

#[test]
fn disabled_validator_is_identified_by_its_position() {
	chain().execute_with(|| {
		run_to(1);
		assert!(Session::disable_index(1));
		let statuses: Vec<Status> = validators().into_iter().map(|found| found.status).collect();
		assert_eq!(statuses, [Status::Active, Status::Disabled, Status::Active]);
		assert_eq!(validator(&Session::validators()[1]).status, Status::Disabled);
	});
}

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

#[test]
fn validators_of_the_largest_set_are_all_listed() {
	let mut config = short_local();
	let accounts: Vec<AccountId> = (0..MAX_VALIDATORS).map(new_account).collect();
	let stake = 1_000_000_000_000_000_u64;
	config["session"]["keys"] = accounts
		.iter()
		.map(|account| {
			let key: [u8; 32] = account.clone().into();
			let keys = SessionKeys {
				aura: sr25519::Public::from_raw(key).into(),
				grandpa: ed25519::Public::from_raw(key).into(),
			};
			json!([account, account, keys])
		})
		.collect();
	config["staking"]["stakers"] =
		accounts.iter().map(|account| json!([account, account, stake, "Validator"])).collect();
	config["staking"]["validatorCount"] = MAX_VALIDATORS.into();
	let balances = config["balances"]["balances"].as_array_mut().expect("it is a list");
	balances.extend(accounts.iter().map(|account| json!([account, 2 * stake])));
	build(&config).expect("the configuration is sound").execute_with(|| {
		run_to(SESSIONS * LENGTH + 1);
		let found = validators();
		assert_eq!(found.len(), accounts.len());
		for found in found {
			let key: [u8; 32] = found.account.into();
			assert_eq!(found.keys, Some(Keys { aura: key, grandpa: key }));
		}
	});
}

/// Nodes that are older than the runtime must still decode these bytes.
#[test]
fn encodings_are_pinned() {
	let validator = Validator {
		account: 1u8,
		status: Status::Disabled,
		is_candidate: true,
		own_stake: 2u8,
		total_stake: 3,
		commission: Some(4),
		keys: Some(Keys { aura: [5; 32], grandpa: [6; 32] }),
		produced: 7,
		missed: 8,
		era_points: 9,
	};
	let bytes = [
		&[1, 1, 1, 2, 3, 1, 4, 0, 0, 0, 1][..],
		&[5; 32],
		&[6; 32],
		&[7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0],
	]
	.concat();
	assert_eq!(validator.encode(), bytes);
	let rewards = Rewards { from_era: 1, earned: 3u8, claimed: 2 };
	assert_eq!(
		ValidatorDetails { validator: validator.clone(), rewards }.encode(),
		[&bytes[..], &[1, 0, 0, 0, 3, 2]].concat()
	);
	let next = NextValidator { account: 1u8, keys: Keys { aura: [2; 32], grandpa: [3; 32] } };
	assert_eq!(next.encode(), [&[1][..], &[2; 32], &[3; 32]].concat());
	let snapshot =
		Snapshot { block_number: 1u8, session: 2, era: 3, set_id: 4, validators: vec![validator] };
	let head = [1, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1 << 2];
	assert_eq!(snapshot.encode(), [&head[..], &bytes].concat());
	let epoch = EpochInfo {
		session: 1,
		session_progress: 2u8,
		session_length: 3,
		era: 4,
		era_progress: 5,
		sessions_per_era: 6,
		next_session_block: 7,
		next_era_session: Some(8),
		next_era_block: Some(9),
	};
	assert_eq!(
		epoch.encode(),
		[1, 0, 0, 0, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 1, 8, 0, 0, 0, 1, 9]
	);
	let statuses = [Status::Active, Status::Disabled, Status::Waiting, Status::Chilled];
	assert_eq!(statuses.map(|status| status.encode()), [[0], [1], [2], [3]]);
}
