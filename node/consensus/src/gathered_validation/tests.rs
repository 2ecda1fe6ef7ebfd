//! The pool on a chain that has only its genesis block, with the runtime's Wasm.

use super::{
	queue::{Error, Reason, Request},
	worker::{Answer, Validator},
	*,
};
use crate::{
	test_client,
	test_extrinsics::{remark, sign},
};
use futures::{executor::block_on, future::join_all};
use gtos_runtime::{opaque::UncheckedExtrinsic, Balance, Hash};
use sc_transaction_pool::{Builder, ChainApi, ValidateTransactionPriority};
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoPoolError},
	LocalTransactionPool, TransactionPool as _, TransactionSource,
};
use sp_core::testing::TaskExecutor;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::transaction_validity::{
	InvalidTransaction, TransactionValidity, TransactionValidityError, UnknownTransaction,
};
use std::slice;
use tempfile::TempDir;

const LIMITS: PoolLimits =
	PoolLimits { transactions: 10_000, bytes: 10_000_000, ban_time: Duration::from_secs(3_600) };

const AT_ONCE: usize = 200;

/// More than anybody has.
const UNPAYABLE: Balance = Balance::MAX / 2;

struct Node {
	client: Arc<FullClient>,
	genesis: Hash,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl Node {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open_with_state(folder.path()));
		let genesis = client.info().genesis_hash;
		Self { client, genesis, _folder: folder }
	}

	/// A pool of this node, and its metrics.
	fn pool(&self) -> (GatheringPool, Metrics) {
		let (client, spawner) = (self.client.clone(), Box::new(TaskExecutor::new()));
		let metrics = Metrics::new(None).unwrap();
		(start(client, &LIMITS, true, spawner, None, metrics.clone()), metrics)
	}

	/// A remark.
	fn transaction(&self, signer: Sr25519Keyring, nonce: u32, tip: Balance) -> UncheckedExtrinsic {
		sign(self.genesis, signer, nonce, tip, &remark(1))
	}

	/// Submits all at once, as many connections would, and returns the results in this order.
	fn submit(
		&self,
		pool: &GatheringPool,
		transactions: &[UncheckedExtrinsic],
	) -> Vec<Result<Hash, Error>> {
		let submit = |transaction: &UncheckedExtrinsic| {
			pool.submit_one(self.genesis, TransactionSource::External, transaction.clone())
		};
		block_on(join_all(transactions.iter().map(submit)))
	}
}

/// The hash, or why the pool has refused; an error without a reason if the runtime has failed.
fn outcome(result: Result<Hash, Error>) -> Result<Hash, Option<String>> {
	result.map_err(|error| error.into_pool_error().ok().map(|error| error.to_string()))
}

/// Why the pool has refused; `None` if it has not, or if the runtime has failed.
fn refusal(result: Result<Hash, Error>) -> Option<PoolError> {
	result.err()?.into_pool_error().ok()
}

#[test]
fn transactions_that_come_at_once_take_few_calls_and_all_get_in() {
	let node = Node::new();
	let (pool, metrics) = node.pool();
	let transactions: Vec<_> =
		(0..AT_ONCE).map(|nonce| node.transaction(Alice, nonce as u32, 0)).collect();
	let hashes: Vec<_> =
		node.submit(&pool, &transactions).into_iter().map(Result::unwrap).collect();
	let expected: Vec<_> = transactions.iter().map(|it| pool.hash_of(it)).collect();
	assert_eq!(hashes, expected);
	let status = pool.status();
	assert_eq!((status.ready, status.future), (AT_ONCE, 0));
	assert_eq!(metrics.finished(), AT_ONCE as u64);
	// The first ones may be validated alone, before the others have come.
	assert!(metrics.calls() < AT_ONCE as u64 / 2, "{}", metrics.calls());
	assert_eq!(metrics.failures(), 0);
}

