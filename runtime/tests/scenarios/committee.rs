//! Motions of the technical committee: no member can keep the others from whitelisting a call (STA-R18).

use crate::{
	common::{chain, run_block},
	wrappings::{as_multisig, dispatch, filtered, give_alice_other_accounts, signed, wrapped},
};
use frame_support::{assert_ok, traits::Contains, weights::Weight};
use gtos_runtime::{
	configs::governance::TechnicalCollective, constants::governance::MAX_COMMITTEE_MEMBERS,
	genesis_config_presets::LOCAL, AccountId, Hash, Runtime, RuntimeCall, RuntimeOrigin, System,
	TechnicalCommittee,
};
use pallet_collective::{Call, Error, Members, Prime, Proposals};
use pallet_whitelist::WhitelistedCall;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	DispatchResult,
};

/// Ayes that the committee of three needs.
const AYES: u32 = 2;

/// A call for each number.
fn urgent(number: u8) -> RuntimeCall {
	let call_hash = Hash::repeat_byte(number);
	RuntimeCall::Whitelist(pallet_whitelist::Call::whitelist_call { call_hash })
}

fn propose(threshold: u32, number: u8) -> RuntimeCall {
	RuntimeCall::TechnicalCommittee(Call::propose {
		threshold,
		proposal: Box::new(urgent(number)),
		length_bound: 100,
	})
}

fn hash(number: u8) -> Hash {
	BlakeTwo256::hash_of(&urgent(number))
}

fn by(who: Sr25519Keyring, call: Call<Runtime, TechnicalCollective>) -> DispatchResult {
	dispatch(RuntimeCall::TechnicalCommittee(call), signed(who))
}

fn vote(who: Sr25519Keyring, number: u8, index: u32, approve: bool) {
	assert_ok!(by(who, Call::vote { proposal: hash(number), index, approve }));
}

fn close(number: u8, index: u32) -> DispatchResult {
	let proposal_weight_bound = Weight::from_parts(1_000_000_000, 1_000_000);
	let proposal_hash = hash(number);
	by(Dave, Call::close { proposal_hash, index, proposal_weight_bound, length_bound: 100 })
}

fn release(number: u8) -> DispatchResult {
	by(Dave, Call::release_proposal_cost { proposal_hash: hash(number) })
}

fn too_many() -> DispatchResult {
	Err(Error::<Runtime, TechnicalCollective>::TooManyProposals.into())
}

#[test]
fn motion_needs_two_thirds_of_the_members_and_no_more() {
	type Filter = <Runtime as frame_system::Config>::BaseCallFilter;
	chain(LOCAL).execute_with(|| {
		for members in 1..=MAX_COMMITTEE_MEMBERS {
			let accounts = (0..members).map(|number| AccountId::new([number as u8; 32]));
			Members::<Runtime, TechnicalCollective>::put(accounts.collect::<Vec<_>>());
			let suffices = |ayes: u32| 3 * ayes >= 2 * members;
			for ayes in 0..=members + 1 {
				let is_least = suffices(ayes) && !suffices(ayes - 1);
				assert_eq!(Filter::contains(&propose(ayes, 1)), is_least, "{ayes} of {members}");
			}
			assert!(!Filter::contains(&propose(u32::MAX, 1)));
		}
	});
}

#[test]
fn motion_with_another_threshold_is_refused_in_every_wrapping() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		give_alice_other_accounts();
		for threshold in [0, AYES - 1, AYES + 1, u32::MAX] {
			let call = propose(threshold, 1);
			assert_eq!(dispatch(call.clone(), signed(Alice)), Err(filtered()), "{threshold}");
			for way in wrapped(&call).into_iter().chain([as_multisig(call)]) {
				let _ = dispatch(way.clone(), signed(Alice));
				assert!(Proposals::<Runtime, TechnicalCollective>::get().is_empty(), "{way:?}");
			}
		}
		assert_ok!(dispatch(propose(AYES, 1), signed(Alice)));
	});
}

