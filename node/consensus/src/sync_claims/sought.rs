//! The announced blocks that sync may look for.

use gtos_runtime::{BlockNumber, Hash};
use sc_network::PeerId;
use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

/// Most blocks of one peer that sync looks for at a time.
///
/// A peer announces a block when the block becomes its best one. A node that lacks more than this is so far
/// behind that it syncs, and the bound does not apply then.
const MAX_PER_PEER: usize = 5;

/// How long a peer that has as many waits until one more takes the place of its oldest, and how long sync does not look
/// for the same block of the peer again.
///
/// Sync learns the height of a peer only from what is admitted. Without this, a node on a fork of its own, which gets
/// none of the blocks that it looks for, would never hear that the peers are far ahead. An honest peer announces a
/// block once.
const RENEWAL: Duration = Duration::from_secs(10);

/// A block that a peer has announced, and that this node lacked when it last looked.
struct Announced {
	number: BlockNumber,
	hash: Hash,
	admitted: Instant,
}

/// What each peer has announced, the oldest first.
#[derive(Default)]
pub(super) struct Sought(HashMap<PeerId, Vec<Announced>>);

impl Sought {
	/// Adds a full node. Sync does not see light clients.
	pub(super) fn add_peer(&mut self, peer: PeerId) {
		self.0.insert(peer, Vec::new());
	}

	pub(super) fn remove_peer(&mut self, peer: &PeerId) {
		self.0.remove(peer);
	}

	pub(super) fn has_peer(&self, peer: &PeerId) -> bool {
		self.0.contains_key(peer)
	}

	/// Whether sync may look for this block of the peer. `is_over` answers whether sync has found a block or
	/// has given it up.
	pub(super) fn admit(
		&mut self,
		peer: PeerId,
		number: BlockNumber,
		hash: Hash,
		now: Instant,
		is_over: impl Fn(BlockNumber, Hash) -> bool,
	) -> bool {
		let Some(blocks) = self.0.get_mut(&peer) else { return false };
		if is_over(number, hash) {
			return true;
		}
		let is_recent = |block: &Announced| now.duration_since(block.admitted) < RENEWAL;
		if let Some(known) = blocks.iter().position(|block| block.hash == hash) {
			if blocks.get(known).is_some_and(is_recent) {
				return false;
			}
			blocks.remove(known);
		}
		if blocks.len() >= MAX_PER_PEER {
			blocks.retain(|block| !is_over(block.number, block.hash));
		}
		if blocks.len() >= MAX_PER_PEER {
			if blocks.last().is_some_and(is_recent) {
				return false;
			}
			blocks.remove(0);
		}
		blocks.push(Announced { number, hash, admitted: now });
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const UNKNOWN: fn(BlockNumber, Hash) -> bool = |_, _| false;

	fn hash(number: usize) -> Hash {
		Hash::from_low_u64_be(number as u64)
	}

	fn with_peer() -> (Sought, PeerId) {
		let peer = PeerId::random();
		let mut sought = Sought::default();
		sought.add_peer(peer);
		(sought, peer)
	}

	#[test]
	fn unknown_blocks_of_a_peer_are_admitted_up_to_the_bound() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		for i in 0..MAX_PER_PEER {
			assert!(sought.admit(peer, 10, hash(i), now, UNKNOWN));
		}
		assert!(!sought.admit(peer, 10, hash(MAX_PER_PEER), now, UNKNOWN));
		// Another peer has a bound of its own.
		let other = PeerId::random();
		sought.add_peer(other);
		assert!(sought.admit(other, 10, hash(MAX_PER_PEER), now, UNKNOWN));
	}

	#[test]
	fn blocks_that_have_arrived_or_are_given_up_make_room() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		for i in 0..MAX_PER_PEER {
			assert!(sought.admit(peer, 10 + i as BlockNumber, hash(i), now, UNKNOWN));
		}
		assert!(sought.admit(peer, 100, hash(100), now, |number, _| number == 10));
		assert!(!sought.admit(peer, 101, hash(101), now, UNKNOWN));
	}

	#[test]
	fn peer_whose_blocks_do_not_arrive_gets_one_more_from_time_to_time() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		for i in 0..MAX_PER_PEER {
			assert!(sought.admit(peer, 10, hash(i), now, UNKNOWN));
		}
		let soon = now + RENEWAL - Duration::from_millis(1);
		assert!(!sought.admit(peer, 11, hash(11), soon, UNKNOWN));
		assert!(sought.admit(peer, 11, hash(11), now + RENEWAL, UNKNOWN));
		assert!(!sought.admit(peer, 12, hash(12), now + RENEWAL, UNKNOWN));
		assert!(sought.admit(peer, 12, hash(12), now + 2 * RENEWAL, UNKNOWN));
	}

	// The peer may have delivered it, and it cannot be imported.
	#[test]
	fn unknown_block_of_a_peer_is_admitted_again_only_after_a_while() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		let soon = now + RENEWAL - Duration::from_millis(1);
		assert!(sought.admit(peer, 10, hash(0), now, UNKNOWN));
		assert!(!sought.admit(peer, 10, hash(0), now, UNKNOWN));
		assert!(!sought.admit(peer, 10, hash(0), soon, UNKNOWN));
		assert!(sought.admit(peer, 10, hash(0), now + RENEWAL, UNKNOWN));
		assert!(!sought.admit(peer, 10, hash(0), now + RENEWAL, UNKNOWN));
		// It counts once.
		for i in 1..MAX_PER_PEER {
			assert!(sought.admit(peer, 10, hash(i), now + RENEWAL, UNKNOWN));
		}
		assert!(!sought.admit(peer, 10, hash(MAX_PER_PEER), now + RENEWAL, UNKNOWN));
		// Another peer may deliver it.
		let other = PeerId::random();
		sought.add_peer(other);
		assert!(sought.admit(other, 10, hash(0), now, UNKNOWN));
	}

	#[test]
	fn known_blocks_are_always_admitted() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		for i in 0..100 {
			assert!(sought.admit(peer, 10, hash(i), now, |_, _| true));
		}
	}

	#[test]
	fn announcements_of_light_clients_and_of_gone_peers_are_not_admitted() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		let light = PeerId::random();
		assert!(!sought.has_peer(&light) && !sought.admit(light, 10, hash(1), now, UNKNOWN));
		sought.remove_peer(&peer);
		assert!(!sought.has_peer(&peer) && !sought.admit(peer, 10, hash(1), now, UNKNOWN));
	}
}
