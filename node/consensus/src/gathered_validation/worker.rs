//! Takes transactions from the queue and asks the runtime about them.

use super::{
	metrics::Metrics,
	queue::{Queue, Request, Verdict, Waiting},
};
use codec::Encode;
use gtos_runtime::Hash;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};
use std::sync::Arc;

const LOG_TARGET: &str = "gathered-validation";

/// What a call says about several transactions.
#[derive(Clone, Debug)]
pub(super) enum Answer {
	/// The verdicts in order; `None` for bytes on which the runtime may fail.
	Verdicts(Vec<Option<TransactionValidity>>),
	/// The runtime has no function for several transactions.
	Unsupported,
	/// The call has failed, for this reason.
	Failed(String),
}

/// Validates transactions.
pub(super) trait Validator: Send + Sync + 'static {
	/// Validates encoded transactions in one call, each as if it were alone.
	fn validate_together(
		&self,
		at: Hash,
		source: TransactionSource,
		transactions: Vec<Vec<u8>>,
	) -> Answer;

	/// Validates one transaction.
	fn validate_alone(&self, request: &Request) -> Verdict;
}

/// Validates what comes into the queue, until it is closed.
pub(super) async fn run(queue: Arc<Queue>, validator: Arc<impl Validator>, metrics: Metrics) {
	while let Some(batch) = queue.next_batch().await {
		for waiting in answer_together(batch, &*validator, &metrics) {
			answer_alone(waiting, &*validator, &metrics);
		}
	}
}

/// Validates the transactions in one call, and returns those for which it gives no verdict.
fn answer_together(
	batch: Vec<Waiting>,
	validator: &impl Validator,
	metrics: &Metrics,
) -> Vec<Waiting> {
	let [first, _, ..] = &batch[..] else { return batch };
	let (at, source) = (first.request().at, first.request().source);
	let transactions = batch.iter().map(|waiting| waiting.request().transaction.encode()).collect();
	let verdicts = match validator.validate_together(at, source, transactions) {
		Answer::Verdicts(verdicts) => verdicts,
		Answer::Unsupported => return batch,
		Answer::Failed(reason) => {
			metrics.count_failure();
			tracing::debug!(target: LOG_TARGET, "Transactions are validated one by one: {reason}");
			return batch;
		},
	};
	// Without this check, a runtime that forgets one would shift the verdicts of all after it.
	if verdicts.len() != batch.len() {
		metrics.count_failure();
		let (given, wanted) = (verdicts.len(), batch.len());
		tracing::debug!(target: LOG_TARGET, "The runtime gives {given} verdicts on {wanted} transactions");
		return batch;
	}
	metrics.count_call(verdicts.iter().flatten().count());
	let mut others = Vec::new();
	for (waiting, verdict) in batch.into_iter().zip(verdicts) {
		match verdict {
			Some(verdict) => waiting.answer(Ok(verdict)),
			None => others.push(waiting),
		}
	}
	others
}

fn answer_alone(waiting: Waiting, validator: &impl Validator, metrics: &Metrics) {
	// Its sender may have left during the others' turns.
	if waiting.is_given_up() {
		return;
	}
	let verdict = validator.validate_alone(waiting.request());
	metrics.count_call(1);
	waiting.answer(verdict);
}

#[cfg(test)]
mod tests;
