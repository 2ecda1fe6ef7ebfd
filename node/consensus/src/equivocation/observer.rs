//! The wrapper around block import that observes headers.

use super::{metrics::Metrics, observed_header::ObservedHeader};
use crate::clock::Clock;
use gtos_node_types::Block;
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Maximum number of headers that can wait for the reporter: about as many as a flood brings in a second.
pub(super) const QUEUE_HEADERS: usize = 256;

/// A block import that passes a copy of each header to the reporter and changes nothing.
#[derive(Clone)]
pub struct HeaderObserver<I> {
	inner: I,
	observed: mpsc::Sender<ObservedHeader>,
	clock: Arc<Clock>,
	metrics: Metrics,
}

/// Wraps `inner`, and returns the receiver of the observed headers.
pub fn observe<I>(
	inner: I,
	clock: Arc<Clock>,
	metrics: Metrics,
) -> (HeaderObserver<I>, mpsc::Receiver<ObservedHeader>) {
	let (observed, receiver) = mpsc::channel(QUEUE_HEADERS);
	(HeaderObserver { inner, observed, clock, metrics }, receiver)
}

#[async_trait::async_trait]
impl<I: BlockImport<Block> + Send + Sync> BlockImport<Block> for HeaderObserver<I> {
	type Error = I::Error;

	async fn check_block(
		&self,
		block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.inner.check_block(block).await
	}

	async fn import_block(
		&self,
		block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		if let Some(header) = ObservedHeader::of(&block, self.clock.slot()) {
			// Import must not wait for a full queue or a missing receiver.
			if self.observed.try_send(header).is_err() {
				self.metrics.count_dropped_header();
			}
		}
		self.inner.import_block(block).await
	}
}
