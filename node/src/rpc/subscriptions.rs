//! How many subscriptions of a kind each connection has.

use super::error::Error;
use jsonrpsee::ConnectionId;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Most subscriptions of one kind that a connection may have at a time.
pub const MAX_SUBSCRIPTIONS: usize = 128;

/// The subscriptions of one kind, counted by connection.
#[derive(Clone, Default)]
pub struct Subscriptions(Arc<Mutex<HashMap<ConnectionId, usize>>>);

impl Subscriptions {
	/// A place for one more, given back when it is dropped.
	pub fn take_place(&self, connection: ConnectionId) -> Result<Place, Error> {
		let mut counts = self.0.lock();
		let count = counts.entry(connection).or_default();
		if *count >= MAX_SUBSCRIPTIONS {
			return Err(Error::TooManySubscriptions(MAX_SUBSCRIPTIONS));
		}
		*count += 1;
		Ok(Place { subscriptions: self.clone(), connection })
	}
}

/// Place of a subscription among those of its connection.
pub struct Place {
	subscriptions: Subscriptions,
	connection: ConnectionId,
}

impl Drop for Place {
	fn drop(&mut self) {
		let mut counts = self.subscriptions.0.lock();
		if let Some(count) = counts.get_mut(&self.connection) {
			*count -= 1;
			if *count == 0 {
				counts.remove(&self.connection);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn places_are_limited_by_connection_and_given_back() {
		let subscriptions = Subscriptions::default();
		let take = |connection: usize| subscriptions.take_place(ConnectionId(connection));
		let mut places: Vec<Place> = (0..MAX_SUBSCRIPTIONS).map(|_| take(1).unwrap()).collect();
		assert!(matches!(take(1), Err(Error::TooManySubscriptions(MAX_SUBSCRIPTIONS))));
		let other = take(2).unwrap();
		places.pop();
		places.push(take(1).unwrap());
		drop((places, other));
		assert!(subscriptions.0.lock().is_empty());
	}
}
