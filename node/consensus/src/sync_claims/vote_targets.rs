//! Blocks that votes are for, and that the node does not have.
//!
//! GRANDPA asks sync for such a block every 15 seconds. The SDK's sync then looks for it at all peers that are high
//! enough, disconnects those that do not have it, and keeps it if no peer is that high. But a single validator can sign
//! votes for any number of blocks that do not exist.
//!
//! So peers are asked first whether they have the block, by a request for its header. A peer that does not have it
//! loses nothing. Most votes are for blocks that a peer has announced, and need no question. A block of a fork that was
//! left while this node was down needs one: nobody announces it again, and the round may not end without the vote.

use futures::FutureExt;
use gtos_node_types::Block;
use gtos_runtime::{opaque::Header, BlockNumber, Hash};
use sc_network::PeerId;
use sc_network_common::sync::message::{BlockAttributes, BlockRequest, Direction, FromBlock};
use sc_network_sync::{
	block_relay_protocol::BlockDownloader,
	strategy::{StrategyKey, SyncingAction},
};
use sp_runtime::traits::Header as _;
use std::{
	any::Any,
	collections::HashMap,
	sync::Arc,
	time::{Duration, Instant},
};

/// How long peers are not asked for the same block again, and how long a block waits for peers that are busy.
const REPETITION: Duration = Duration::from_secs(30);

/// Most blocks that peers are asked for in that time.
const MAX_BLOCKS: usize = 64;

/// A block that peers are to be asked for.
struct Target {
	number: BlockNumber,
	hash: Hash,
	/// The peers that still have to be asked. `None` until it has been looked up which are high enough.
	unasked: Option<Vec<PeerId>>,
}

/// The questions to peers, and the blocks that they are about.
pub(super) struct VoteTargets {
	downloader: Arc<dyn BlockDownloader<Block>>,
	/// Blocks for which not all peers have been asked, the first one first.
	waiting: Vec<Target>,
	/// When each of the last blocks was added.
	added: HashMap<Hash, Instant>,
	/// What each peer is asked for.
	open: HashMap<PeerId, (BlockNumber, Hash)>,
}

impl VoteTargets {
	/// Routes the answers of peers.
	pub(super) const KEY: StrategyKey = StrategyKey::new("VoteTargets");

	pub(super) fn new(downloader: Arc<dyn BlockDownloader<Block>>) -> Self {
		Self { downloader, waiting: Vec::new(), added: HashMap::new(), open: HashMap::new() }
	}

	/// Lets peers be asked for a block, unless they were a short time ago, or are asked for too many.
	pub(super) fn add(&mut self, number: BlockNumber, hash: Hash, now: Instant) {
		self.added.retain(|_, added| now.duration_since(*added) < REPETITION);
		self.waiting.retain(|target| self.added.contains_key(&target.hash));
		if self.added.len() < MAX_BLOCKS && !self.added.contains_key(&hash) {
			self.added.insert(hash, now);
			self.waiting.push(Target { number, hash, unasked: None });
		}
	}

	/// The questions that can be asked now. `peers` answers which are high enough for a block. Each of them is asked for
	/// one block at a time, and gets its next question when it has answered.
	pub(super) fn ask(
		&mut self,
		peers: impl Fn(BlockNumber) -> Vec<PeerId>,
	) -> Vec<SyncingAction<Block>> {
		let Self { open, waiting, .. } = self;
		let mut asked = Vec::new();
		waiting.retain_mut(|Target { number, hash, unasked }| {
			let unasked = unasked.get_or_insert_with(|| peers(*number));
			unasked.retain(|peer| {
				let is_busy = open.contains_key(peer);
				if !is_busy {
					open.insert(*peer, (*number, *hash));
					asked.push((*peer, *hash));
				}
				is_busy
			});
			!unasked.is_empty()
		});
		asked.into_iter().map(|(peer, hash)| self.question(peer, hash)).collect()
	}

	fn question(&self, peer: PeerId, hash: Hash) -> SyncingAction<Block> {
		let downloader = self.downloader.clone();
		let request = BlockRequest::<Block> {
			id: 0,
			fields: BlockAttributes::HEADER,
			from: FromBlock::Hash(hash),
			direction: Direction::Descending,
			max: Some(1),
		};
		SyncingAction::StartRequest {
			peer_id: peer,
			key: Self::KEY,
			request: async move {
				Ok(downloader.download_blocks(peer, request.clone()).await?.map(
					|(answer, protocol)| {
						let blocks = downloader.block_response_into_blocks(&request, answer);
						let first = blocks.unwrap_or_default().into_iter().next();
						let header: Option<Header> = first.and_then(|block| block.header);
						(Box::new(header) as Box<dyn Any + Send>, protocol)
					},
				))
			}
			.boxed(),
		}
	}

	/// Takes the answer of a peer. `None` unless the peer has the block that it was asked for.
	pub(super) fn answered(
		&mut self,
		peer: &PeerId,
		answer: Box<dyn Any + Send>,
	) -> Option<Header> {
		let asked = self.open.remove(peer)?;
		let header = answer.downcast::<Option<Header>>().ok()?;
		(*header).filter(|header| (*header.number(), header.hash()) == asked)
	}

