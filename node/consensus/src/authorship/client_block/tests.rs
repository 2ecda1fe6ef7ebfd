//! Blocks with the runtime's Wasm.

use super::*;
use crate::authorship::test_chain::TestChain;
use sp_keyring::Sr25519Keyring::{Alice, Bob};

const TIME: Duration = Duration::from_secs(10);

/// More than anybody has.
const UNPAYABLE: Balance = Balance::MAX / 2;

fn open(chain: &TestChain) -> (ClientBlock<'_>, Vec<UncheckedExtrinsic>) {
	let mut block = ClientBlock::open(&chain.client, &chain.header(), chain.digest()).unwrap();
	let inherents = block.inherents(chain.inherent_data()).unwrap();
	assert!(!inherents.is_empty());
	block.add_inherents(inherents.clone()).unwrap();
	(block, inherents)
}

/// The block with these transactions, each from a call of its own.
fn one_by_one(chain: &TestChain, transactions: &[UncheckedExtrinsic]) -> Block {
	let (mut block, _) = open(chain);
	for transaction in transactions {
		assert_eq!(block.apply_alone(transaction), Ok(()));
	}
	block.finish().unwrap().block
}

fn all(count: usize) -> Option<Applied> {
	Some(Applied { count, refused: None })
}

#[test]
fn runtime_applies_together_what_it_applies_one_by_one() {
	let chain = TestChain::new();
	let transactions = [
		chain.remark(Alice, 0, 0, 1),
		chain.remark(Bob, 0, 7, 1_000),
		chain.remark(Alice, 1, 0, 1),
	];
	let (mut block, _) = open(&chain);
	assert_eq!(block.apply_together(&transactions, TIME), all(3));
	assert_eq!(block.finish().unwrap().block, one_by_one(&chain, &transactions));
}

#[test]
fn refused_transaction_is_not_in_the_block_and_ends_the_call() {
	let chain = TestChain::new();
	let [first, last] = [0, 1].map(|nonce| chain.remark(Alice, nonce, 0, 1));
	let unpayable = chain.remark(Bob, 0, UNPAYABLE, 1);
	let (mut block, _) = open(&chain);
	let applied = block.apply_together(&[first.clone(), unpayable, last], TIME).unwrap();
	assert_eq!(applied.count, 1);
	assert!(matches!(applied.refused, Some(Refusal::Invalid(Some(_)))), "{applied:?}");
	assert_eq!(block.finish().unwrap().block, one_by_one(&chain, &[first]));
}

/// A second inherent with the time makes the runtime panic.
#[test]
fn call_in_which_the_runtime_panics_leaves_no_trace() {
	let chain = TestChain::new();
	let transactions = [0, 1].map(|nonce| chain.remark(Alice, nonce, 0, 1));
	let [first, last] = transactions.clone();
	let (mut block, inherents) = open(&chain);
	let panics = inherents[0].clone();

	let together = [first.clone(), panics.clone(), last.clone()];
	assert_eq!(block.apply_together(&together, TIME), None);
	assert_eq!(block.apply_alone(&first), Ok(()));
	assert_eq!(block.apply_alone(&panics), Err(Refusal::Invalid(None)));
	assert_eq!(block.apply_together(&[last], TIME), all(1));
	assert_eq!(block.finish().unwrap().block, one_by_one(&chain, &transactions));
}

#[test]
fn runtime_without_the_function_applies_only_one_by_one() {
	let chain = TestChain::new();
	let transactions = [chain.remark(Alice, 0, 0, 1)];
	let (mut block, _) = open(&chain);
	assert!(block.applies_several);
	block.applies_several = false;
	assert_eq!(block.apply_together(&transactions, TIME), None);
	assert_eq!(block.apply_alone(&transactions[0]), Ok(()));
	assert_eq!(block.finish().unwrap().block, one_by_one(&chain, &transactions));
}

/// Otherwise the body would not be what the runtime has executed, or the author would ask for ever.
#[test]
fn answer_that_claims_too_much_or_nothing_is_not_sound() {
	let answer = |applied, is_refused: bool| {
		let error = sp_runtime::transaction_validity::InvalidTransaction::Stale;
		let refused = is_refused.then(|| error.into());
		Application { applied, refused, is_full: false }
	};
	for (applied, is_refused, expected) in [
		(0, false, false),
		(0, true, true),
		(1, false, true),
		(1, true, true),
		(2, false, true),
		(2, true, false),
		(3, false, false),
		(u32::MAX, true, false),
	] {
		assert_eq!(is_sound(&answer(applied, is_refused), 2), expected, "{applied} {is_refused}");
	}
}
