//! What follows from blocks that cannot be imported.

use super::*;
use sc_consensus::IncomingBlock;

/// A block of the peer whose parent does not exist.
fn made_up(peer: PeerId, seed: u64) -> IncomingBlock<Block> {
	let header = header(1, claimed(), seed);
	IncomingBlock {
		hash: header.hash(),
		header: Some(header),
		body: Some(Vec::new()),
		indexed_body: None,
		justifications: None,
		origin: Some(peer),
		allow_missing_state: true,
		skip_execution: false,
		import_existing: false,
		state: None,
	}
}

impl Node {
	/// Lets a peer deliver a block that cannot be imported. Answers what sync hears of it.
	fn fail(&mut self, block: IncomingBlock<Block>) -> String {
		let hash = block.hash;
		let (origin, blocks) = (BlockOrigin::NetworkBroadcast, vec![block]);
		self.sdk.want(SyncingAction::ImportBlocks { origin, blocks });
		assert!(matches!(&self.act()[..], [SyncingAction::ImportBlocks { .. }]));
		let results = vec![(Err(BlockImportError::UnknownParent), hash)];
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
	assert_eq!(node.fail(made_up(peer, 1)), restart);
	assert_ne!(node.fail(made_up(peer, 2)), restart);
	assert!(node.dropped().is_empty());
	assert_ne!(node.fail(made_up(peer, 3)), restart);
	assert_eq!(node.dropped(), [peer]);
	assert!(node.dropped().is_empty());
}

#[test]
fn peer_that_is_gone_is_not_disconnected() {
	let mut node = Node::at(100);
	let peer = node.connect(1);
	for seed in 0..3 {
		node.fail(made_up(peer, seed));
	}
	node.sync.remove_peer(&peer);
	assert!(node.dropped().is_empty());
}
