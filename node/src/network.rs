//! Stands between the sync of blocks and the network, for the sake of reserved peers.
//!
//! A validator may have no other peers, and the SDK's `build_network` leaves it at their mercy:
//!
//! - It makes room for as many waiting block requests as there are slots for ordinary peers. Where
//!   the operator gives those none that is one, and of two that ask at once one is refused.
//! - Sync has a peer that fails it disconnected, and forgets what it wanted of that peer when it is
//!   gone. litep2p ignores the demand for a reserved peer: sync waits for an answer that has
//!   failed, and never again asks that peer for a block or believes it a new head. Once that has
//!   happened with each of them, the node stands still until it is restarted.

use futures::StreamExt;
use sc_network::{
	config::SetConfig, multiaddr::Protocol, Multiaddr, NetworkPeers, PeerId, ProtocolName,
};
use sc_network_sync::service::network::{Network, NetworkServiceHandle, ToServiceCommand};
use sc_utils::mpsc::{tracing_unbounded, TracingUnboundedReceiver};
use std::sync::Arc;

/// Block requests for which there always is room: reserved peers can be added to a running node, and
/// a peer whose sync starts over asks again before its last request was looked at.
const MIN_WAITING_BLOCK_REQUESTS: usize = 64;

/// How many block requests may wait for an answer of this node.
pub fn waiting_block_requests(peers: &SetConfig) -> usize {
	let peers = peers.in_peers as usize + peers.out_peers as usize + peers.reserved_nodes.len();
	peers.max(MIN_WAITING_BLOCK_REQUESTS)
}

/// What sync asks of the network.
pub struct SyncCommands(TracingUnboundedReceiver<ToServiceCommand>);

/// Gives sync a network, which answers once [`SyncCommands::serve`] runs.
pub fn for_sync() -> (NetworkServiceHandle, SyncCommands) {
	let (handle, commands) = tracing_unbounded("mpsc_sync_commands", 100_000);
	(NetworkServiceHandle::new(handle), SyncCommands(commands))
}

impl SyncCommands {
	/// Works until sync is gone, which is when the node ends.
	pub async fn serve(mut self, network: Arc<dyn Network + Send + Sync>) {
		while let Some(command) = self.0.next().await {
			match command {
				ToServiceCommand::DisconnectPeer(peer, protocol) => {
					disconnect(&network, peer, protocol).await;
				},
				ToServiceCommand::ReportPeer(peer, change) => network.report_peer(peer, change),
				ToServiceCommand::StartRequest(peer, protocol, request, answer, unconnected) => {
					network.start_request(peer, protocol, request, None, answer, unconnected);
				},
			}
		}
	}
}

/// Disconnects a peer. A reserved one is connected again some seconds later, or a minute later if it
/// has failed so often that sync has it banned.
async fn disconnect(network: &impl NetworkPeers, peer: PeerId, protocol: ProtocolName) {
	// Without an answer the network has ended.
	if !network.reserved_peers().await.is_ok_and(|reserved| reserved.contains(&peer)) {
		return network.disconnect_peer(peer, protocol);
	}

	tracing::info!(target: "sync", "Reserved peer {peer} has failed: connecting to it anew");
	let address = Multiaddr::empty().with(Protocol::P2p(peer.into()));
	let reconnected =
		network.remove_peers_from_reserved_set(protocol.clone(), vec![peer]).and_then(|()| {
			// Where there is a slot for it, it has become an ordinary peer.
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

	/// What the network is told to do when sync wants `peer` disconnected.
	fn told(peer: PeerId, reserved: Vec<PeerId>) -> Vec<&'static str> {
		let told = Arc::new(Mutex::new(Vec::new()));
		let note = |what: &'static str| {
			let told = told.clone();
			move || told.lock().expect("no test panics with the lock").push(what)
		};
		let [removes, disconnects, adds] = ["remove", "disconnect", "add"].map(note);
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
			.withf(move |who, protocol| is_this(protocol) && who == &peer)
			.returning(move |_, _| disconnects());
		network
			.expect_add_peers_to_reserved_set()
			.withf(move |protocol, peers| is_this(protocol) && peers.contains(&address))
			.returning(move |_, _| {
				adds();
				Ok(())
			});

		let (handle, commands) = for_sync();
		handle.disconnect_peer(peer, PROTOCOL.into());
		drop(handle);
		block_on(commands.serve(Arc::new(network)));
		let told = told.lock().expect("no test panics with the lock").clone();
		told
	}

	#[test]
	fn disconnect_of_an_ordinary_peer_disconnects_it() {
		let others = vec![PeerId::random()];
		assert_eq!(told(PeerId::random(), others), ["disconnect"]);
	}

	#[test]
	fn disconnect_of_a_reserved_peer_connects_it_anew() {
		let peer = PeerId::random();
		let reserved = vec![PeerId::random(), peer];
		assert_eq!(told(peer, reserved), ["remove", "disconnect", "add"]);
	}

	#[test]
	fn waiting_block_requests_has_room_for_every_peer() {
		let reserved_nodes = (0..100)
			.map(|_| MultiaddrWithPeerId {
				multiaddr: Multiaddr::empty(),
				peer_id: PeerId::random(),
			})
			.collect();
		let mut peers = SetConfig {
			in_peers: 0,
			out_peers: 0,
			reserved_nodes,
			non_reserved_mode: NonReservedPeerMode::Deny,
		};
		assert_eq!(waiting_block_requests(&peers), 100);
		(peers.in_peers, peers.out_peers) = (132, 8);
		assert_eq!(waiting_block_requests(&peers), 240);
		peers = SetConfig { reserved_nodes: Vec::new(), in_peers: 0, out_peers: 0, ..peers };
		assert_eq!(waiting_block_requests(&peers), MIN_WAITING_BLOCK_REQUESTS);
	}
}
