//! A transaction is executed once on each fork (TXN-R15).

use crate::common::{chain, run_block, sign};
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, Balance, Balances, RuntimeCall,
	UncheckedExtrinsic,
};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult,
};

const STALE: ApplyExtrinsicResult =
	Err(TransactionValidityError::Invalid(InvalidTransaction::Stale));

fn payment(state: &mut TestExternalities) -> UncheckedExtrinsic {
	let call = RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
		dest: Bob.to_account_id().into(),
		value: TOS,
	});
	state.execute_with(|| sign(Alice, 0, call))
}

/// Runs a block after `skipped` empty slots. Returns the results of the transactions and Bob's
/// balance.
fn block(
	state: &mut TestExternalities,
	skipped: u64,
	transactions: Vec<UncheckedExtrinsic>,
) -> (Vec<ApplyExtrinsicResult>, Balance) {
	state.execute_with(|| {
		let results = run_block(skipped, transactions);
		(results, Balances::free_balance(Bob.to_account_id()))
	})
}

#[test]
fn transaction_of_an_abandoned_fork_is_executed_once_on_the_other() {
	let [mut abandoned, mut lasting] = [chain(DEV), chain(DEV)];
	let transaction = payment(&mut lasting);
	let (_, before) = block(&mut lasting, 1, vec![]);

	let (results, bob) = block(&mut abandoned, 0, vec![transaction.clone()]);
	assert_eq!((results, bob), (vec![Ok(Ok(()))], before + TOS));

	// The chain continues with the other fork, which does not contain the transaction yet.
	let (results, bob) = block(&mut lasting, 0, vec![transaction.clone()]);
	assert_eq!((results, bob), (vec![Ok(Ok(()))], before + TOS));
	for state in [&mut abandoned, &mut lasting] {
		let (results, bob) = block(state, 0, vec![transaction.clone()]);
		assert_eq!((results, bob), (vec![STALE], before + TOS));
	}
}

#[test]
fn transaction_is_stale_after_the_state_was_written_and_read_again() {
	let mut state = chain(DEV);
	let transaction = payment(&mut state);
	let (results, before) = block(&mut state, 0, vec![transaction.clone()]);
	assert_eq!(results, [Ok(Ok(()))]);

	state.commit_all().expect("no change is half done");
	let (nodes, root) = state.into_raw_snapshot();
	let mut state = TestExternalities::from_raw_snapshot(nodes, root, Default::default());
	assert_eq!(block(&mut state, 0, vec![transaction]), (vec![STALE], before));
}
