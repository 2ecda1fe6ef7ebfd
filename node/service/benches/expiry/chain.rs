//! A client that authors and imports blocks without a network.

use crate::{database, Result};
use codec::{DecodeAll, Encode};
use futures::executor::block_on;
use gtos_node_chain_spec as chain_spec;
use gtos_node_types::{Block, FullBackend, FullClient, HostFunctions};
use gtos_runtime::{Hash, Runtime};
use pallet_ttl_kv::{StoreTotals, Totals};
use sc_block_builder::BlockBuilderBuilder;
use sc_client_api::{
	execution_extensions::ExecutionExtensions, Backend, BlockImportOperation as _, NewBlockState,
	StorageProvider, TrieCacheContext,
};
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult, StateAction, StorageChanges,
};
use sc_service::{config::ExecutorConfiguration, BuildGenesisBlock, ClientConfig};
use sp_api::{ApiExt, Core, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, Slot, SlotDuration, AURA_ENGINE_ID};
use sp_core::{storage::StorageKey, testing::TaskExecutor, traits::CallContext};
use sp_inherents::InherentData;
use sp_runtime::{
	traits::{Block as _, Header as _},
	Digest, DigestItem,
};
use std::{
	path::Path,
	sync::Arc,
	time::{Duration, Instant},
};

type GenesisBlockBuilder =
	sc_service::GenesisBlockBuilder<Block, FullBackend, sc_executor::WasmExecutor<HostFunctions>>;

fn executor() -> sc_executor::WasmExecutor<HostFunctions> {
	sc_service::new_wasm_executor(&ExecutorConfiguration::default())
}

fn genesis(backend: Arc<FullBackend>, spec: &str) -> Result<GenesisBlockBuilder> {
	let storage = chain_spec::genesis::build(&*chain_spec::load(spec)?)?;
	Ok(GenesisBlockBuilder::new_with_storage(storage, true, backend, executor())?)
}

/// Creates a database at `path` with the genesis block of the chain spec.
pub fn write_genesis(path: &Path, spec: &str) -> Result<()> {
	let backend = database::open(path)?;
	let (block, mut operation) = genesis(backend.clone(), spec)?.build_genesis_block()?;
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
		let client = sc_service::new_client(
			backend.clone(),
			executor(),
			genesis(backend.clone(), spec)?,
			None,
			None,
			ExecutionExtensions::new(None, Arc::new(executor())),
			Box::new(TaskExecutor::new()),
			None,
			None,
			ClientConfig::default(),
		)?;
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
		let info = self.client.info();
		// No slot is missed: every height has one.
		let slot = Slot::from(u64::from(info.best_number) + 1);
		let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
		let mut builder = BlockBuilderBuilder::new(&self.client)
			.on_parent_block(info.best_hash)
			.with_parent_block_number(info.best_number)
			.with_inherent_digests(digest)
			.build()?;
		let now = sp_timestamp::Timestamp::new(*slot * self.slot_duration.as_millis());
		let mut inherents = InherentData::new();
		inherents.put_data(sp_timestamp::INHERENT_IDENTIFIER, &now)?;
		for extrinsic in builder.create_inherents(inherents)? {
			builder.push(extrinsic)?;
		}
		let (block, changes) = builder.build()?.into_inner();
		self.commit(block.clone(), changes)?;
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
		self.commit(block, changes)?;
		let commit = start.elapsed();

		// The sweep only removes.
		let removed = self.entries_at(parent)? - self.entries_at(hash)?;
		Ok(Imported { number, removed, declared: self.declared(hash)?, execution, commit })
	}

	fn commit(&self, block: Block, changes: sp_api::StorageChanges<Block>) -> Result<()> {
		let (header, body) = block.deconstruct();
		let mut params = BlockImportParams::new(BlockOrigin::File, header);
		params.body = Some(body);
		params.state_action = StateAction::ApplyChanges(StorageChanges::Changes(changes));
		params.finalized = true;
		params.fork_choice = Some(ForkChoiceStrategy::Custom(true));
		match block_on(self.client.import_block(params))? {
			ImportResult::Imported(_) => Ok(()),
			other => Err(format!("the block is not imported: {other:?}").into()),
		}
	}
}
