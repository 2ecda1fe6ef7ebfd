//! Authoring: a validator's Aura worker.

use crate::components::{ObservedBlockImport, SelectChain};
use gtos_node_consensus::{
	authorship::Proposers,
	backoff::Pauses,
	inherents,
	own_slots::{OwnSlots, WatchedSync},
	proposer::{self, BuildTime, TimedProposers, WorkerBegin},
};
use gtos_node_slashing_protection::{NotingEnvironment, SlashingProtection};
use gtos_node_types::{Block, FullClient, TransactionPool};
use gtos_runtime::Hash;
use pallet_genesis_parameters_runtime_api::GenesisParametersApi;
use sc_consensus_aura::StartAuraParams;
use sc_network_sync::SyncingService;
use sc_service::{Error, TaskManager};
use sc_telemetry::TelemetryHandle;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
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
	/// The slots of this node's own keys.
	pub own_slots: Arc<OwnSlots>,
	/// Keys to seal with.
	pub keystore: KeystorePtr,
	/// Is told what will be sealed.
	pub protection: Option<Arc<SlashingProtection>>,
	/// Whether to author without peers.
	pub force_authoring: bool,
	/// Whether to pause while finality lags.
	pub pauses: Pauses,
	/// Metrics.
	pub prometheus_registry: Option<Registry>,
	/// Telemetry.
	pub telemetry: Option<TelemetryHandle>,
}

impl Author {
	/// Starts the worker. The node stops if the worker ends: a validator must not run without
	/// authoring.
	pub fn start(self, task_manager: &TaskManager) -> Result<(), Error> {
		let slot_duration =
			sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(&self.client)?;
		// Read once: genesis fixes it. After an upgrade that changes it, it applies from the next start on.
		let best = self.client.info().best_hash;
		let budget =
			self.client.runtime_api().block_budget(best).map_err(sp_blockchain::Error::from)?;
		let build_time = BuildTime::new(budget, slot_duration);
		let client = self.client.clone();
		let last_final = Arc::new(move || client.info().finalized_number);
		let proposers = Proposers::new(
			self.client.clone(),
			self.transaction_pool,
			task_manager.spawn_handle(),
			self.prometheus_registry.as_ref(),
			self.telemetry.clone(),
		);
		// While finality stalls, authoring slows down, so that the unfinalised chain stays short.
		let backoff_authoring_blocks = self.pauses.strategy(self.client.clone());
		// The worker asks for the providers when it begins with a slot, and nobody else does.
		let begin = WorkerBegin::default();
		let noted_begin = begin.clone();
		let create_inherent_data_providers = move |_: Hash, ()| {
			noted_begin.note();
			async move {
				Ok::<_, Box<dyn std::error::Error + Send + Sync>>(inherents::providers(
					slot_duration,
				))
			}
		};
		let worker = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
			StartAuraParams {
				slot_duration,
				client: self.client,
				select_chain: self.select_chain,
				block_import: self.block_import,
				proposer_factory: NotingEnvironment::new(
					TimedProposers::new(proposers, build_time, begin, last_final),
					self.protection,
				),
				sync_oracle: WatchedSync::new(self.sync.clone(), self.own_slots, slot_duration),
				justification_sync_link: self.sync,
				create_inherent_data_providers,
				force_authoring: self.force_authoring,
				backoff_authoring_blocks,
				keystore: self.keystore,
				// The other nodes need most of the slot to receive and execute the block. The proposers see to that.
				block_proposal_slot_portion: proposer::worker_portion(),
				max_block_proposal_slot_portion: Some(proposer::worker_portion()),
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
