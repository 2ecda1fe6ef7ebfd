//! JSON-RPC over HTTP or WebSocket.

use crate::error::Result;
use jsonrpsee_core::{
	client::{ClientT, Error, Subscription, SubscriptionClientT},
	traits::ToRpcParams,
};
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use serde::de::DeserializeOwned;

/// Parameters of a method that has none.
pub const NONE: [(); 0] = [];

/// A block of the largest length in hexadecimal is shorter.
const MAX_MESSAGE_BYTES: u32 = 64 * 1_024 * 1_024;

/// A connection to a node.
pub enum Client {
	/// Opens a TCP connection for each request that is in flight.
	Http(Box<HttpClient>),
	/// One TCP connection.
	WebSocket(WsClient),
}

impl Client {
	/// Connects to `url`, of the scheme `ws` or `http`, for at most `in_flight` requests at a time.
	pub async fn connect(url: &str, in_flight: usize) -> Result<Self> {
		let client = if url.starts_with("http:") {
			HttpClientBuilder::default()
				.max_request_size(MAX_MESSAGE_BYTES)
				.max_response_size(MAX_MESSAGE_BYTES)
				.build(url)
				.map(|client| Self::Http(Box::new(client)))
		} else {
			WsClientBuilder::default()
				.max_request_size(MAX_MESSAGE_BYTES)
				.max_response_size(MAX_MESSAGE_BYTES)
				.max_concurrent_requests(in_flight.saturating_add(1))
				.build(url)
				.await
				.map(Self::WebSocket)
		};
		Ok(client.map_err(|error| format!("no connection to {url}: {error}"))?)
	}

	/// Calls a method.
	pub async fn request<R, P>(&self, method: &str, parameters: P) -> Result<R, Error>
	where
		R: DeserializeOwned,
		P: ToRpcParams + Send,
	{
		match self {
			Self::Http(client) => client.request(method, parameters).await,
			Self::WebSocket(client) => client.request(method, parameters).await,
		}
	}

	/// Subscribes to the headers of final blocks.
	pub async fn final_heads<R: DeserializeOwned>(&self) -> Result<Subscription<R>, Error> {
		let (subscribe, unsubscribe) =
			("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads");
		match self {
			Self::Http(client) => client.subscribe(subscribe, NONE, unsubscribe).await,
			Self::WebSocket(client) => client.subscribe(subscribe, NONE, unsubscribe).await,
		}
	}
}

/// Writes bytes as JSON-RPC does.
pub fn to_hex(bytes: impl AsRef<[u8]>) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// Reads bytes that JSON-RPC has answered.
pub fn from_hex(text: &str) -> Result<Vec<u8>> {
	let digits = text.strip_prefix("0x").ok_or("the node has answered bytes without 0x")?;
	Ok(hex::decode(digits)?)
}
