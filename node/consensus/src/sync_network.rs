//! The layer between block sync and the network that keeps reserved peers usable.
//!
//! A validator may have only reserved peers. With the SDK's `build_network`, it can lose them:
//!
//! - The SDK's queue holds as many block requests as there are slots for ordinary peers. If the
//!   operator configures no such slots, the queue holds one request, and one of two simultaneous
//!   requests is refused.
//! - When a request to a peer fails, sync asks the network to disconnect the peer, and drops its
//!   state of the peer once the peer is disconnected. litep2p ignores the disconnection of a
//!   reserved peer. Sync then waits forever for the failed response: it never requests another
//!   block from that peer and accepts no new head from it. Once this has happened to every reserved
//!   peer, the node stalls until it is restarted.

use futures::StreamExt;
use sc_network::{
	config::SetConfig, multiaddr::Protocol, Multiaddr, NetworkPeers, PeerId, ProtocolName,
};
use sc_network_sync::service::network::{Network, NetworkServiceHandle, ToServiceCommand};
use sc_utils::mpsc::{tracing_unbounded, TracingUnboundedReceiver};
use std::sync::Arc;

/// Minimum length of the queues of requests from other nodes.
///
/// Reserved peers can be added while the node runs, and a peer whose sync starts over sends a new
/// request before its previous one was answered.
const MIN_QUEUED_REQUESTS: usize = 64;

/// How many requests for blocks or states from other nodes may be queued on this node: one of each full node among the
/// peers, which may be `full_peers` beside the reserved ones.
pub fn queued_requests(full_peers: u32, peers: &SetConfig) -> usize {
	// Not `in_peers` of the set, most of which are for light clients.
	let peers = full_peers as usize + peers.reserved_nodes.len();
	peers.max(MIN_QUEUED_REQUESTS)
}

/// The requests of sync to the network.
pub struct SyncCommands(TracingUnboundedReceiver<ToServiceCommand>);

/// Returns the network handle for sync. [`SyncCommands::serve`] has to run to serve its requests.
pub fn handle_for_sync() -> (NetworkServiceHandle, SyncCommands) {
	let (handle, commands) = tracing_unbounded("mpsc_sync_commands", 100_000);
	(NetworkServiceHandle::new(handle), SyncCommands(commands))
}

impl SyncCommands {
	/// Runs until sync is dropped, which happens when the node stops.
	pub async fn serve(mut self, network: Arc<dyn Network + Send + Sync>) {
		while let Some(command) = self.0.next().await {
			match command {
				ToServiceCommand::DisconnectPeer(peer, protocol) => {
					disconnect(&network, peer, protocol).await;
				},
				ToServiceCommand::ReportPeer(peer, change) => network.report_peer(peer, change),
				ToServiceCommand::StartRequest(peer, protocol, request, response, unconnected) => {
					network.start_request(peer, protocol, request, None, response, unconnected);
				},
			}
		}
	}
}

/// Disconnects a peer. A reserved peer is connected again some seconds later, or a minute later if
/// it has failed so often that sync has banned it.
async fn disconnect(network: &impl NetworkPeers, peer: PeerId, protocol: ProtocolName) {
	// An error means that the network service has ended.
	if !network.reserved_peers().await.is_ok_and(|reserved| reserved.contains(&peer)) {
		return network.disconnect_peer(peer, protocol);
	}

	tracing::info!(target: "sync", "Reserved peer {peer} has failed: reconnecting");
	let address = Multiaddr::empty().with(Protocol::P2p(peer.into()));
	let reconnected =
		network.remove_peers_from_reserved_set(protocol.clone(), vec![peer]).and_then(|()| {
			// The peer has become an ordinary one if there was a free slot for it.
			network.disconnect_peer(peer, protocol.clone());
			network.add_peers_to_reserved_set(protocol, [address].into())
		});
	if let Err(error) = reconnected {
		tracing::warn!(target: "sync", "Reserved peer {peer} cannot be reconnected: {error}");
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::executor::block_on;
	use sc_network::config::{MultiaddrWithPeerId, NonReservedPeerMode};
	use sc_network_sync::service::mock::MockNetwork;
	use std::sync::Mutex;

	const PROTOCOL: &str = "/block-announces/1";

	/// The calls that the network receives when sync disconnects `peer`.
	fn calls(peer: PeerId, reserved: Vec<PeerId>) -> Vec<&'static str> {
		let calls = Arc::new(Mutex::new(Vec::new()));
		let record = |call: &'static str| {
			let calls = calls.clone();
			move || calls.lock().expect("no test panics with the lock").push(call)
		};
		let [removes, disconnects, adds] = ["remove", "disconnect", "add"].map(record);
		let is_this = move |protocol: &ProtocolName| protocol == &ProtocolName::from(PROTOCOL);
		let address: Multiaddr = format!("/p2p/{peer}").parse().expect("the form of an address");

		let mut network = MockNetwork::new();
		network.expect_reserved_peers().returning(move || Ok(reserved.clone()));
		network
			.expect_remove_peers_from_reserved_set()
			.withf(move |protocol, peers| is_this(protocol) && peers == &[peer])
			.returning(move |_, _| {
				removes();
				Ok(())
			});
		network
			.expect_disconnect_peer()
			.withf(move |disconnected, protocol| is_this(protocol) && disconnected == &peer)
			.returning(move |_, _| disconnects());
		network
			.expect_add_peers_to_reserved_set()
			.withf(move |protocol, peers| is_this(protocol) && peers.contains(&address))
			.returning(move |_, _| {
				adds();
				Ok(())
			});

		let (handle, commands) = handle_for_sync();
		handle.disconnect_peer(peer, PROTOCOL.into());
		drop(handle);
		block_on(commands.serve(Arc::new(network)));
		let calls = calls.lock().expect("no test panics with the lock").clone();
		calls
	}

	#[test]
	fn disconnect_of_an_ordinary_peer_is_passed_on() {
		let others = vec![PeerId::random()];
		assert_eq!(calls(PeerId::random(), others), ["disconnect"]);
	}

	#[test]
	fn disconnect_of_a_reserved_peer_reconnects_it() {
		let peer = PeerId::random();
		let reserved = vec![PeerId::random(), peer];
		assert_eq!(calls(peer, reserved), ["remove", "disconnect", "add"]);
	}

	#[test]
	fn queued_requests_have_room_for_every_full_node() {
		let reserved_nodes = (0..100)
			.map(|_| MultiaddrWithPeerId {
				multiaddr: Multiaddr::empty(),
				peer_id: PeerId::random(),
			})
			.collect();
		let mut peers = SetConfig {
			in_peers: 500,
			out_peers: 8,
			reserved_nodes,
			non_reserved_mode: NonReservedPeerMode::Deny,
		};
		assert_eq!(queued_requests(0, &peers), 100);
		assert_eq!(queued_requests(40, &peers), 140);
		peers = SetConfig { reserved_nodes: Vec::new(), ..peers };
		assert_eq!(queued_requests(40, &peers), MIN_QUEUED_REQUESTS);
	}
}
