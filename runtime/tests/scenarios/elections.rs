//! Elections block by block (CON-R24, CON-R25): ties, no candidates, too few and too many
//! candidates or voters, and candidates without session keys or with the keys of another validator.

use crate::common::{build, chain, genesis_json, run_block, run_to, sign};
use codec::Encode;
use frame_support::{assert_ok, traits::fungible::Mutate};
use gtos_runtime::{
	constants::{
		currency::TOS,
		staking::{MAX_ELECTABLE_TARGETS, MAX_ELECTING_VOTERS},
	},
	genesis_config_presets::{DEVELOPMENT_TIMING, LOCAL},
	AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
	Session, SessionKeys, Staking, System,
};
use pallet_staking::{RewardDestination, StakerStatus, ValidatorPrefs};
use serde_json::{json, Value};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{ed25519, sr25519, Pair};
use sp_crypto_hashing::{blake2_256, twox_64};
use sp_io::TestExternalities;
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, AliceStash, BobStash, CharlieStash, Dave, Eve, Ferdie},
};
use sp_runtime::ApplyExtrinsicResult;
use sp_staking::EraIndex;

const SESSION_BLOCKS: BlockNumber = DEVELOPMENT_TIMING.session_length_blocks;
const ERA_BLOCKS: BlockNumber = DEVELOPMENT_TIMING.sessions_per_era * SESSION_BLOCKS;

/// Stake of each candidate of [`network`].
pub const STAKE: Balance = 1_000 * TOS;

/// Result of a transaction whose call succeeds.
const DONE: ApplyExtrinsicResult = Ok(Ok(()));

fn account(kind: &str, number: u32) -> AccountId {
	blake2_256(&(kind, number).encode()).into()
}

/// Candidates of [`network`] in the order in which an election considers them (CON-R24).
fn in_order(candidates: u32) -> Vec<AccountId> {
	let mut accounts: Vec<_> = (0..candidates).map(|number| account("stash", number)).collect();
	accounts.sort_by_key(|account| (twox_64(account.as_ref()), account.clone()));
	accounts
}

/// A chain with this number of candidates with equal stakes, and of seats.
pub fn network(candidates: u32, seats: u32) -> TestExternalities {
	build(&network_config(candidates, seats)).expect("the genesis is sound")
}

/// Genesis of [`network`].
fn network_config(candidates: u32, seats: u32) -> Value {
	let stashes = || (0..candidates).map(|number| account("stash", number));
	let keys = (0..candidates).map(|number| {
		let aura = sr25519::Public::from_raw(blake2_256(&("aura", number).encode()));
		let grandpa = ed25519::Public::from_raw(blake2_256(&("grandpa", number).encode()));
		SessionKeys { aura: aura.into(), grandpa: grandpa.into() }
	});
	let mut config = genesis_json(LOCAL);
	config["balances"]["balances"] =
		json!(stashes().map(|stash| (stash, 2 * STAKE)).collect::<Vec<_>>());
	config["session"]["keys"] = json!(stashes()
		.zip(keys)
		.map(|(stash, keys)| (stash.clone(), stash, keys))
		.collect::<Vec<_>>());
	config["staking"]["stakers"] = json!(stashes()
		.map(|stash| (stash.clone(), stash, STAKE, StakerStatus::<AccountId>::Validator))
		.collect::<Vec<_>>());
	config["staking"]["validatorCount"] = seats.into();
	config
}

/// Two candidates with equal stakes for one seat, on a chain with slots of this length.
fn two_candidates(slot_duration_ms: u64) -> TestExternalities {
	let mut config = network_config(2, 1);
	config["genesisParameters"]["timing"]["slotDurationMs"] = slot_duration_ms.into();
	build(&config).expect("blocks fit slots of this length")
}

/// The planned era and the active one.
fn eras() -> (EraIndex, EraIndex) {
	let active = pallet_staking::ActiveEra::<Runtime>::get().expect("genesis begins an era").index;
	(pallet_staking::CurrentEra::<Runtime>::get().expect("genesis plans an era"), active)
}

/// Whether the last block held an election that failed.
fn has_election_failed() -> bool {
	let failed = RuntimeEvent::Staking(pallet_staking::Event::StakingElectionFailed);
	System::events().iter().any(|record| record.event == failed)
}

fn stashes(validators: &[Sr25519Keyring]) -> Vec<AccountId> {
	let mut accounts: Vec<_> = validators.iter().map(|one| one.to_account_id()).collect();
	accounts.sort();
	accounts
}

fn bond(value: Balance) -> RuntimeCall {
	RuntimeCall::Staking(pallet_staking::Call::bond { value, payee: RewardDestination::Staked })
}

