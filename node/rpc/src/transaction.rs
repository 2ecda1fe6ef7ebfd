//! The `tx` namespace: submission and status of transactions (RPC-R7 to RPC-R10, RPC-R31).

mod batch;
mod batch_turns;
mod future_transactions;
mod status;
mod status_reader;
mod submission;

use crate::{
	error::Error,
	parameter,
	subscriptions::{self, End, Permit, Subscriptions},
	work_limiter::WorkLimiter,
};
use batch::{Batch, Submission};
use batch_turns::BatchTurns;
use futures::future::{select, Either};
use gtos_node_transaction_index::TransactionIndex;
use gtos_node_types::{FullClient, TransactionPool};
use gtos_runtime::Hash;
use jsonrpsee::{
	core::async_trait, proc_macros::rpc, ConnectionId, Extensions, PendingSubscriptionSink,
	SubscriptionCloseResponse,
};
use serde_json::Value;
use status::Status;
use status_reader::StatusReader;
use std::{pin::pin, sync::Arc};
use submission::{read_extrinsic, Submitter};

/// The methods of the `tx` namespace.
///
/// Parameters are plain JSON values, or types that read any such value, so that a parameter that cannot be
/// read has its own error code.
#[rpc(server)]
pub trait TransactionRpc {
	/// Submits an extrinsic to the pool and returns its hash (RPC-R7).
	#[method(name = "tx_submit")]
	async fn submit(&self, extrinsic: Value) -> Result<Hash, Error>;

	/// Submits extrinsics to the pool and returns the result for each of them (RPC-R31).
	#[method(name = "tx_submitBatch", with_extensions)]
	async fn submit_batch(&self, extrinsics: Batch) -> Result<Vec<Submission>, Error>;

	/// Returns the status of an extrinsic (RPC-R8).
	#[method(name = "tx_status")]
	async fn status(&self, hash: Value) -> Result<Status, Error>;

	/// Notifies of the status of an extrinsic now and after each change, until it is final
	/// (RPC-R10).
	#[subscription(name = "tx_subscribe" => "tx_update", unsubscribe = "tx_unsubscribe", item = Status)]
	async fn subscribe(&self, hash: Value) -> SubscriptionCloseResponse;
}

/// Serves the methods.
pub struct Transactions {
	submitter: Submitter,
	batch_turns: BatchTurns,
	statuses: StatusReader,
	subscriptions: Subscriptions,
}

impl Transactions {
	/// Methods over `client` and `pool`. Without an index, only submissions return results.
	pub fn new(
		client: Arc<FullClient>,
		pool: Arc<TransactionPool>,
		index: Option<Arc<TransactionIndex>>,
		subscriptions: Subscriptions,
	) -> Self {
		let limiter = WorkLimiter::new();
		Self {
			submitter: Submitter::new(client.clone(), pool.clone(), limiter.clone()),
			batch_turns: BatchTurns::new(),
			statuses: StatusReader::new(client, pool, index, limiter),
			subscriptions,
		}
	}

	/// Reads the parameter of a subscription, takes a permit and reads the first status.
	async fn begin(
		&self,
		connection: ConnectionId,
		hash: &Value,
	) -> Result<(Permit, Hash, Status), Error> {
		let transaction = parameter::hash("hash", hash)?;
		let permit = self.subscriptions.acquire(connection)?;
		Ok((permit, transaction, self.statuses.status(transaction).await?))
	}
}

#[async_trait]
impl TransactionRpcServer for Transactions {
	async fn submit(&self, extrinsic: Value) -> Result<Hash, Error> {
		self.submitter.submit(read_extrinsic(extrinsic.as_str().unwrap_or_default())?).await
	}

	async fn submit_batch(
		&self,
		extensions: &Extensions,
		extrinsics: Batch,
	) -> Result<Vec<Submission>, Error> {
		let extrinsics = extrinsics.0?;
		let connection = extensions.get::<ConnectionId>().copied().unwrap_or_default();
		let _turn = self.batch_turns.take(connection).await?;
		let results = self.submitter.submit_all(extrinsics).await;
		Ok(results.into_iter().map(Submission::from).collect())
	}

	async fn status(&self, hash: Value) -> Result<Status, Error> {
		self.statuses.status(parameter::hash("hash", &hash)?).await
	}

	async fn subscribe(
		&self,
		pending: PendingSubscriptionSink,
		hash: Value,
	) -> SubscriptionCloseResponse {
		match self.begin(pending.connection_id(), &hash).await {
			Ok((permit, transaction, status)) => {
				let Ok(sink) = pending.accept().await else {
					return SubscriptionCloseResponse::None;
				};
				let followed = pin!(self.statuses.follow(transaction, status, &sink));
				let ended = match select(followed, pin!(permit.taken())).await {
					Either::Left((result, _)) => result,
					Either::Right((error, _)) => Err(End::ByNode(error)),
				};
				subscriptions::close(ended)
			},
			Err(error) => {
				pending.reject(error).await;
				SubscriptionCloseResponse::None
			},
		}
	}
}
