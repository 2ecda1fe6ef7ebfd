//! What the node tells about the blocks that it makes: the names and the texts of the SDK.

use gtos_node_types::Block;
use sc_proposer_metrics::{EndProposingReason, MetricsLink};
use sc_telemetry::{telemetry, TelemetryHandle, CONSENSUS_INFO};
use sp_runtime::traits::{Block as _, Header as _};
use std::time::Duration;
use substrate_prometheus_endpoint::Registry;

/// Metrics, log and telemetry.
#[derive(Clone)]
pub(super) struct Report {
	metrics: MetricsLink,
	telemetry: Option<TelemetryHandle>,
}

impl Report {
	/// Registers the metrics, if there is a registry.
	pub(super) fn new(registry: Option<&Registry>, telemetry: Option<TelemetryHandle>) -> Self {
		Self { metrics: MetricsLink::new(registry), telemetry }
	}

	/// The runtime has made the inherents in this time.
	pub(super) fn inherents(&self, took: Duration) {
		self.metrics.report(|metrics| metrics.create_inherents_time.observe(took.as_secs_f64()));
	}

	/// A block is ready after this time.
	pub(super) fn block(&self, block: &Block, reason: EndProposingReason, took: Duration) {
		let (header, extrinsics) = (block.header(), block.extrinsics().len());
		self.metrics.report(|metrics| {
			metrics.number_of_transactions.set(extrinsics as u64);
			metrics.block_constructed.observe(took.as_secs_f64());
			metrics.create_block_proposal_time.observe(took.as_secs_f64());
			metrics.report_end_proposing_reason(reason);
		});
		tracing::info!(
			"🎁 Prepared block for proposing at {} ({} ms) hash: {:?}; parent_hash: {}; end: {:?}; extrinsics_count: {}",
			header.number(),
			took.as_millis(),
			header.hash(),
			header.parent_hash(),
			reason,
			extrinsics,
		);
		telemetry!(
			self.telemetry;
			CONSENSUS_INFO;
			"prepared_block_for_proposing";
			"number" => ?header.number(),
			"hash" => ?header.hash(),
		);
	}
}
