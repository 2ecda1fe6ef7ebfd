//! The transaction pool as peers and JSON-RPC see it: it refuses calls that are nested too deeply.
//!
//! The runtime refuses calls that are nested deeper than 256 times, but the SDK decodes an extrinsic without
//! that limit before the runtime looks at it. From about two thousand levels on, that overflows the stack of
//! the Wasm. Such an extrinsic pays no fee, and its validation takes a hundred times as long as usual,
//! because the error lists the names of thousands of functions. The SDK treats the error as a fault of the
//! node, and does not lower the reputation of the peer.

use async_trait::async_trait;
use codec::Encode;
use futures::future::join_all;
use gtos_node_types::{Block, FullClient, TransactionPool as Pool, MAX_SHALLOW_BYTES};
use gtos_runtime::{opaque::UncheckedExtrinsic, Balance, Hash};
use gtos_transaction_api::TransactionApi;
use sc_transaction_pool_api::{
	error::Error as PoolError, ChainEvent, ImportNotificationStream, MaintainedTransactionPool,
	PoolStatus, ReadyTransactions, TransactionPool, TransactionSource, TransactionStatusStreamFor,
	TxInvalidityReportMap,
};
use sp_api::ProvideRuntimeApi;
use sp_runtime::transaction_validity::InvalidTransaction;
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

type InPoolTransaction = <Pool as TransactionPool>::InPoolTransaction;
type Error = <Pool as TransactionPool>::Error;
type Ready = Box<dyn ReadyTransactions<Item = Arc<InPoolTransaction>> + Send>;

/// The pool behind a check of the nesting of what is submitted.
pub struct ScreenedPool {
	inner: Arc<Pool>,
	client: Arc<FullClient>,
}

impl ScreenedPool {
	/// Puts the check before `inner`. `client` calls the runtime.
	pub fn new(inner: Arc<Pool>, client: Arc<FullClient>) -> Self {
		Self { inner, client }
	}

	/// Refuses an extrinsic that is nested too deeply, as the runtime does.
	fn screen(&self, at: Hash, extrinsic: &UncheckedExtrinsic) -> Result<(), Error> {
		if extrinsic.encoded_size() <= MAX_SHALLOW_BYTES {
			return Ok(());
		}
		let api = self.client.runtime_api();
		// This function of the runtime decodes with the limit.
		let is_extrinsic =
			TransactionApi::<Block, Balance>::is_extrinsic(&*api, at, extrinsic.encode());
		// If the runtime lacks the function, or the block has no state, the pool decides.
		if is_extrinsic.unwrap_or(true) {
			return Ok(());
		}
		Err(PoolError::InvalidTransaction(InvalidTransaction::Call).into())
	}
}

#[async_trait]
impl TransactionPool for ScreenedPool {
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
		// At the same time, so that the pool can validate them together.
		let submit = |extrinsic| self.submit_one(at, source, extrinsic);
		Ok(join_all(extrinsics.into_iter().map(submit)).await)
	}

	async fn submit_one(
		&self,
		at: Hash,
		source: TransactionSource,
		extrinsic: UncheckedExtrinsic,
	) -> Result<Hash, Error> {
		self.screen(at, &extrinsic)?;
		self.inner.submit_one(at, source, extrinsic).await
	}

	async fn submit_and_watch(
		&self,
		at: Hash,
		source: TransactionSource,
		extrinsic: UncheckedExtrinsic,
	) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Error> {
		self.screen(at, &extrinsic)?;
		self.inner.submit_and_watch(at, source, extrinsic).await
	}

	async fn ready_at(&self, at: Hash) -> Ready {
		self.inner.ready_at(at).await
	}

	fn ready(&self) -> Ready {
		self.inner.ready()
	}

	async fn report_invalid(
		&self,
		at: Option<Hash>,
		errors: TxInvalidityReportMap<Hash>,
	) -> Vec<Arc<InPoolTransaction>> {
		self.inner.report_invalid(at, errors).await
	}

	fn futures(&self) -> Vec<InPoolTransaction> {
		self.inner.futures()
	}

	fn status(&self) -> PoolStatus {
		self.inner.status()
	}

	fn import_notification_stream(&self) -> ImportNotificationStream<Hash> {
		self.inner.import_notification_stream()
	}

	fn on_broadcasted(&self, propagations: HashMap<Hash, Vec<String>>) {
		self.inner.on_broadcasted(propagations)
	}

	fn hash_of(&self, extrinsic: &UncheckedExtrinsic) -> Hash {
		self.inner.hash_of(extrinsic)
	}

	fn ready_transaction(&self, hash: &Hash) -> Option<Arc<InPoolTransaction>> {
		self.inner.ready_transaction(hash)
	}

	async fn ready_at_with_timeout(&self, at: Hash, timeout: Duration) -> Ready {
		self.inner.ready_at_with_timeout(at, timeout).await
	}
}

#[async_trait]
impl MaintainedTransactionPool for ScreenedPool {
	async fn maintain(&self, event: ChainEvent<Block>) {
		self.inner.maintain(event).await
	}
}

#[cfg(test)]
mod tests;
