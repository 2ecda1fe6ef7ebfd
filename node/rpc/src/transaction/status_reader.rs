//! Status of a transaction, from the index and the pool (RPC-R8, RPC-R10).

use super::{future_transactions::FutureTransactions, status::Status};
use crate::{
	error::Error,
	query::{self, RequiredApi},
	subscriptions::{self, End},
	work_limiter::WorkLimiter,
};
use futures::future::{select, Either};
use gtos_node_transaction_index::TransactionIndex;
use gtos_node_types::{Block, FullClient, TransactionPool as Pool};
use gtos_runtime::{Balance, Hash};
use gtos_transaction_api::{Outcome, TransactionApi};
use jsonrpsee::SubscriptionSink;
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_blockchain::HeaderBackend;
use std::{
	pin::pin,
	sync::Arc,
	time::{Duration, Instant},
};

/// How long a query waits for the index to reach the best block.
const INDEX_TIMEOUT: Duration = Duration::from_secs(1);

/// Time that the pool gets after a re-organisation to take back the transactions of retracted
/// blocks.
const RESUBMISSION_DELAY: Duration = Duration::from_millis(500);

/// Reads the status of transactions, and follows it for subscribers.
#[derive(Clone)]
pub struct StatusReader {
	client: Arc<FullClient>,
	pool: Arc<Pool>,
	/// `None` if the operator switched it off. Queries of the status then fail.
	index: Option<Arc<TransactionIndex>>,
	future_transactions: Arc<FutureTransactions>,
	limiter: WorkLimiter,
}

impl StatusReader {
	/// A reader of `index` and `pool`; `limiter` bounds its work on databases and runtimes.
	pub fn new(
		client: Arc<FullClient>,
		pool: Arc<Pool>,
		index: Option<Arc<TransactionIndex>>,
		limiter: WorkLimiter,
	) -> Self {
		Self { client, pool, index, future_transactions: Default::default(), limiter }
	}

	/// The status of a transaction now.
	pub async fn status(&self, transaction: Hash) -> Result<Status, Error> {
		let index = self.index()?;
		let asked = Instant::now();
		let known = move |reader: &Self| {
			let included = reader.included(transaction)?;
			let is_pending = included.is_none() && reader.is_in_pool(transaction, asked);
			Ok(if is_pending { Some(Status::Pending) } else { included })
		};
		if let Some(status) = self.run_blocking(known).await? {
			return Ok(status);
		}
		// The transaction may have left the pool for a block that is not indexed yet.
		index.wait_for(self.client.info().best_hash, INDEX_TIMEOUT).await;
		let status = self.run_blocking(move |reader| reader.included(transaction)).await?;
		Ok(status.unwrap_or_else(|| Status::Unknown { oldest_block: index.oldest() }))
	}

	/// Sends `status`, and then each status that differs from the one before, until one is final.
	pub async fn follow(
		&self,
		transaction: Hash,
		mut status: Status,
		sink: &SubscriptionSink,
	) -> Result<(), End> {
		let index = self.index()?;
		let mut progress = index.progress();
		// The index may have changed after `status` was read.
		progress.mark_changed();
		loop {
			subscriptions::send(sink, &status).await?;
			if status.is_last() {
				return Ok(());
			}
			status = loop {
				let changed = pin!(progress.changed());
				match select(pin!(sink.closed()), changed).await {
					Either::Right((Ok(()), _)) => {},
					_ => return Err(End::ByClient),
				}
				let Ok(mut next) = self.status(transaction).await else { continue };
				if next.is_unknown() && !status.is_unknown() {
					tokio::time::sleep(RESUBMISSION_DELAY).await;
					let Ok(later) = self.status(transaction).await else { continue };
					next = later;
				}
				if next.is_notified_after(&status) {
					break next;
				}
			};
		}
	}

	/// Runs work that reads databases or calls a runtime on another thread, so that it does not
	/// delay the tasks that serve connections.
	async fn run_blocking<T: Send + 'static>(
		&self,
		work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
	) -> Result<T, Error> {
		let reader = self.clone();
		self.limiter.run(move || work(&reader)).await
	}

	fn index(&self) -> Result<&TransactionIndex, Error> {
		let switched_off = || Error::Unavailable("--tx-index-blocks is 0 on this node".into());
		self.index.as_deref().ok_or_else(switched_off)
	}

	/// The status of a transaction in a block; `None` if no indexed block includes it.
	fn included(&self, transaction: Hash) -> Result<Option<Status>, Error> {
		let index = self.index()?;
		// Read before the lookup: a block that is final by then stays canonical.
		let finalized = self.client.info().finalized_number;
		let included = index
			.find(&*self.client, transaction)
			.map_err(|error| Error::Unavailable(error.to_string()))?;
		let Some(included) = included else { return Ok(None) };
		let outcome =
			included.outcome.clone().or_else(|| self.outcome(included.block, included.index));
		Ok(Some(Status::included(&included, outcome, included.number <= finalized)))
	}

	/// Calls the runtime of the block for the outcome of the extrinsic at `index`.
	///
	/// `None` if that fails, usually because the state is pruned: the rest of the status is still
	/// useful.
	fn outcome(&self, block: Hash, index: u32) -> Option<Outcome<Balance>> {
		type Api = dyn TransactionApi<Block, Balance>;
		let required = RequiredApi { name: "TransactionApi", version: 1 };
		query::call::<Api, _>(&self.client, block, required, |api| {
			TransactionApi::<Block, Balance>::outcome(api, block, index)
		})
		.unwrap_or_else(|error| {
			tracing::debug!("The outcome of extrinsic {index} of {block:?} is unknown: {error}");
			None
		})
	}

	/// Whether the transaction was in the pool at `asked` or later.
	fn is_in_pool(&self, transaction: Hash, asked: Instant) -> bool {
		let pool = &self.pool;
		let read = || pool.futures().iter().map(|future| *future.hash()).collect();
		pool.ready_transaction(&transaction).is_some()
			|| (pool.status().future > 0
				&& self.future_transactions.contains(transaction, asked, read))
	}
}
