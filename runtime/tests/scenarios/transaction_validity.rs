//! Transactions that are validated together get the verdicts that they get alone.

use crate::common::{call_api, chain, rolled_back, run_block, sign, sign_with_tip};
use codec::Encode;
use frame_support::MAX_EXTRINSIC_DEPTH;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, Balance, Hash, RuntimeCall, System,
	UncheckedExtrinsic,
};
use gtos_transaction_api::MAX_VALIDATIONS;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::{
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	StateVersion,
};
use std::thread;

const SOURCES: [TransactionSource; 3] =
	[TransactionSource::External, TransactionSource::Local, TransactionSource::InBlock];

/// Calls that are nested too deeply may need more stack than a test's thread has.
const STACK_BYTES: usize = 256 * 1024 * 1024;

fn transfer(value: Balance) -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
		dest: Charlie.to_account_id().into(),
		value,
	})
}

fn set_time() -> RuntimeCall {
	RuntimeCall::Timestamp(pallet_timestamp::Call::set { now: 1 })
}

fn last_block() -> Hash {
	System::block_hash(System::block_number())
}

fn alone(source: TransactionSource, transaction: &UncheckedExtrinsic) -> TransactionValidity {
	let arguments = (source, transaction, last_block()).encode();
	rolled_back(|| call_api("TaggedTransactionQueue_validate_transaction", &arguments))
}

/// Not rolled back: the function has to leave nothing behind.
fn together(
	source: TransactionSource,
	transactions: &[Vec<u8>],
) -> Vec<Option<TransactionValidity>> {
	let arguments = (source, transactions, last_block()).encode();
	call_api("TransactionApi_validate_transactions", &arguments)
}

/// Valid transactions of Alice, and others that are refused for different reasons.
fn mixture() -> Vec<UncheckedExtrinsic> {
	let mut wrong_signature = sign(Alice, 0, transfer(TOS));
	wrong_signature.function = transfer(2 * TOS);
	vec![
		sign(Alice, 0, transfer(TOS)),
		sign(Alice, 1, transfer(TOS)),
		wrong_signature,
		sign(Alice, 0, transfer(2 * TOS)),
		sign_with_tip(Alice, 2, Balance::MAX / 2, transfer(TOS)),
		// Bob's transaction with this nonce is in a block.
		sign(Bob, 0, transfer(TOS)),
		sign(Bob, 9, transfer(TOS)),
		UncheckedExtrinsic::new_bare(transfer(TOS)),
		UncheckedExtrinsic::new_bare(set_time()),
		sign(Alice, 3, set_time()),
		sign(Alice, 4, transfer(TOS)),
	]
}

#[test]
fn each_transaction_gets_the_verdict_that_it_gets_alone() {
	chain(DEV).execute_with(|| {
		let transaction = sign(Bob, 0, transfer(TOS));
		assert_eq!(run_block(0, vec![transaction]), [Ok(Ok(()))]);
		let mut transactions = mixture();
		for source in SOURCES {
			for _ in 0..2 {
				let encoded: Vec<_> = transactions.iter().map(Encode::encode).collect();
				let expected: Vec<_> =
					transactions.iter().map(|it| Some(alone(source, it))).collect();
				assert_eq!(together(source, &encoded), expected, "{source:?}");
				let valid = expected.iter().filter(|it| matches!(it, Some(Ok(_)))).count();
				assert_eq!(valid, 5, "{source:?}: {expected:?}");
				transactions.reverse();
			}
		}
		assert!(together(TransactionSource::External, &[]).is_empty());
	});
}

/// Anybody can call the function over JSON-RPC.
#[test]
fn call_validates_a_limited_number_of_transactions() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let transactions = vec![sign(Alice, 0, transfer(TOS)).encode(); MAX_VALIDATIONS + 1];
		let verdicts = together(TransactionSource::External, &transactions);
		assert_eq!(verdicts.len(), MAX_VALIDATIONS);
		assert!(verdicts.iter().all(|verdict| matches!(verdict, Some(Ok(_)))));
	});
}

#[test]
fn each_transaction_sees_only_the_state_of_the_block() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let chain: Vec<_> =
			(0..3).map(|nonce| sign(Alice, nonce, transfer(TOS)).encode()).collect();
		let before = sp_io::storage::root(StateVersion::V1);
		let verdicts = together(TransactionSource::External, &chain);
		let verdicts: Vec<_> = verdicts
			.into_iter()
			.map(|verdict| verdict.expect("it decodes").expect("it is valid"))
			.collect();
		assert!(verdicts[0].requires.is_empty());
		for pair in verdicts.windows(2) {
			assert_eq!(pair[1].requires, pair[0].provides);
		}
		assert_eq!(sp_io::storage::root(StateVersion::V1), before);
	});
}

#[test]
fn bytes_that_do_not_decode_have_no_verdict_and_spoil_no_other() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let valid = sign(Alice, 0, transfer(TOS));
		let bytes = valid.encode();
		let transactions = [
			vec![],
			bytes.clone(),
			vec![0xff; 100],
			bytes[..bytes.len() - 1].to_vec(),
			[&bytes[..], &[0]].concat(),
			bytes,
		];
		let verdict = alone(TransactionSource::External, &valid);
		assert!(verdict.is_ok());
		let verdict = Some(verdict);
		let expected = [None, verdict.clone(), None, None, None, verdict];
		assert_eq!(together(TransactionSource::External, &transactions), expected);
	});
}

/// An extrinsic that is nested too deeply to be valid.
fn too_deep() -> UncheckedExtrinsic {
	let mut call = transfer(TOS);
	for _ in 0..=MAX_EXTRINSIC_DEPTH {
		call = RuntimeCall::Utility(pallet_utility::Call::batch { calls: vec![call] });
	}
	sign(Alice, 0, call)
}

/// If it is alone, it is decoded without the limit first, and then refused.
#[test]
fn transaction_that_is_nested_too_deeply_is_left_to_be_validated_alone() {
	let run = || {
		chain(DEV).execute_with(|| {
			run_block(0, vec![]);
			let deep = too_deep();
			let refusal = TransactionValidityError::Invalid(InvalidTransaction::Call);
			assert_eq!(alone(TransactionSource::External, &deep), Err(refusal));
			assert_eq!(together(TransactionSource::External, &[deep.encode()]), [None]);
		});
	};
	let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(run).expect("threads start");
	if let Err(panic) = thread.join() {
		std::panic::resume_unwind(panic);
	}
}
