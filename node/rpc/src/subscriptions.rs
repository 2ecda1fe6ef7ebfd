//! Limits on the number of subscriptions, on each connection and of the whole node.

use crate::error::Error;
use jsonrpsee::ConnectionId;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use substrate_prometheus_endpoint::{
	register, MetricSource, Opts, PrometheusError, Registry, SourcedGauge,
};

/// Maximum number of subscriptions of one kind that a connection may have at a time.
pub const MAX_PER_CONNECTION: usize = 128;

/// Maximum number of subscriptions of one kind that the node may have at a time.
///
/// Each subscription costs work in every block, and a client can evade the limit per connection by
/// opening more connections.
pub const MAX_PER_NODE: usize = 1_024;

/// Counts and limits the subscriptions of one kind.
#[derive(Clone, Default)]
pub struct Subscriptions(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
	/// Connections to different listening addresses may have the same id, and then share a count.
	connections: HashMap<ConnectionId, usize>,
	total: usize,
}

impl Subscriptions {
	/// A permit for one more subscription, returned when it is dropped.
	pub fn acquire(&self, connection: ConnectionId) -> Result<Permit, Error> {
		let mut counts = self.0.lock();
		if counts.total >= MAX_PER_NODE {
			return Err(Error::TooManySubscriptions(MAX_PER_NODE));
		}
		let count = counts.connections.entry(connection).or_default();
		if *count >= MAX_PER_CONNECTION {
			return Err(Error::TooManySubscriptions(MAX_PER_CONNECTION));
		}
		*count += 1;
		counts.total += 1;
		Ok(Permit { subscriptions: self.clone(), connection })
	}
}

/// The subscriptions of the node, by kind.
#[derive(Clone, Default)]
pub struct ByMethod {
	/// Those of `tx_subscribe`.
	pub transactions: Subscriptions,
	/// Those of `kv_subscribe`.
	pub entries: Subscriptions,
}

impl ByMethod {
	/// No subscriptions yet; their counts are registered with `registry`.
	pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let subscriptions = Self::default();
		if let Some(registry) = registry {
			let count = Opts::new("gtos_rpc_subscriptions", "Subscriptions to GTOS's own methods");
			let count = count.variable_label("method");
			register(SourcedGauge::new(&count, subscriptions.clone())?, registry)?;
		}
		Ok(subscriptions)
	}
}

impl MetricSource for ByMethod {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		let Self { transactions, entries } = self;
		for (method, subscriptions) in [("tx_subscribe", transactions), ("kv_subscribe", entries)] {
			set(&[method], subscriptions.0.lock().total as u64);
		}
	}
}

/// A permit for one subscription.
pub struct Permit {
	subscriptions: Subscriptions,
	connection: ConnectionId,
}

impl Drop for Permit {
	fn drop(&mut self) {
		let mut counts = self.subscriptions.0.lock();
		counts.total -= 1;
		if let Some(count) = counts.connections.get_mut(&self.connection) {
			*count -= 1;
			if *count == 0 {
				counts.connections.remove(&self.connection);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeMap;

	fn take(subscriptions: &Subscriptions, connection: usize) -> Result<Permit, usize> {
		subscriptions.acquire(ConnectionId(connection)).map_err(|error| match error {
			Error::TooManySubscriptions(limit) => limit,
			error => panic!("{error}"),
		})
	}

	#[test]
	fn permits_are_limited_by_connection_and_returned() {
		let subscriptions = Subscriptions::default();
		let mut permits: Vec<Permit> =
			(0..MAX_PER_CONNECTION).map(|_| take(&subscriptions, 1).unwrap()).collect();
		assert_eq!(take(&subscriptions, 1).err(), Some(MAX_PER_CONNECTION));
		let other = take(&subscriptions, 2).unwrap();
		permits.pop();
		permits.push(take(&subscriptions, 1).unwrap());
		drop((permits, other));
		let counts = subscriptions.0.lock();
		assert!(counts.connections.is_empty());
		assert_eq!(counts.total, 0);
	}

	#[test]
	fn metrics_show_the_subscriptions_by_method() {
		let registry = Registry::new();
		let subscriptions = ByMethod::new(Some(&registry)).unwrap();
		let _permits = [1, 1, 2].map(|it| take(&subscriptions.entries, it).unwrap());
		let mut shown = BTreeMap::new();
		subscriptions.collect(|labels, count| {
			shown.insert(labels.join(","), count);
		});
		assert_eq!(shown, [("kv_subscribe".to_owned(), 3), ("tx_subscribe".to_owned(), 0)].into());
		assert_eq!(registry.gather().len(), 1);
	}

	#[test]
	fn permits_of_many_connections_are_limited_in_total() {
		let subscriptions = Subscriptions::default();
		let mut permits: Vec<Permit> =
			(0..MAX_PER_NODE).map(|connection| take(&subscriptions, connection).unwrap()).collect();
		for connection in [0, MAX_PER_NODE] {
			assert_eq!(take(&subscriptions, connection).err(), Some(MAX_PER_NODE));
		}
		permits.pop();
		permits.push(take(&subscriptions, MAX_PER_NODE).unwrap());
		assert_eq!(take(&subscriptions, MAX_PER_NODE).err(), Some(MAX_PER_NODE));
	}
}
