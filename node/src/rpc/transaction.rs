//! `tx_submit`, `tx_status` and `tx_subscribe` (RPC-R7 to RPC-R10).

mod status;
mod waiting;

pub use status::Status;

use super::{error::Error, parameter, query, subscriptions::Subscriptions, turns::Turns};
use crate::{
	service::{Block, FullClient, TransactionPool as Pool},
	transaction_index::TransactionIndex,
};
use codec::{DecodeAll, Encode};
use futures::future::{select, Either};
use gtos_runtime::{opaque::UncheckedExtrinsic, Balance, Hash};
use gtos_transaction_api::{Outcome, TransactionApi};
use jsonrpsee::{
	core::async_trait, proc_macros::rpc, PendingSubscriptionSink, SubscriptionMessage,
	SubscriptionSink,
};
use sc_rpc::{utils::spawn_subscription_task, SubscriptionTaskExecutor};
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoPoolError},
	InPoolTransaction, TransactionPool, TransactionSource,
};
use serde_json::Value;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as Hashing},
	transaction_validity::InvalidTransaction,
};
use std::{
	pin::pin,
	sync::Arc,
	time::{Duration, Instant},
};
use waiting::Waiting;

/// Longest extrinsic that could be in a block (TXN-R22 allows less to most).
const MAX_EXTRINSIC_BYTES: usize = 2_621_440;

/// How long an answer waits for the index to reach the best block.
const INDEX_PATIENCE: Duration = Duration::from_secs(1);

/// How long the pool has to take back what a re-organisation put out of the chain.
const POOL_PATIENCE: Duration = Duration::from_millis(500);

/// The methods.
///
/// Parameters are plain JSON, because what cannot be read has a code of its own.
#[rpc(server)]
pub trait TransactionRpc {
	/// Puts an extrinsic into the pool; answers its hash.
	#[method(name = "tx_submit")]
	async fn submit(&self, extrinsic: Value) -> Result<Hash, Error>;

	/// Answers what became of the extrinsic.
	#[method(name = "tx_status")]
	async fn status(&self, hash: Value) -> Result<Status, Error>;

	/// Tells what became of the extrinsic now, and whenever that changes, until it is final.
	#[subscription(name = "tx_subscribe" => "tx_update", unsubscribe = "tx_unsubscribe", item = Status)]
	fn subscribe(&self, hash: Value);
}

/// What the methods answer from.
pub struct Transactions {
	sources: Sources,
	executor: SubscriptionTaskExecutor,
	subscriptions: Subscriptions,
}

impl Transactions {
	/// Without an index nothing but `tx_submit` answers.
	pub fn new(
		client: Arc<FullClient>,
		pool: Arc<Pool>,
		index: Option<Arc<TransactionIndex>>,
		executor: SubscriptionTaskExecutor,
		subscriptions: Subscriptions,
	) -> Self {
		let waiting = Arc::new(Waiting::default());
		let sources = Sources { client, pool, index, waiting, turns: Turns::new() };
		Self { sources, executor, subscriptions }
	}
}

#[async_trait]
impl TransactionRpcServer for Transactions {
	async fn submit(&self, extrinsic: Value) -> Result<Hash, Error> {
		self.sources.submit(read_extrinsic(&extrinsic)?).await
	}

	async fn status(&self, hash: Value) -> Result<Status, Error> {
		self.sources.status(parameter::hash("hash", &hash)?).await
	}

	fn subscribe(&self, pending: PendingSubscriptionSink, hash: Value) {
		let sources = self.sources.clone();
		let place = self.subscriptions.take_place(pending.connection_id());
		spawn_subscription_task(&self.executor, async move {
			let begin = async {
				let transaction = parameter::hash("hash", &hash)?;
				let place = place?;
				Ok::<_, Error>((transaction, place, sources.status(transaction).await?))
			};
			match begin.await {
				Ok((transaction, _place, status)) => {
					if let Ok(sink) = pending.accept().await {
						sources.follow(transaction, status, &sink).await;
					}
				},
				Err(error) => pending.reject(error).await,
			}
		});
	}
}

