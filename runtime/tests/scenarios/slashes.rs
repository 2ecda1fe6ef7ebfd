//! Deferred slashes (CON-R17, CON-R29, ECO-R7): only governance may cancel them, until the deferral is over.

use crate::common::{build, genesis_json, run_block, sign, stop_payouts};
use finality_grandpa::{Message, Prevote};
use frame_support::{
	assert_ok,
	traits::{schedule::DispatchTime, KeyOwnerProofSystem, StorePreimage},
};
use gtos_runtime::{
	configs::{
		consensus::KeyOwners,
		governance::{pallet_origins::Origin, TechnicalCollective},
	},
	constants::currency::TOS,
	genesis_config_presets::{DEVELOPMENT_TIMING, LOCAL},
	AccountId, Balance, BlockNumber, Hash, OriginCaller, Preimage, Runtime, RuntimeCall,
	RuntimeOrigin, SessionKeys, System, UncheckedExtrinsic,
};
use pallet_collective::RawOrigin;
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_staking::{StakerStatus, UnappliedSlash};
use serde_json::json;
use sp_consensus_grandpa::{localized_payload, AuthorityId, EquivocationProof};
use sp_core::crypto::key_types::GRANDPA;
use sp_io::TestExternalities;
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{
		self, Alice, AliceStash, Bob, BobStash, Charlie, CharlieStash, Dave, DaveStash, Eve,
		EveStash, Ferdie, FerdieStash,
	},
};
use sp_runtime::{
	traits::Dispatchable, ApplyExtrinsicResult, DispatchError, DispatchResult, Perbill,
};
use sp_staking::EraIndex;
use std::collections::BTreeMap;

const ERA_BLOCKS: BlockNumber =
	DEVELOPMENT_TIMING.sessions_per_era * DEVELOPMENT_TIMING.session_length_blocks;
/// Era in which the slashes of era 0 are applied after their deferral, and the block that begins it.
const DUE_ERA: EraIndex = DEVELOPMENT_TIMING.slash_defer_duration_eras + 1;
const DUE_BLOCK: BlockNumber = DUE_ERA * ERA_BLOCKS;

/// Stake of each validator and each nominator.
const STAKE: Balance = 1_000_000 * TOS;

/// Result of a transaction whose call succeeds.
const DONE: ApplyExtrinsicResult = Ok(Ok(()));

/// The preset with five validators. Ferdie nominates Bob, and Ferdie's stash nominates Charlie.
fn chain() -> TestExternalities {
	let validators = [
		(AliceStash, Alice, Ed25519Keyring::Alice),
		(BobStash, Bob, Ed25519Keyring::Bob),
		(CharlieStash, Charlie, Ed25519Keyring::Charlie),
		(DaveStash, Dave, Ed25519Keyring::Dave),
		(EveStash, Eve, Ed25519Keyring::Eve),
	];
	let keys = validators.map(|(stash, aura, grandpa)| {
		let keys = SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() };
		(stash.to_account_id(), stash.to_account_id(), keys)
	});
	let nominators = [(Ferdie, BobStash), (FerdieStash, CharlieStash)]
		.map(|(who, target)| (who, StakerStatus::Nominator(vec![target.to_account_id()])));
	let stakers: Vec<_> = validators
		.map(|(stash, ..)| (stash, StakerStatus::Validator))
		.into_iter()
		.chain(nominators)
		.map(|(who, status)| (who.to_account_id(), who.to_account_id(), STAKE, status))
		.collect();
	let mut config = genesis_json(LOCAL);
	config["session"]["keys"] = json!(keys);
	config["staking"]["stakers"] = json!(stakers);
	config["staking"]["validatorCount"] = validators.len().into();
	// The four days of a decision are then 96 blocks.
	config["genesisParameters"]["timing"]["hourBlocks"] = 1.into();
	build(&config).expect("the genesis is sound")
}

/// Runs `transactions` in the next slot whose author is not disabled (CON-R4).
fn next_block(transactions: Vec<UncheckedExtrinsic>) -> Vec<ApplyExtrinsicResult> {
	let slot = *pallet_aura::CurrentSlot::<Runtime>::get() + 1;
	let authorities = pallet_aura::Authorities::<Runtime>::get().len() as u64;
	let disabled = pallet_session::DisabledValidators::<Runtime>::get();
	let is_disabled = disabled.iter().any(|(index, _)| u64::from(*index) == slot % authorities);
	run_block(is_disabled.into(), transactions)
}

fn run_to(number: BlockNumber) {
	while System::block_number() < number {
		next_block(vec![]);
	}
}