fn validate() -> RuntimeCall {
	RuntimeCall::Staking(pallet_staking::Call::validate { prefs: ValidatorPrefs::default() })
}

/// Sets session keys of `owner`, with the proof of ownership that both keys sign.
fn set_keys(owner: &AccountId, aura: &sr25519::Pair, grandpa: &ed25519::Pair) -> RuntimeCall {
	let statement = [&b"POP_"[..], owner.as_ref()].concat();
	RuntimeCall::Session(pallet_session::Call::set_keys {
		keys: SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() },
		proof: (aura.sign(&statement), grandpa.sign(&statement)).encode(),
	})
}

/// Endows an account, which then bonds and nominates.
fn nominate(who: &AccountId, stake: Balance, targets: &[AccountId]) {
	assert_ok!(Balances::mint_into(who, 2 * stake));
	let origin = || RuntimeOrigin::signed(who.clone());
	assert_ok!(Staking::bond(origin(), stake, RewardDestination::Staked));
	let targets = targets.iter().cloned().map(Into::into).collect();
	assert_ok!(Staking::nominate(origin(), targets));
}

#[test]
fn candidates_with_equal_stakes_are_elected_in_order() {
	network(5, 3).execute_with(|| {
		let mut expected = in_order(5)[..3].to_vec();
		expected.sort();
		for era in 0..3 {
			run_to(era * ERA_BLOCKS + 1);
			assert_eq!(eras().1, era);
			assert_eq!(Session::validators(), expected);
		}
	});
}

#[test]
fn candidate_with_one_unit_more_at_stake_is_elected_before_earlier_candidates() {
	network(5, 1).execute_with(|| {
		let last = in_order(5).pop().expect("there are five");
		assert_ok!(Staking::bond_extra(RuntimeOrigin::signed(last.clone()), 1));
		run_to(ERA_BLOCKS);
		assert_eq!(Session::validators(), [last]);
	});
}

#[test]
fn set_stays_while_there_are_fewer_candidates_than_the_minimum() {
	network(3, 3).execute_with(|| {
		let validators = Session::validators();
		pallet_staking::MinimumValidatorCount::<Runtime>::put(4_u32);
		// The election of era 1, and the attempts after it.
		for session in 2..6 {
			run_to(session * SESSION_BLOCKS);
			assert!(has_election_failed());
			run_block(0, vec![]);
			assert!(!has_election_failed());
		}
		assert_eq!(eras(), (0, 0));
		assert_eq!(Session::validators(), validators);

		pallet_staking::MinimumValidatorCount::<Runtime>::put(3_u32);
		run_to(6 * SESSION_BLOCKS);
		assert!(!has_election_failed());
		assert_eq!(eras(), (1, 0));
		run_to(7 * SESSION_BLOCKS);
		assert_eq!(eras(), (1, 1));
		assert_eq!(Session::validators(), validators);
	});
}

#[test]
fn set_stays_when_every_candidate_has_chilled() {
	chain(LOCAL).execute_with(|| {
		let validators = [AliceStash, BobStash, CharlieStash];
		let chill = RuntimeCall::Staking(pallet_staking::Call::chill {});
		let chilled = run_block(0, validators.map(|stash| sign(stash, 0, chill.clone())).to_vec());
		assert_eq!(chilled, [DONE; 3]);
		for session in 2..10 {
			run_to(session * SESSION_BLOCKS);
			assert!(has_election_failed());
		}
		assert_eq!(eras(), (0, 0));
		assert_eq!(Session::validators(), stashes(&validators));

		assert_eq!(run_block(0, vec![sign(BobStash, 1, validate())]), [DONE]);
		run_to(11 * SESSION_BLOCKS);
		assert_eq!(eras(), (1, 1));
		assert_eq!(Session::validators(), stashes(&[BobStash]));
	});
}

#[test]
fn set_stays_when_there_are_more_candidates_than_an_election_considers() {
	chain(LOCAL).execute_with(|| {
		let validators = Session::validators();
		for number in validators.len() as u32..MAX_ELECTABLE_TARGETS + 1 {
			Staking::do_add_validator(&account("candidate", number), ValidatorPrefs::default());
		}
		run_to(2 * SESSION_BLOCKS);
		assert!(has_election_failed());
		assert_eq!(eras(), (0, 0));

		assert!(Staking::do_remove_validator(&account("candidate", MAX_ELECTABLE_TARGETS)));
		run_to(3 * SESSION_BLOCKS);
		assert!(!has_election_failed());
		run_to(4 * SESSION_BLOCKS);
		assert_eq!(eras(), (1, 1));
		assert_eq!(Session::validators(), validators);
	});
}

