//! Takes transactions from the queue and asks the runtime about them.

use super::{
	metrics::Metrics,
	queue::{Batch, Queue, Request, Verdict, Waiting},
};
use codec::Encode;
use gtos_runtime::Hash;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};
use std::sync::Arc;

const LOG_TARGET: &str = "gathered-validation";

/// Transactions with their verdicts.
type Answers = Vec<(Waiting, Verdict)>;

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
	let _end = AbandonAtEnd(queue.clone());
	while let Some(batch) = queue.next_batch().await {
		answer(batch, &*validator, &metrics);
	}
}

/// A worker that is cancelled ends the node. Callers that wait for it meanwhile get an error.
struct AbandonAtEnd(Arc<Queue>);

impl Drop for AbandonAtEnd {
	fn drop(&mut self) {
		self.0.abandon();
	}
}

fn answer(Batch { waiting, turn }: Batch, validator: &impl Validator, metrics: &Metrics) {
	let alone = |waiting: Waiting| validate_alone(waiting, validator, metrics);
	if waiting.len() == 1 {
		let answers: Answers = waiting.into_iter().filter_map(alone).collect();
		turn.end(|| give(answers));
		return;
	}
	let (answers, others) = validate_together(waiting, validator, metrics);
	turn.end(|| give(answers));
	// These take a call each, which no other batch waits for.
	for (waiting, verdict) in others.into_iter().filter_map(alone) {
		waiting.answer(verdict);
	}
}

fn give(answers: Answers) {
	for (waiting, verdict) in answers {
		waiting.answer(verdict);
	}
}

/// Validates the transactions in one call. Returns the verdicts, and the transactions for which it gives none.
fn validate_together(
	batch: Vec<Waiting>,
	validator: &impl Validator,
	metrics: &Metrics,
) -> (Answers, Vec<Waiting>) {
	let Some(first) = batch.first() else { return Default::default() };
	let (at, source) = (first.request().at, first.request().source);
	let transactions = batch.iter().map(|waiting| waiting.request().transaction.encode()).collect();
	let verdicts = match validator.validate_together(at, source, transactions) {
		Answer::Verdicts(verdicts) => verdicts,
		Answer::Unsupported => return (Vec::new(), batch),
		Answer::Failed(reason) => {
			metrics.count_failure();
			tracing::debug!(target: LOG_TARGET, "Transactions are validated one by one: {reason}");
			return (Vec::new(), batch);
		},
	};
	// Without this check, a runtime that forgets one would shift the verdicts of all after it.
	if verdicts.len() != batch.len() {
		metrics.count_failure();
		let (given, wanted) = (verdicts.len(), batch.len());
		tracing::debug!(target: LOG_TARGET, "The runtime gives {given} verdicts on {wanted} transactions");
		return (Vec::new(), batch);
	}
	metrics.count_call(verdicts.iter().flatten().count());
	let (mut answers, mut others) = (Answers::new(), Vec::new());
	for (waiting, verdict) in batch.into_iter().zip(verdicts) {
		match verdict {
			Some(verdict) => answers.push((waiting, Ok(verdict))),
			None => others.push(waiting),
		}
	}
	(answers, others)
}

/// Validates one transaction; `None` if its sender has left, perhaps during the others' turns.
fn validate_alone(
	waiting: Waiting,
	validator: &impl Validator,
	metrics: &Metrics,
) -> Option<(Waiting, Verdict)> {
	if waiting.is_given_up() {
		return None;
	}
	let verdict = validator.validate_alone(waiting.request());
	metrics.count_call(1);
	Some((waiting, verdict))
}

#[cfg(test)]
mod tests;
