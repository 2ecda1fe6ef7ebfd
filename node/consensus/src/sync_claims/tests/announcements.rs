//! Which announced blocks sync may look for.

use super::*;

// While it downloads a state, the SDK's sync would keep them.
#[test]
fn unknown_block_up_to_the_last_final_one_is_not_looked_for() {
	let mut node = Node::at(100);
	let peer = node.connect(1);
	let best = node.finalize_block_of(99);
	for slot in 0..100 {
		assert_eq!(node.announce_header(peer, header(1, claimed(), slot)), None);
	}
	assert_eq!(node.sdk.of(peer), Some((claimed(), 1)));
	// A peer may go back to a known one, and a higher one may be looked for.
	let known = node.client.header(best).unwrap().unwrap();
	assert_eq!(node.announce_header(peer, known), Some((best, 1)));
	assert!(node.announce(peer, 2).is_some());
}
