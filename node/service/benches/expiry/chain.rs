//! A client that authors and imports blocks without a network.

use crate::{client, database, Result};
use codec::DecodeAll;
use gtos_node_types::{Block, FullBackend, FullClient};
use gtos_runtime::{Hash, Runtime};
use pallet_ttl_kv::{StoreTotals, Totals};
use sc_client_api::{
	Backend, BlockImportOperation as _, NewBlockState, StorageProvider, TrieCacheContext,
};
use sc_service::BuildGenesisBlock;
use sp_api::{ApiExt, Core, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, SlotDuration};
use sp_core::{storage::StorageKey, traits::CallContext};
use sp_runtime::traits::{Block as _, Header as _};
use std::{
	path::Path,
	sync::Arc,
	time::{Duration, Instant},
};

/// Creates a database at `path` with the genesis block of the chain spec.
pub fn write_genesis(path: &Path, spec: &str) -> Result<()> {
	let backend = database::open(path)?;
	let (block, mut operation) = client::genesis(backend.clone(), spec)?.build_genesis_block()?;
	let (header, body) = block.deconstruct();
	operation.set_block_data(header, Some(body), None, None, NewBlockState::Final, true)?;
	Ok(backend.commit_operation(operation)?)
}

/// What the import of a block took, and what the block declares.
pub struct Imported {
	/// Height of the block.
	pub number: u32,
	/// Entries that the block removed.
	pub removed: u64,
	/// Weight of the block in time.
	pub declared: Duration,
	/// Time to execute the block and to compute its state root.
	pub execution: Duration,
	/// Time to commit it.
	pub commit: Duration,
}

/// A client over a database.
pub struct Chain {
	client: FullClient,
	backend: Arc<FullBackend>,
	slot_duration: SlotDuration,
}

impl Chain {
	/// Opens the database at `path`, with empty caches, and compiles the runtime.
	pub fn open(path: &Path, spec: &str) -> Result<Self> {
		let backend = database::open(path)?;
		let client = client::open(backend.clone(), spec)?;
		let slot_duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(&client)?;
		Ok(Self { client, backend, slot_duration })
	}

	/// Duration of a slot.
	pub fn slot_duration(&self) -> Duration {
		self.slot_duration.as_duration()
	}

	/// Value under `key` in the state of `block`.
	fn stored<T: DecodeAll>(&self, block: Hash, key: &[u8]) -> Result<T> {
		let value = self.client.storage(block, &StorageKey(key.to_vec()))?.ok_or("no value")?;
		Ok(T::decode_all(&mut &value.0[..])?)
	}

	fn entries_at(&self, block: Hash) -> Result<u64> {
		Ok(self.stored::<StoreTotals>(block, &Totals::<Runtime>::hashed_key())?.entries)
	}

	/// Number of entries in the state of the last block.
	pub fn stored_entries(&self) -> Result<u64> {
		self.entries_at(self.client.info().best_hash)
	}

	/// Weight of `block` in time.
	fn declared(&self, block: Hash) -> Result<Duration> {
		let key = frame_support::storage::storage_prefix(b"System", b"BlockWeight");
		let weight = self.stored::<frame_system::ConsumedWeight>(block, &key)?;
		Ok(Duration::from_nanos(weight.total().ref_time() / 1_000))
	}

	/// Authors a block without transactions in the next slot, and commits it.
	pub fn author(&self) -> Result<Block> {
		let builder = client::new_block(&self.client, self.slot_duration)?;
		let (block, changes) = builder.build()?.into_inner();
		client::commit(&self.client, block.clone(), changes)?;
		Ok(block)
	}

	/// Executes `block` and commits it, as the node's import does.
	pub fn import(&self, block: Block) -> Result<Imported> {
		let (hash, parent) = (block.hash(), *block.header().parent_hash());
		let (number, state_root) = (*block.header().number(), *block.header().state_root());

		let start = Instant::now();
		let context = CallContext::Onchain { import: true };
		let mut api = self.client.runtime_api();
		api.set_call_context(context);
		api.execute_block(parent, block.clone().into())?;
		let state = self.backend.state_at(parent, TrieCacheContext::from(context))?;
		let changes = api.into_storage_changes(&state, parent)?;
		drop(state);
		let execution = start.elapsed();
		if changes.transaction_storage_root != state_root {
			return Err(format!("author and importer have different states at {number}").into());
		}

		let start = Instant::now();
		client::commit(&self.client, block, changes)?;
		let commit = start.elapsed();

		// The sweep only removes.
		let removed = self.entries_at(parent)? - self.entries_at(hash)?;
		Ok(Imported { number, removed, declared: self.declared(hash)?, execution, commit })
	}
}
