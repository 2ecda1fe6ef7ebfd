//! `kv_get`, `kv_subscribe` and what else there is to ask about expiring entries (RPC-R18 to
//! RPC-R25).

mod answer;
mod follower;

use super::{
	error::Error,
	parameter,
	query::{self, RuntimeApi},
	subscriptions::{Place, Subscriptions},
	turns::Turns,
};
use crate::service::{Block, FullClient};
use answer::{EntryProof, Event, Metadata, Page, Stats};
use follower::{Filter, Follower};
use futures::{
	future::{select, Either},
	FutureExt, StreamExt,
};
use gtos_runtime::{AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::{
	core::async_trait, proc_macros::rpc, types::ErrorObjectOwned, ConnectionId,
	PendingSubscriptionSink, SubscriptionCloseResponse, SubscriptionMessage, SubscriptionSink,
};
use pallet_ttl_kv_runtime_api::TtlKvApi;
use sc_client_api::BlockchainEvents;
use sc_rpc::SubscriptionTaskExecutor;
use serde_json::Value;
use sp_api::ApiError;
use sp_core::Bytes;
use std::{pin::pin, sync::Arc};
use tokio::sync::watch;

/// Most entries in one page of a list.
const MAX_PAGE_SIZE: u32 = 100;

/// The methods.
///
/// Parameters are plain JSON, because what cannot be read has a code of its own.
#[rpc(server)]
pub trait EntryRpc {
	/// Answers the value of an entry.
	#[method(name = "kv_get", blocking)]
	fn get(&self, owner: Value, key: Value, at: Option<Value>) -> Result<Option<Bytes>, Error>;

	/// Answers what is known of an entry besides its value.
	#[method(name = "kv_getMeta", blocking)]
	fn metadata(
		&self,
		owner: Value,
		key: Value,
		at: Option<Value>,
	) -> Result<Option<Metadata>, Error>;

	/// Answers an owner's entries, in no meaningful order.
	#[method(name = "kv_list", blocking)]
	fn list(
		&self,
		owner: Value,
		prefix: Option<Value>,
		start: Option<Value>,
		limit: Value,
		at: Option<Value>,
	) -> Result<Page, Error>;

	/// Answers the rent of a new entry.
	#[method(name = "kv_quote", blocking)]
	fn quote(
		&self,
		key_len: Value,
		value_len: Value,
		ttl: Value,
		at: Option<Value>,
	) -> Result<String, Error>;

	/// Answers how much the store holds.
	#[method(name = "kv_stats", blocking)]
	fn stats(&self, at: Option<Value>) -> Result<Stats, Error>;

	/// Answers a proof of an entry, live or expired, or that there is none.
	#[method(name = "kv_getProof", blocking)]
	fn proof(&self, owner: Value, key: Value, at: Option<Value>) -> Result<EntryProof, Error>;

	/// Tells what happens to an owner's entries in final blocks, from a height on.
	#[subscription(name = "kv_subscribe" => "kv_event", unsubscribe = "kv_unsubscribe", item = Event)]
	async fn subscribe(
		&self,
		owner: Value,
		prefix: Option<Value>,
		from: Option<Value>,
	) -> SubscriptionCloseResponse;
}

/// What the methods answer from.
pub struct Entries {
	client: Arc<FullClient>,
	subscriptions: Subscriptions,
	turns: Turns,
	/// Changes whenever a block became final.
	finality: watch::Receiver<()>,
}

impl Entries {
	/// Answers come from the runtimes of the client's blocks.
	pub fn new(
		client: Arc<FullClient>,
		executor: &SubscriptionTaskExecutor,
		subscriptions: Subscriptions,
	) -> Self {
		let (teller, finality) = watch::channel(());
		let mut notifications = client.finality_notification_stream();
		// The client's stream has no bound, and what waits in it holds states back from pruning. One
		// task empties it at once for all subscriptions, however slow their clients are.
		let tell = async move {
			while notifications.next().await.is_some() {
				teller.send_replace(());
			}
		};
		executor.spawn("kv-finality", Some("rpc"), tell.boxed());
		Self { client, subscriptions, turns: Turns::new(), finality }
	}

	/// What `call` answers to about block `at`.
	fn ask<T>(
		&self,
		at: Hash,
		call: impl FnOnce(&RuntimeApi) -> Result<T, ApiError>,
	) -> Result<T, Error> {
		query::ask::<dyn TtlKvApi<Block, AccountId, BlockNumber, Balance>, T>(
			&self.client,
			at,
			"TtlKvApi",
			call,
		)
	}

	/// Owner and key of the entry that parameters name, and the block.
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

	/// Reads the parameters of a subscription, takes its place and looks for its first events.
	async fn begin(
		&self,
		connection: ConnectionId,
		owner: &Value,
		prefix: Option<&Value>,
		from: Option<&Value>,
	) -> Result<(Place, Steps, Step), Error> {
		let owner = parameter::account("owner", owner)?;
		let prefix = parameter::optional(parameter::bytes, "prefix", prefix)?.unwrap_or_default();
		let from = parameter::optional(parameter::number, "from", from)?;
		let place = self.subscriptions.take_place(connection)?;
		let follower = Follower::new(self.client.clone(), Filter { owner, prefix }, from);
		let steps = Steps { turns: self.turns.clone(), finality: self.finality.clone() };
		let first = steps.take(follower).await?;
		Ok((place, steps, first))
	}
}

#[async_trait]
impl EntryRpcServer for Entries {
	fn get(&self, owner: Value, key: Value, at: Option<Value>) -> Result<Option<Bytes>, Error> {
		let (owner, key, at) = self.entry(&owner, &key, at.as_ref())?;
		Ok(self.ask(at, |api| api.get(at, owner, key))?.map(Bytes::from))
	}

	fn metadata(
		&self,
		owner: Value,
		key: Value,
		at: Option<Value>,
	) -> Result<Option<Metadata>, Error> {
		let (owner, key, at) = self.entry(&owner, &key, at.as_ref())?;
		Ok(self.ask(at, |api| api.metadata(at, owner, key))?.map(Metadata::from))
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
		Ok(self.ask(at, |api| api.list(at, owner, prefix, start, limit))?.into())
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
			self.ask(at, |api| api.quote(at, key_len, value_len, ttl))
		};
		if let Some(rent) = quote(key_len, value_len, ttl)? {
			return Ok(rent.to_string());
		}
		// The runtime does not say why there is none: the least lengths always are in their ranges.
		Err(Error::OutOfBounds(if quote(1, 1, ttl)?.is_none() {
			"ttl"
		} else if quote(key_len, 1, ttl)?.is_none() {
			"keyLen"
		} else {
			"valueLen"
		}))
	}

	fn stats(&self, at: Option<Value>) -> Result<Stats, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		Ok(self.ask(at, |api| api.statistics(at))?.into())
	}

	fn proof(&self, owner: Value, key: Value, at: Option<Value>) -> Result<EntryProof, Error> {
		let (owner, key, at) = self.entry(&owner, &key, at.as_ref())?;
		let key =
			self.ask(at, |api| api.proof_key(at, owner, key))?.ok_or(Error::OutOfBounds("key"))?;
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
			Ok((_place, steps, first)) => {
				let Ok(sink) = pending.accept().await else {
					return SubscriptionCloseResponse::None;
				};
				match steps.tell_all(first, &sink).await {
					Ok(()) => SubscriptionCloseResponse::None,
					Err(error) => last_words(error),
				}
			},
			Err(error) => {
				pending.reject(error).await;
				SubscriptionCloseResponse::None
			},
		}
	}
}