/// A node's report that `voter` prevoted for two blocks in a round of the first set.
fn grandpa_report(voter: Ed25519Keyring, round: u64) -> UncheckedExtrinsic {
	let vote = |block: u8| {
		let prevote = Prevote { target_hash: Hash::repeat_byte(block), target_number: 1 };
		let payload = localized_payload(round, 0, &Message::Prevote(prevote.clone()));
		(prevote, voter.sign(&payload).into())
	};
	let equivocation = finality_grandpa::Equivocation {
		round_number: round,
		identity: AuthorityId::from(voter.public()),
		first: vote(1),
		second: vote(2),
	};
	let key_owner_proof =
		KeyOwners::prove((GRANDPA, voter.to_raw_public())).expect("the key is a validator's");
	let report = pallet_grandpa::Call::report_equivocation_unsigned {
		equivocation_proof: Box::new(EquivocationProof::new(0, equivocation.into())),
		key_owner_proof,
	};
	UncheckedExtrinsic::new_bare(RuntimeCall::Grandpa(report))
}

/// The slashes that will be applied when the deferral is over.
fn waiting() -> Vec<UnappliedSlash<AccountId, Balance>> {
	pallet_staking::UnappliedSlashes::<Runtime>::get(DUE_ERA)
}

/// Reports first Bob and then Charlie for GRANDPA equivocations in different rounds. Returns
/// Charlie's slash.
fn report_two() -> UnappliedSlash<AccountId, Balance> {
	// Rewards are added to the stakes.
	stop_payouts();
	// One report a block, so that Bob's slash comes first.
	for (voter, round) in [(Ed25519Keyring::Bob, 1), (Ed25519Keyring::Charlie, 2)] {
		assert_eq!(next_block(vec![grandpa_report(voter, round)]), [DONE]);
	}
	let [bobs, charlies] = waiting().try_into().expect("two were reported");
	for (slash, validator, nominator) in
		[(&bobs, BobStash, Ferdie), (&charlies, CharlieStash, FerdieStash)]
	{
		assert_eq!(slash.validator, validator.to_account_id());
		let nominators: Vec<_> = slash.others.iter().map(|(who, _)| who.clone()).collect();
		assert_eq!(nominators, [nominator.to_account_id()]);
	}
	charlies
}

fn cancel(slash_indices: Vec<u32>) -> RuntimeCall {
	RuntimeCall::Staking(pallet_staking::Call::cancel_deferred_slash {
		era: DUE_ERA,
		slash_indices,
	})
}

