//! What the heights that peers claim say about whether this node can hear its keys.
//!
//! A node hears seals only in blocks that it imports. While its peers have blocks that it does not get, it is deaf to
//! them, and must not take silence for the absence of another node. But a height costs a stranger nothing, and no
//! stranger may keep a validator from signing. So only these claims count:
//!
//! - If peers are connected that the operator has named, theirs alone. One of them is enough.
//! - Otherwise those of at least half of the peers.

use futures::future::BoxFuture;
use gtos_runtime::BlockNumber;
use std::time::{Duration, Instant};

/// How long a node waits for the blocks of a single peer before it signs on a chain that seems to be new.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How far behind its peers a node may be and still hear: some blocks are always on their way. The SDK takes a node
/// for syncing that is further behind.
const MAX_BLOCKS_BEHIND: BlockNumber = 5;

/// A node whose best block is no older gets the blocks of the chain: nobody has more than one block for each slot, so
/// higher claims are made up.
pub const MAX_SLOTS_AT_HEAD: u64 = 5;

/// A full node that this one is connected to.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
	/// The height of the best block that it claims.
	pub height: BlockNumber,
	/// Whether the operator has named it (`--reserved-nodes`).
	pub is_reserved: bool,
}

/// Answers the connected full nodes.
pub type Peers = Box<dyn Fn() -> BoxFuture<'static, Vec<Peer>> + Send + Sync>;

/// The heights that count.
#[derive(Clone, Debug)]
pub struct Claims {
	heights: Vec<BlockNumber>,
	are_of_reserved: bool,
}

impl Claims {
	/// The claims of these peers.
	pub fn new(mut peers: Vec<Peer>) -> Self {
		let are_of_reserved = peers.iter().any(|peer| peer.is_reserved);
		peers.retain(|peer| peer.is_reserved == are_of_reserved);
		Self { heights: peers.into_iter().map(|peer| peer.height).collect(), are_of_reserved }
	}

	/// The highest block that is claimed; `None` without peers.
	pub fn highest(&self) -> Option<BlockNumber> {
		self.heights.iter().max().copied()
	}

	/// Whether peers have blocks that a node which listens does not get. `slots_behind` is the age of its best block,
	/// if that is known.
	pub fn show_deafness(&self, best: BlockNumber, slots_behind: Option<u64>) -> bool {
		slots_behind.is_none_or(|slots| slots > MAX_SLOTS_AT_HEAD)
			&& self.are_credible_above(best.saturating_add(MAX_BLOCKS_BEHIND))
	}

	fn are_credible_above(&self, height: BlockNumber) -> bool {
		let above = self.heights.iter().filter(|claimed| **claimed > height).count();
		let needed = if self.are_of_reserved { 1 } else { self.heights.len().div_ceil(2) };
		above > 0 && above >= needed
	}
}

/// How long a fresh node has waited for the blocks of its peers.
///
/// The time is never set back: strangers could otherwise take turns.
#[derive(Default)]
pub struct FreshClaims {
	waited: Duration,
}

impl FreshClaims {
	/// Whether the chain has blocks above the fresh node's `best`. For a while every peer is believed: an honest one
	/// delivers its blocks in that time, and the first of them tells how old the chain is.
	pub fn are_above(&mut self, best: BlockNumber, claims: &Claims, passed: Duration) -> bool {
		if claims.highest().is_none_or(|highest| highest <= best) {
			return false;
		}
		self.waited = self.waited.saturating_add(passed);
		self.waited < PATIENCE || claims.are_credible_above(best)
	}
}

/// Asks what the peers claim, and keeps the last answer: sync may be busy for some seconds.
pub struct Inquiry {
	peers: Peers,
	/// The question that sync has not answered yet.
	pending: Option<BoxFuture<'static, Vec<Peer>>>,
	/// The last answer, and when this node began to wait for it the last time.
	last: Option<(Claims, Instant)>,
}

impl Inquiry {
	/// No answer so far.
	pub fn new(peers: Peers) -> Self {
		Self { peers, pending: None, last: None }
	}

	/// What the peers claim; `None` if sync has not answered for longer than `max_age`. `now` is the present. An answer
	/// that takes longer than `patience` counts the next time.
	pub async fn claims(
		&mut self,
		now: Instant,
		patience: Duration,
		max_age: Duration,
	) -> Option<Claims> {
		let pending = self.pending.get_or_insert_with(|| (self.peers)());
		let answer = tokio::time::timeout(patience, pending).await;
		if let Ok(peers) = answer {
			self.pending = None;
			self.last = Some((Claims::new(peers), now));
		}
		let (claims, since) = self.last.as_ref()?;
		(now.saturating_duration_since(*since) <= max_age).then(|| claims.clone())
	}
}
