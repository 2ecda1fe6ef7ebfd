//! Where the state comes from: a node, an export or a snapshot.

use crate::execution::{Backend, Block, Chain};
use frame_remote_externalities::{
	Builder, Mode, OfflineConfig, OnlineConfig, RemoteExternalities, SnapshotConfig,
};
use sp_core::{
	storage::{well_known_keys::CODE, StateVersion, Storage},
	H256,
};
use std::{fs, path::Path};

/// State of a block.
pub struct State {
	/// The state.
	pub backend: Backend,
	/// Height of the block.
	pub height: u32,
	/// Hash of the block. Zero if the source does not name it; nothing of an upgrade depends on it.
	pub hash: H256,
}

impl State {
	/// The code in it.
	pub fn code(&self) -> Result<Vec<u8>, String> {
		Chain::new(self.backend.clone(), Vec::new())
			.storage(CODE)
			.ok_or_else(|| "the state has no code".into())
	}
}

/// Loads the state that `source` names: an address, a raw chain spec or a snapshot.
pub fn load(source: &str, block: Option<H256>, save: Option<&Path>) -> Result<State, String> {
	let is_address = ["ws://", "wss://"].iter().any(|scheme| source.starts_with(scheme));
	if !is_address && fs::read(source).is_ok_and(|bytes| bytes.starts_with(b"{")) {
		return from_export(source);
	}
	let mode = if is_address {
		Mode::Online(OnlineConfig {
			at: block,
			transport_uris: vec![source.into()],
			child_trie: false,
			state_snapshot: save.map(SnapshotConfig::new),
			// All of the state.
			hashed_prefixes: vec![Vec::new()],
			..Default::default()
		})
	} else {
		Mode::Offline(OfflineConfig { state_snapshot: SnapshotConfig::new(source) })
	};
	let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
	let mut loaded: RemoteExternalities<Block> =
		runtime.block_on(Builder::<Block>::new().mode(mode).build())?;
	let header = loaded.header.clone();
	Ok(State { backend: loaded.inner_ext.as_backend(), height: header.number, hash: header.hash() })
}

/// Reads the raw chain spec that `gtos export-state` writes.
fn from_export(path: &str) -> Result<State, String> {
	let text = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
	let spec: serde_json::Value =
		serde_json::from_slice(&text).map_err(|error| format!("{path}: {error}"))?;
	let top = spec["genesis"]["raw"]["top"]
		.as_object()
		.ok_or_else(|| format!("{path} is no raw chain spec"))?;
	let mut storage = Storage::default();
	for (key, value) in top {
		let value = value.as_str().unwrap_or_default();
		let bytes = |hex: &str| {
			sp_core::bytes::from_hex(hex).map_err(|error| format!("{path}: {key}: {error}"))
		};
		storage.top.insert(bytes(key)?, bytes(value)?);
	}
	let backend = Backend::from((storage, StateVersion::V1));
	let height = Chain::new(backend.clone(), Vec::new()).value("System", "Number")?.unwrap_or(0);
	Ok(State { backend, height, hash: H256::zero() })
}
