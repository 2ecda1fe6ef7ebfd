//! How many blocks of each peer could not be imported.

use sc_network::PeerId;
use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

/// With its third block that cannot be imported, a peer is disconnected.
///
/// Peers on another fork may deliver a block whose parent is not there. Sync then searches the block that both have. The
/// ranges of peers on different forks can alternate, so a peer begins anew with each block of it that is imported.
pub(super) const MAX_FAILURES: usize = 3;

/// A peer without a failure for so long begins anew. Longer than it takes to connect again.
const MEMORY: Duration = Duration::from_secs(600);

/// Most peers whose failures are kept. A further one takes the place of the one whose last failure is the oldest.
const MAX_PEERS: usize = 1_024;

/// The failures of a peer.
struct Count {
	failures: usize,
	last: Instant,
}

/// The failures of all peers, also of those that have disconnected since.
#[derive(Default)]
pub(super) struct Failures(HashMap<PeerId, Count>);

impl Failures {
	/// Counts a failure. True if the peer has to be disconnected for it; it then begins anew.
	pub(super) fn add(&mut self, peer: PeerId, now: Instant) -> bool {
		self.0.retain(|_, count| now.duration_since(count.last) < MEMORY);
		if self.0.len() >= MAX_PEERS && !self.0.contains_key(&peer) {
			let oldest = self.0.iter().min_by_key(|(_, count)| count.last).map(|(peer, _)| *peer);
			if let Some(oldest) = oldest {
				self.0.remove(&oldest);
			}
		}
		let count = self.0.entry(peer).or_insert(Count { failures: 0, last: now });
		count.failures = count.failures.saturating_add(1);
		count.last = now;
		let is_last = count.failures >= MAX_FAILURES;
		if is_last {
			self.0.remove(&peer);
		}
		is_last
	}

	/// Lets a peer begin anew.
	pub(super) fn forget(&mut self, peer: &PeerId) {
		self.0.remove(peer);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn each_third_failure_of_a_peer_disconnects_it() {
		let mut failures = Failures::default();
		let [peer, other] = [PeerId::random(), PeerId::random()];
		let now = Instant::now();
		assert_eq!(
			[0; 6].map(|_| failures.add(peer, now)),
			[false, false, true, false, false, true]
		);
		assert!(!failures.add(other, now));
	}

	#[test]
	fn failures_are_forgotten_after_a_while() {
		let mut failures = Failures::default();
		let peer = PeerId::random();
		let start = Instant::now();
		assert!(!failures.add(peer, start));
		let soon = start + MEMORY - Duration::from_millis(1);
		assert!(!failures.add(peer, soon));
		let later = soon + MEMORY;
		assert_eq!([0; 3].map(|_| failures.add(peer, later)), [false, false, true]);
	}

	#[test]
	fn failures_of_many_peers_replace_the_oldest() {
		let mut failures = Failures::default();
		let oldest = PeerId::random();
		let start = Instant::now();
		let later = start + Duration::from_secs(1);
		for _ in 1..MAX_FAILURES {
			assert!(!failures.add(oldest, start));
		}
		for _ in 0..MAX_PEERS {
			failures.add(PeerId::random(), later);
		}
		assert_eq!(failures.0.len(), MAX_PEERS);
		assert!(!failures.0.contains_key(&oldest));
	}
}
