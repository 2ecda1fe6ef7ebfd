//! Prometheus metrics of the protection.

use crate::{counters::Counters, protection::SlashingProtection};
use std::sync::{atomic::Ordering::Relaxed, Arc};
use substrate_prometheus_endpoint::{
	register, MetricSource, Opts, PrometheusError, Registry, SourcedCounter, SourcedGauge,
};

/// Registers the metrics of a node.
pub fn register_metrics(
	protection: &SlashingProtection,
	registry: &Registry,
) -> Result<(), PrometheusError> {
	let counters = &protection.counters;
	let refused = Opts::new(
		"gtos_slashing_protection_refused_total",
		"Signatures that slashing protection has refused",
	);
	let refused = refused.variable_label("signature");
	register(SourcedCounter::new(&refused, Refused(counters.clone()))?, registry)?;
	let heard = Opts::new(
		"gtos_slashing_protection_heard_total",
		"Signatures of this node's consensus keys that another node has made",
	);
	register(SourcedCounter::new(&heard, Heard(counters.clone()))?, registry)?;
	let signing = Opts::new(
		"gtos_slashing_protection_signing",
		"1 if this node signs with its consensus keys, 0 while it listens for them",
	);
	register(SourcedGauge::new(&signing, Signing(counters.clone()))?, registry)?;
	Ok(())
}

#[derive(Clone)]
struct Refused(Arc<Counters>);

impl MetricSource for Refused {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		set(&["seal"], self.0.refused_seals.load(Relaxed));
		set(&["vote"], self.0.refused_votes.load(Relaxed));
	}
}

#[derive(Clone)]
struct Heard(Arc<Counters>);

impl MetricSource for Heard {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		set(&[], self.0.heard.load(Relaxed));
	}
}

#[derive(Clone)]
struct Signing(Arc<Counters>);

impl MetricSource for Signing {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		set(&[], self.0.is_signing.load(Relaxed));
	}
}
