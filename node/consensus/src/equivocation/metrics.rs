//! Prometheus metrics of the reports of equivocations.

use substrate_prometheus_endpoint::{
	register, Counter, CounterVec, Gauge, Opts, PrometheusError, Registry, U64,
};

/// Kind of an equivocation: two blocks in one slot, or two votes in one round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
	Aura,
	Grandpa,
}

impl Kind {
	pub(super) fn name(self) -> &'static str {
		match self {
			Self::Aura => "aura",
			Self::Grandpa => "grandpa",
		}
	}
}

/// What has happened to an equivocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
	/// This node has noticed it.
	Seen,
	/// It is kept until it is settled or dropped.
	Queued,
	/// The pool of this node has accepted a report of it; again if the report was lost.
	Reported,
	/// The last final state contains the offence, whoever reported it.
	Settled,
	/// Nothing more is done: too many are kept, or the chain will never accept a report.
	Dropped,
}

impl Step {
	fn name(self) -> &'static str {
		match self {
			Self::Seen => "seen",
			Self::Queued => "queued",
			Self::Reported => "reported",
			Self::Settled => "settled",
			Self::Dropped => "dropped",
		}
	}
}

/// The metrics, which count even if they are not registered.
#[derive(Clone)]
pub struct Metrics {
	steps: CounterVec<U64>,
	unsettled: Gauge<U64>,
	dropped_headers: Counter<U64>,
}

impl Metrics {
	/// Registers the metrics, if there is a registry.
	pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let steps = Opts::new(
			"gtos_equivocations_total",
			"Equivocations by kind (aura, grandpa) and step (seen, queued, reported, settled, dropped)",
		);
		let metrics = Self {
			steps: CounterVec::new(steps, &["kind", "step"])?,
			unsettled: Gauge::new(
				"gtos_equivocations_unsettled",
				"Equivocations that the last final state does not contain yet and that can still be punished",
			)?,
			dropped_headers: Counter::new(
				"gtos_equivocation_headers_dropped_total",
				"Headers that were not searched for equivocations because the queue was full",
			)?,
		};
		// A series exists from the start, so that an alert sees its first increase.
		for kind in [Kind::Aura, Kind::Grandpa] {
			for step in [Step::Seen, Step::Queued, Step::Reported, Step::Settled, Step::Dropped] {
				metrics.steps.with_label_values(&[kind.name(), step.name()]);
			}
		}
		if let Some(registry) = registry {
			register(metrics.steps.clone(), registry)?;
			register(metrics.unsettled.clone(), registry)?;
			register(metrics.dropped_headers.clone(), registry)?;
		}
		Ok(metrics)
	}

	pub(super) fn count(&self, kind: Kind, step: Step) {
		self.steps.with_label_values(&[kind.name(), step.name()]).inc();
	}

	pub(super) fn set_unsettled(&self, reports: usize) {
		self.unsettled.set(reports as u64);
	}

	pub(super) fn count_dropped_header(&self) {
		self.dropped_headers.inc();
	}

	#[cfg(test)]
	pub(super) fn counted(&self, kind: Kind, step: Step) -> u64 {
		self.steps.with_label_values(&[kind.name(), step.name()]).get()
	}

	#[cfg(test)]
	pub(super) fn dropped_headers(&self) -> u64 {
		self.dropped_headers.get()
	}

	#[cfg(test)]
	pub(super) fn unsettled(&self) -> usize {
		self.unsettled.get() as usize
	}
}