/// The notification with which a subscription ends that cannot go on.
fn last_words(error: Error) -> SubscriptionCloseResponse {
	match SubscriptionMessage::from_json(&ErrorObjectOwned::from(error)) {
		Ok(message) => SubscriptionCloseResponse::NotifErr(message),
		Err(_) => SubscriptionCloseResponse::None,
	}
}

/// What a follower found, and the follower; `None` if it has to wait for a final block.
type Step = (Follower<FullClient>, Option<Vec<Event>>);

/// Has a follower go on as fast as its client listens.
struct Steps {
	turns: Turns,
	finality: watch::Receiver<()>,
}

impl Steps {
	/// Has the follower ask the runtime.
	async fn take(&self, mut follower: Follower<FullClient>) -> Result<Step, Error> {
		let step = move || {
			let events = follower.advance()?;
			Ok((follower, events))
		};
		self.turns.take(step).await
	}

	/// Tells events until the client ends it, which is fine, or there can be no more.
	async fn tell_all(mut self, first: Step, sink: &SubscriptionSink) -> Result<(), Error> {
		let (mut follower, mut events) = first;
		loop {
			match events {
				Some(events) => {
					for event in events {
						let Ok(message) = SubscriptionMessage::from_json(&event) else {
							return Ok(());
						};
						// Waits while the connection's buffer is full: nothing is collected meanwhile.
						if sink.send(message).await.is_err() {
							return Ok(());
						}
					}
				},
				None => {
					let changed = pin!(self.finality.changed());
					match select(pin!(sink.closed()), changed).await {
						Either::Right((Ok(()), _)) => {},
						_ => return Ok(()),
					}
				},
			}
			if sink.is_closed() {
				return Ok(());
			}
			(follower, events) = self.take(follower).await?;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::{answer::Kind, *};
	use crate::rpc::vectors::{exchanges, Exchange};
	use pallet_ttl_kv_runtime_api::{
		proof_key, verify_proof, EntryMetadata, EntryPage, Proven, Statistics,
	};
	use serde::{de::DeserializeOwned, Serialize};
	use serde_json::json;
	use std::collections::BTreeSet;

	/// Reads an answer and writes it again: nothing may be missing, and nothing too much.
	fn same<T: DeserializeOwned + Serialize>(answer: &Value) -> T {
		let read: T = serde_json::from_value(answer.clone()).unwrap();
		assert_eq!(&serde_json::to_value(&read).unwrap(), answer);
		read
	}

	fn owner(exchange: &Exchange) -> AccountId {
		parameter::account("owner", &exchange.params[0]).unwrap()
	}

	/// Answers of the vectors have our form, and are true of each other.
	#[test]
	fn answers_of_the_vectors_are_ours() {
		let mut methods = BTreeSet::new();
		for exchange in exchanges("kv.json").into_iter().filter(|it| it.error.is_none()) {
			let result = exchange.result.clone().unwrap_or(Value::Null);
			let key = || parameter::bytes("key", &exchange.params[1]).unwrap();
			match exchange.method.as_str() {
				"kv_get" => {
					owner(&exchange);
					key();
					same::<Option<Bytes>>(&result);
				},
				"kv_getMeta" => {
					owner(&exchange);
					key();
					same::<Option<Metadata>>(&result);
				},
				"kv_list" => {
					owner(&exchange);
					parameter::limit(&exchange.params[3], MAX_PAGE_SIZE).unwrap();
					same::<Page>(&result);
				},
				"kv_quote" => {
					let rent: Balance = same::<String>(&result).parse().unwrap();
					assert_eq!(json!(rent.to_string()), result, "{}", exchange.name);
				},
				"kv_stats" => {
					same::<Stats>(&result);
				},
				"kv_getProof" => {
					let (owner, key) = (owner(&exchange), key());
					let (root, number, stored_at, nodes) = same::<EntryProof>(&result).into_parts();
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
				method => panic!("{method} is not ours"),
			}
			methods.insert(exchange.method);
		}
		assert_eq!(methods.len(), 6, "{methods:?}");
	}

	#[test]
	fn events_of_the_vectors_are_ours_and_in_order() {
		let mut kinds = Vec::new();
		for exchange in exchanges("kv-subscribe.json") {
			let Some(updates) = exchange.updates else { continue };
			let from = parameter::number("from", &exchange.params[2]).unwrap();
			let events: Vec<Event> = updates.iter().map(same).collect();
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
	fn answers_of_the_runtime_are_told_in_full() {
		let metadata = EntryMetadata {
			value_len: 5,
			expires_at: 11,
			created_at: 1,
			revision: u64::MAX,
			remaining_blocks: 4,
		};
		let told = json!({
			"valueLen": 5,
			"expiresAt": 11,
			"createdAt": 1,
			"revision": "18446744073709551615",
			"remainingBlocks": 4,
		});
		assert_eq!(serde_json::to_value(Metadata::from(metadata.clone())).unwrap(), told);

		let mut item = told;
		item["key"] = json!("0x0102");
		let page = EntryPage { items: vec![(vec![1, 2], metadata)], next: Some(vec![3]) };
		assert_eq!(
			serde_json::to_value(Page::from(page)).unwrap(),
			json!({ "items": [item], "next": "0x03" })
		);

		let statistics = Statistics { entries: 1, bytes: 2, backlog: 3, last_revision: 4 };
		assert_eq!(
			serde_json::to_value(Stats::from(statistics)).unwrap(),
			json!({ "entries": 1, "bytes": 2, "backlog": 3, "lastRevision": "4" })
		);
	}

	#[test]
	fn last_words_are_the_error_that_ends_the_subscription() {
		let SubscriptionCloseResponse::NotifErr(_) = last_words(Error::PrunedState(Hash::zero()))
		else {
			panic!("it is an error");
		};
	}
}
