//! The SDK's single-state pool over the gathered validation, with the interface for the node's own transactions.

use super::{chain_api::GatheringApi, queue::Error};
use async_trait::async_trait;
use futures::FutureExt;
use gtos_node_types::Block;
use gtos_runtime::{opaque::UncheckedExtrinsic, Hash};
use sc_transaction_pool::{
	BasicPool, ChainApi, TimedTransactionSource, ValidateTransactionPriority,
};
use sc_transaction_pool_api::{
	ChainEvent, ImportNotificationStream, LocalTransactionPool, MaintainedTransactionPool,
	PoolStatus, ReadyTransactions, TransactionPool, TransactionSource, TransactionStatusStreamFor,
	TxInvalidityReportMap,
};
use sp_blockchain::HashAndNumber;
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

type Inner = BasicPool<GatheringApi, Block>;
type InPoolTransaction = <Inner as TransactionPool>::InPoolTransaction;
type Ready = Box<dyn ReadyTransactions<Item = Arc<InPoolTransaction>> + Send>;

/// The pool. The SDK gives the interface for the node's own transactions only to a pool over its own validation.
pub(super) struct GatheringPool(pub(super) Inner);

impl LocalTransactionPool for GatheringPool {
	type Block = Block;
	type Hash = Hash;
	type Error = Error;

	fn submit_local(&self, at: Hash, transaction: UncheckedExtrinsic) -> Result<Hash, Error> {
		let at = HashAndNumber { hash: at, number: self.0.api().resolve_block_number(at)? };
		let pool = self.0.pool();
		let known = pool.validated_pool();
		let hash = pool.hash_of(&transaction);
		let was_banned = known.is_banned(&hash);
		let transaction = (TimedTransactionSource::new_local(false), Arc::new(transaction));
		// This function takes banned transactions, too.
		let result = pool
			.resubmit_at(&at, [transaction], ValidateTransactionPriority::Submitted)
			.now_or_never()
			.and_then(|mut results| results.pop())
			.map(|result| result.map(|outcome| outcome.hash()))
			.unwrap_or_else(|| {
				let reason = "the pool has not answered at once to a transaction of this node";
				Err(sp_blockchain::Error::Backend(reason.into()).into())
			});
		// What the node itself submits too early may be valid when it comes from elsewhere. The SDK bans it neither.
		if result.is_err() && !was_banned {
			known.unban_if_validation(&hash);
		}
		result
	}
}

#[async_trait]
impl TransactionPool for GatheringPool {
	type Block = Block;
	type Hash = Hash;
	type InPoolTransaction = InPoolTransaction;
	type Error = Error;

	async fn submit_at(
		&self,
		at: Hash,
		source: TransactionSource,
		extrinsics: Vec<UncheckedExtrinsic>,
	) -> Result<Vec<Result<Hash, Error>>, Error> {
		self.0.submit_at(at, source, extrinsics).await
	}

	async fn submit_one(
		&self,
		at: Hash,
		source: TransactionSource,
		extrinsic: UncheckedExtrinsic,
	) -> Result<Hash, Error> {
		self.0.submit_one(at, source, extrinsic).await
	}

	async fn submit_and_watch(
		&self,
		at: Hash,
		source: TransactionSource,
		extrinsic: UncheckedExtrinsic,
	) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Error> {
		self.0.submit_and_watch(at, source, extrinsic).await
	}

	async fn ready_at(&self, at: Hash) -> Ready {
		self.0.ready_at(at).await
	}

	fn ready(&self) -> Ready {
		self.0.ready()
	}

	async fn report_invalid(
		&self,
		at: Option<Hash>,
		errors: TxInvalidityReportMap<Hash>,
	) -> Vec<Arc<InPoolTransaction>> {
		self.0.report_invalid(at, errors).await
	}

	fn futures(&self) -> Vec<InPoolTransaction> {
		self.0.futures()
	}

	fn status(&self) -> PoolStatus {
		self.0.status()
	}

	fn import_notification_stream(&self) -> ImportNotificationStream<Hash> {
		self.0.import_notification_stream()
	}

	fn on_broadcasted(&self, propagations: HashMap<Hash, Vec<String>>) {
		self.0.on_broadcasted(propagations)
	}

	fn hash_of(&self, extrinsic: &UncheckedExtrinsic) -> Hash {
		self.0.hash_of(extrinsic)
	}

	fn ready_transaction(&self, hash: &Hash) -> Option<Arc<InPoolTransaction>> {
		self.0.ready_transaction(hash)
	}

	async fn ready_at_with_timeout(&self, at: Hash, timeout: Duration) -> Ready {
		self.0.ready_at_with_timeout(at, timeout).await
	}
}

#[async_trait]
impl MaintainedTransactionPool for GatheringPool {
	async fn maintain(&self, event: ChainEvent<Block>) {
		self.0.maintain(event).await
	}
}
