use super::*;
use futures::{executor::block_on, poll, FutureExt};
use sp_runtime::transaction_validity::ValidTransaction;
use std::{pin::pin, task::Poll};

const BLOCK: Hash = Hash::repeat_byte(1);

fn transaction(bytes: usize) -> Arc<UncheckedExtrinsic> {
	Arc::new(UncheckedExtrinsic::from_blob(vec![0; bytes]))
}

/// A request of a peer or of a user.
fn request(at: Hash, bytes: usize) -> Request {
	Request { at, source: TransactionSource::External, transaction: transaction(bytes) }
}

/// Pushes new transactions of these lengths, whose callers wait.
fn push(queue: &Queue, at: Hash, lengths: &[usize]) -> Vec<oneshot::Receiver<Verdict>> {
	let push = |&bytes: &usize| queue.push(request(at, bytes), Reason::Submission);
	lengths.iter().filter_map(push).collect()
}

/// The lengths of the transactions in each batch that is ready now.
fn batches(queue: &Queue) -> Vec<Vec<usize>> {
	let length = |waiting: &Waiting| waiting.request().transaction.inner().len();
	let batch = || queue.next_batch().now_or_never().flatten();
	std::iter::from_fn(batch).map(|batch| batch.waiting.iter().map(length).collect()).collect()
}

#[test]
fn transaction_that_comes_alone_does_not_wait_for_others() {
	let queue = Queue::new(1);
	let _callers = push(&queue, BLOCK, &[7]);
	assert_eq!(batches(&queue), [[7]]);
}

#[test]
fn worker_that_waits_gets_what_comes() {
	let queue = Queue::new(1);
	block_on(async {
		let mut batch = pin!(queue.next_batch());
		assert!(poll!(&mut batch).is_pending());
		let _callers = push(&queue, BLOCK, &[7]);
		assert!(matches!(poll!(&mut batch), Poll::Ready(Some(batch)) if batch.waiting.len() == 1));
	});
}

#[test]
fn transactions_that_have_gathered_are_taken_together_in_order() {
	let queue = Queue::new(1);
	let _callers = push(&queue, BLOCK, &[3, 1, 2]);
	assert_eq!(batches(&queue), [[3, 1, 2]]);
}

#[test]
fn batch_has_a_limited_number_of_transactions() {
	let queue = Queue::new(1);
	let _callers = push(&queue, BLOCK, &[1; 2 * MAX_VALIDATIONS + 1]);
	let counts: Vec<usize> = batches(&queue).iter().map(Vec::len).collect();
	assert_eq!(counts, [MAX_VALIDATIONS, MAX_VALIDATIONS, 1]);
}

#[test]
fn batch_has_a_limited_number_of_bytes() {
	let queue = Queue::new(1);
	// Encoded, each has a prefix of two bytes.
	let _callers = push(&queue, BLOCK, &[MAX_BYTES / 16; 17]);
	let counts: Vec<usize> = batches(&queue).iter().map(Vec::len).collect();
	assert_eq!(counts, [15, 2]);
}

/// Otherwise the short ones would wait for it.
#[test]
fn long_transaction_shares_its_call_with_none() {
	let queue = Queue::new(1);
	let long = MAX_SHALLOW_BYTES;
	let _callers = push(&queue, BLOCK, &[1, 2, long, long, 3, 4]);
	assert_eq!(batches(&queue), [vec![1, 2], vec![long], vec![long], vec![3, 4]]);
}

#[test]
fn transactions_for_other_blocks_or_from_other_sources_are_not_taken_together() {
	let queue = Queue::new(1);
	let mut callers = push(&queue, BLOCK, &[1, 2]);
	callers.extend(push(&queue, Hash::repeat_byte(2), &[3]));
	let in_block = Request { source: TransactionSource::InBlock, ..request(BLOCK, 4) };
	callers.extend(queue.push(in_block, Reason::Submission));
	assert_eq!(batches(&queue), [vec![1, 2], vec![3], vec![4]]);
}

#[test]
fn each_worker_gets_a_share_of_a_short_line() {
	let queue = Queue::new(4);
	let _callers = push(&queue, BLOCK, &[1, 2, 3, 4, 5, 6, 7]);
	assert_eq!(batches(&queue), [vec![1, 2], vec![3, 4], vec![5], vec![6], vec![7]]);
}

#[test]
fn transaction_for_which_nobody_waits_any_more_is_dropped() {
	let queue = Queue::new(1);
	let mut callers = push(&queue, BLOCK, &[1, 2, 3]);
	drop(callers.remove(1));
	assert_eq!(batches(&queue), [[1, 3]]);
	drop(push(&queue, BLOCK, &[4, 5]));
	assert!(batches(&queue).is_empty());
}

