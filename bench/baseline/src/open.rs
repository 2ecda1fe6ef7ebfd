//! Opens the chain: database, client, pool and import queue.

use crate::inherents::inherents;
use gtos_baseline_runtime::{Hash, OpaqueBlock as Block, RuntimeApi};
use sc_consensus_aura::ImportQueueParams;
use sc_executor::WasmExecutor;
use sc_service::{Configuration, Error};
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use std::sync::Arc;

/// Client of the chain.
pub type FullClient =
	sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
/// Database of the chain.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// Fork choice.
pub type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
/// Pool of the transactions that are in no block yet.
pub type TransactionPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;
/// Import of blocks.
pub type BlockImport =
	sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;
/// What the voter needs of the block import.
pub type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, SelectChain>;

/// The opened chain.
pub type PartialComponents = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	TransactionPool,
	(BlockImport, GrandpaLink),
>;

/// Maximum number of blocks between two justifications that are kept.
pub const JUSTIFICATION_PERIOD_BLOCKS: u32 = 512;

/// Opens the database, and starts the transaction pool and the import queue over it.
pub fn open(config: &Configuration) -> Result<PartialComponents, Error> {
	let executor = sc_service::new_wasm_executor::<sp_io::SubstrateHostFunctions>(&config.executor);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(config, None, executor, Vec::new())?;
	let client = Arc::new(client);
	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let pool = sc_transaction_pool::Builder::new(
		task_manager.spawn_essential_handle(),
		client.clone(),
		config.role.is_authority().into(),
	)
	.with_options(config.transaction_pool.clone())
	.with_prometheus(config.prometheus_registry())
	.build();
	let (block_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD_BLOCKS,
		&client,
		select_chain.clone(),
		None,
	)?;

	let slot_client = client.clone();
	let create_inherent_data_providers = move |parent: Hash, ()| {
		let client = slot_client.clone();
		async move {
			let slot_duration =
				sc_consensus_aura::standalone::slot_duration_at::<AuraId, Block, FullClient>(
					&client, parent,
				)?;
			Ok::<_, Box<dyn std::error::Error + Send + Sync>>(inherents(slot_duration))
		}
	};
	let import_queue =
		sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
			block_import: block_import.clone(),
			justification_import: Some(Box::new(block_import.clone())),
			client: client.clone(),
			create_inherent_data_providers,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			check_for_equivocation: Default::default(),
			telemetry: None,
			compatibility_mode: Default::default(),
		})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool: Arc::new(pool),
		other: (block_import, grandpa_link),
	})
}
