//! The order in which requests get to the server of a protocol.

use sc_network::PeerId;
use std::collections::VecDeque;

/// Most requests that wait of peers which are neither reserved nor hold a place in sync.
pub(super) const MAX_OF_STRANGERS: usize = 4;

/// How much a peer counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rank {
	/// The operator has reserved it.
	Reserved,
	/// It holds a place in sync.
	Placed,
	/// Neither. A new identity costs nothing, so there can be any number of these.
	Stranger,
}

/// Requests in the order of their arrival.
type Line<T> = VecDeque<(PeerId, T)>;

/// Requests that wait.
pub(super) struct Waiting<T> {
	reserved: Line<T>,
	placed: Line<T>,
	strangers: Line<T>,
}

impl<T> Waiting<T> {
	pub(super) fn new() -> Self {
		Self { reserved: Line::new(), placed: Line::new(), strangers: Line::new() }
	}

	/// Lets a request wait. One of a stranger is dropped if too many wait already.
	pub(super) fn push(&mut self, rank: Rank, peer: PeerId, request: T) {
		let line = match rank {
			Rank::Reserved => &mut self.reserved,
			Rank::Placed => &mut self.placed,
			Rank::Stranger if self.strangers.len() >= MAX_OF_STRANGERS => return,
			Rank::Stranger => &mut self.strangers,
		};
		line.push_back((peer, request));
	}

	/// Takes the next request: one of a reserved peer if there is any, and of a stranger only if there is no other. Peers
	/// of the same rank take turns.
	pub(super) fn take_next(&mut self) -> Option<T> {
		let lines = [&mut self.reserved, &mut self.placed, &mut self.strangers];
		let line = lines.into_iter().find(|line| !line.is_empty())?;
		let (peer, request) = line.pop_front()?;
		let (mut others, of_peer): (Line<T>, Line<T>) =
			std::mem::take(line).into_iter().partition(|(other, _)| *other != peer);
		others.extend(of_peer);
		*line = others;
		Some(request)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn all<T>(waiting: &mut Waiting<T>) -> Vec<T> {
		std::iter::from_fn(|| waiting.take_next()).collect()
	}

	#[test]
	fn request_of_a_higher_rank_comes_first() {
		let mut waiting = Waiting::new();
		for (rank, request) in [(Rank::Stranger, 3), (Rank::Placed, 2), (Rank::Reserved, 1)] {
			waiting.push(rank, PeerId::random(), request);
		}
		assert_eq!(all(&mut waiting), [1, 2, 3]);
	}

	#[test]
	fn peers_of_a_rank_take_turns() {
		let mut waiting = Waiting::new();
		let [a, b, c] = [PeerId::random(), PeerId::random(), PeerId::random()];
		for (peer, request) in [(a, "a1"), (a, "a2"), (a, "a3"), (b, "b1"), (b, "b2"), (c, "c1")] {
			waiting.push(Rank::Placed, peer, request);
		}
		assert_eq!(waiting.take_next(), Some("a1"));
		// It does not come first again because it asks again.
		waiting.push(Rank::Placed, a, "a4");
		assert_eq!(all(&mut waiting), ["b1", "c1", "a2", "b2", "a3", "a4"]);
	}

	#[test]
	fn strangers_have_few_requests_together_and_other_peers_as_many_as_they_send() {
		let mut waiting = Waiting::new();
		for i in 0..100 {
			waiting.push(Rank::Stranger, PeerId::random(), i);
		}
		assert_eq!(all(&mut waiting).len(), MAX_OF_STRANGERS);
		for rank in [Rank::Reserved, Rank::Placed] {
			(0..100).for_each(|i| waiting.push(rank, PeerId::random(), i));
			assert_eq!(all(&mut waiting).len(), 100);
		}
	}
}
