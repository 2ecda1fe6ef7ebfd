//! Authoring: a validator's Aura worker.

use crate::components::{ObservedBlockImport, SelectChain};
use gtos_node_consensus::inherents;
use gtos_node_slashing_protection::{NotingEnvironment, SlashingProtection};
use gtos_node_types::{Block, FullClient, TransactionPool};
use gtos_runtime::{BlockNumber, Hash};
use sc_consensus_aura::{SlotProportion, StartAuraParams};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network_sync::SyncingService;
use sc_service::{Error, TaskManager};
use sc_telemetry::TelemetryHandle;
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

/// The parts of the node that the Aura worker needs.
pub struct Author {
	/// The chain.
	pub client: Arc<FullClient>,
	/// Transactions to include.
	pub transaction_pool: Arc<TransactionPool>,
	/// Fork choice.
	pub select_chain: SelectChain,
	/// Import of the blocks that are authored.
	pub block_import: ObservedBlockImport,
	/// Block sync: announces blocks, and says whether the node is syncing.
	pub sync: Arc<SyncingService<Block>>,
	/// Keys to seal with.
	pub keystore: KeystorePtr,
	/// Is told what will be sealed.
	pub protection: Option<Arc<SlashingProtection>>,
	/// Whether to author without peers.
	pub force_authoring: bool,
	/// Metrics.
	pub prometheus_registry: Option<Registry>,
	/// Telemetry.
	pub telemetry: Option<TelemetryHandle>,
}

impl Author {
	/// Starts the worker. The node stops if the worker ends: a validator must not run without
	/// authoring.
	pub fn start(self, task_manager: &TaskManager) -> Result<(), Error> {
		let proposer_factory = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			self.client.clone(),
			self.transaction_pool,
			self.prometheus_registry.as_ref(),
			self.telemetry.clone(),
		);
		let slot_duration =
			sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(&self.client)?;
		let create_inherent_data_providers = move |_: Hash, ()| async move {
			Ok::<_, Box<dyn std::error::Error + Send + Sync>>(inherents::providers(slot_duration))
		};
		let worker = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
			StartAuraParams {
				slot_duration,
				client: self.client,
				select_chain: self.select_chain,
				block_import: self.block_import,
				proposer_factory: NotingEnvironment::new(proposer_factory, self.protection),
				sync_oracle: self.sync.clone(),
				justification_sync_link: self.sync,
				create_inherent_data_providers,
				force_authoring: self.force_authoring,
				// While finality stalls, authoring slows down, so that the unfinalised chain stays
				// short.
				backoff_authoring_blocks: Some(
					BackoffAuthoringOnFinalizedHeadLagging::<BlockNumber>::default(),
				),
				keystore: self.keystore,
				// The other nodes need the rest of the slot to receive and execute the block.
				block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
				max_block_proposal_slot_portion: None,
				telemetry: self.telemetry,
				compatibility_mode: Default::default(),
			},
		)?;
		task_manager.spawn_essential_handle().spawn_blocking(
			"aura",
			Some("block-authoring"),
			worker,
		);
		Ok(())
	}
}
