//! Turns of batches: a connection submits one after the other, and the node a few at the same time.
//!
//! A batch is one call, however many transactions it has. Without turns, a connection could put many more
//! transactions before those of others with batches than with single calls.

use crate::error::Error;
use jsonrpsee::ConnectionId;
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	sync::{Arc, Weak},
};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Most batches that the node submits at the same time. They keep all workers of the pool busy.
const MAX_CONCURRENT: usize = 4;

/// Most batches that a connection has at the same time: the one whose turn it is, and those that wait.
///
/// Each keeps a request in memory, and the server takes any number of them from a WebSocket connection.
const MAX_OF_CONNECTION: usize = 16;

/// Gives turns in the order in which they are asked for.
pub struct BatchTurns {
	node: Arc<Semaphore>,
	/// One permit for each connection that has or waits for a turn. Connections to different listening
	/// addresses may have the same id, and then share the permit.
	connections: Mutex<HashMap<ConnectionId, Weak<Semaphore>>>,
}

/// A turn, which ends when this is dropped.
pub struct Turn {
	_of_connection: OwnedSemaphorePermit,
	_of_node: OwnedSemaphorePermit,
}

impl BatchTurns {
	/// No turn is taken yet.
	pub fn new() -> Self {
		Self { node: Arc::new(Semaphore::new(MAX_CONCURRENT)), connections: Default::default() }
	}

	/// A turn for a batch of the connection, once it has no other and the node has room.
	///
	/// A connection waits for the node with one batch only, so that others wait for one batch of each
	/// connection at most.
	///
	/// # Errors
	///
	/// The connection already has [`MAX_OF_CONNECTION`] batches.
	pub async fn take(&self, connection: ConnectionId) -> Result<Turn, Error> {
		let unavailable = |error: AcquireError| Error::Unavailable(error.to_string());
		let permits = self.permits_of(connection)?;
		let of_connection = permits.acquire_owned().await.map_err(unavailable)?;
		let of_node = self.node.clone().acquire_owned().await.map_err(unavailable)?;
		Ok(Turn { _of_connection: of_connection, _of_node: of_node })
	}

	fn permits_of(&self, connection: ConnectionId) -> Result<Arc<Semaphore>, Error> {
		let mut connections = self.connections.lock();
		// Those that neither have nor wait for a turn any more.
		connections.retain(|_, permits| permits.strong_count() > 0);
		if let Some(permits) = connections.get(&connection).and_then(Weak::upgrade) {
			// Each batch that has or waits for a turn has one reference, and so has this new one.
			if Arc::strong_count(&permits) > MAX_OF_CONNECTION {
				return Err(Error::Unavailable(format!(
					"this connection has {MAX_OF_CONNECTION} batches already, wait for a result"
				)));
			}
			return Ok(permits);
		}
		let permits = Arc::new(Semaphore::new(1));
		connections.insert(connection, Arc::downgrade(&permits));
		Ok(permits)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::FutureExt;

	/// A turn that is free at once.
	fn take(turns: &BatchTurns, connection: usize) -> Option<Turn> {
		turns.take(ConnectionId(connection)).now_or_never().map(Result::unwrap)
	}

	#[test]
	fn connection_has_one_turn_and_does_not_hold_up_others() {
		let turns = BatchTurns::new();
		let first = take(&turns, 1).unwrap();
		// These wait, and keep no place of the node.
		let mut waiting: Vec<_> =
			(0..2 * MAX_CONCURRENT).map(|_| turns.take(ConnectionId(1)).boxed()).collect();
		for wait in &mut waiting {
			assert!(wait.now_or_never().is_none());
		}
		assert!(take(&turns, 2).is_some());
		drop(first);
		assert!(waiting.remove(1).now_or_never().is_none(), "the first that waits is next");
		assert!(waiting.remove(0).now_or_never().is_some());
	}

	#[test]
	fn connection_with_too_many_batches_is_refused_another_until_one_is_done() {
		let turns = BatchTurns::new();
		let first = take(&turns, 1).unwrap();
		let mut waiting: Vec<_> =
			(1..MAX_OF_CONNECTION).map(|_| turns.take(ConnectionId(1)).boxed()).collect();
		for wait in &mut waiting {
			assert!(wait.now_or_never().is_none());
		}
		let refused = || turns.take(ConnectionId(1)).now_or_never();
		assert!(matches!(refused(), Some(Err(Error::Unavailable(_)))));
		assert!(take(&turns, 2).is_some());
		// A client that does not wait any more has no batch either.
		drop(waiting.pop());
		assert!(refused().is_none());
		drop(first);
		assert!(refused().is_none(), "those that wait are first");
	}

	#[test]
	fn node_has_a_few_turns_and_each_is_given_back() {
		let turns = BatchTurns::new();
		for _ in 0..3 {
			let mut taken: Vec<_> =
				(0..MAX_CONCURRENT).map(|connection| take(&turns, connection).unwrap()).collect();
			assert!(take(&turns, MAX_CONCURRENT).is_none());
			drop(taken.pop());
			assert!(take(&turns, MAX_CONCURRENT).is_some());
		}
	}

	#[test]
	fn connections_without_batches_are_forgotten() {
		let turns = BatchTurns::new();
		for connection in 0..100 {
			take(&turns, connection).unwrap();
		}
		assert_eq!(turns.connections.lock().len(), 1);
	}
}
