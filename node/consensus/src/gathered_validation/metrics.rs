//! Prometheus metrics of the gathered validation.

use substrate_prometheus_endpoint::{
	register, Counter, Histogram, HistogramOpts, PrometheusError, Registry, U64,
};

/// The metrics, which count even if they are not registered.
#[derive(Clone)]
pub(super) struct Metrics {
	together: Histogram,
	failures: Counter<U64>,
	left_out: Counter<U64>,
	scheduled: Counter<U64>,
	finished: Counter<U64>,
}

impl Metrics {
	/// Registers the metrics, if there is a registry.
	pub(super) fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let together = HistogramOpts::new(
			"gtos_pool_validated_together",
			"Transactions that one call of the runtime has validated for the pool",
		);
		let metrics = Self {
			together: Histogram::with_opts(together.buckets(vec![1., 2., 4., 8., 16., 32.]))?,
			failures: Counter::new(
				"gtos_pool_failed_batches_total",
				"Calls for several transactions that have failed; each transaction is then validated alone",
			)?,
			left_out: Counter::new(
				"gtos_pool_revalidations_left_out_total",
				"Transactions of the pool that were not validated again after a block, because there were too many",
			)?,
			// The names of the SDK, whose place this validation takes.
			scheduled: Counter::new(
				"substrate_sub_txpool_validations_scheduled",
				"Total number of transactions scheduled for validation",
			)?,
			finished: Counter::new(
				"substrate_sub_txpool_validations_finished",
				"Total number of transactions that finished validation",
			)?,
		};
		if let Some(registry) = registry {
			register(metrics.together.clone(), registry)?;
			register(metrics.failures.clone(), registry)?;
			register(metrics.left_out.clone(), registry)?;
			register(metrics.scheduled.clone(), registry)?;
			register(metrics.finished.clone(), registry)?;
		}
		Ok(metrics)
	}

	/// A transaction waits for its validation.
	pub(super) fn count_scheduled(&self) {
		self.scheduled.inc();
	}

	/// A call has given the verdicts on so many transactions.
	pub(super) fn count_call(&self, transactions: usize) {
		self.together.observe(transactions as f64);
		self.finished.inc_by(transactions as u64);
	}

	/// A call for several transactions has failed.
	pub(super) fn count_failure(&self) {
		self.failures.inc();
	}

	/// A transaction of the pool is not validated again.
	pub(super) fn count_left_out(&self) {
		self.left_out.inc();
	}

	#[cfg(test)]
	pub(super) fn calls(&self) -> u64 {
		self.together.get_sample_count()
	}

	#[cfg(test)]
	pub(super) fn finished(&self) -> u64 {
		self.finished.get()
	}

	#[cfg(test)]
	pub(super) fn failures(&self) -> u64 {
		self.failures.get()
	}

	#[cfg(test)]
	pub(super) fn left_out(&self) -> u64 {
		self.left_out.get()
	}
}
