//! Results of the `kv` methods, and events of `kv_subscribe` (RPC-R18 to RPC-R25).

use crate::query::Proof;
use gtos_runtime::{BlockNumber, Hash};
use pallet_ttl_kv_runtime_api::{Change, EntryMetadata, EntryPage, Statistics};
use serde::Serialize;
use sp_core::Bytes;

/// Metadata of an entry: all but its key and value.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
	value_len: u32,
	expires_at: BlockNumber,
	created_at: BlockNumber,
	revision: String,
	remaining_blocks: BlockNumber,
}

impl From<EntryMetadata<BlockNumber>> for Metadata {
	fn from(metadata: EntryMetadata<BlockNumber>) -> Self {
		let EntryMetadata { value_len, expires_at, created_at, revision, remaining_blocks } =
			metadata;
		let revision = revision.to_string();
		Self { value_len, expires_at, created_at, revision, remaining_blocks }
	}
}

/// An entry of a list.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Item {
	key: Bytes,
	#[serde(flatten)]
	metadata: Metadata,
}

/// A page of an owner's entries, and the key after which the next page starts.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Page {
	items: Vec<Item>,
	next: Option<Bytes>,
}

impl From<EntryPage<BlockNumber>> for Page {
	fn from(page: EntryPage<BlockNumber>) -> Self {
		let EntryPage { items, next } = page;
		let item = |(key, metadata): (Vec<u8>, EntryMetadata<_>)| Item {
			key: key.into(),
			metadata: metadata.into(),
		};
		Self { items: items.into_iter().map(item).collect(), next: next.map(Bytes::from) }
	}
}

/// Statistics of the store, and the position after which the count of the backlog continues.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Stats {
	entries: u64,
	bytes: u64,
	backlog: u64,
	last_revision: String,
	next: Option<Bytes>,
}

impl From<Statistics> for Stats {
	fn from(statistics: Statistics) -> Self {
		let Statistics { entries, bytes, backlog, last_revision, next } = statistics;
		let next = next.map(|position| position.to_vec().into());
		Self { entries, bytes, backlog, last_revision: last_revision.to_string(), next }
	}
}

/// Trie nodes that prove an entry, or its absence, against a block's state root.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct EntryProof {
	block_hash: Hash,
	block_number: BlockNumber,
	state_root: Hash,
	key: Bytes,
	nodes: Vec<Bytes>,
}

impl EntryProof {
	/// The proof of the value at the storage key `key`, or of its absence.
	pub fn new(key: Vec<u8>, proof: Proof) -> Self {
		let Proof { block_hash, block_number, state_root, nodes, .. } = proof;
		Self { block_hash, block_number, state_root, key: key.into(), nodes }
	}

	#[cfg(test)]
	pub fn into_parts(self) -> (Hash, BlockNumber, Vec<u8>, Vec<Vec<u8>>) {
		let nodes = self.nodes.into_iter().map(|node| node.0).collect();
		(self.state_root, self.block_number, self.key.0, nodes)
	}
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub enum Kind {
	/// It was put: a new entry, or one that replaces another.
	Put,
	/// Its lifetime was extended, possibly by zero blocks.
	Extended,
	/// Its owner deleted it.
	Deleted,
	/// It expired: this is the first block in which it no longer exists.
	Expired,
}

impl From<Change> for Kind {
	fn from(change: Change) -> Self {
		match change {
			Change::Put => Self::Put,
			Change::Extended => Self::Extended,
			Change::Deleted => Self::Deleted,
		}
	}
}

/// A notification of `kv_subscribe`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Event {
	/// What happened.
	#[serde(rename = "type")]
	pub kind: Kind,
	/// Key of the entry.
	pub key: Bytes,
	/// The block in which it happened.
	pub block_hash: Hash,
	/// Its height.
	pub block_number: BlockNumber,
	/// Revision of the entry, in decimal digits.
	pub revision: String,
}
