//! Transactions that wait for their validation, and how they are gathered.

use super::turns::{Turn, Turns};
use codec::Encode;
use futures::channel::oneshot;
use gtos_node_types::{Block, FullClient, MAX_SHALLOW_BYTES};
use gtos_runtime::{opaque::UncheckedExtrinsic, Hash};
use gtos_transaction_api::MAX_VALIDATIONS;
use parking_lot::Mutex;
use sc_transaction_pool::{ChainApi, FullChainApi};
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};
use std::{collections::VecDeque, mem, sync::Arc};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Most bytes of transactions that are validated together.
const MAX_BYTES: usize = 16 * 1024;

/// Most transactions of the pool that are validated again at the same time. Others are left as they are until
/// the next block.
///
/// The pool wants all of its transactions validated again after each block, a quarter of them every 200 ms. With
/// thousands, that would leave no time for new ones. And the pool takes them back in a time that grows with the
/// square of their number, while it does nothing else.
const MAX_REVALIDATIONS: usize = 256;

/// Error of a pool of the SDK.
pub(super) type Error = <FullChainApi<FullClient, Block> as ChainApi>::Error;

/// What the runtime says about a transaction, or why it says nothing.
pub(super) type Verdict = Result<TransactionValidity, Error>;

/// Why a transaction is validated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reason {
	/// It is new.
	Submission,
	/// It is in the pool, and a block has been imported since its last validation.
	Revalidation,
	/// The pool needs the verdict before it can go on to the next block.
	Maintenance,
}

/// A transaction that is to be validated.
pub(super) struct Request {
	/// The block from whose state the verdict is computed.
	pub(super) at: Hash,
	pub(super) source: TransactionSource,
	pub(super) transaction: Arc<UncheckedExtrinsic>,
}

/// A request in the queue.
pub(super) struct Waiting {
	request: Request,
	bytes: usize,
	verdict: oneshot::Sender<Verdict>,
	/// Given back when the revalidation has been answered.
	_permit: Option<OwnedSemaphorePermit>,
}

impl Waiting {
	/// What is to be validated.
	pub(super) fn request(&self) -> &Request {
		&self.request
	}

	/// Gives the verdict to whoever waits for it.
	pub(super) fn answer(self, verdict: Verdict) {
		// An error means that nobody waits any more.
		let _ = self.verdict.send(verdict);
	}

	/// Whether nobody waits for the verdict any more.
	pub(super) fn is_given_up(&self) -> bool {
		self.verdict.is_canceled()
	}

	/// Whether others may wait for it. A long transaction can take as long as hundreds of short ones.
	fn is_short(&self) -> bool {
		self.bytes <= MAX_SHALLOW_BYTES
	}

	/// Whether one call may validate both.
	fn goes_with(&self, other: &Self) -> bool {
		self.is_short()
			&& other.is_short()
			&& self.request.at == other.request.at
			&& self.request.source == other.request.source
	}
}

/// What one call is to validate.
pub(super) struct Batch {
	/// At least one transaction.
	pub(super) waiting: Vec<Waiting>,
	/// When the verdicts may be given.
	pub(super) turn: Turn,
}

/// The queue. Workers take from it what one call of the runtime can validate.
pub(super) struct Queue {
	lines: Mutex<Lines>,
	/// Notified of what is pushed, and of the end.
	changed: Notify,
	revalidations: Arc<Semaphore>,
	turns: Turns,
	/// Number of workers that take from the queue.
	workers: usize,
}

#[derive(Default)]
struct Lines {
	maintenance: VecDeque<Waiting>,
	others: VecDeque<Waiting>,
	is_closed: bool,
}

impl Queue {
	/// An empty queue for so many workers.
	pub(super) fn new(workers: usize) -> Self {
		Self {
			lines: Default::default(),
			changed: Notify::new(),
			revalidations: Arc::new(Semaphore::new(MAX_REVALIDATIONS)),
			turns: Turns::default(),
			workers: workers.max(1),
		}
	}

	/// Puts a request into the queue. `None` for a revalidation if so many of them wait that it has to be left out.
	/// If the queue is closed, the receiver gets no verdict but an error.
	pub(super) fn push(
		&self,
		request: Request,
		reason: Reason,
	) -> Option<oneshot::Receiver<Verdict>> {
		let permit = match reason {
			Reason::Revalidation => Some(self.revalidations.clone().try_acquire_owned().ok()?),
			Reason::Submission | Reason::Maintenance => None,
		};
		let (verdict, receiver) = oneshot::channel();
		let bytes = request.transaction.encoded_size();
		let waiting = Waiting { request, bytes, verdict, _permit: permit };
		let mut lines = self.lines.lock();
		if lines.is_closed {
			return Some(receiver);
		}
		match reason {
			Reason::Maintenance => lines.maintenance.push_back(waiting),
			Reason::Submission | Reason::Revalidation => lines.others.push_back(waiting),
		}
		drop(lines);
		self.changed.notify_one();
		Some(receiver)
	}

	/// The next transactions for one call; `None` when the queue is closed and empty.
	///
	/// It never waits for more transactions, so one that comes alone is validated at once. Those that come while
	/// the workers are busy are the next to be validated together.
	pub(super) async fn next_batch(&self) -> Option<Batch> {
		loop {
			// Before the look at the lines, so that no change is missed.
			let changed = self.changed.notified();
			{
				let mut lines = self.lines.lock();
				if let Some(batch) = lines.take_batch(self.workers, &self.turns) {
					return Some(batch);
				}
				if lines.is_closed {
					return None;
				}
			}
			changed.await;
		}
	}

	/// Takes no more, and ends the workers once the queue is empty.
	pub(super) fn close(&self) {
		self.lines.lock().is_closed = true;
		self.changed.notify_waiters();
	}

	/// Closes the queue, and has all that wait in it get an error.
	pub(super) fn abandon(&self) {
		let abandoned = {
			let mut lines = self.lines.lock();
			mem::replace(&mut *lines, Lines { is_closed: true, ..Default::default() })
		};
		drop(abandoned);
		self.changed.notify_waiters();
	}
}

impl Lines {
	/// The next batch. Only short transactions have turns in common: nothing waits for a long one, and the maintenance
	/// of the pool waits for nothing.
	fn take_batch(&mut self, workers: usize, turns: &Turns) -> Option<Batch> {
		let waiting = take_batch(&mut self.maintenance, workers);
		if !waiting.is_empty() {
			return Some(Batch { waiting, turn: Turns::default().take() });
		}
		let waiting = take_batch(&mut self.others, workers);
		let turns = if waiting.first()?.is_short() { turns.clone() } else { Turns::default() };
		Some(Batch { waiting, turn: turns.take() })
	}
}

/// Takes the first transactions, as far as one call can validate them. Each of the workers gets its share of a
/// short line. Transactions whose verdict nobody waits for any more are dropped.
fn take_batch(line: &mut VecDeque<Waiting>, workers: usize) -> Vec<Waiting> {
	let most = line.len().div_ceil(workers).min(MAX_VALIDATIONS);
	let mut batch = Vec::<Waiting>::with_capacity(most);
	let mut bytes = 0;
	while let Some(next) = line.pop_front() {
		if next.is_given_up() {
			continue;
		}
		let fits = batch.first().is_none_or(|first| {
			batch.len() < most && bytes + next.bytes <= MAX_BYTES && next.goes_with(first)
		});
		if !fits {
			line.push_front(next);
			break;
		}
		bytes += next.bytes;
		batch.push(next);
	}
	batch
}

#[cfg(test)]
mod tests;
