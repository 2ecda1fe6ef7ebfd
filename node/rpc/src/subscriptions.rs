//! Places of subscriptions: how many a connection and the node may have, and who loses one (RPC-R30).

use crate::error::Error;
use jsonrpsee::{
	types::ErrorObjectOwned, ConnectionId, SubscriptionCloseResponse, SubscriptionMessage,
	SubscriptionSink,
};
use parking_lot::Mutex;
use serde::Serialize;
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
	time::Duration,
};
use substrate_prometheus_endpoint::{
	register, MetricSource, Opts, PrometheusError, Registry, SourcedGauge,
};
use tokio::sync::Notify;

/// How long a client may take to accept a notification before it loses its place.
///
/// The connection buffers notifications, so a client exceeds it only if it stops reading.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How many subscriptions of one kind there may be at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
	/// Those of one connection.
	pub per_connection: usize,
	/// Those of the node. Each subscription costs work in every block.
	pub per_node: usize,
}

/// Limits of the subscriptions of one method.
pub const SUBSCRIPTIONS: Limits = Limits { per_connection: 128, per_node: 1_024 };

/// Counts and limits the subscriptions of one kind.
///
/// When all places of the node are taken, a connection that has few takes one from the connection
/// that has most, so a few connections cannot keep out all others, whether they read or not.
#[derive(Clone)]
pub struct Subscriptions {
	limits: Limits,
	counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
	/// The places of each connection, oldest first. Connections to different listening addresses may
	/// have the same id, and then share a count.
	connections: HashMap<ConnectionId, BTreeMap<u64, Arc<Notify>>>,
	total: usize,
	last_id: u64,
}

impl Counts {
	/// Takes the newest place from the connection that has most, unless it would then have fewer than
	/// one that has `own` and gets another. Returns whether it did.
	fn take_from_largest(&mut self, own: usize) -> bool {
		let Some(largest) = self.connections.values_mut().max_by_key(|places| places.len()) else {
			return false;
		};
		if largest.len() <= own.saturating_add(1) {
			return false;
		}
		let Some((_, taken)) = largest.pop_last() else { return false };
		self.total -= 1;
		taken.notify_one();
		true
	}
}

impl Subscriptions {
	/// No subscriptions yet.
	pub fn new(limits: Limits) -> Self {
		Self { limits, counts: Default::default() }
	}

	/// A permit for one more subscription, returned when it is dropped.
	pub fn acquire(&self, connection: ConnectionId) -> Result<Permit, Error> {
		let Limits { per_connection, per_node } = self.limits;
		let mut counts = self.counts.lock();
		let own = counts.connections.get(&connection).map_or(0, BTreeMap::len);
		if own >= per_connection {
			return Err(Error::TooManySubscriptions(per_connection));
		}
		if counts.total >= per_node && !counts.take_from_largest(own) {
			return Err(Error::TooManySubscriptions(per_node));
		}
		counts.last_id += 1;
		counts.total += 1;
		let (id, taken) = (counts.last_id, Arc::new(Notify::new()));
		counts.connections.entry(connection).or_default().insert(id, taken.clone());
		Ok(Permit { subscriptions: self.clone(), connection, id, taken })
	}
}

/// The subscriptions of the node, by kind.
#[derive(Clone)]
pub struct ByMethod {
	/// Those of `tx_subscribe`.
	pub transactions: Subscriptions,
	/// Those of `kv_subscribe`.
	pub entries: Subscriptions,
}

impl ByMethod {
	/// No subscriptions yet; their counts are registered with `registry`.
	pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let of_method = || Subscriptions::new(SUBSCRIPTIONS);
		let subscriptions = Self { transactions: of_method(), entries: of_method() };
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
			set(&[method], subscriptions.counts.lock().total as u64);
		}
	}
}

/// A permit for one subscription.
pub struct Permit {
	subscriptions: Subscriptions,
	connection: ConnectionId,
	id: u64,
	taken: Arc<Notify>,
}

impl Permit {
	/// Waits until the place has been given to another connection.
	pub async fn taken(&self) -> Error {
		self.taken.notified().await;
		self.refusal()
	}

	/// Fails if the place has been given to another connection.
	pub fn ensure_kept(&self) -> Result<(), Error> {
		let counts = self.subscriptions.counts.lock();
		let places = counts.connections.get(&self.connection);
		let is_kept = places.is_some_and(|places| places.contains_key(&self.id));
		is_kept.then_some(()).ok_or_else(|| self.refusal())
	}

	fn refusal(&self) -> Error {
		Error::TooManySubscriptions(self.subscriptions.limits.per_node)
	}
}

impl Drop for Permit {
	fn drop(&mut self) {
		let mut counts = self.subscriptions.counts.lock();
		let Some(places) = counts.connections.get_mut(&self.connection) else { return };
		let was_kept = places.remove(&self.id).is_some();
		if places.is_empty() {
			counts.connections.remove(&self.connection);
		}
		if was_kept {
			counts.total -= 1;
		}
	}
}