/// Asserts that the vote of one more staker than `voters` does not count, and counts once another one has chilled.
fn assert_election_considers(voters: u32, slot_duration_ms: u64) {
	two_candidates(slot_duration_ms).execute_with(|| {
		let candidates = in_order(2);
		let nominators = voters - candidates.len() as u32;
		for number in 0..nominators {
			nominate(&account("nominator", number), 100 * TOS, &candidates);
		}
		nominate(&account("nominator", nominators), TOS, &candidates[1..]);
		run_to(ERA_BLOCKS);
		assert_eq!(Session::validators(), candidates[..1]);

		assert_ok!(Staking::chill(RuntimeOrigin::signed(account("nominator", 0))));
		run_to(2 * ERA_BLOCKS);
		assert_eq!(Session::validators(), candidates[1..]);
	});
}

#[test]
fn votes_after_those_of_the_highest_bags_do_not_count() {
	assert_election_considers(MAX_ELECTING_VOTERS, 800);
}

/// CON-R24: no author could slash 4,000 nominators of a validator within 100 ms.
#[test]
fn votes_after_those_of_500_stakers_do_not_count_with_the_shortest_slots() {
	assert_election_considers(500, 100);
}

/// CON-R24: with room for a thousand voters only, the larger nominators would elect both validators, although they have
/// less stake.
#[test]
fn nominators_after_a_thousand_larger_ones_elect_their_part() {
	network(3, 2).execute_with(|| {
		let candidates = in_order(3);
		for number in 0..1_000 {
			nominate(&account("large", number), 130 * TOS, &candidates[..2]);
		}
		for number in 0..1_400 {
			nominate(&account("small", number), 100 * TOS, &candidates[2..]);
		}
		run_to(ERA_BLOCKS);
		assert!(Session::validators().contains(&candidates[2]));
	});
}

#[test]
fn key_of_another_validator_is_refused() {
	chain(LOCAL).execute_with(|| {
		let dave = Dave.to_account_id();
		let (aura, grandpa) =
			(sr25519::Pair::from_seed(&[4; 32]), ed25519::Pair::from_seed(&[4; 32]));
		let (taken_aura, taken_grandpa) =
			(Sr25519Keyring::Alice.pair(), Ed25519Keyring::Bob.pair());
		let results = run_block(
			0,
			vec![
				sign(Dave, 0, set_keys(&dave, &taken_aura, &grandpa)),
				sign(Dave, 1, set_keys(&dave, &aura, &taken_grandpa)),
				sign(Dave, 2, set_keys(&Eve.to_account_id(), &aura, &grandpa)),
				sign(Dave, 3, set_keys(&dave, &aura, &grandpa)),
				sign(Eve, 0, set_keys(&Eve.to_account_id(), &aura, &grandpa)),
			],
		);
		let refused = |error: pallet_session::Error<Runtime>| Ok(Err(error.into()));
		let duplicated: ApplyExtrinsicResult = refused(pallet_session::Error::DuplicatedKey);
		let unproven: ApplyExtrinsicResult = refused(pallet_session::Error::InvalidProof);
		assert_eq!(results, [duplicated, duplicated, unproven, DONE, duplicated]);

		// With its own keys and the largest stake, Dave takes the seat of one of the three
		// candidates with equal stakes.
		let join = vec![sign(Dave, 4, bond(2_000_000 * TOS)), sign(Dave, 5, validate())];
		assert_eq!(run_block(0, join), [DONE; 2]);
		run_to(ERA_BLOCKS);
		let validators = Session::validators();
		assert_eq!(validators.len(), 3);
		assert!(validators.contains(&dave));
		let key = AuraId::from(aura.public());
		let authorities = pallet_aura::Authorities::<Runtime>::get();
		assert_eq!(authorities.iter().filter(|other| **other == key).count(), 1);
	});
}

#[test]
fn candidates_without_session_keys_are_passed_over() {
	chain(LOCAL).execute_with(|| {
		let validators = Session::validators();
		let rich = [Dave, Eve, Ferdie]
			.map(|one| [sign(one, 0, bond(5_000_000 * TOS)), sign(one, 1, validate())]);
		assert_eq!(run_block(0, rich.concat()), [DONE; 6]);
		run_to(ERA_BLOCKS);
		assert_eq!(eras(), (1, 1));
		assert_eq!(Session::validators(), validators);

		// A validator that removes its keys leaves the set.
		let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
		assert_eq!(run_block(0, vec![sign(AliceStash, 0, purge)]), [DONE]);
		run_to(2 * ERA_BLOCKS);
		assert_eq!(eras(), (2, 2));
		assert_eq!(Session::validators(), stashes(&[BobStash, CharlieStash]));
	});
}
