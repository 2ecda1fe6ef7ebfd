//! Prometheus metrics of the disk.

use crate::limits::Limits;
use std::time::Duration;
use substrate_prometheus_endpoint::{register, Gauge, PrometheusError, Registry, F64, U64};

/// The gauges of a node.
pub struct Metrics {
	free_bytes: Gauge<U64>,
	seconds_left: Gauge<F64>,
}

impl Metrics {
	/// Creates the gauges, and registers them if there is a registry.
	pub fn new(limits: &Limits, registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let free_bytes = Gauge::<U64>::new(
			"gtos_storage_free_bytes",
			"Free space of the disk under the database",
		)?;
		let stop_below_bytes = Gauge::<U64>::new(
			"gtos_storage_stop_below_bytes",
			"The node stops when less than this is free; 0 if it never does",
		)?;
		let seconds_left = Gauge::<F64>::new(
			"gtos_storage_seconds_left",
			"Time until the node stops for lack of space, at the rate of the last hour; +Inf if the space does not \
			shrink or the node has run for less than ten minutes",
		)?;
		stop_below_bytes.set(limits.stop_below_bytes);
		seconds_left.set(f64::INFINITY);
		if let Some(registry) = registry {
			register(free_bytes.clone(), registry)?;
			register(stop_below_bytes, registry)?;
			register(seconds_left.clone(), registry)?;
		}
		Ok(Self { free_bytes, seconds_left })
	}

	/// Sets the gauges.
	pub fn set(&self, free_bytes: u64, time_left: Option<Duration>) {
		self.free_bytes.set(free_bytes);
		self.seconds_left.set(time_left.map_or(f64::INFINITY, |left| left.as_secs_f64()));
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn metrics_show_space_limit_and_time() {
		let registry = Registry::new();
		let limits = Limits { stop_below_bytes: 7, polling_period: Duration::from_secs(5) };
		let metrics = Metrics::new(&limits, Some(&registry)).unwrap();
		let value = |name: &str| {
			let families = registry.gather();
			let family = families.iter().find(|family| family.get_name() == name).unwrap();
			family.get_metric()[0].get_gauge().get_value()
		};
		assert_eq!(value("gtos_storage_stop_below_bytes"), 7.0);
		assert_eq!(value("gtos_storage_seconds_left"), f64::INFINITY);
		metrics.set(9, Some(Duration::from_secs(60)));
		assert_eq!(value("gtos_storage_free_bytes"), 9.0);
		assert_eq!(value("gtos_storage_seconds_left"), 60.0);
	}
}
