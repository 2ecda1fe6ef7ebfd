//! The check that the node can listen on all its addresses.
//!
//! Without this check, the SDK would start the node anyway: JSON-RPC would move to a random port,
//! peer-to-peer would share the port with another process or accept no connections, and metrics
//! would be missing.

use sc_network::{multiaddr::Protocol, Multiaddr};
use sc_service::Configuration;
use std::{
	io::{self, ErrorKind},
	net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
};

/// Options that move JSON-RPC to another port, or to another address: a machine may have no IPv4 at all.
const RPC_OPTIONS: &str = "--rpc-port or --experimental-rpc-endpoint";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Transport {
	Tcp,
	Udp,
}

/// Fails if there is an address on which the node cannot listen.
pub fn ensure_free(config: &Configuration) -> Result<(), String> {
	for address in &config.network.listen_addresses {
		if let Some((transport, address)) = socket_address(address) {
			ensure_bindable(transport, address, "peer-to-peer", "--port or --listen-addr")?;
		}
	}
	// An endpoint that allows a random port in place of a busy one is not checked.
	let endpoints = config.rpc.addr.iter().flatten().filter(|endpoint| !endpoint.retry_random_port);
	for endpoint in endpoints {
		ensure_bindable(Transport::Tcp, endpoint.listen_addr, "JSON-RPC", RPC_OPTIONS)?;
	}
	if let Some(prometheus) = &config.prometheus_config {
		ensure_bindable(Transport::Tcp, prometheus.port, "Prometheus", "--prometheus-port")?;
	}
	Ok(())
}

fn ensure_bindable(
	transport: Transport,
	address: SocketAddr,
	service: &str,
	option: &str,
) -> Result<(), String> {
	match bind(transport, address) {
		Ok(()) => Ok(()),
		Err(error) if error.kind() == ErrorKind::AddrInUse => Err(format!(
			"the {service} address {address} is in use by another process. Stop that process, or \
			choose another port with {option}"
		)),
		// The node listens on IPv4 too by default, so that a machine without IPv6 can be reached.
		Err(error) if address.is_ipv6() && error.kind() != ErrorKind::PermissionDenied => Ok(()),
		Err(error) => Err(format!(
			"cannot listen on the {service} address {address}: {error}. Choose another one with \
			{option}"
		)),
	}
}

fn bind(transport: Transport, address: SocketAddr) -> io::Result<()> {
	match transport {
		Transport::Tcp => TcpListener::bind(address).map(drop),
		Transport::Udp => UdpSocket::bind(address).map(drop),
	}
}

/// The socket of a multiaddress; `None` for other transports, whose errors the node reports itself.
fn socket_address(address: &Multiaddr) -> Option<(Transport, SocketAddr)> {
	let mut parts = address.iter();
	let ip = match parts.next()? {
		Protocol::Ip4(ip) => IpAddr::V4(ip),
		Protocol::Ip6(ip) => IpAddr::V6(ip),
		_ => return None,
	};
	match parts.next()? {
		Protocol::Tcp(port) => Some((Transport::Tcp, SocketAddr::new(ip, port))),
		Protocol::Udp(port) => Some((Transport::Udp, SocketAddr::new(ip, port))),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn busy_address_is_refused_with_the_option_that_changes_it() {
		let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
		let address = listener.local_addr().expect("it is bound");
		let error = ensure_bindable(Transport::Tcp, address, "JSON-RPC", RPC_OPTIONS)
			.expect_err("the port is taken");
		assert!(error.contains(&address.to_string()), "{error}");
		assert!(error.contains("--rpc-port"), "{error}");

		drop(listener);
		assert_eq!(ensure_bindable(Transport::Tcp, address, "JSON-RPC", RPC_OPTIONS), Ok(()));
	}

	#[test]
	fn address_of_another_machine_is_refused() {
		let address = SocketAddr::from(([192, 0, 2, 1], 30333));
		assert!(ensure_bindable(Transport::Tcp, address, "peer-to-peer", "--port").is_err());
	}

	#[test]
	fn multiaddress_of_a_socket_is_parsed() {
		let parse = |text: &str| socket_address(&text.parse().expect("a multiaddress"));
		let address = SocketAddr::from(([127, 0, 0, 1], 30333));
		assert_eq!(parse("/ip4/127.0.0.1/tcp/30333/ws"), Some((Transport::Tcp, address)));
		assert_eq!(
			parse("/ip4/127.0.0.1/udp/30333/webrtc-direct"),
			Some((Transport::Udp, address))
		);
		assert_eq!(parse("/dns4/localhost/tcp/30333"), None);
	}
}
