//! The announced blocks that sync may look for.

use gtos_runtime::{BlockNumber, Hash};
use sc_network::PeerId;
use std::{
	collections::{HashMap, HashSet, VecDeque},
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

/// Most blocks that sync looks for at a time and that no reserved peer has announced.
///
/// With each event, the SDK's sync looks all of them up in the database, for each peer.
const MAX_OF_STRANGERS: usize = 16;

/// A block that a peer has announced, and that this node lacked when it last looked.
struct Announced {
	number: BlockNumber,
	hash: Hash,
	admitted: Instant,
}

/// What the peers have announced.
#[derive(Default)]
pub(super) struct Sought {
	/// Peers that the operator has reserved.
	reserved: HashSet<PeerId>,
	/// The blocks of each peer, the oldest first.
	peers: HashMap<PeerId, Vec<Announced>>,
	/// Those that no reserved peer has announced, the oldest first.
	of_strangers: VecDeque<(BlockNumber, Hash)>,
	/// Blocks that sync has to give up.
	given_up: Vec<Hash>,
}

impl Sought {
	pub(super) fn new(reserved: HashSet<PeerId>) -> Self {
		Self { reserved, ..Self::default() }
	}

	/// Adds a full node. Sync does not see light clients.
	pub(super) fn add_peer(&mut self, peer: PeerId) {
		self.peers.insert(peer, Vec::new());
	}

	pub(super) fn remove_peer(&mut self, peer: &PeerId) {
		self.peers.remove(peer);
		// Sync gives up what no other peer has announced.
		self.of_strangers.retain(|(_, hash)| is_announced(self.peers.values(), *hash));
	}

	pub(super) fn has_peer(&self, peer: &PeerId) -> bool {
		self.peers.contains_key(peer)
	}

	/// The peers that have announced a block for which sync looks.
	pub(super) fn announcers(&self, number: BlockNumber, hash: Hash) -> Vec<PeerId> {
		let has = |blocks: &[Announced]| {
			blocks.iter().any(|block| (block.number, block.hash) == (number, hash))
		};
		let announcers: Vec<PeerId> =
			self.peers.iter().filter(|(_, blocks)| has(blocks)).map(|(peer, _)| *peer).collect();
		let is_sought = self.of_strangers.contains(&(number, hash))
			|| announcers.iter().any(|peer| self.reserved.contains(peer));
		if is_sought {
			announcers
		} else {
			Vec::new()
		}
	}

	/// Blocks that sync has looked for and has to give up now.
	pub(super) fn take_given_up(&mut self) -> Vec<Hash> {
		std::mem::take(&mut self.given_up)
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
		let Some(blocks) = self.peers.get_mut(&peer) else { return false };
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
		let is_full = blocks.len() >= MAX_PER_PEER;
		if is_full && blocks.last().is_some_and(is_recent) {
			return false;
		}
		let replaced = is_full.then(|| blocks.remove(0).hash);
		blocks.push(Announced { number, hash, admitted: now });
		if let Some(replaced) = replaced {
			self.give_up(replaced);
		}
		self.bound_those_of_strangers(number, hash, is_over);
		true
	}

	/// Gives up a block that has lost its place in the list of a peer, unless another peer has announced it.
	fn give_up(&mut self, replaced: Hash) {
		if !is_announced(self.peers.values(), replaced) {
			self.of_strangers.retain(|(_, hash)| *hash != replaced);
			self.given_up.push(replaced);
		}
	}

	/// Counts a block that a peer has announced. One too many takes the place of the oldest, whoever has announced that:
	/// what strangers announce must not keep sync from the blocks of others.
	fn bound_those_of_strangers(
		&mut self,
		number: BlockNumber,
		hash: Hash,
		is_over: impl Fn(BlockNumber, Hash) -> bool,
	) {
		let of_reserved = self.reserved.iter().filter_map(|peer| self.peers.get(peer));
		if is_announced(of_reserved, hash) {
			self.of_strangers.retain(|(_, other)| *other != hash);
			return;
		}
		if self.of_strangers.iter().any(|(_, other)| *other == hash) {
			return;
		}
		self.of_strangers.push_back((number, hash));
		if self.of_strangers.len() > MAX_OF_STRANGERS {
			self.of_strangers.retain(|(number, hash)| !is_over(*number, *hash));
		}
		if self.of_strangers.len() > MAX_OF_STRANGERS {
			self.given_up.extend(self.of_strangers.pop_front().map(|(_, hash)| hash));
		}
	}
}

/// Whether one of these peers has announced the block.
fn is_announced<'a>(mut peers: impl Iterator<Item = &'a Vec<Announced>>, hash: Hash) -> bool {
	peers.any(|blocks| blocks.iter().any(|block| block.hash == hash))
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
	fn blocks_of_all_strangers_together_are_bounded_and_the_oldest_are_given_up() {
		let mut sought = Sought::default();
		let now = Instant::now();
		let mut announce = |from: usize, is_over: fn(BlockNumber, Hash) -> bool| {
			let peer = PeerId::random();
			sought.add_peer(peer);
			for i in from..from + MAX_PER_PEER {
				assert!(sought.admit(peer, 10, hash(i), now, is_over));
			}
			sought.take_given_up()
		};
		for from in [0, 5, 10] {
			assert!(announce(from, UNKNOWN).is_empty());
		}
		assert_eq!(announce(15, UNKNOWN), [0, 1, 2, 3].map(hash));
		// What others have announced costs nothing more.
		assert!(announce(15, UNKNOWN).is_empty());
		assert!(announce(20, |_, known| known < hash(20)).is_empty());
	}

	#[test]
	fn blocks_of_reserved_peers_are_not_given_up_for_those_of_strangers() {
		let [reserved, stranger] = [PeerId::random(), PeerId::random()];
		let mut sought = Sought::new([reserved].into());
		let now = Instant::now();
		sought.add_peer(reserved);
		sought.add_peer(stranger);
		// Announced by a stranger first, later, and not at all.
		assert!(sought.admit(stranger, 10, hash(0), now, UNKNOWN));
		for i in 0..3 {
			assert!(sought.admit(reserved, 10, hash(i), now, UNKNOWN));
		}
		assert!(sought.admit(stranger, 10, hash(1), now, UNKNOWN));
		for i in (100..200).step_by(MAX_PER_PEER) {
			let peer = PeerId::random();
			sought.add_peer(peer);
			for i in i..i + MAX_PER_PEER {
				assert!(sought.admit(peer, 10, hash(i), now, UNKNOWN));
			}
		}
		let given_up = sought.take_given_up();
		assert_eq!(given_up.len(), 100 - MAX_OF_STRANGERS);
		assert!(given_up.iter().all(|block| *block >= hash(100)));
	}

	#[test]
	fn announcers_of_a_block_are_those_of_this_height_until_it_is_given_up() {
		let (mut sought, peer) = with_peer();
		let now = Instant::now();
		assert!(sought.admit(peer, 10, hash(0), now, UNKNOWN));
		assert_eq!(sought.announcers(10, hash(0)), [peer]);
		assert!(sought.announcers(11, hash(0)).is_empty());
		assert!(sought.announcers(10, hash(1)).is_empty());
		for i in 1..=MAX_OF_STRANGERS {
			let stranger = PeerId::random();
			sought.add_peer(stranger);
			assert!(sought.admit(stranger, 10, hash(i), now, UNKNOWN));
		}
		assert!(sought.announcers(10, hash(0)).is_empty());
	}

	#[test]
	fn block_that_is_replaced_is_given_up_unless_another_peer_has_announced_it() {
		let (mut sought, peer) = with_peer();
		let other = PeerId::random();
		sought.add_peer(other);
		let now = Instant::now();
		for i in 0..MAX_PER_PEER {
			assert!(sought.admit(peer, 10, hash(i), now, UNKNOWN));
		}
		assert!(sought.admit(other, 10, hash(0), now, UNKNOWN));
		assert!(sought.admit(peer, 10, hash(10), now + RENEWAL, UNKNOWN));
		assert!(sought.take_given_up().is_empty());
		assert!(sought.admit(peer, 10, hash(11), now + 2 * RENEWAL, UNKNOWN));
		assert_eq!(sought.take_given_up(), [hash(1)]);
	}

	#[test]
	fn blocks_of_a_stranger_that_is_gone_do_not_count() {
		let mut sought = Sought::default();
		let now = Instant::now();
		for round in 0..10 {
			let peer = PeerId::random();
			sought.add_peer(peer);
			for i in 0..MAX_PER_PEER {
				assert!(sought.admit(peer, 10, hash(10 * round + i), now, UNKNOWN));
			}
			sought.remove_peer(&peer);
		}
		assert!(sought.take_given_up().is_empty());
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
