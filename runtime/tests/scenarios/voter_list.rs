//! The voter list holds the accounts that validate or nominate, and nobody else (CON-R24).

use crate::{
	common::{chain, run_block},
	wrappings::{
		add_proxy, as_multisig, as_proxy_of, by_bob_for, dispatch, give_alice_other_accounts,
		signed, wrapped,
	},
};
use codec::Encode;
use frame_election_provider_support::SortedListProvider;
use frame_support::{assert_ok, traits::fungible::Mutate};
use gtos_runtime::{
	configs::{accounts::ProxyType, staking::VoterBagsList},
	constants::currency::TOS,
	genesis_config_presets::LOCAL,
	AccountId, Balances, Runtime, RuntimeCall, RuntimeOrigin, Staking, VoterList,
};
use pallet_bags_list::{Error, ListError, NextNodeAutoRebagged};
use pallet_staking::{Ledger, Nominators, RewardDestination, Validators};
use sp_crypto_hashing::blake2_256;
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Dave};
use sp_runtime::DispatchResult;

/// An account that has bonded, and does nothing else.
fn bonded(number: u32) -> AccountId {
	let who = AccountId::from(blake2_256(&("bonded", number).encode()));
	Balances::set_balance(&who, 2 * TOS);
	let origin = RuntimeOrigin::signed(who.clone());
	assert_ok!(Staking::bond(origin, TOS, RewardDestination::Staked));
	who
}

fn nominator(number: u32) -> AccountId {
	let who = bonded(number);
	let targets = vec![AliceStash.to_account_id().into()];
	assert_ok!(Staking::nominate(RuntimeOrigin::signed(who.clone()), targets));
	who
}

fn rebag(who: &AccountId) -> RuntimeCall {
	RuntimeCall::VoterList(pallet_bags_list::Call::rebag { dislocated: who.clone().into() })
}

/// Asserts what `pallet-staking` demands of the list in its `try_state`.
fn assert_holds_the_voters_only() {
	let is_voter = |who: AccountId| {
		Nominators::<Runtime>::contains_key(&who) || Validators::<Runtime>::contains_key(&who)
	};
	assert!(VoterList::iter().all(is_voter));
	let voters = Nominators::<Runtime>::count() + Validators::<Runtime>::count();
	assert_eq!(VoterList::count(), voters);
}

#[test]
fn account_that_has_only_bonded_enters_the_list_in_no_wrapping() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		give_alice_other_accounts();
		add_proxy(Alice, ProxyType::Any, 0);
		let who = bonded(0);
		let call = rebag(&who);
		let not_there = Error::<Runtime, VoterBagsList>::List(ListError::NodeNotFound);
		let refused: DispatchResult = Err(not_there.into());
		assert_eq!(dispatch(call.clone(), signed(Alice)), refused);
		let others = [as_multisig(call.clone()), as_proxy_of(Dave.to_account_id(), call.clone())];
		for way in wrapped(&call).into_iter().chain(others) {
			let _ = dispatch(way.clone(), signed(Alice));
			let _ = by_bob_for(Alice, way.clone());
			assert!(!VoterList::contains(&who), "{way:?}");
		}
		assert_holds_the_voters_only();
	});
}

/// A block looks at ten accounts of the list and remembers the next one.
#[test]
fn account_that_chills_while_it_is_the_next_in_the_list_stays_out() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		for number in 0..20 {
			nominator(number);
		}
		run_block(0, vec![]);
		let next = NextNodeAutoRebagged::<Runtime, VoterBagsList>::get();
		let next = next.expect("there are more than ten accounts");
		assert_ok!(Staking::chill(RuntimeOrigin::signed(next.clone())));
		run_block(0, vec![]);
		assert!(!VoterList::contains(&next));
		assert_holds_the_voters_only();
	});
}

#[test]
fn account_that_should_not_be_in_the_list_leaves_it() {
	chain(LOCAL).execute_with(|| {
		let leaves: [fn(&AccountId); 2] = [
			|who| dispatch(rebag(who), signed(Alice)).map(drop).unwrap(),
			|_| drop(run_block(0, vec![])),
		];
		run_block(0, vec![]);
		for (number, leave) in (0..).zip(leaves) {
			let who = bonded(number);
			assert_ok!(VoterList::on_insert(who.clone(), 1));
			leave(&who);
			assert!(!VoterList::contains(&who));
		}
		assert_holds_the_voters_only();
	});
}

#[test]
fn voter_with_more_stake_is_moved_for_anybody() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let who = nominator(0);
		let before = VoterList::get_score(&who).expect("it nominates");
		// As a reward does.
		Ledger::<Runtime>::mutate(&who, |ledger| {
			ledger.as_mut().expect("it has bonded").active = 1_000 * TOS;
		});
		assert_ok!(dispatch(rebag(&who), signed(Alice)));
		let after = VoterList::get_score(&who).expect("it nominates");
		assert!(after / before >= 999, "{before} {after}");
		assert_holds_the_voters_only();
	});
}
