//! Which transactions of the pool come into a block, and when the block ends.

use super::open_block::{Applied, OpenBlock, Refusal};
use gtos_runtime::{opaque::UncheckedExtrinsic, Hash};
use gtos_transaction_api::MAX_APPLICATIONS;
use sc_proposer_metrics::EndProposingReason;
use sc_transaction_pool_api::{InPoolTransaction, ReadyTransactions, TxInvalidityReportMap};
use std::{
	collections::{HashSet, VecDeque},
	sync::Arc,
	time::{Duration, Instant},
};

/// After so many bytes, no further transaction is added to a call. A single one may be longer.
const MAX_BYTES: usize = 64 * 1024;

/// Weight after which a call ends, as a time on the reference machine.
///
/// The deadline is not checked within a call. A machine that is slower than the reference machine exceeds it by that
/// much more than it would with single calls.
const MAX_CALL: Duration = Duration::from_millis(10);

/// Part of the time for transactions in which all that are left in the pool are tried, although some no longer fit.
///
/// So short ones still get in if long ones are ahead of them. It applies to a block that is not full.
const TRIES_PART: u32 = 4;

/// Transactions that may not fit before some are left out untried, after that time.
const MAX_UNFITTING: usize = 8;

/// Transactions that are then left out after each that does not fit.
///
/// A transaction that does not fit costs its sender nothing, and it can have the highest priority in every block. If
/// the block ended here, a few hundred of them could keep all others out. With a step as long as a call, a pool of
/// 10,000 is searched in about 300 calls.
const STEP: usize = MAX_APPLICATIONS - 1;

/// Transactions of the pool, the best first.
pub(super) type Ready<T> = Box<dyn ReadyTransactions<Item = Arc<T>> + Send>;

/// Until when transactions are taken, and until when all are tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
	begin: Instant,
	tries: Instant,
	end: Instant,
}

impl Deadlines {
	/// For the time from `begin` to `end`.
	pub(super) fn new(begin: Instant, end: Instant) -> Self {
		let tries = begin + end.saturating_duration_since(begin) / TRIES_PART;
		Self { begin, tries, end }
	}

	/// All the time for transactions.
	pub(super) fn time(&self) -> Duration {
		self.end.saturating_duration_since(self.begin)
	}
}

/// Fills a block.
pub(super) struct Selection<'a, B, T, N> {
	block: &'a mut B,
	ready: Ready<T>,
	deadlines: Deadlines,
	now: N,
	/// Taken from `ready` and not tried yet, in order.
	next: VecDeque<Arc<T>>,
	unfitting: usize,
	/// Whether the last one that was tried did not fit.
	is_at_limit: bool,
	invalid: TxInvalidityReportMap<Hash>,
}

