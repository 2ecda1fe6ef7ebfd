//! The peers that hold a place in sync.

use sc_network::PeerId;
use std::{
	collections::HashSet,
	sync::{Mutex, MutexGuard, PoisonError},
};

/// The full nodes among the peers, whose number `--in-peers`, `--out-peers` and the reserved peers bound.
///
/// Sync writes it. A node that only connects and asks is not in it, nor is a light client.
#[derive(Default)]
pub struct SyncPlaces(Mutex<HashSet<PeerId>>);

impl SyncPlaces {
	pub(crate) fn add(&self, peer: PeerId) {
		self.peers().insert(peer);
	}

	pub(crate) fn remove(&self, peer: &PeerId) {
		self.peers().remove(peer);
	}

	pub(crate) fn contains(&self, peer: &PeerId) -> bool {
		self.peers().contains(peer)
	}

	fn peers(&self) -> MutexGuard<'_, HashSet<PeerId>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}
