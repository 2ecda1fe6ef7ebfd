//! Prometheus metrics of the index.

use crate::index::TransactionIndex;
use std::sync::{atomic::Ordering, Arc};
use substrate_prometheus_endpoint::{
	register, MetricSource, Opts, PrometheusError, Registry, SourcedCounter, SourcedGauge,
};

/// Registers the metrics of `index`.
pub fn register_metrics(
	index: &Arc<TransactionIndex>,
	registry: &Registry,
) -> Result<(), PrometheusError> {
	let heights = Opts::new(
		"gtos_transaction_index_height",
		"Heights of the best block that the index of transactions has seen and of the oldest that it covers",
	);
	let heights = heights.variable_label("block");
	register(SourcedGauge::new(&heights, Heights(index.clone()))?, registry)?;
	let dropped = Opts::new(
		"gtos_transaction_index_dropped_blocks_total",
		"Blocks dropped because the queue of the index of transactions was full; they are indexed later",
	);
	register(SourcedCounter::new(&dropped, Dropped(index.clone()))?, registry)?;
	Ok(())
}

#[derive(Clone)]
struct Heights(Arc<TransactionIndex>);

impl MetricSource for Heights {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		let progress = *self.0.progress.borrow();
		set(&["best"], progress.number.into());
		set(&["oldest"], progress.oldest.into());
	}
}

#[derive(Clone)]
struct Dropped(Arc<TransactionIndex>);

impl MetricSource for Dropped {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		set(&[], self.0.dropped.load(Ordering::Relaxed));
	}
}
