//! A normal transaction pays although its call waives the fee (ECO-R2).

use crate::{
	blocks::last_fee,
	common::{chain, run_block, sign},
};
use frame_support::{assert_ok, dispatch::GetDispatchInfo, traits::fungible::Mutate};
use gtos_runtime::{
	configs::governance::TechnicalCollective, constants::currency::TOS,
	genesis_config_presets::LOCAL, AccountId, Balance, Balances, Preimage, Runtime, RuntimeCall,
	RuntimeOrigin,
};
use pallet_staking::{Bonded, Ledger, Payee, RewardDestination, StakingLedger};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::traits::{BlakeTwo256, Hash as _};

/// The fee for the declared weight of `call` alone, at the lowest multiplier.
fn fee_of(call: &RuntimeCall) -> Balance {
	call.get_dispatch_info().call_weight.ref_time().into()
}

/// The fee of a block whose only transaction is `call` of Alice, which succeeds.
fn fee_paid_by_alice(nonce: u32, call: RuntimeCall) -> Balance {
	assert_eq!(run_block(0, vec![sign(Alice, nonce, call)]), [Ok(Ok(()))]);
	let (fee, tip) = last_fee();
	assert_eq!(tip, 0);
	fee
}

/// Governance asks for a preimage, and anybody can store it again and again.
#[test]
fn preimage_that_is_requested_is_not_stored_for_free() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let bytes = vec![7; 50_000];
		let hash = BlakeTwo256::hash(&bytes);
		assert_ok!(Preimage::request_preimage(RuntimeOrigin::root(), hash));
		let note = RuntimeCall::Preimage(pallet_preimage::Call::note_preimage { bytes });
		for nonce in 0..2 {
			assert!(fee_paid_by_alice(nonce, note.clone()) > fee_of(&note), "{nonce}");
		}
	});
}

/// The caller chooses the number of spans, and with it the weight.
#[test]
fn stash_without_stake_is_not_reaped_for_free() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let stash = AccountId::new([7; 32]);
		Balances::set_balance(&stash, TOS);
		Bonded::<Runtime>::insert(&stash, &stash);
		Payee::<Runtime>::insert(&stash, RewardDestination::Stash);
		Ledger::<Runtime>::insert(&stash, StakingLedger::<Runtime>::new(stash.clone(), 0));
		let num_slashing_spans = 1_000;
		let reap = pallet_staking::Call::reap_stash { stash: stash.clone(), num_slashing_spans };
		let reap = RuntimeCall::Staking(reap);
		assert!(fee_paid_by_alice(0, reap.clone()) > fee_of(&reap));
		assert!(!Ledger::<Runtime>::contains_key(&stash));
	});
}

/// The committee's calls are operational: what they waive is free. Nobody else can make them, and each motion has been
/// paid for.
#[test]
fn first_vote_of_a_committee_member_stays_free() {
	chain(LOCAL).execute_with(|| {
		let motion = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
		let hash = BlakeTwo256::hash_of(&motion);
		let propose = pallet_collective::Call::<Runtime, TechnicalCollective>::propose {
			threshold: 2,
			proposal: Box::new(motion),
			length_bound: 100,
		};
		assert!(fee_paid_by_alice(0, RuntimeCall::TechnicalCommittee(propose)) > 0);
		let vote = |approve| {
			let vote = pallet_collective::Call::vote { proposal: hash, index: 0, approve };
			RuntimeCall::TechnicalCommittee(vote)
		};
		assert_eq!(fee_paid_by_alice(1, vote(true)), 0);
		assert!(fee_paid_by_alice(2, vote(false)) > 0);
		assert_eq!(run_block(0, vec![sign(Bob, 0, vote(true))]), [Ok(Ok(()))]);
		assert_eq!(last_fee(), (0, 0));
	});
}
