//! What follows from blocks that cannot be imported.

use super::*;

impl Node {
	/// Lets a peer deliver a block that cannot be imported. Answers what sync hears of it.
	fn fail(&mut self, block: IncomingBlock<Block>, error: BlockImportError) -> String {
		let hash = block.hash;
		let (origin, blocks) = (BlockOrigin::NetworkBroadcast, vec![block]);
		self.sdk.want(SyncingAction::ImportBlocks { origin, blocks });
		assert!(matches!(&self.act()[..], [SyncingAction::ImportBlocks { .. }]));
		let results = vec![(Err(error), hash)];
		self.sync.on_blocks_processed(0, 1, results);
		let processed = self.sdk.take_processed();
		let [(of, Some(error))] = &processed[..] else { panic!("{processed:?}") };
		assert_eq!(*of, hash);
		error.clone()
	}

	/// The peers that sync disconnects now.
	fn dropped(&mut self) -> Vec<PeerId> {
		let of_action = |action: SyncingAction<Block>| match action {
			SyncingAction::DropPeer(BadPeer(peer, _)) => peer,
			other => panic!("{other:?}"),
		};
		self.act().into_iter().map(of_action).collect()
	}
}

#[test]
fn peer_with_made_up_blocks_does_not_let_sync_start_over_with_each_and_is_disconnected() {
	let mut node = Node::at(100);
	let peer = node.connect(1);
	let restart = BlockImportError::UnknownParent.to_string();
	assert_eq!(node.fail(made_up(peer, 1, 1), BlockImportError::UnknownParent), restart);
	assert_ne!(node.fail(made_up(peer, 1, 2), BlockImportError::UnknownParent), restart);
	assert!(node.dropped().is_empty());
	node.fail(made_up(peer, 1, 3), wrong_body());
	assert_eq!(node.dropped(), [peer]);
	assert!(node.dropped().is_empty());
}

#[test]
fn peer_that_is_gone_is_not_disconnected() {
	let mut node = Node::at(100);
	let peer = node.connect(1);
	for slot in 0..3 {
		node.fail(made_up(peer, 1, slot), wrong_body());
	}
	node.sync.remove_peer(&peer);
	assert!(node.dropped().is_empty());
}

#[test]
fn block_with_a_wrong_body_is_looked_for_at_the_other_announcers() {
	let mut node = Node::at(100);
	let [liar, honest] = [1, 1].map(|height| node.connect(height));
	let block = made_up(liar, 1, 5);
	for peer in [liar, honest] {
		assert!(node.announce_header(peer, header(1, claimed(), 5)).is_some());
	}
	// Sync hears of the first failure.
	node.fail(made_up(liar, 1, 1), wrong_body());
	assert!(node.sdk.take_fork_requests().is_empty());
	let hash = block.hash;
	node.fail(block, wrong_body());
	assert_eq!(node.sdk.take_fork_requests(), [(vec![honest], hash, 1)]);
}