	pub(super) fn remove_peer(&mut self, peer: &PeerId) {
		self.open.remove(peer);
		for unasked in self.waiting.iter_mut().filter_map(|target| target.unasked.as_mut()) {
			unasked.retain(|other| other != peer);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::executor::block_on;
	use sc_network_common::sync::message::BlockData;
	use sc_network_sync::mock::MockBlockDownloader;
	use sp_runtime::Digest;

	fn header(seed: u64) -> Header {
		let parent = Hash::from_low_u64_be(seed);
		Header::new(2, Hash::zero(), Hash::zero(), parent, Digest::default())
	}

	/// Questions that peers answer with this header.
	fn targets(answer: Option<Header>) -> VoteTargets {
		let mut downloader = MockBlockDownloader::<Block>::new();
		downloader
			.expect_download_blocks()
			.returning(|_, _| Ok(Ok((Vec::new(), "/sync/2".into()))));
		downloader.expect_block_response_into_blocks().returning(move |_, _| {
			let block = |header: Header| BlockData::<Block> {
				hash: header.hash(),
				header: Some(header),
				body: None,
				indexed_body: None,
				receipt: None,
				message_queue: None,
				justification: None,
				justifications: None,
			};
			Ok(answer.clone().into_iter().map(block).collect())
		});
		VoteTargets::new(Arc::new(downloader))
	}

	/// Asks the peer for the header, and takes its answer.
	fn ask(targets: &mut VoteTargets, wanted: &Header) -> Option<Header> {
		let peer = PeerId::random();
		targets.add(*wanted.number(), wanted.hash(), Instant::now());
		let [question]: [_; 1] = targets.ask(|_| vec![peer]).try_into().unwrap();
		let SyncingAction::StartRequest { peer_id, key, request } = question else {
			panic!("no request")
		};
		assert_eq!((peer_id, key), (peer, VoteTargets::KEY));
		let (answer, _) = block_on(request).unwrap().unwrap();
		targets.answered(&peer, answer)
	}

	#[test]
	fn answer_counts_only_if_it_has_the_header_of_the_block() {
		let wanted = header(1);
		assert_eq!(ask(&mut targets(Some(wanted.clone())), &wanted), Some(wanted.clone()));
		assert_eq!(ask(&mut targets(Some(header(2))), &wanted), None);
		assert_eq!(ask(&mut targets(None), &wanted), None);
	}

	#[test]
	fn each_peer_is_asked_for_each_block_and_for_one_at_a_time() {
		let mut targets = targets(None);
		let [quick, slow] = [PeerId::random(), PeerId::random()];
		for i in 0..3 {
			targets.add(2, header(i).hash(), Instant::now());
		}
		let mut ask = |answered: Option<PeerId>| {
			if let Some(peer) = answered {
				targets.answered(&peer, Box::new(None::<Header>));
			}
			targets.ask(|_| vec![quick, slow]).len()
		};
		assert_eq!(ask(None), 2);
		assert_eq!(ask(None), 0);
		assert_eq!([0; 3].map(|_| ask(Some(quick))), [1, 1, 0]);
		// The blocks have waited for it.
		assert_eq!([0; 3].map(|_| ask(Some(slow))), [1, 1, 0]);
		assert!(targets.waiting.is_empty());
	}

	#[test]
	fn block_does_not_wait_for_a_peer_that_is_gone() {
		let mut targets = targets(None);
		let [gone, other] = [PeerId::random(), PeerId::random()];
		for i in 0..2 {
			targets.add(2, header(i).hash(), Instant::now());
		}
		assert_eq!(targets.ask(|_| vec![gone, other]).len(), 2);
		targets.remove_peer(&gone);
		targets.answered(&other, Box::new(None::<Header>));
		assert_eq!(targets.ask(|_| vec![gone, other]).len(), 1);
		assert!(targets.waiting.is_empty());
	}

	#[test]
	fn block_that_waits_for_a_busy_peer_is_given_up_after_a_while() {
		let mut targets = targets(None);
		let peer = PeerId::random();
		let now = Instant::now();
		for i in 0..MAX_BLOCKS as u64 {
			targets.add(2, header(i).hash(), now);
		}
		assert_eq!(targets.ask(|_| vec![peer]).len(), 1);
		assert_eq!(targets.waiting.len(), MAX_BLOCKS - 1);
		targets.add(2, header(1_000).hash(), now + REPETITION);
		assert_eq!(targets.waiting.len(), 1);
	}

	#[test]
	fn block_for_which_no_peer_is_high_enough_does_not_hold_up_the_next_one() {
		let mut targets = targets(None);
		let peer = PeerId::random();
		targets.add(100, header(1).hash(), Instant::now());
		targets.add(2, header(2).hash(), Instant::now());
		let high_enough = |number: BlockNumber| if number <= 2 { vec![peer] } else { Vec::new() };
		assert_eq!(targets.ask(high_enough).len(), 1);
	}

	#[test]
	fn questions_are_bounded_and_repeated_after_a_while() {
		let mut targets = targets(None);
		let peer = PeerId::random();
		let mut count = |from: u64, now| {
			for i in from..from + 1_000 {
				targets.add(2, header(i).hash(), now);
			}
			let mut count = 0;
			while !targets.ask(|_| vec![peer]).is_empty() {
				targets.answered(&peer, Box::new(None::<Header>));
				count += 1;
			}
			count
		};
		let now = Instant::now();
		assert_eq!(count(0, now), MAX_BLOCKS);
		assert_eq!(count(1_000, now + REPETITION - Duration::from_millis(1)), 0);
		assert_eq!(count(0, now + REPETITION), MAX_BLOCKS);
	}
}
