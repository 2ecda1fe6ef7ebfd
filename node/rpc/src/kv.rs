//! The `kv` namespace: queries about expiring entries, and their events (RPC-R18 to RPC-R25).

mod delivery;
mod follower;
mod response;

use crate::{
	error::Error,
	parameter,
	query::{self, RequiredApi, RuntimeApi},
	subscriptions::{self, End, Limits, Permit, Subscriptions},
	work_limiter::WorkLimiter,
};
use delivery::{Advance, Delivery, Lanes, HEAD_BLOCKS};
use follower::{Filter, Follower};
use futures::{
	future::{select, Either},
	FutureExt, StreamExt,
};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{constants::storage::MAX_PAGE_SIZE, AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::{
	core::async_trait, proc_macros::rpc, ConnectionId, PendingSubscriptionSink,
	SubscriptionCloseResponse,
};
use pallet_ttl_kv_runtime_api::{BacklogPosition, TtlKvApi};
use response::{EntryProof, Metadata, Page, Stats};
use sc_client_api::BlockchainEvents;
use sc_rpc::SubscriptionTaskExecutor;
use serde_json::Value;
use sp_api::ApiError;
use sp_core::Bytes;
use std::{pin::pin, sync::Arc};
use tokio::sync::watch;

/// How many final blocks a subscription may begin before the last one (RPC-R24).
///
/// Every block costs two calls of its runtime, and its cost does not depend on the events in it.
const MAX_BLOCKS_BACK: BlockNumber = 10_000;

/// Limits of the subscriptions that catch up.
const CATCHING_UP: Limits = Limits { per_connection: 8, per_node: 64 };

/// The methods of the `kv` namespace.
///
/// Parameters are plain JSON values, so that a parameter that cannot be read has its own error
/// code.
#[rpc(server)]
pub trait EntryRpc {
	/// Returns the value of an entry, or `null` if it is absent or has expired (RPC-R18).
	#[method(name = "kv_get", blocking)]
	fn get(&self, owner: Value, key: Value, at: Option<Value>) -> Result<Option<Bytes>, Error>;

	/// Returns the metadata of an entry, or `null` if it is absent or has expired (RPC-R19).
	#[method(name = "kv_getMeta", blocking)]
	fn metadata(
		&self,
		owner: Value,
		key: Value,
		at: Option<Value>,
	) -> Result<Option<Metadata>, Error>;

	/// Returns a page of an owner's entries, in no meaningful order (RPC-R20).
	#[method(name = "kv_list", blocking)]
	fn list(
		&self,
		owner: Value,
		prefix: Option<Value>,
		start: Option<Value>,
		limit: Value,
		at: Option<Value>,
	) -> Result<Page, Error>;

	/// Returns the rent of a new entry (RPC-R21).
	#[method(name = "kv_quote", blocking)]
	fn quote(
		&self,
		key_len: Value,
		value_len: Value,
		ttl: Value,
		at: Option<Value>,
	) -> Result<String, Error>;

	/// Returns statistics of the store, with the backlog after the position `start` (RPC-R22).
	#[method(name = "kv_stats", blocking)]
	fn stats(&self, start: Option<Value>, at: Option<Value>) -> Result<Stats, Error>;

	/// Returns a proof of an entry, live or expired, or of its absence (RPC-R23).
	#[method(name = "kv_getProof", blocking)]
	fn proof(&self, owner: Value, key: Value, at: Option<Value>) -> Result<EntryProof, Error>;

	/// Notifies of changes to an owner's entries in final blocks, starting at a height (RPC-R24).
	#[subscription(name = "kv_subscribe" => "kv_event", unsubscribe = "kv_unsubscribe", item = response::Event)]
	async fn subscribe(
		&self,
		owner: Value,
		prefix: Option<Value>,
		from: Option<Value>,
	) -> SubscriptionCloseResponse;
}

/// Reads the position at which a count of the backlog continues (RPC-R22).
fn position(name: &'static str, value: &Value) -> Result<BacklogPosition, Error> {
	parameter::bytes(name, value)?.try_into().map_err(|_| Error::Unreadable(name))
}

/// Whether a subscription with this many final blocks to report has to catch up; fails if it begins too
/// far back (RPC-R24).
fn catches_up(behind: BlockNumber) -> Result<bool, Error> {
	if behind > MAX_BLOCKS_BACK {
		return Err(Error::OutOfBounds("from"));
	}
	Ok(behind > HEAD_BLOCKS)
}

/// Serves the methods.
pub struct Entries {
	client: Arc<FullClient>,
	subscriptions: Subscriptions,
	/// Those of `subscriptions` that catch up.
	catching_up: Subscriptions,
	lanes: Lanes,
	/// Changes whenever a block becomes final.
	finality: watch::Receiver<()>,
}

impl Entries {
	/// Creates the methods. They call the runtimes of the client's blocks.
	pub fn new(
		client: Arc<FullClient>,
		executor: &SubscriptionTaskExecutor,
		subscriptions: Subscriptions,
	) -> Self {
		let (sender, finality) = watch::channel(());
		let mut notifications = client.finality_notification_stream();
		// The client's stream is unbounded, and each notification in it pins a state against
		// pruning. One task drains it for all subscriptions, however slow their clients are.
		let drain = async move {
			while notifications.next().await.is_some() {
				sender.send_replace(());
			}
		};
		executor.spawn("kv-finality", Some("rpc"), drain.boxed());
		let catching_up = Subscriptions::new(CATCHING_UP);
		let lanes = Lanes { head: WorkLimiter::new(), catch_up: WorkLimiter::of_background() };
		Self { client, subscriptions, catching_up, lanes, finality }
	}

	/// Calls the runtime of block `at`.
	fn call<T>(
		&self,
		at: Hash,
		api_call: impl FnOnce(&RuntimeApi) -> Result<T, ApiError>,
	) -> Result<T, Error> {
		query::call::<dyn TtlKvApi<Block, AccountId, BlockNumber, Balance>, T>(
			&self.client,
			at,
			RequiredApi { name: "TtlKvApi", version: 1 },
			api_call,
		)
	}

	/// Reads the parameters owner, key and block.
	fn entry(
		&self,
		owner: &Value,
		key: &Value,
		at: Option<&Value>,
	) -> Result<(AccountId, Vec<u8>, Hash), Error> {
		let owner = parameter::account("owner", owner)?;
		let key = parameter::bytes("key", key)?;
		Ok((owner, key, query::block(&self.client, at)?))
	}

	/// Reads the parameters of a subscription, takes a permit and looks for the first events.
	async fn begin(
		&self,
		connection: ConnectionId,
		owner: &Value,
		prefix: Option<&Value>,
		from: Option<&Value>,
	) -> Result<(Permit, Delivery, Advance), Error> {
		let owner = parameter::account("owner", owner)?;
		let prefix = parameter::optional(parameter::bytes, "prefix", prefix)?.unwrap_or_default();
		let from = parameter::optional(parameter::number, "from", from)?;
		let follower = Follower::new(self.client.clone(), Filter { owner, prefix }, from);
		let catches_up = catches_up(follower.behind())?;
		let permit = self.subscriptions.acquire(connection)?;
		let catching_up = catches_up.then(|| self.catching_up.acquire(connection)).transpose()?;
		let delivery = Delivery::new(self.lanes.clone(), self.finality.clone(), catching_up);
		let first = delivery.advance(follower).await?;
		Ok((permit, delivery, first))
	}
}

#[async_trait]
impl EntryRpcServer for Entries {
	fn get(&self, owner: Value, key: Value, at: Option<Value>) -> Result<Option<Bytes>, Error> {
		let (owner, key, at) = self.entry(&owner, &key, at.as_ref())?;
		Ok(self.call(at, |api| api.get(at, owner, key))?.map(Bytes::from))
	}

	fn metadata(
		&self,
		owner: Value,
		key: Value,
		at: Option<Value>,
	) -> Result<Option<Metadata>, Error> {
		let (owner, key, at) = self.entry(&owner, &key, at.as_ref())?;
		Ok(self.call(at, |api| api.metadata(at, owner, key))?.map(Metadata::from))
	}

	fn list(
		&self,
		owner: Value,
		prefix: Option<Value>,
		start: Option<Value>,
		limit: Value,
		at: Option<Value>,
	) -> Result<Page, Error> {
		let owner = parameter::account("owner", &owner)?;
		let prefix = parameter::optional(parameter::bytes, "prefix", prefix.as_ref())?;
		let start = parameter::optional(parameter::bytes, "start", start.as_ref())?;
		let limit = parameter::limit(&limit, MAX_PAGE_SIZE)?;
		let at = query::block(&self.client, at.as_ref())?;
		let prefix = prefix.unwrap_or_default();
		Ok(self.call(at, |api| api.list(at, owner, prefix, start, limit))?.into())
	}

	fn quote(
		&self,
		key_len: Value,
		value_len: Value,
		ttl: Value,
		at: Option<Value>,
	) -> Result<String, Error> {
		let key_len = parameter::number("keyLen", &key_len)?;
		let value_len = parameter::number("valueLen", &value_len)?;
		let ttl = parameter::number("ttl", &ttl)?;
		let at = query::block(&self.client, at.as_ref())?;
		let quote = |key_len, value_len, ttl| -> Result<Option<Balance>, Error> {
			self.call(at, |api| api.quote(at, key_len, value_len, ttl))
		};
		if let Some(rent) = quote(key_len, value_len, ttl)? {
			return Ok(rent.to_string());
		}
		// The runtime gives no reason. A length of 1 is always in range, so further quotes find the
		// parameter that is out of range.
		Err(Error::OutOfBounds(if quote(1, 1, ttl)?.is_none() {
			"ttl"
		} else if quote(key_len, 1, ttl)?.is_none() {
			"keyLen"
		} else {
			"valueLen"
		}))
	}

	fn stats(&self, start: Option<Value>, at: Option<Value>) -> Result<Stats, Error> {
		let start = parameter::optional(position, "start", start.as_ref())?;
		let at = query::block(&self.client, at.as_ref())?;
		Ok(self.call(at, |api| api.statistics(at, start))?.into())
	}

	fn proof(&self, owner: Value, key: Value, at: Option<Value>) -> Result<EntryProof, Error> {
		let (owner, key, at) = self.entry(&owner, &key, at.as_ref())?;
		let key =
			self.call(at, |api| api.proof_key(at, owner, key))?.ok_or(Error::OutOfBounds("key"))?;
		let proof = query::prove(&self.client, at, vec![key.clone()])?;
		Ok(EntryProof::new(key, proof))
	}

	async fn subscribe(
		&self,
		pending: PendingSubscriptionSink,
		owner: Value,
		prefix: Option<Value>,
		from: Option<Value>,
	) -> SubscriptionCloseResponse {
		let connection = pending.connection_id();
		match self.begin(connection, &owner, prefix.as_ref(), from.as_ref()).await {
			Ok((permit, delivery, first)) => {
				let Ok(sink) = pending.accept().await else {
					return SubscriptionCloseResponse::None;
				};
				let delivered = pin!(delivery.deliver_all(first, &sink));
				let ended = match select(delivered, pin!(permit.taken())).await {
					Either::Left((result, _)) => result,
					Either::Right((error, _)) => Err(End::ByNode(error)),
				};
				subscriptions::close(ended)
			},
			Err(error) => {
				pending.reject(error).await;
				SubscriptionCloseResponse::None
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::{
		response::{Event, Kind},
		*,
	};
	use crate::vectors::{exchanges, Exchange};
	use pallet_ttl_kv_runtime_api::{
		proof_key, verify_proof, EntryMetadata, EntryPage, Proven, Statistics,
	};
	use serde::{de::DeserializeOwned, Serialize};
	use serde_json::json;
	use std::collections::BTreeSet;

	/// Decodes a result and encodes it again: no field may be missing or unknown.
	fn round_trip<T: DeserializeOwned + Serialize>(result: &Value) -> T {
		let decoded: T = serde_json::from_value(result.clone()).unwrap();
		assert_eq!(&serde_json::to_value(&decoded).unwrap(), result);
		decoded
	}

	fn owner(exchange: &Exchange) -> AccountId {
		parameter::account("owner", &exchange.params[0]).unwrap()
	}

	/// The results also agree with each other.
	#[test]
	fn results_of_the_vectors_have_our_form() {
		let mut methods = BTreeSet::new();
		for exchange in exchanges("kv.json").into_iter().filter(|it| it.error.is_none()) {
			let result = exchange.result.clone().unwrap_or(Value::Null);
			let key = || parameter::bytes("key", &exchange.params[1]).unwrap();
			match exchange.method.as_str() {
				"kv_get" => {
					owner(&exchange);
					key();
					round_trip::<Option<Bytes>>(&result);
				},
				"kv_getMeta" => {
					owner(&exchange);
					key();
					round_trip::<Option<Metadata>>(&result);
				},
				"kv_list" => {
					owner(&exchange);
					parameter::limit(&exchange.params[3], MAX_PAGE_SIZE).unwrap();
					round_trip::<Page>(&result);
				},
				"kv_quote" => {
					let rent: Balance = round_trip::<String>(&result).parse().unwrap();
					assert_eq!(json!(rent.to_string()), result, "{}", exchange.name);
				},
				"kv_stats" => {
					let start = exchange.params.first();
					parameter::optional(position, "start", start).unwrap();
					round_trip::<Stats>(&result);
				},
				"kv_getProof" => {
					let (owner, key) = (owner(&exchange), key());
					let (root, number, stored_at, nodes) =
						round_trip::<EntryProof>(&result).into_parts();
					assert_eq!(stored_at, proof_key(&owner, &key), "{}", exchange.name);
					let shown = verify_proof(root, number, nodes, &owner, &key).unwrap();
					let is_expected = match exchange.name.as_str() {
						"getProof: a live entry" => matches!(shown, Proven::Live(_)),
						"getProof: an entry that has expired" => {
							matches!(shown, Proven::Expired(_))
						},
						_ => matches!(shown, Proven::Absent),
					};
					assert!(is_expected, "{}: {shown:?}", exchange.name);
				},
				method => panic!("{method} has no check"),
			}
			methods.insert(exchange.method);
		}
		assert_eq!(methods.len(), 6, "{methods:?}");
	}

	#[test]
	fn events_of_the_vectors_have_our_form_and_order() {
		let mut kinds = Vec::new();
		for exchange in exchanges("kv-subscribe.json") {
			let Some(updates) = exchange.updates else { continue };
			let from = parameter::number("from", &exchange.params[2]).unwrap();
			let events: Vec<Event> = updates.iter().map(round_trip).collect();
			assert!(events.iter().all(|event| event.block_number >= from), "{}", exchange.name);
			for pair in events.windows(2) {
				let [earlier, later] = pair else { continue };
				assert!(earlier.block_number <= later.block_number, "{}", exchange.name);
				let in_block = earlier.block_number == later.block_number;
				let late = earlier.kind != Kind::Expired && later.kind == Kind::Expired;
				assert!(!(in_block && late), "{}", exchange.name);
			}
			kinds.extend(events.into_iter().map(|event| event.kind));
		}
		for kind in [Kind::Put, Kind::Extended, Kind::Deleted, Kind::Expired] {
			assert!(kinds.contains(&kind), "{kind:?}");
		}
	}

	#[test]
	fn results_of_the_runtime_keep_all_their_fields() {
		let metadata = EntryMetadata {
			value_len: 5,
			expires_at: 11,
			created_at: 1,
			revision: u64::MAX,
			remaining_blocks: 4,
		};
		let expected = json!({
			"valueLen": 5,
			"expiresAt": 11,
			"createdAt": 1,
			"revision": "18446744073709551615",
			"remainingBlocks": 4,
		});
		assert_eq!(serde_json::to_value(Metadata::from(metadata.clone())).unwrap(), expected);

		let mut item = expected;
		item["key"] = json!("0x0102");
		let page = EntryPage { items: vec![(vec![1, 2], metadata)], next: Some(vec![3]) };
		assert_eq!(
			serde_json::to_value(Page::from(page)).unwrap(),
			json!({ "items": [item], "next": "0x03" })
		);

		let statistics =
			|next| Statistics { entries: 1, bytes: 2, backlog: 3, last_revision: 4, next };
		let mut expected = json!({
			"entries": 1,
			"bytes": 2,
			"backlog": 3,
			"lastRevision": "4",
			"next": null,
		});
		assert_eq!(serde_json::to_value(Stats::from(statistics(None))).unwrap(), expected);
		expected["next"] = json!("0x010101010101010101010101");
		assert_eq!(serde_json::to_value(Stats::from(statistics(Some([1; 12])))).unwrap(), expected);
		assert_eq!(position("start", &expected["next"]).unwrap(), [1; 12]);
	}

	#[test]
	fn subscription_begins_at_the_head_or_catches_up_or_is_refused() {
		for behind in [0, 1, HEAD_BLOCKS] {
			assert!(matches!(catches_up(behind), Ok(false)), "{behind}");
		}
		for behind in [HEAD_BLOCKS + 1, MAX_BLOCKS_BACK] {
			assert!(matches!(catches_up(behind), Ok(true)), "{behind}");
		}
		for behind in [MAX_BLOCKS_BACK + 1, BlockNumber::MAX] {
			assert!(matches!(catches_up(behind), Err(Error::OutOfBounds("from"))), "{behind}");
		}
	}

	/// RPC-R22: a block hash in the place of the position is refused, instead of being taken for one.
	#[test]
	fn position_of_another_length_is_refused() {
		for length in [0, 11, 13, 32] {
			let digits = format!("0x{}", "5a".repeat(length));
			assert!(position("start", &json!(digits)).is_err(), "{digits}");
		}
	}
}