fn dispatch(call: RuntimeCall, origin: RuntimeOrigin) -> DispatchResult {
	call.dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

/// Stake of each validator and each nominator.
fn stakes() -> BTreeMap<AccountId, Balance> {
	let ledgers = pallet_staking::Ledger::<Runtime>::iter();
	ledgers.map(|(who, ledger)| (who, ledger.active)).collect()
}

/// Runs past the end of the deferral and checks that only `slash` was applied.
fn only_is_applied(slash: &UnappliedSlash<AccountId, Balance>) {
	assert_eq!(waiting(), std::slice::from_ref(slash));
	run_to(DUE_BLOCK - 1);
	let mut expected = stakes();
	assert!(expected.values().all(|stake| *stake == STAKE));
	for (who, amount) in slash.others.iter().chain([&(slash.validator.clone(), slash.own)]) {
		assert!(*amount > 0);
		*expected.get_mut(who).expect("it is at stake") -= amount;
	}
	run_to(DUE_BLOCK);
	assert_eq!(stakes(), expected);
	run_to(DUE_BLOCK + ERA_BLOCKS);
	assert_eq!(stakes(), expected);
}

/// CON-R29: a report slashes the validator that it reports, and the next block raises the one that was
/// reported before it for the same round.
#[test]
fn validator_that_was_reported_first_is_raised_in_the_next_block() {
	chain().execute_with(|| {
		for voter in [Ed25519Keyring::Bob, Ed25519Keyring::Charlie] {
			assert_eq!(next_block(vec![grandpa_report(voter, 1)]), [DONE]);
		}
		let own = |who: Sr25519Keyring, percent: u32| {
			let who = who.to_account_id();
			let exposure = pallet_staking::EraInfo::<Runtime>::get_full_exposure(0, &who);
			(who, Perbill::from_percent(percent) * exposure.own)
		};
		let (bob, first) = own(BobStash, 36);
		let (_, all) = own(BobStash, 100);
		let slashes = || -> Vec<_> {
			waiting().into_iter().map(|slash| (slash.validator, slash.own)).collect()
		};
		assert_eq!(slashes(), [(bob.clone(), first), own(CharlieStash, 100)]);
		next_block(vec![]);
		let raised = (bob.clone(), all - first);
		assert_eq!(slashes(), [(bob, first), own(CharlieStash, 100), raised]);
		next_block(vec![]);
		assert_eq!(slashes().len(), 3);
	});
}

#[test]
fn slash_that_root_or_the_staking_admin_cancels_takes_nothing() {
	for origin in [RuntimeOrigin::root(), Origin::StakingAdmin.into()] {
		chain().execute_with(|| {
			let charlies = report_two();
			// The last block in which it is not too late.
			run_to(DUE_BLOCK - 1);
			assert_ok!(dispatch(cancel(vec![0]), origin.clone()));
			only_is_applied(&charlies);
			let too_late = pallet_staking::Error::<Runtime>::InvalidSlashIndex.into();
			assert_eq!(dispatch(cancel(vec![0]), origin), Err(too_late));
		});
	}
}

/// Asserts what calls that cancel some of two slashes answer, and how many slashes they leave.
fn assert_cancelled(calls: &[Vec<u32>], results: &[DispatchResult], left: usize) {
	chain().execute_with(|| {
		report_two();
		for (indices, result) in calls.iter().zip(results) {
			let origin: RuntimeOrigin = Origin::StakingAdmin.into();
			assert_eq!(dispatch(cancel(indices.clone()), origin), *result);
		}
		assert_eq!(waiting().len(), left);
	});
}

/// CON-R17: a cancellation moves the later slashes down by one index.
#[test]
fn two_slashes_are_cancelled_by_one_call_or_from_the_last_one_down() {
	let not_there: DispatchError = pallet_staking::Error::<Runtime>::InvalidSlashIndex.into();
	assert_cancelled(&[vec![0, 1]], &[Ok(())], 0);
	assert_cancelled(&[vec![1], vec![0]], &[Ok(()), Ok(())], 0);
	assert_cancelled(&[vec![0], vec![1]], &[Ok(()), Err(not_there)], 1);
}

#[test]
fn slash_is_not_cancelled_by_any_other_origin() {
	chain().execute_with(|| {
		report_two();
		let slashes = waiting();
		let accounts =
			[Alice, BobStash, Ferdie].map(|who| RuntimeOrigin::signed(who.to_account_id()));
		let tracks = [
			Origin::WhitelistedCaller,
			Origin::Treasurer,
			Origin::ReferendumCanceller,
			Origin::ReferendumKiller,
		]
		.map(RuntimeOrigin::from);
		let committee = RawOrigin::<AccountId, TechnicalCollective>::Members(3, 3).into();
		let others = [RuntimeOrigin::none(), committee];
		for origin in accounts.into_iter().chain(tracks).chain(others) {
			let result = dispatch(cancel(vec![0]), origin.clone());
			assert_eq!(result, Err(DispatchError::BadOrigin), "{origin:?}");
		}
		assert_eq!(waiting(), slashes);
	});
}

#[test]
fn slash_is_cancelled_by_a_referendum_on_the_staking_admins_track() {
	chain().execute_with(|| {
		let charlies = report_two();
		let submit = pallet_referenda::Call::submit {
			proposal_origin: Box::new(OriginCaller::Origins(Origin::StakingAdmin)),
			proposal: Preimage::bound(cancel(vec![0])).expect("it is short"),
			enactment_moment: DispatchTime::After(0),
		};
		let deposit = pallet_referenda::Call::place_decision_deposit { index: 0 };
		let vote = pallet_conviction_voting::Call::vote {
			poll_index: 0,
			vote: AccountVote::Standard {
				vote: Vote { aye: true, conviction: Conviction::None },
				balance: 9_000_000 * TOS,
			},
		};
		let mut transactions = vec![
			sign(Dave, 0, RuntimeCall::Referenda(submit)),
			sign(Dave, 1, RuntimeCall::Referenda(deposit)),
		];
		// More than a third of all TOS: what the curve requires after a quarter of the time.
		for voter in [Alice, Bob, Charlie, Eve, DaveStash] {
			transactions.push(sign(voter, 0, RuntimeCall::ConvictionVoting(vote.clone())));
		}
		let results = next_block(transactions);
		assert_eq!(results, vec![DONE; results.len()]);
		assert_eq!(waiting().len(), 2);
		// Decided, confirmed and enacted within an era.
		run_to(ERA_BLOCKS);
		only_is_applied(&charlies);
	});
}
