//! What the pool asks about the chain.

use super::{
	metrics::Metrics,
	queue::{Error, Queue, Reason, Request, Verdict},
	revalidation,
	runtime::RuntimeValidator,
};
use async_trait::async_trait;
use gtos_node_types::Block;
use gtos_runtime::{
	opaque::{Header, UncheckedExtrinsic},
	BlockNumber, Hash,
};
use sc_transaction_pool::{ChainApi, ValidateTransactionPriority};
use sp_blockchain::TreeRoute;
use sp_runtime::{
	generic::BlockId,
	transaction_validity::{TransactionSource, UnknownTransaction},
};
use std::sync::Arc;

/// Answers the pool. Validations go through the queue, and all else is the SDK's.
pub(super) struct GatheringApi {
	validator: Arc<RuntimeValidator>,
	queue: Arc<Queue>,
	metrics: Metrics,
}

impl GatheringApi {
	/// An interface to the chain whose validations the workers of `queue` do, with `validator`.
	pub(super) fn new(
		validator: Arc<RuntimeValidator>,
		queue: Arc<Queue>,
		metrics: Metrics,
	) -> Self {
		Self { validator, queue, metrics }
	}
}

impl Drop for GatheringApi {
	fn drop(&mut self) {
		self.queue.close();
	}
}

fn reason_of(priority: ValidateTransactionPriority) -> Reason {
	match priority {
		ValidateTransactionPriority::Maintained => Reason::Maintenance,
		ValidateTransactionPriority::Submitted if revalidation::is_asking() => Reason::Revalidation,
		ValidateTransactionPriority::Submitted => Reason::Submission,
	}
}

#[async_trait]
impl ChainApi for GatheringApi {
	type Block = Block;
	type Error = Error;

	async fn validate_transaction(
		&self,
		at: Hash,
		source: TransactionSource,
		transaction: Arc<UncheckedExtrinsic>,
		priority: ValidateTransactionPriority,
	) -> Verdict {
		let reason = reason_of(priority);
		// The node submits a transaction of its own from a thread that may block, and gets the answer at once.
		if source == TransactionSource::Local && reason == Reason::Submission {
			return self.validate_transaction_blocking(at, source, transaction);
		}
		let Some(verdict) = self.queue.push(Request { at, source, transaction }, reason) else {
			self.metrics.count_left_out();
			// The pool leaves a transaction as it is if a revalidation says this.
			return Ok(UnknownTransaction::CannotLookup.into());
		};
		self.metrics.count_scheduled();
		verdict.await.unwrap_or_else(|canceled| Err(sp_blockchain::Error::from(canceled).into()))
	}

	fn validate_transaction_blocking(
		&self,
		at: Hash,
		source: TransactionSource,
		transaction: Arc<UncheckedExtrinsic>,
	) -> Verdict {
		self.validator.chain.validate_transaction_blocking(at, source, transaction)
	}

	fn block_id_to_number(&self, at: &BlockId<Block>) -> Result<Option<BlockNumber>, Error> {
		self.validator.chain.block_id_to_number(at)
	}

	fn block_id_to_hash(&self, at: &BlockId<Block>) -> Result<Option<Hash>, Error> {
		self.validator.chain.block_id_to_hash(at)
	}

	fn hash_and_length(&self, extrinsic: &UncheckedExtrinsic) -> (Hash, usize) {
		self.validator.chain.hash_and_length(extrinsic)
	}

	async fn block_body(&self, at: Hash) -> Result<Option<Vec<UncheckedExtrinsic>>, Error> {
		self.validator.chain.block_body(at).await
	}

	fn block_header(&self, at: Hash) -> Result<Option<Header>, Error> {
		self.validator.chain.block_header(at)
	}

	fn tree_route(&self, from: Hash, to: Hash) -> Result<TreeRoute<Block>, Error> {
		self.validator.chain.tree_route(from, to)
	}
}
