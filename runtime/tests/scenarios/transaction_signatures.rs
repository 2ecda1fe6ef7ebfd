//! Signatures that are verified before their block is executed.

use crate::common::{call_api, chain, rolled_back, run_block, sign, sign_for};
use codec::Encode;
use frame_support::MAX_EXTRINSIC_DEPTH;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, Balance, Hash, Runtime, RuntimeCall,
	System, UncheckedExtrinsic,
};
use gtos_transaction_api::MAX_SIGNATURES;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::generic::Era;

fn transfer(value: Balance) -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
		dest: Bob.to_account_id().into(),
		value,
	})
}

/// How many of the signatures are right in the block after `parent`, from the state after the last block.
fn right_signatures(parent: Hash, extrinsics: &[Vec<u8>]) -> u32 {
	rolled_back(|| {
		// `run_block` stores the hash of the last block, which the state of a node does not have.
		frame_system::BlockHash::<Runtime>::remove(System::block_number());
		call_api("TransactionApi_verify_signatures", &(parent, extrinsics).encode())
	})
}

fn last_block() -> Hash {
	System::block_hash(System::block_number())
}

#[test]
fn only_signed_extrinsics_with_a_right_signature_are_counted() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let right = sign(Alice, 0, transfer(TOS));
		let mut wrong = right.clone();
		wrong.function = transfer(2 * TOS);
		let bare = UncheckedExtrinsic::new_bare(transfer(TOS));
		let right = right.encode();
		let longer = [&right[..], &[0]].concat();
		let extrinsics = [
			vec![],
			vec![0xff; 100],
			wrong.encode(),
			bare.encode(),
			right[..right.len() - 1].to_vec(),
			longer,
			right.clone(),
			// It could not be executed: its nonce is in the future.
			sign(Bob, 9, transfer(TOS)).encode(),
		];
		let counts = extrinsics.clone().map(|bytes| right_signatures(last_block(), &[bytes]));
		assert_eq!(counts, [0, 0, 0, 0, 0, 0, 1, 1]);
		assert_eq!(right_signatures(last_block(), &extrinsics), 2);
		assert_eq!(right_signatures(last_block(), &[]), 0);
	});
}

#[test]
fn call_verifies_no_more_signatures_than_it_may() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let extrinsics = vec![sign(Alice, 0, transfer(TOS)).encode(); MAX_SIGNATURES + 1];
		let right = |count: usize| right_signatures(last_block(), &extrinsics[..count]) as usize;
		for count in [MAX_SIGNATURES - 1, MAX_SIGNATURES] {
			assert_eq!(right(count), count);
		}
		assert_eq!(right(MAX_SIGNATURES + 1), MAX_SIGNATURES);
	});
}

#[test]
fn extrinsic_that_is_nested_too_deeply_has_no_right_signature() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let deep = (0..=MAX_EXTRINSIC_DEPTH).fold(transfer(TOS), |call, _| {
			RuntimeCall::Utility(pallet_utility::Call::batch { calls: vec![call] })
		});
		let extrinsics = [sign(Alice, 0, deep).encode(), sign(Bob, 0, transfer(TOS)).encode()];
		assert_eq!(right_signatures(last_block(), &extrinsics), 1);
	});
}

#[test]
fn transaction_that_begins_to_be_valid_at_the_parent_is_right_only_after_it() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let era = Era::mortal(4, System::block_number().into());
		let transaction = sign_for(era, &Alice.pair(), 0, 0, transfer(TOS));
		let encoded = [transaction.encode()];
		assert_eq!(right_signatures(last_block(), &encoded), 1);
		assert_eq!(right_signatures(Hash::repeat_byte(1), &encoded), 0);
		assert_eq!(run_block(0, vec![transaction]), [Ok(Ok(()))]);
	});
}