#[test]
fn each_transaction_gets_the_verdict_that_it_gets_in_the_pool_of_the_sdk() {
	let node = Node::new();
	let (pool, metrics) = node.pool();
	let sdk: TransactionPool =
		Builder::new(TaskExecutor::new(), node.client.clone(), true.into()).build();

	let of_another_chain = sign(Hash::repeat_byte(9), Bob, 0, 0, &remark(1));
	let short = UncheckedExtrinsic::from_blob(vec![0x84]);
	let transactions = [
		node.transaction(Alice, 0, 0),
		of_another_chain,
		node.transaction(Alice, 1, UNPAYABLE),
		UncheckedExtrinsic::from_blob(vec![0xff; 100]),
		short,
		node.transaction(Alice, 7, 0),
		node.transaction(Bob, 0, 0),
	];
	let ours = node.submit(&pool, &transactions).into_iter().map(outcome);
	let singly = transactions.iter().map(|transaction| {
		let source = TransactionSource::External;
		outcome(block_on(sdk.submit_one(node.genesis, source, transaction.clone())))
	});
	let (ours, singly): (Vec<_>, Vec<_>) = (ours.collect(), singly.collect());
	assert_eq!(ours, singly);
	let is_accepted: Vec<_> = ours.iter().map(Result::is_ok).collect();
	assert_eq!(is_accepted, [true, false, false, false, false, true, true]);
	// On these the runtime fails.
	assert_eq!([&ours[3], &ours[4]], [&Err(None), &Err(None)]);
	assert_eq!(metrics.failures(), 0);
}

/// The reports of equivocations rely on it.
#[test]
fn transaction_of_this_node_is_validated_at_once_and_no_ban_holds_it_back() {
	let node = Node::new();
	let (pool, _) = node.pool();
	let unpayable = node.transaction(Bob, 0, UNPAYABLE);
	let external = || node.submit(&pool, slice::from_ref(&unpayable)).remove(0);
	let invalid = PoolError::InvalidTransaction(InvalidTransaction::Payment).to_string();
	assert_eq!(refusal(external()).map(|error| error.to_string()), Some(invalid.clone()));
	assert!(matches!(refusal(external()), Some(PoolError::TemporarilyBanned)));
	let local = pool.submit_local(node.genesis, unpayable);
	assert_eq!(refusal(local).map(|error| error.to_string()), Some(invalid.clone()));

	// Nor does it ban one for others.
	let unpayable = node.transaction(Bob, 1, UNPAYABLE);
	let local = pool.submit_local(node.genesis, unpayable.clone());
	assert_eq!(refusal(local).map(|error| error.to_string()), Some(invalid.clone()));
	let external = node.submit(&pool, slice::from_ref(&unpayable)).remove(0);
	assert_eq!(refusal(external).map(|error| error.to_string()), Some(invalid));

	let valid = node.transaction(Alice, 0, 0);
	let hash = pool.submit_local(node.genesis, valid.clone()).unwrap();
	assert_eq!(hash, pool.hash_of(&valid));
	assert!(pool.ready_transaction(&hash).is_some());
	let again = refusal(pool.submit_local(node.genesis, valid));
	assert!(matches!(again, Some(PoolError::AlreadyImported(_))), "{again:?}");

	let unknown_block = pool.submit_local(Hash::repeat_byte(1), node.transaction(Alice, 1, 0));
	assert!(matches!(refusal(unknown_block), Some(PoolError::InvalidBlockId(_))));
}

/// An interface to the chain without workers, and its metrics.
fn api(node: &Node) -> (GatheringApi, Metrics) {
	let validator = Arc::new(RuntimeValidator::new(node.client.clone()));
	let metrics = Metrics::new(None).unwrap();
	(GatheringApi::new(validator, Arc::new(Queue::new(1)), metrics.clone()), metrics)
}