impl<'a, B, T, N> Selection<'a, B, T, N>
where
	B: OpenBlock,
	T: InPoolTransaction<Transaction = Arc<UncheckedExtrinsic>, Hash = Hash>,
	N: Fn() -> Instant,
{
	/// Takes from `ready` into `block`. `now` is the clock.
	pub(super) fn new(block: &'a mut B, ready: Ready<T>, deadlines: Deadlines, now: N) -> Self {
		Self {
			block,
			ready,
			deadlines,
			now,
			next: Default::default(),
			unfitting: 0,
			is_at_limit: false,
			invalid: Default::default(),
		}
	}

	/// Fills the block. Returns why it ends, and the transactions that have turned out to be invalid.
	pub(super) fn run(mut self) -> (EndProposingReason, TxInvalidityReportMap<Hash>) {
		loop {
			if let Some(reason) = self.step() {
				return (reason, self.invalid);
			}
		}
	}

	/// Makes one call, or says why there is none any more.
	fn step(&mut self) -> Option<EndProposingReason> {
		self.take();
		let now = (self.now)();
		let is_late = now > self.deadlines.end;
		if self.next.is_empty() || is_late {
			return Some(match (self.is_at_limit, self.next.is_empty()) {
				(true, _) => EndProposingReason::HitBlockWeightLimit,
				(false, true) => EndProposingReason::NoMoreTransactions,
				(false, false) => EndProposingReason::HitDeadline,
			});
		}
		let Applied { count, refused } = self.apply(now);
		self.next.drain(..count.min(self.next.len()));
		if count > 0 {
			self.is_at_limit = false;
		}
		refused.and_then(|refusal| self.refuse(refusal))
	}

	/// Takes as many transactions as one call may apply.
	fn take(&mut self) {
		let mut bytes: usize = self.next.iter().map(|transaction| length(&**transaction)).sum();
		while self.next.len() < MAX_APPLICATIONS && bytes < MAX_BYTES {
			let Some(transaction) = self.ready.next() else { break };
			bytes = bytes.saturating_add(length(&*transaction));
			self.next.push_back(transaction);
		}
	}

	fn apply(&mut self, now: Instant) -> Applied {
		let transactions: Vec<UncheckedExtrinsic> =
			self.next.iter().map(|transaction| (**transaction.data()).clone()).collect();
		let time = self.deadlines.end.saturating_duration_since(now).min(MAX_CALL);
		self.block
			.apply_together(&transactions, time)
			.unwrap_or_else(|| self.apply_one_by_one(&transactions))
	}

	/// Applies transactions until one is refused or the time is over. The first one is always tried.
	fn apply_one_by_one(&mut self, transactions: &[UncheckedExtrinsic]) -> Applied {
		let mut count = 0;
		for transaction in transactions {
			if count > 0 && (self.now)() > self.deadlines.end {
				break;
			}
			if let Err(refusal) = self.block.apply_alone(transaction) {
				return Applied { count, refused: Some(refusal) };
			}
			count += 1;
		}
		Applied { count, refused: None }
	}

	/// Goes on without the next transaction, and says why the block ends with it.
	fn refuse(&mut self, refusal: Refusal) -> Option<EndProposingReason> {
		let refused = self.next.pop_front()?;
		self.leave_out_dependents(&refused);
		match refusal {
			Refusal::Invalid(error) => {
				let hash = *refused.hash();
				tracing::debug!("Transaction {hash:?} is invalid in the block: {error:?}");
				self.invalid.insert(hash, error);
				None
			},
			Refusal::NoRoom { is_full } => {
				self.is_at_limit = true;
				self.unfitting += 1;
				if is_full {
					return Some(EndProposingReason::HitBlockWeightLimit);
				}
				if self.unfitting > MAX_UNFITTING && (self.now)() >= self.deadlines.tries {
					self.skip(STEP);
				}
				None
			},
		}
	}

	/// Leaves out so many transactions without trying them, and what depends on them.
	fn skip(&mut self, count: usize) {
		for _ in 0..count {
			let Some(skipped) = self.next.pop_front().or_else(|| self.ready.next()) else { break };
			self.leave_out_dependents(&skipped);
		}
	}

	/// Leaves out what depends on a transaction that is not in the block. It is not invalid: another block may take
	/// both.
	fn leave_out_dependents(&mut self, left_out: &Arc<T>) {
		let Self { ready, next, .. } = self;
		// Those that have not been taken from the pool yet.
		ready.report_invalid(left_out);
		let mut missing: HashSet<_> = left_out.provides().iter().cloned().collect();
		next.retain(|transaction| {
			let depends = transaction.requires().iter().any(|tag| missing.contains(tag));
			if depends {
				ready.report_invalid(transaction);
				missing.extend(transaction.provides().iter().cloned());
			}
			!depends
		});
	}
}

fn length<T: InPoolTransaction<Transaction = Arc<UncheckedExtrinsic>>>(transaction: &T) -> usize {
	transaction.data().inner().len()
}

#[cfg(test)]
mod tests;