/// Reads the parameter of `tx_submit`, as far as no runtime is needed.
fn read_extrinsic(parameter: &Value) -> Result<UncheckedExtrinsic, Error> {
	let bytes = parameter::bytes("extrinsic", parameter)?;
	if bytes.len() > MAX_EXTRINSIC_BYTES {
		return Err(Error::TooLong(MAX_EXTRINSIC_BYTES));
	}
	// What lies within the length that the bytes begin with is for the runtime to judge.
	UncheckedExtrinsic::decode_all(&mut &bytes[..]).map_err(|_| Error::Undecodable)
}

#[derive(Clone)]
struct Sources {
	client: Arc<FullClient>,
	pool: Arc<Pool>,
	index: Option<Arc<TransactionIndex>>,
	waiting: Arc<Waiting>,
	turns: Turns,
}

impl Sources {
	async fn submit(&self, extrinsic: UncheckedExtrinsic) -> Result<Hash, Error> {
		let hash = BlakeTwo256::hash_of(&extrinsic);
		let best = self.client.info().best_hash;
		let source = TransactionSource::External;
		let submitted = self.pool.submit_one(best, source, extrinsic.clone()).await;
		let Err(error) = submitted else { return Ok(hash) };
		let error = error.into_pool_error();
		// A runtime that cannot decode the bytes fails or, if they are nested too deep, says this; but so
		// it does of calls that must not come this way.
		let is_doubtful =
			matches!(error, Err(_) | Ok(PoolError::InvalidTransaction(InvalidTransaction::Call)));
		let is_undecodable = move |sources: &Self| Ok(!sources.is_decodable(best, &extrinsic));
		if is_doubtful && self.blocking(is_undecodable).await? {
			return Err(Error::Undecodable);
		}
		Err(match error {
			Ok(error) => Error::Refused(error, hash),
			Err(error) => Error::RuntimeFailed(error.to_string()),
		})
	}