#[test]
fn revalidation_that_is_left_out_says_nothing_about_the_transaction() {
	let node = Node::new();
	let (api, metrics) = api(&node);
	let transaction = Arc::new(node.transaction(Alice, 0, 0));
	let validate = || -> Option<Result<TransactionValidity, Error>> {
		let priority = ValidateTransactionPriority::Submitted;
		let source = TransactionSource::External;
		api.validate_transaction(node.genesis, source, transaction.clone(), priority).now_or_never()
	};
	let (mut waiting, mut left_out) = (0, 0);
	for _ in 0..1_000 {
		match revalidation::pretend(validate) {
			None => waiting += 1,
			Some(verdict) => {
				// The pool removes a transaction for an error, or if it is invalid.
				let unknown = TransactionValidityError::Unknown(UnknownTransaction::CannotLookup);
				assert_eq!(verdict.unwrap(), Err(unknown));
				left_out += 1;
			},
		}
	}
	assert!(waiting > 0 && left_out > 0, "{waiting} {left_out}");
	assert_eq!(metrics.left_out(), left_out);
	// New transactions are not left out.
	assert!(validate().is_none());
	assert_eq!(metrics.left_out(), left_out);
}

#[test]
fn transaction_of_this_node_needs_no_worker_unless_it_is_validated_again() {
	let node = Node::new();
	let (api, _) = api(&node);
	let transaction = Arc::new(node.transaction(Alice, 0, 0));
	let validate = || {
		let priority = ValidateTransactionPriority::Submitted;
		let source = TransactionSource::Local;
		api.validate_transaction(node.genesis, source, transaction.clone(), priority).now_or_never()
	};
	assert!(matches!(validate(), Some(Ok(Ok(_)))));
	assert!(revalidation::pretend(validate).is_none());
}

#[test]
fn runtime_validates_several_transactions_in_one_call() {
	let node = Node::new();
	let validator = RuntimeValidator::new(node.client.clone());
	let source = TransactionSource::External;
	let transactions = [
		node.transaction(Alice, 0, 0),
		UncheckedExtrinsic::from_blob(vec![0xff; 100]),
		node.transaction(Alice, 1, UNPAYABLE),
	];
	let encoded = transactions.iter().map(codec::Encode::encode).collect();
	let answer = validator.validate_together(node.genesis, source, encoded);
	let Answer::Verdicts(verdicts) = answer else { panic!("{answer:?}") };
	let alone = |transaction: &UncheckedExtrinsic| {
		let transaction = Arc::new(transaction.clone());
		validator.validate_alone(&Request { at: node.genesis, source, transaction }).ok()
	};
	let expected: Vec<_> = transactions.iter().map(alone).collect();
	assert_eq!(verdicts, expected);
	assert!(matches!(&verdicts[..], [Some(Ok(_)), None, Some(Err(_))]));
}

#[test]
fn unknown_block_has_no_verdicts() {
	let node = Node::new();
	let validator = RuntimeValidator::new(node.client.clone());
	let source = TransactionSource::External;
	let answer = validator.validate_together(Hash::repeat_byte(1), source, vec![vec![0], vec![0]]);
	assert!(matches!(answer, Answer::Unsupported), "{answer:?}");
}

#[test]
fn queue_is_closed_when_the_pool_is_gone() {
	let node = Node::new();
	let validator = Arc::new(RuntimeValidator::new(node.client.clone()));
	let queue = Arc::new(Queue::new(1));
	let metrics = Metrics::new(None).unwrap();
	let transaction = Arc::new(node.transaction(Alice, 0, 0));
	let request = Request { at: node.genesis, source: TransactionSource::External, transaction };
	let verdict = queue.push(request, Reason::Submission);
	drop(GatheringApi::new(validator.clone(), queue.clone(), metrics.clone()));
	// It ends, after it has validated what was waiting.
	block_on(worker::run(queue, validator, metrics));
	assert!(matches!(verdict.map(block_on), Some(Ok(Ok(Ok(_))))));
}
