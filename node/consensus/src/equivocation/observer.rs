//! The observer of the block import that passes headers to the reporter.

use super::{metrics::Metrics, observed_header::ObservedHeader};
use crate::{clock::Clock, observed_import::Observer};
use gtos_node_types::Block;
use sc_consensus::BlockImportParams;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Maximum number of headers that can wait for the reporter: about as many as a flood brings in a second.
pub(super) const QUEUE_HEADERS: usize = 256;

/// An observer that passes on a copy of each header, and the receiver of these.
pub fn header_observer(
	clock: Arc<Clock>,
	metrics: Metrics,
) -> (Observer, mpsc::Receiver<ObservedHeader>) {
	let (observed, receiver) = mpsc::channel(QUEUE_HEADERS);
	let observe = move |block: &BlockImportParams<Block>| {
		if let Some(header) = ObservedHeader::of(block, clock.slot()) {
			// Import must not wait for a full queue or a missing receiver.
			if observed.try_send(header).is_err() {
				metrics.count_dropped_header();
			}
		}
	};
	(Arc::new(observe), receiver)
}