	/// Has `work` done beside the tasks that serve connections: it reads databases or asks a runtime.
	async fn blocking<T: Send + 'static>(
		&self,
		work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
	) -> Result<T, Error> {
		let sources = self.clone();
		self.turns.take(move || work(&sources)).await
	}

	/// Whether the runtime can decode the extrinsic; one that cannot be asked may.
	fn is_decodable(&self, at: Hash, extrinsic: &UncheckedExtrinsic) -> bool {
		let api = self.client.runtime_api();
		let bytes = extrinsic.encode();
		TransactionApi::<Block, Balance>::is_extrinsic(&*api, at, bytes).unwrap_or(true)
	}

	async fn status(&self, transaction: Hash) -> Result<Status, Error> {
		let index = self.index()?;
		let asked = Instant::now();
		let known = move |sources: &Self| {
			let included = sources.included(transaction)?;
			let is_pending = included.is_none() && sources.is_in_pool(transaction, asked);
			Ok(if is_pending { Some(Status::Pending) } else { included })
		};
		if let Some(status) = self.blocking(known).await? {
			return Ok(status);
		}
		// It may have left the pool for a block that is not indexed yet.
		index.wait_for(self.client.info().best_hash, INDEX_PATIENCE).await;
		let status = self.blocking(move |sources| sources.included(transaction)).await?;
		Ok(status.unwrap_or_else(|| Status::Unknown { oldest_block: index.oldest() }))
	}

	fn index(&self) -> Result<&TransactionIndex, Error> {
		let switched_off = || Error::Unavailable("--tx-index-blocks is 0 on this node".into());
		self.index.as_deref().ok_or_else(switched_off)
	}

	fn included(&self, transaction: Hash) -> Result<Option<Status>, Error> {
		let index = self.index()?;
		// Before the block is looked up: what was final then is canonical for ever.
		let finalized = self.client.info().finalized_number;
		let found = index
			.find(&*self.client, transaction)
			.map_err(|error| Error::Unavailable(error.to_string()))?;
		let Some(found) = found else { return Ok(None) };
		let outcome = found.outcome.clone().or_else(|| self.ask_outcome(found.block, found.index));
		Ok(Some(Status::included(&found, outcome, found.number <= finalized)))
	}

	/// Asks the runtime of the block what became of the extrinsic at `index`. Without an answer the
	/// rest is still worth telling: the usual cause is that the state is pruned.
	fn ask_outcome(&self, block: Hash, index: u32) -> Option<Outcome<Balance>> {
		type Api = dyn TransactionApi<Block, Balance>;
		query::ask::<Api, _>(&self.client, block, "TransactionApi", |api| {
			TransactionApi::<Block, Balance>::outcome(api, block, index)
		})
		.unwrap_or_else(|error| {
			tracing::debug!("What became of extrinsic {index} of {block:?} is not known: {error}");
			None
		})
	}

	/// Whether the transaction was in the pool, at `asked` or later.
	fn is_in_pool(&self, transaction: Hash, asked: Instant) -> bool {
		let pool = &self.pool;
		let read = || pool.futures().iter().map(|waiting| *waiting.hash()).collect();
		pool.ready_transaction(&transaction).is_some()
			|| (pool.status().future > 0 && self.waiting.contains(transaction, asked, read))
	}

	/// Tells `status`, and each answer after it that is news, until one is the last.
	async fn follow(&self, transaction: Hash, mut status: Status, sink: &SubscriptionSink) {
		let Some(index) = &self.index else { return };
		let mut progress = index.progress();
		// The index may have moved on since `status` was true.
		progress.mark_changed();
		loop {
			let Ok(message) = SubscriptionMessage::from_json(&status) else { return };
			if sink.send(message).await.is_err() || status.is_last() {
				return;
			}
			status = loop {
				let changed = pin!(progress.changed());
				match select(pin!(sink.closed()), changed).await {
					Either::Right((Ok(()), _)) => {},
					_ => return,
				}
				let Ok(mut next) = self.status(transaction).await else { continue };
				if next.is_unknown() && !status.is_unknown() {
					tokio::time::sleep(POOL_PATIENCE).await;
					let Ok(later) = self.status(transaction).await else { continue };
					next = later;
				}
				if next.is_news_after(&status) {
					break next;
				}
			};
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::rpc::vectors::exchanges;
	use jsonrpsee::types::ErrorObjectOwned;

	/// Vectors of `tx_submit`, as far as no runtime is needed: the others are read and pass.
	#[test]
	fn extrinsics_of_the_vectors_are_read_or_refused() {
		let mut refusals = 0;
		for exchange in exchanges("tx-submit.json") {
			assert_eq!(exchange.method, "tx_submit", "{}", exchange.name);
			let read = read_extrinsic(&exchange.params[0]);
			match (read, exchange.error) {
				(Err(error), Some(expected)) => {
					let error = ErrorObjectOwned::from(error);
					assert_eq!(error.code(), expected.code, "{}", exchange.name);
					let data = error.data().map(|data| serde_json::from_str(data.get()).unwrap());
					assert_eq!(data, expected.data, "{}", exchange.name);
					refusals += 1;
				},
				(Err(error), None) => panic!("{}: {error}", exchange.name),
				(Ok(_), Some(expected)) => {
					assert!(expected.code < 1100, "{} is read", exchange.name)
				},
				(Ok(extrinsic), None) => {
					let hash = serde_json::to_value(BlakeTwo256::hash_of(&extrinsic)).unwrap();
					assert_eq!(Some(hash), exchange.result, "{}", exchange.name);
				},
			}
		}
		assert!(refusals >= 4, "{refusals}");
	}
}
