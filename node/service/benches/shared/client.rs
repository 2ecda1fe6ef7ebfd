//! A client over a database, without a network. The benches share it.

use crate::Result;
use codec::Encode;
use futures::executor::block_on;
use gtos_node_chain_spec as chain_spec;
use gtos_node_types::{Block, FullBackend, FullClient, HostFunctions};
use sc_block_builder::{BlockBuilder, BlockBuilderBuilder};
use sc_client_api::execution_extensions::ExecutionExtensions;
use sc_client_db::{BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult, StateAction, StorageChanges,
};
use sc_service::{config::ExecutorConfiguration, ClientConfig};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{Slot, SlotDuration, AURA_ENGINE_ID};
use sp_core::testing::TaskExecutor;
use sp_inherents::InherentData;
use sp_runtime::{traits::Block as _, Digest, DigestItem};
use std::{path::Path, sync::Arc};

/// Builds the genesis block.
pub type GenesisBlockBuilder =
	sc_service::GenesisBlockBuilder<Block, FullBackend, sc_executor::WasmExecutor<HostFunctions>>;

/// Default of the node.
const TRIE_CACHE_BYTES: usize = 1 << 30;

fn executor() -> sc_executor::WasmExecutor<HostFunctions> {
	sc_service::new_wasm_executor(&ExecutorConfiguration::default())
}

/// The genesis block of the chain spec.
pub fn genesis(backend: Arc<FullBackend>, spec: &str) -> Result<GenesisBlockBuilder> {
	let storage = chain_spec::genesis::build(&*chain_spec::load(spec)?)?;
	Ok(GenesisBlockBuilder::new_with_storage(storage, true, backend, executor())?)
}

/// Opens the database at `path`, or creates it. It keeps the states of this number of final blocks.
pub fn open_database(path: &Path, states_kept: u32) -> Result<Arc<FullBackend>> {
	let settings = DatabaseSettings {
		trie_cache_maximum_size: Some(TRIE_CACHE_BYTES),
		state_pruning: Some(PruningMode::blocks_pruning(states_kept)),
		source: DatabaseSource::ParityDb { path: path.to_path_buf() },
		blocks_pruning: BlocksPruning::KeepFinalized,
		pruning_filters: Vec::new(),
		metrics_registry: None,
	};
	Ok(sc_service::new_db_backend::<Block>(settings)?)
}

/// Opens a client over the database, with empty caches, and compiles the runtime. An empty database gets the
/// genesis block of the chain spec.
pub fn open(backend: Arc<FullBackend>, spec: &str) -> Result<FullClient> {
	Ok(sc_service::new_client(
		backend.clone(),
		executor(),
		genesis(backend, spec)?,
		None,
		None,
		ExecutionExtensions::new(None, Arc::new(executor())),
		Box::new(TaskExecutor::new()),
		None,
		None,
		ClientConfig::default(),
	)?)
}

/// Digest and inherent data of the block after the best one, in the slot after its slot: no slot is missed, so
/// every height has one.
pub fn next_slot(
	client: &FullClient,
	slot_duration: SlotDuration,
) -> Result<(Digest, InherentData)> {
	let slot = Slot::from(u64::from(client.info().best_number) + 1);
	let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
	let now = sp_timestamp::Timestamp::new(*slot * slot_duration.as_millis());
	let mut inherents = InherentData::new();
	inherents.put_data(sp_timestamp::INHERENT_IDENTIFIER, &now)?;
	Ok((digest, inherents))
}

/// Begins the block after the best one, with its inherents.
pub fn new_block(
	client: &FullClient,
	slot_duration: SlotDuration,
) -> Result<BlockBuilder<'_, Block, FullClient>> {
	let info = client.info();
	let (digest, inherents) = next_slot(client, slot_duration)?;
	let mut builder = BlockBuilderBuilder::new(client)
		.on_parent_block(info.best_hash)
		.with_parent_block_number(info.best_number)
		.with_inherent_digests(digest)
		.build()?;
	for extrinsic in builder.create_inherents(inherents)? {
		builder.push(extrinsic)?;
	}
	Ok(builder)
}

/// Commits a block with its changes of the state, as a final one.
pub fn commit(
	client: &FullClient,
	block: Block,
	changes: sp_api::StorageChanges<Block>,
) -> Result<()> {
	let (header, body) = block.deconstruct();
	let mut params = BlockImportParams::new(BlockOrigin::File, header);
	params.body = Some(body);
	params.state_action = StateAction::ApplyChanges(StorageChanges::Changes(changes));
	params.finalized = true;
	params.fork_choice = Some(ForkChoiceStrategy::Custom(true));
	match block_on(client.import_block(params))? {
		ImportResult::Imported(_) => Ok(()),
		other => Err(format!("the block is not imported: {other:?}").into()),
	}
}