/// A member that has all motions that it can have leaves a place to each of the others.
#[test]
fn member_has_one_motion_at_a_time() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		assert_ok!(dispatch(propose(AYES, 1), signed(Alice)));
		assert_eq!(dispatch(propose(AYES, 2), signed(Alice)), too_many());
		assert_ok!(dispatch(propose(AYES, 2), signed(Bob)));

		vote(Bob, 1, 0, false);
		vote(Charlie, 1, 0, false);
		assert_ok!(close(1, 0));
		assert_ok!(dispatch(propose(AYES, 3), signed(Alice)));
		assert_eq!(dispatch(propose(AYES, 4), signed(Alice)), too_many());

		vote(Alice, 2, 1, true);
		vote(Charlie, 2, 1, true);
		assert_ok!(close(2, 1));
		assert!(WhitelistedCall::<Runtime>::contains_key(Hash::repeat_byte(2)));
	});
}

/// The pallet keeps the ticket of a motion that has ended until it is released or the same call is proposed again.
#[test]
fn tickets_of_earlier_motions_do_not_count() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let active: DispatchResult =
			Err(Error::<Runtime, TechnicalCollective>::ProposalActive.into());
		for index in 0..3 {
			assert_ok!(dispatch(propose(AYES, 1), signed(Alice)));
			assert_eq!(release(1), active);
			vote(Bob, 1, index, false);
			vote(Charlie, 1, index, false);
			assert_ok!(close(1, index));
		}
		// Bob takes over the call of Alice's last motion, which is thereby Bob's.
		assert_ok!(dispatch(propose(AYES, 1), signed(Bob)));
		assert_eq!(dispatch(propose(AYES, 2), signed(Bob)), too_many());
		assert_ok!(dispatch(propose(AYES, 2), signed(Alice)));
		assert_ok!(TechnicalCommittee::kill(RuntimeOrigin::root(), hash(1)));
		assert_ok!(dispatch(propose(AYES, 1), signed(Bob)));
		assert_ok!(TechnicalCommittee::kill(RuntimeOrigin::root(), hash(2)));
		assert_ok!(release(2));
		assert_ok!(dispatch(propose(AYES, 3), signed(Alice)));
	});
}

/// Three of five are a majority and less than two thirds. The SDK's rule would count the others as ayes.
#[test]
fn members_that_do_not_vote_count_as_nays() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let voters = [Alice, Bob, Charlie];
		let members: Vec<_> =
			voters.iter().chain(&[Dave, Eve]).map(|who| who.to_account_id()).collect();
		Members::<Runtime, TechnicalCollective>::put(&members);
		// The SDK would count the others like the prime member, too.
		Prime::<Runtime, TechnicalCollective>::put(Alice.to_account_id());
		assert_ok!(dispatch(propose(4, 1), signed(Alice)));
		for who in voters {
			vote(who, 1, 0, true);
		}
		let early: DispatchResult = Err(Error::<Runtime, TechnicalCollective>::TooEarly.into());
		assert_eq!(close(1, 0), early);
		let duration =
			<Runtime as pallet_collective::Config<TechnicalCollective>>::MotionDuration::get();
		System::set_block_number(System::block_number() + duration);
		assert_ok!(close(1, 0));
		assert!(!WhitelistedCall::<Runtime>::contains_key(Hash::repeat_byte(1)));
	});
}

#[test]
fn each_member_of_the_largest_committee_can_have_a_motion() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let members: Vec<_> =
			(1..=MAX_COMMITTEE_MEMBERS as u8).map(|number| AccountId::new([number; 32])).collect();
		Members::<Runtime, TechnicalCollective>::put(&members);
		for (number, member) in (1..).zip(members) {
			let origin = RuntimeOrigin::signed(member);
			assert_ok!(dispatch(propose(17, number), origin.clone()));
			assert_eq!(dispatch(propose(17, 100 + number), origin), too_many());
		}
	});
}

/// The search for motions of the same member reads one item for each open motion.
#[test]
fn weight_of_a_motion_grows_with_the_motions_that_are_open() {
	use pallet_collective::{weights::SubstrateWeight, WeightInfo};
	type Weights = <Runtime as pallet_collective::Config<TechnicalCollective>>::WeightInfo;
	chain(LOCAL).execute_with(|| {
		for open in [1, MAX_COMMITTEE_MEMBERS] {
			let size = (1_024, MAX_COMMITTEE_MEMBERS, open);
			let reads = Weights::propose_proposed(size.0, size.1, size.2)
				- SubstrateWeight::<Runtime>::propose_proposed(size.0, size.1, size.2);
			let read = <Runtime as frame_system::Config>::DbWeight::get().reads(1);
			assert_eq!(reads, read * u64::from(open));
		}
	});
}
