//! How many subscriptions of a kind there are, on each connection and in all.

use super::error::Error;
use jsonrpsee::ConnectionId;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use substrate_prometheus_endpoint::{
	register, MetricSource, Opts, PrometheusError, Registry, SourcedGauge,
};

/// Most subscriptions of one kind that a connection may have at a time.
pub const MAX_PER_CONNECTION: usize = 128;

/// Most subscriptions of one kind that the node has at a time: each takes work with every block, and
/// who is refused on one connection opens another.
pub const MAX_PER_NODE: usize = 1_024;

/// The subscriptions of one kind, counted.
#[derive(Clone, Default)]
pub struct Subscriptions(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
	/// Connections of different listening addresses may have the same number, and then share a count.
	connections: HashMap<ConnectionId, usize>,
	total: usize,
}

impl Subscriptions {
	/// A place for one more, given back when it is dropped.
	pub fn take_place(&self, connection: ConnectionId) -> Result<Place, Error> {
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
		Ok(Place { subscriptions: self.clone(), connection })
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
	/// None yet; `registry` shows how many there are.
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

/// Place of a subscription among the others.
pub struct Place {
	subscriptions: Subscriptions,
	connection: ConnectionId,
}

impl Drop for Place {
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

	fn take(subscriptions: &Subscriptions, connection: usize) -> Result<Place, usize> {
		subscriptions.take_place(ConnectionId(connection)).map_err(|error| match error {
			Error::TooManySubscriptions(limit) => limit,
			error => panic!("{error}"),
		})
	}

	#[test]
	fn places_are_limited_by_connection_and_given_back() {
		let subscriptions = Subscriptions::default();
		let mut places: Vec<Place> =
			(0..MAX_PER_CONNECTION).map(|_| take(&subscriptions, 1).unwrap()).collect();
		assert_eq!(take(&subscriptions, 1).err(), Some(MAX_PER_CONNECTION));
		let other = take(&subscriptions, 2).unwrap();
		places.pop();
		places.push(take(&subscriptions, 1).unwrap());
		drop((places, other));
		let counts = subscriptions.0.lock();
		assert!(counts.connections.is_empty());
		assert_eq!(counts.total, 0);
	}

	#[test]
	fn subscriptions_are_shown_by_method() {
		let registry = Registry::new();
		let subscriptions = ByMethod::new(Some(&registry)).unwrap();
		let _places = [1, 1, 2].map(|it| take(&subscriptions.entries, it).unwrap());
		let mut shown = BTreeMap::new();
		subscriptions.collect(|labels, count| {
			shown.insert(labels.join(","), count);
		});
		assert_eq!(shown, [("kv_subscribe".to_owned(), 3), ("tx_subscribe".to_owned(), 0)].into());
		assert_eq!(registry.gather().len(), 1);
	}

	#[test]
	fn places_are_limited_in_all_however_many_connections_there_are() {
		let subscriptions = Subscriptions::default();
		let mut places: Vec<Place> =
			(0..MAX_PER_NODE).map(|connection| take(&subscriptions, connection).unwrap()).collect();
		for connection in [0, MAX_PER_NODE] {
			assert_eq!(take(&subscriptions, connection).err(), Some(MAX_PER_NODE));
		}
		places.pop();
		places.push(take(&subscriptions, MAX_PER_NODE).unwrap());
		assert_eq!(take(&subscriptions, MAX_PER_NODE).err(), Some(MAX_PER_NODE));
	}
}
