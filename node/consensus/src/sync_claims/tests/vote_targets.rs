//! Which blocks sync looks for because votes are for them.

use super::*;

/// Height of the blocks that votes are for.
const HEIGHT: BlockNumber = 2;

/// A block that votes are for, and that the node does not have.
fn target() -> Header {
	header(HEIGHT, claimed(), 5)
}

impl Node {
	/// GRANDPA waits for this block.
	fn vote_for(&mut self, hash: Hash, number: BlockNumber) {
		self.sync.set_sync_fork_request(Vec::new(), &hash, number);
	}

	/// The peers that are asked something now. Fails if anything else happens.
	fn asked(&mut self) -> Vec<PeerId> {
		let of_action = |action: SyncingAction<Block>| match action {
			SyncingAction::StartRequest { peer_id, key: VoteTargets::KEY, .. } => peer_id,
			other => panic!("{other:?}"),
		};
		self.act().into_iter().map(of_action).collect()
	}

	fn answer(&mut self, peer: PeerId, header: Option<Header>) {
		let answer = Box::new(header);
		self.sync.on_generic_response(&peer, VoteTargets::KEY, "/sync/2".into(), answer);
	}
}

#[test]
fn block_that_no_chain_can_have_or_that_is_known_or_too_low_is_not_looked_for() {
	let mut node = Node::at(100);
	node.connect(4);
	let best = node.finalize_block_of(99);
	node.vote_for(claimed(), 5);
	node.vote_for(claimed(), BlockNumber::MAX);
	node.vote_for(claimed(), 1);
	node.vote_for(best, 2);
	assert!(node.asked().is_empty());
	assert!(node.sdk.take_fork_requests().is_empty());
	// Otherwise it is.
	node.vote_for(claimed(), 4);
	assert_eq!(node.asked().len(), 1);
}

#[test]
fn block_that_peers_have_announced_is_looked_for_at_these_and_the_others_are_asked() {
	let mut node = Node::at(100);
	let [announcer, other] = [3, 3].map(|height| node.connect(height));
	assert!(node.announce_header(announcer, target()).is_some());
	node.vote_for(target().hash(), HEIGHT);
	assert_eq!(node.sdk.take_fork_requests(), [(vec![announcer], target().hash(), HEIGHT)]);
	// The announcer need not deliver it.
	assert!(node.asked().contains(&other));
	// Not at the height that a vote states.
	node.vote_for(target().hash(), HEIGHT + 1);
	assert!(node.sdk.take_fork_requests().is_empty());
}

// The SDK's sync would disconnect the peers that do not have it.
#[test]
fn block_that_nobody_has_announced_is_looked_for_only_at_peers_that_have_it() {
	let mut node = Node::at(100);
	let [with, without, _lower] = [3, 2, 1].map(|height| node.connect(height));
	node.vote_for(target().hash(), HEIGHT);
	let mut asked = node.asked();
	assert!(asked.contains(&with) && asked.contains(&without));
	assert_eq!(asked.len(), 2);

	node.answer(without, None);
	assert!(node.sdk.take_fork_requests().is_empty());
	node.answer(with, Some(target()));
	assert_eq!(node.sdk.take_fork_requests(), [(vec![with], target().hash(), HEIGHT)]);
	asked = node.asked();
	assert!(asked.is_empty());
}

#[test]
fn block_of_an_answer_counts_among_the_announced_ones() {
	let mut node = Node::at(100);
	let liar = node.connect(3);
	for slot in 0..10 {
		let made_up = header(HEIGHT, claimed(), slot);
		node.vote_for(made_up.hash(), HEIGHT);
		assert_eq!(node.asked(), [liar]);
		node.answer(liar, Some(made_up));
	}
	assert_eq!(node.sdk.take_fork_requests().len(), 5);
}
