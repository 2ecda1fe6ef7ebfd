//! Authoring: a validator's Aura worker.

use crate::{
	budget::Budget,
	inherents::inherents,
	open::{BlockImport, FullClient, SelectChain, TransactionPool},
};
use gtos_baseline_runtime::{Hash, OpaqueBlock as Block};
use sc_consensus_aura::StartAuraParams;
use sc_network_sync::SyncingService;
use sc_service::{Error, KeystoreContainer, TaskManager};
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use std::sync::Arc;

/// The parts of the node that the Aura worker needs.
pub struct Author<'a> {
	pub client: Arc<FullClient>,
	pub transaction_pool: Arc<TransactionPool>,
	pub select_chain: SelectChain,
	pub block_import: BlockImport,
	pub sync: Arc<SyncingService<Block>>,
	pub keystore: &'a KeystoreContainer,
	pub force_authoring: bool,
	pub budget: Budget,
}

impl Author<'_> {
	/// Starts the worker.
	pub fn start(self, task_manager: &TaskManager) -> Result<(), Error> {
		let proposer_factory = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			self.client.clone(),
			self.transaction_pool,
			None,
			None,
		);
		let slot_duration =
			sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(&self.client)?;
		let worker = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
			StartAuraParams {
				slot_duration,
				client: self.client,
				select_chain: self.select_chain,
				block_import: self.block_import,
				proposer_factory,
				sync_oracle: self.sync.clone(),
				justification_sync_link: self.sync,
				create_inherent_data_providers: move |_: Hash, ()| async move {
					Ok::<_, Box<dyn std::error::Error + Send + Sync>>(inherents(slot_duration))
				},
				force_authoring: self.force_authoring,
				backoff_authoring_blocks: None::<()>,
				keystore: self.keystore.keystore(),
				block_proposal_slot_portion: self.budget.slot_portion(),
				max_block_proposal_slot_portion: None,
				telemetry: None,
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
