//! The validators of the current set (RPC-R26).

use super::{
	bond, build, chain, details, new_account, register_keys, run_to, short_local, signed,
	validator, validators, LENGTH, SESSIONS, STAKE,
};
use crate::common::{call_api, run_block};
use frame_support::assert_ok;
use gtos_dpos_api::{Keys, NextValidator, Status, Validator};
use gtos_runtime::{
	constants::staking::MAX_VALIDATORS, AccountId, Runtime, Session, SessionKeys, Staking,
};
use pallet_staking::ValidatorPrefs;
use serde_json::json;
use sp_core::{ed25519, sr25519};
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, AliceStash, BobStash, CharlieStash, Eve},
};
use sp_runtime::Perbill;

fn next_validators() -> Vec<NextValidator<AccountId>> {
	call_api("DposApi_next_validators", &[])
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
fn disabled_validator_is_identified_by_its_position() {
	chain().execute_with(|| {
		run_to(1);
		assert!(Session::disable_index(1));
		let statuses: Vec<Status> = validators().into_iter().map(|found| found.status).collect();
		assert_eq!(statuses, [Status::Active, Status::Disabled, Status::Active]);
		assert_eq!(validator(&Session::validators()[1]).status, Status::Disabled);
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
