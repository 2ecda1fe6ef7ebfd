//! A worker with a runtime that is made up.

use super::*;
use crate::gathered_validation::queue::Reason;
use futures::{channel::oneshot, executor::block_on, FutureExt};
use gtos_runtime::opaque::UncheckedExtrinsic;
use parking_lot::Mutex;
use sp_runtime::transaction_validity::{InvalidTransaction, ValidTransaction};

const BLOCK: Hash = Hash::repeat_byte(1);
const UNDECODABLE: u8 = 0xff;
const STALE: u8 = 0;

/// What the made-up runtime says about a transaction of one byte, which is its priority.
fn verdict(byte: u8) -> TransactionValidity {
	match byte {
		STALE => InvalidTransaction::Stale.into(),
		byte => Ok(ValidTransaction { priority: byte.into(), ..Default::default() }),
	}
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Behaviour {
	Works,
	Fails,
	Forgets,
	IsOld,
}

struct Runtime {
	behaviour: Behaviour,
	/// The transactions of each call, and whether the call is one for several.
	calls: Mutex<Vec<(bool, Vec<u8>)>>,
}

impl Validator for Runtime {
	fn validate_together(
		&self,
		at: Hash,
		source: TransactionSource,
		transactions: Vec<Vec<u8>>,
	) -> Answer {
		assert_eq!((at, source), (BLOCK, TransactionSource::External));
		// The prefix with the length comes first.
		let bytes: Vec<u8> = transactions.iter().map(|transaction| transaction[1]).collect();
		let mut verdicts: Vec<_> =
			bytes.iter().map(|&byte| (byte != UNDECODABLE).then(|| verdict(byte))).collect();
		self.calls.lock().push((true, bytes));
		match self.behaviour {
			Behaviour::Works => Answer::Verdicts(verdicts),
			Behaviour::Fails => Answer::Failed("on purpose".into()),
			Behaviour::Forgets => {
				verdicts.remove(0);
				Answer::Verdicts(verdicts)
			},
			Behaviour::IsOld => Answer::Unsupported,
		}
	}

	fn validate_alone(&self, request: &Request) -> Verdict {
		let byte = request.transaction.inner()[0];
		self.calls.lock().push((false, vec![byte]));
		if byte == UNDECODABLE {
			return Err(sp_blockchain::Error::Backend("undecodable".into()).into());
		}
		Ok(verdict(byte))
	}
}

/// What happens to transactions that have gathered.
struct Outcome {
	calls: Vec<(bool, Vec<u8>)>,
	verdicts: Vec<Option<Verdict>>,
	metrics: Metrics,
}

/// Validates transactions, each of one byte, that have gathered. The callers of some have left.
fn validate_unless(left: &[u8], behaviour: Behaviour, transactions: &[u8]) -> Outcome {
	let queue = Arc::new(Queue::new(1));
	let mut callers: Vec<oneshot::Receiver<Verdict>> = transactions
		.iter()
		.filter_map(|&byte| {
			let transaction = Arc::new(UncheckedExtrinsic::from_blob(vec![byte]));
			let source = TransactionSource::External;
			queue.push(Request { at: BLOCK, source, transaction }, Reason::Submission)
		})
		.collect();
	for (caller, byte) in callers.iter_mut().zip(transactions) {
		if left.contains(byte) {
			caller.close();
		}
	}
	queue.close();
	let runtime = Arc::new(Runtime { behaviour, calls: Default::default() });
	let metrics = Metrics::new(None).unwrap();
	block_on(run(queue, runtime.clone(), metrics.clone()));
	let verdicts = callers.iter_mut().map(|caller| caller.try_recv().ok().flatten()).collect();
	let calls = runtime.calls.lock().clone();
	Outcome { calls, verdicts, metrics }
}

fn validate(behaviour: Behaviour, transactions: &[u8]) -> Outcome {
	validate_unless(&[], behaviour, transactions)
}

/// Checks that every transaction has got its own verdict.
#[track_caller]
fn assert_verdicts(outcome: &Outcome, transactions: &[u8]) {
	assert_eq!(outcome.verdicts.len(), transactions.len());
	for (&byte, given) in transactions.iter().zip(&outcome.verdicts) {
		match given {
			Some(Ok(given)) => assert_eq!(given, &verdict(byte)),
			Some(Err(_)) => assert_eq!(byte, UNDECODABLE),
			None => panic!("{byte} has no verdict"),
		}
	}
}

#[test]
fn transactions_that_have_gathered_take_one_call_and_get_their_own_verdicts() {
	let transactions = [5, STALE, 3, 4];
	let outcome = validate(Behaviour::Works, &transactions);
	assert_eq!(outcome.calls, [(true, transactions.to_vec())]);
	assert_verdicts(&outcome, &transactions);
	assert_eq!((outcome.metrics.calls(), outcome.metrics.finished()), (1, 4));
}

#[test]
fn single_transaction_takes_the_usual_call() {
	let outcome = validate(Behaviour::Works, &[5]);
	assert_eq!(outcome.calls, [(false, vec![5])]);
	assert_verdicts(&outcome, &[5]);
	assert_eq!((outcome.metrics.calls(), outcome.metrics.finished()), (1, 1));
}

#[test]
fn transaction_on_which_the_runtime_may_fail_is_validated_alone_after_the_others() {
	let transactions = [5, UNDECODABLE, 3];
	let outcome = validate(Behaviour::Works, &transactions);
	assert_eq!(outcome.calls, [(true, transactions.to_vec()), (false, vec![UNDECODABLE])]);
	assert_verdicts(&outcome, &transactions);
	assert_eq!((outcome.metrics.calls(), outcome.metrics.finished()), (2, 3));
	assert_eq!(outcome.metrics.failures(), 0);
}

#[test]
fn call_that_fails_spoils_no_verdict() {
	let transactions = [5, STALE, 3];
	let alone = [5, STALE, 3].map(|byte| (false, vec![byte]));
	for behaviour in [Behaviour::Fails, Behaviour::Forgets] {
		let outcome = validate(behaviour, &transactions);
		assert_eq!(outcome.calls[0], (true, transactions.to_vec()), "{behaviour:?}");
		assert_eq!(outcome.calls[1..], alone, "{behaviour:?}");
		assert_verdicts(&outcome, &transactions);
		assert_eq!(outcome.metrics.failures(), 1, "{behaviour:?}");
		assert_eq!((outcome.metrics.calls(), outcome.metrics.finished()), (3, 3));
	}
}

#[test]
fn runtime_without_the_function_validates_one_by_one() {
	let transactions = [5, STALE];
	let outcome = validate(Behaviour::IsOld, &transactions);
	assert_eq!(outcome.calls[1..], [5, STALE].map(|byte| (false, vec![byte])));
	assert_verdicts(&outcome, &transactions);
	assert_eq!(outcome.metrics.failures(), 0);
}

#[test]
fn nothing_is_validated_for_callers_that_have_left() {
	let outcome = validate_unless(&[5, 3], Behaviour::Fails, &[5, 4, 3]);
	assert_eq!(outcome.calls, [(false, vec![4])]);
	assert!(matches!(&outcome.verdicts[..], [None, Some(Ok(_)), None]));
}

/// Its node ends. Without the error, the callers would wait for ever.
#[test]
fn callers_of_a_worker_that_is_cancelled_get_an_error() {
	let queue = Arc::new(Queue::new(1));
	let runtime = Arc::new(Runtime { behaviour: Behaviour::Works, calls: Default::default() });
	let mut worker = run(queue.clone(), runtime, Metrics::new(None).unwrap()).boxed();
	assert!((&mut worker).now_or_never().is_none());
	let push = || {
		let transaction = Arc::new(UncheckedExtrinsic::from_blob(vec![5]));
		let source = TransactionSource::External;
		queue.push(Request { at: BLOCK, source, transaction }, Reason::Submission)
	};
	let before = push().unwrap();
	drop(worker);
	for caller in [before, push().unwrap()] {
		assert!(matches!(caller.now_or_never(), Some(Err(_))));
	}
}