#[test]
fn transactions_on_which_a_block_waits_come_first() {
	let queue = Queue::new(1);
	let mut callers = push(&queue, BLOCK, &[1, 2]);
	callers.extend(queue.push(request(BLOCK, 3), Reason::Maintenance));
	assert_eq!(batches(&queue), [vec![3], vec![1, 2]]);
}

#[test]
fn line_of_abandoned_transactions_does_not_hide_the_other_one() {
	let queue = Queue::new(1);
	drop(queue.push(request(BLOCK, 1), Reason::Maintenance));
	let _callers = push(&queue, BLOCK, &[2]);
	assert_eq!(batches(&queue), [[2]]);
}

#[test]
fn revalidations_beyond_the_limit_are_left_out_until_others_are_answered() {
	let queue = Queue::new(1);
	let revalidate = || queue.push(request(BLOCK, 1), Reason::Revalidation);
	let mut callers: Vec<_> = (0..MAX_REVALIDATIONS).filter_map(|_| revalidate()).collect();
	assert_eq!(callers.len(), MAX_REVALIDATIONS);
	assert!(revalidate().is_none());
	// New transactions have no such limit.
	assert_eq!(push(&queue, BLOCK, &[1]).len(), 1);

	let batch = queue.next_batch().now_or_never().flatten().unwrap();
	assert!(revalidate().is_none());
	let answered = batch.waiting.len();
	for waiting in batch.waiting {
		waiting.answer(Ok(Ok(ValidTransaction::default())));
	}
	let again: Vec<_> = (0..answered + 1).filter_map(|_| revalidate()).collect();
	assert_eq!(again.len(), answered);
	assert!(matches!(callers[0].try_recv(), Ok(Some(Ok(Ok(_))))));
}

#[test]
fn closed_queue_ends_its_workers_when_it_is_empty() {
	let queue = Queue::new(1);
	block_on(async {
		let mut batch = pin!(queue.next_batch());
		assert!(poll!(&mut batch).is_pending());
		queue.close();
		assert!(matches!(poll!(&mut batch), Poll::Ready(None)));
	});
}

#[test]
fn closed_queue_takes_no_more_but_gives_what_it_has() {
	let queue = Queue::new(1);
	let _callers = push(&queue, BLOCK, &[1]);
	queue.close();
	let late = push(&queue, BLOCK, &[2]);
	assert!(late.into_iter().all(|mut caller| caller.try_recv().is_err()));
	assert_eq!(batches(&queue), [[1]]);
	assert!(matches!(queue.next_batch().now_or_never(), Some(None)));
}

/// Validates a batch, all of whose transactions are valid.
fn end(Batch { waiting, turn }: Batch) {
	turn.end(|| {
		for waiting in waiting {
			waiting.answer(Ok(Ok(ValidTransaction::default())));
		}
	});
}

/// Whether each of the callers has got a verdict.
fn have_verdicts(callers: &mut [oneshot::Receiver<Verdict>]) -> Vec<bool> {
	callers.iter_mut().map(|caller| matches!(caller.try_recv(), Ok(Some(_)))).collect()
}

#[test]
fn verdicts_are_given_in_the_order_of_arrival() {
	let queue = Queue::new(2);
	let next = || queue.next_batch().now_or_never().flatten().unwrap();
	let mut callers = push(&queue, BLOCK, &[1, 2, 3]);
	let (first, second) = (next(), next());
	assert_eq!((first.waiting.len(), second.waiting.len()), (2, 1));
	end(second);
	assert_eq!(have_verdicts(&mut callers), [false, false, false]);
	end(first);
	assert_eq!(have_verdicts(&mut callers), [true, true, true]);
}

#[test]
fn batch_that_gets_no_verdicts_holds_up_no_other() {
	let queue = Queue::new(2);
	let next = || queue.next_batch().now_or_never().flatten().unwrap();
	let mut callers = push(&queue, BLOCK, &[1, 2]);
	let (first, second) = (next(), next());
	end(second);
	drop(first);
	assert_eq!(have_verdicts(&mut callers), [false, true]);
}

#[test]
fn nothing_waits_for_a_long_transaction_and_maintenance_waits_for_nothing() {
	let queue = Queue::new(1);
	let next = || queue.next_batch().now_or_never().flatten().unwrap();
	let mut callers = push(&queue, BLOCK, &[MAX_SHALLOW_BYTES, 1]);
	let (long, short) = (next(), next());
	callers.extend(queue.push(request(BLOCK, 2), Reason::Maintenance));
	end(next());
	assert_eq!(have_verdicts(&mut callers), [false, false, true]);
	end(short);
	assert!(have_verdicts(&mut callers[1..2])[0]);
	end(long);
	assert!(have_verdicts(&mut callers[..1])[0]);
}
