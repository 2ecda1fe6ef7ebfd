//! Which announced blocks sync may look for.

use super::*;
use sc_network_sync::strategy::{
	chain_sync::GapSyncBodyPolicy,
	polkadot::{PolkadotSyncingStrategy, PolkadotSyncingStrategyConfig},
};
use substrate_prometheus_endpoint::Registry;

/// The SDK's own sync.
fn sdk(client: Arc<FullClient>, registry: &Registry) -> Box<dyn SyncingStrategy<Block>> {
	let config = PolkadotSyncingStrategyConfig::<Block> {
		mode: Default::default(),
		max_parallel_downloads: 5,
		max_blocks_per_request: 64,
		min_peers_to_start_warp_sync: None,
		metrics_registry: Some(registry.clone()),
		state_request_protocol_name: "/state/2".into(),
		block_downloader: Arc::new(MockBlockDownloader::<Block>::new()),
		gap_sync_body_policy: Arc::new(|| Ok(GapSyncBodyPolicy::All)),
	};
	Box::new(PolkadotSyncingStrategy::new(config, client, None, None).unwrap())
}

// `Sought` has the bound. Here it has to reach the SDK's own list, in a way for which the SDK was not made.
#[test]
fn all_strangers_together_let_the_sdk_look_for_sixteen_blocks() {
	let registry = Registry::new();
	let mut node = Node::over(100, Recorded::default(), |client| sdk(client, &registry));
	let sought = || {
		let families = registry.gather();
		let family =
			families.iter().find(|family| family.get_name() == "substrate_sync_fork_targets");
		family.unwrap().get_metric()[0].get_gauge().get_value()
	};
	for stranger in 0..8 {
		let peer = node.connect(1);
		for i in 0..5 {
			let header = header(1, claimed(), 10 * stranger + i);
			let announce = BlockAnnounce { header, state: None, data: None };
			assert_eq!(node.sync.on_validated_block_announce(false, peer, &announce), None);
		}
	}
	assert_eq!(sought(), 16.0);
}

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
