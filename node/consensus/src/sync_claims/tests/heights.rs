//! What the SDK's sync gets of the heights that peers claim.

use super::*;

#[test]
fn height_that_a_chain_can_have_reaches_sync() {
	let mut node = Node::at(100);
	let peer = node.connect(102);
	assert_eq!(node.sdk.of(peer), Some((claimed(), 102)));
	assert!(node.announce(peer, 102).is_some());
	node.act();
	assert_eq!(node.sdk.of(peer).map(|(_, height)| height), Some(102));
}

#[test]
fn height_that_no_chain_can_have_does_not_reach_sync() {
	let mut node = Node::at(100);
	let genesis = node.client.info().genesis_hash;
	let peer = node.connect(103);
	assert_eq!(node.sdk.of(peer), Some((genesis, 0)));
	assert_eq!(node.announce(peer, 103), None);
	assert_eq!(node.sdk.of(peer), Some((genesis, 0)));
	// The peer is not lost: it is believed once it announces what can be.
	assert!(node.announce(peer, 50).is_some());
	assert_eq!(node.sdk.of(peer).map(|(_, height)| height), Some(50));
}

#[test]
fn height_that_no_chain_can_have_any_more_is_replaced_by_that_of_the_best_block() {
	let mut node = Node::at(100);
	let [gone, announced, honest] = [60, 0, 1].map(|height| node.connect(height));
	assert!(node.announce(announced, 60).is_some());
	node.act();
	assert_eq!(node.sdk.of(gone), Some((claimed(), 60)));

	// The slots before that of the final block have no blocks. So the chain has at most four now.
	let best = node.finalize_block_of(99);
	node.act();
	assert_eq!(node.sdk.of(gone), Some((best, 1)));
	assert_eq!(node.sdk.of(announced), Some((best, 1)));
	assert_eq!(node.sdk.of(honest), Some((claimed(), 1)));
}

#[test]
fn heights_are_not_judged_before_the_slot_duration_is_known() {
	let mut node = Node::at(100);
	node.clock.set_slot_duration(SlotDuration::from_millis(0));
	let peer = node.connect(4_000_000_000);
	node.act();
	assert_eq!(node.sdk.of(peer), Some((claimed(), 4_000_000_000)));
	// It is afterwards.
	node.clock.set_slot_duration(SlotDuration::from_millis(SLOT_MS));
	node.act();
	assert_eq!(node.sdk.of(peer).map(|(_, height)| height), Some(0));
}

#[test]
fn peer_of_sync_holds_a_place_until_it_is_gone() {
	let mut node = Node::at(100);
	let [peer, liar] = [1, 103].map(|height| node.connect(height));
	assert!(node.places.contains(&peer) && node.places.contains(&liar));
	node.sync.remove_peer(&peer);
	assert!(!node.places.contains(&peer) && node.places.contains(&liar));
}

#[test]
fn heights_that_a_chain_can_have_are_heard_although_the_peers_are_gone() {
	let mut node = Node::at(100);
	assert_eq!(node.heard.take(), 0);
	let [low, high, liar] = [20, 30, 103].map(|height| node.connect(height));
	for peer in [high, liar] {
		node.sync.remove_peer(&peer);
	}
	assert_eq!(node.heard.take(), 30);
	assert_eq!(node.heard.take(), 0);
	for height in [40, 103, 35] {
		node.announce(low, height);
	}
	// Of a peer that has no place.
	node.announce(high, 50);
	assert_eq!(node.heard.take(), 40);
}
