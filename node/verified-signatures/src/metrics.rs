//! Prometheus metrics of the memory.

use crate::verified_signatures::VerifiedSignatures;
use substrate_prometheus_endpoint::{
	register, MetricSource, Opts, PrometheusError, Registry, SourcedCounter,
};

/// Registers the metrics of `memory`.
pub fn register_metrics(
	memory: &'static VerifiedSignatures,
	registry: &Registry,
) -> Result<(), PrometheusError> {
	let lookups = Opts::new(
		"gtos_verified_signatures_lookups_total",
		"Signatures that the runtime has asked about, by result: hit (remembered) or miss (verified)",
	);
	let lookups = lookups.variable_label("result");
	register(SourcedCounter::new(&lookups, Lookups(memory))?, registry)?;
	Ok(())
}

#[derive(Clone)]
struct Lookups(&'static VerifiedSignatures);

impl MetricSource for Lookups {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		set(&["hit"], self.0.hits());
		set(&["miss"], self.0.misses());
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::{sr25519, Pair};
	use std::num::NonZeroU32;

	#[test]
	fn metrics_count_hits_and_misses() {
		let memory: &'static VerifiedSignatures =
			Box::leak(Box::new(VerifiedSignatures::new(NonZeroU32::MIN)));
		let registry = Registry::new();
		register_metrics(memory, &registry).unwrap();
		let key = sr25519::Pair::from_seed(&[1; 32]);
		let signature = key.sign(b"message");
		for _ in 0..3 {
			assert!(memory.sr25519(&signature, b"message", &key.public()));
		}
		let families = registry.gather();
		let values: Vec<(&str, f64)> = families[0]
			.get_metric()
			.iter()
			.map(|metric| (metric.get_label()[0].get_value(), metric.get_counter().get_value()))
			.collect();
		assert_eq!(families[0].get_name(), "gtos_verified_signatures_lookups_total");
		assert_eq!(values, [("hit", 2.0), ("miss", 1.0)]);
	}
}