/// Why a subscription ends before its last notification.
#[derive(Debug)]
pub enum End {
	/// The client has ended it or is gone.
	ByClient,
	/// The node ends it, and tells the client why.
	ByNode(Error),
}

impl From<Error> for End {
	fn from(error: Error) -> Self {
		Self::ByNode(error)
	}
}

/// Sends a notification to a client that reads.
pub async fn send(sink: &SubscriptionSink, update: &impl Serialize) -> Result<(), End> {
	let message = SubscriptionMessage::from_json(update)
		.map_err(|error| Error::Unavailable(error.to_string()))?;
	// Waits while the buffer of the connection is full.
	match sink.send_timeout(message, SEND_TIMEOUT).await {
		Ok(()) => Ok(()),
		Err(_) if sink.is_closed() => Err(End::ByClient),
		Err(_) => Err(Error::Unavailable("the client does not read".into()).into()),
	}
}

/// What jsonrpsee sends when a subscription has ended: an error is its last notification.
pub fn close(result: Result<(), End>) -> SubscriptionCloseResponse {
	let Err(End::ByNode(error)) = result else { return SubscriptionCloseResponse::None };
	match SubscriptionMessage::from_json(&ErrorObjectOwned::from(error)) {
		Ok(message) => SubscriptionCloseResponse::NotifErr(message),
		Err(_) => SubscriptionCloseResponse::None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::FutureExt;
	use gtos_runtime::Hash;

	const LIMITS: Limits = Limits { per_connection: 4, per_node: 8 };

	fn take(subscriptions: &Subscriptions, connection: usize) -> Result<Permit, usize> {
		subscriptions.acquire(ConnectionId(connection)).map_err(|error| match error {
			Error::TooManySubscriptions(limit) => limit,
			error => panic!("{error}"),
		})
	}

	#[test]
	fn permits_are_limited_by_connection_and_returned() {
		let subscriptions = Subscriptions::new(LIMITS);
		let mut permits: Vec<Permit> = (0..4).map(|_| take(&subscriptions, 1).unwrap()).collect();
		assert_eq!(take(&subscriptions, 1).err(), Some(4));
		let other = take(&subscriptions, 2).unwrap();
		permits.pop();
		permits.push(take(&subscriptions, 1).unwrap());
		drop((permits, other));
		let counts = subscriptions.counts.lock();
		assert!(counts.connections.is_empty());
		assert_eq!(counts.total, 0);
	}

	/// RPC-R30: what eight connections of strangers hold does not keep out a ninth.
	#[test]
	fn connection_that_has_most_loses_its_newest_place_to_one_that_has_none() {
		let subscriptions = Subscriptions::new(LIMITS);
		let permits: Vec<Permit> = [1, 1, 1, 1, 2, 2, 3, 4]
			.map(|connection| take(&subscriptions, connection).unwrap())
			.into();
		let kept = |permit: &Permit| permit.ensure_kept().is_ok();
		assert!(permits.iter().all(kept));

		let fifth = take(&subscriptions, 5).unwrap();
		let lost: Vec<usize> = (0..8).filter(|it| !kept(&permits[*it])).collect();
		assert_eq!(lost, [3]);
		assert!(matches!(permits[3].taken().now_or_never(), Some(Error::TooManySubscriptions(8))));
		assert!(permits[0].taken().now_or_never().is_none());
		assert_eq!(subscriptions.counts.lock().total, 8);

		drop((permits, fifth));
		let counts = subscriptions.counts.lock();
		assert!(counts.connections.is_empty());
		assert_eq!(counts.total, 0);
	}

	/// Nobody takes a place from a connection that has no more than itself: places would go to and fro.
	#[test]
	fn connections_that_have_as_many_lose_none() {
		let subscriptions = Subscriptions::new(LIMITS);
		let permits: Vec<Permit> =
			[1, 1, 2, 2, 3, 3, 4, 4].map(|it| take(&subscriptions, it).unwrap()).into();
		assert_eq!(take(&subscriptions, 1).err(), Some(8));
		let fifth = take(&subscriptions, 5).unwrap();
		assert_eq!(take(&subscriptions, 5).err(), Some(8));
		assert_eq!(permits.iter().filter(|it| it.ensure_kept().is_err()).count(), 1);
		drop(fifth);
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
	fn subscription_that_the_node_ends_has_an_error_as_its_last_notification() {
		let by_node = close(Err(Error::PrunedState(Hash::zero()).into()));
		assert!(matches!(by_node, SubscriptionCloseResponse::NotifErr(_)));
		for result in [Ok(()), Err(End::ByClient)] {
			assert!(matches!(close(result), SubscriptionCloseResponse::None));
		}
	}
}
