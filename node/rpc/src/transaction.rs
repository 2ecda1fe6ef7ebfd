//! The `tx` namespace: submission and status of transactions (RPC-R7 to RPC-R10).

mod future_transactions;
mod status;
mod status_reader;
mod submission;

use crate::{
	error::Error,
	parameter,
	subscriptions::{Permit, Subscriptions},
	work_limiter::WorkLimiter,
};
use gtos_node_transaction_index::TransactionIndex;
use gtos_node_types::{FullClient, TransactionPool};
use gtos_runtime::Hash;
use jsonrpsee::{core::async_trait, proc_macros::rpc, PendingSubscriptionSink};
use sc_rpc::{utils::spawn_subscription_task, SubscriptionTaskExecutor};
use serde_json::Value;
use status::Status;
use status_reader::StatusReader;
use std::sync::Arc;
use submission::{read_extrinsic, Submitter};

/// The methods of the `tx` namespace.
///
/// Parameters are plain JSON values, so that a parameter that cannot be read has its own error
/// code.
#[rpc(server)]
pub trait TransactionRpc {
	/// Submits an extrinsic to the pool and returns its hash (RPC-R7).
	#[method(name = "tx_submit")]
	async fn submit(&self, extrinsic: Value) -> Result<Hash, Error>;

	/// Returns the status of an extrinsic (RPC-R8).
	#[method(name = "tx_status")]
	async fn status(&self, hash: Value) -> Result<Status, Error>;

	/// Notifies of the status of an extrinsic now and after each change, until it is final
	/// (RPC-R10).
	#[subscription(name = "tx_subscribe" => "tx_update", unsubscribe = "tx_unsubscribe", item = Status)]
	fn subscribe(&self, hash: Value);
}

/// Serves the methods.
pub struct Transactions {
	submitter: Submitter,
	statuses: StatusReader,
	executor: SubscriptionTaskExecutor,
	subscriptions: Subscriptions,
}

impl Transactions {
	/// Methods over `client` and `pool`. Without an index, only `tx_submit` returns results.
	pub fn new(
		client: Arc<FullClient>,
		pool: Arc<TransactionPool>,
		index: Option<Arc<TransactionIndex>>,
		executor: SubscriptionTaskExecutor,
		subscriptions: Subscriptions,
	) -> Self {
		let limiter = WorkLimiter::new();
		Self {
			submitter: Submitter::new(client.clone(), pool.clone(), limiter.clone()),
			statuses: StatusReader::new(client, pool, index, limiter),
			executor,
			subscriptions,
		}
	}
}

#[async_trait]
impl TransactionRpcServer for Transactions {
	async fn submit(&self, extrinsic: Value) -> Result<Hash, Error> {
		self.submitter.submit(read_extrinsic(&extrinsic)?).await
	}

	async fn status(&self, hash: Value) -> Result<Status, Error> {
		self.statuses.status(parameter::hash("hash", &hash)?).await
	}

	fn subscribe(&self, pending: PendingSubscriptionSink, hash: Value) {
		let permit = self.subscriptions.acquire(pending.connection_id());
		let subscription = serve_subscription(self.statuses.clone(), pending, hash, permit);
		spawn_subscription_task(&self.executor, subscription);
	}
}

/// Accepts the subscription and serves it until it ends, or rejects it.
async fn serve_subscription(
	statuses: StatusReader,
	pending: PendingSubscriptionSink,
	hash: Value,
	permit: Result<Permit, Error>,
) {
	let begin = async {
		let transaction = parameter::hash("hash", &hash)?;
		let permit = permit?;
		Ok::<_, Error>((transaction, permit, statuses.status(transaction).await?))
	};
	match begin.await {
		Ok((transaction, _permit, status)) => {
			if let Ok(sink) = pending.accept().await {
				statuses.follow(transaction, status, &sink).await;
			}
		},
		Err(error) => pending.reject(error).await,
	}
}
