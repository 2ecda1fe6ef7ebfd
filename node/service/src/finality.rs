//! Finality: GRANDPA's block import, its network protocol and its voter.

use crate::components::{GrandpaBlockImport, GrandpaLink, SelectChain};
use gtos_node_consensus::fork_choice::{BestArrival, PunctualVote};
use gtos_node_slashing_protection::{SlashingProtection, VoteGate, VoteObserver};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::Hash;
use sc_consensus_grandpa::{
	SharedVoterState, ThreeQuartersOfTheUnfinalizedChain, VotingRulesBuilder,
};
use sc_network::{
	config::FullNetworkConfiguration, service::traits::NetworkService, NetworkBackend,
	NotificationMetrics, NotificationService, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, Role, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use std::{sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

/// Maximum number of blocks between two of the justifications that the database keeps and a syncing
/// node checks.
const JUSTIFICATION_PERIOD_BLOCKS: u32 = 512;

/// GRANDPA's block import over the client, and the link to its voter.
pub fn block_import(
	client: Arc<FullClient>,
	select_chain: SelectChain,
	telemetry: Option<TelemetryHandle>,
) -> Result<(GrandpaBlockImport, GrandpaLink), Error> {
	let import = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD_BLOCKS,
		&client,
		select_chain,
		telemetry,
	)?;
	Ok(import)
}

/// GRANDPA's network protocol.
pub struct Protocol {
	name: ProtocolName,
	notifications: Box<dyn NotificationService>,
}

/// Adds GRANDPA's protocol to the network; `None` if the operator switched GRANDPA off.
///
/// A protocol that is configured but not served would keep the network from connecting to any peer.
pub fn add_protocol<N: NetworkBackend<Block, Hash>>(
	config: &Configuration,
	client: &FullClient,
	net_config: &mut FullNetworkConfiguration<Block, Hash, N>,
	metrics: NotificationMetrics,
) -> Option<Protocol> {
	if config.disable_grandpa {
		return None;
	}
	let name = sc_consensus_grandpa::protocol_standard_name(
		&client.info().genesis_hash,
		&config.chain_spec,
	);
	let (protocol_config, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<Block, N>(
		name.clone(),
		metrics,
		net_config.peer_store_handle(),
	);
	net_config.add_notification_protocol(protocol_config);
	Some(Protocol { name, notifications })
}

/// The parts of the node that the voter needs.
pub struct Voter {
	/// Role of the node.
	pub role: Role,
	/// Name of the node, for telemetry.
	pub node_name: String,
	/// How long a vote is expected to travel.
	pub gossip_period: Duration,
	/// Keys to vote with, if the node is an authority.
	pub keystore: KeystorePtr,
	/// Withholds votes while the node may not vote, and sees those that arrive.
	pub protection: Option<Arc<SlashingProtection>>,
	/// How the best block arrived: the voter leaves a late one open for a while.
	pub best_arrival: Arc<BestArrival>,
	/// Link to the block import.
	pub link: GrandpaLink,
	/// The network.
	pub network: Arc<dyn NetworkService>,
	/// Block sync.
	pub sync: Arc<SyncingService<Block>>,
	/// State that JSON-RPC reads.
	pub voter_state: SharedVoterState,
	/// Pool for reports of equivocations.
	pub pool: OffchainTransactionPoolFactory<Block>,
	/// Metrics.
	pub prometheus_registry: Option<Registry>,
	/// Telemetry.
	pub telemetry: Option<TelemetryHandle>,
}

impl Voter {
	/// Starts the voter on `protocol`.
	pub fn start(self, task_manager: &TaskManager, protocol: Protocol) -> Result<(), Error> {
		let config = sc_consensus_grandpa::Config {
			gossip_duration: self.gossip_period,
			justification_generation_period: JUSTIFICATION_PERIOD_BLOCKS,
			observer_enabled: false,
			local_role: self.role,
			name: Some(self.node_name),
			// Without keys the voter only follows the votes of others.
			keystore: self.role.is_authority().then_some(self.keystore),
			telemetry: self.telemetry.clone(),
			protocol_name: protocol.name,
		};
		// The SDK's default also stays two blocks behind the best one, to save votes on blocks that lose a
		// fork. That rule is not needed for safety, and would finalise every transfer two blocks later.
		let voting_rule = VotingRulesBuilder::<Block, FullClient>::new()
			.add(ThreeQuartersOfTheUnfinalizedChain)
			.add(PunctualVote::new(self.best_arrival))
			.build();
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config,
			link: self.link,
			network: self.network,
			sync: Arc::new(self.sync),
			notification_service: VoteObserver::wrap(
				protocol.notifications,
				self.protection.clone(),
			),
			voting_rule: VoteGate::new(voting_rule, self.protection),
			prometheus_registry: self.prometheus_registry,
			shared_voter_state: self.voter_state,
			telemetry: self.telemetry,
			offchain_tx_pool_factory: self.pool,
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
		Ok(())
	}
}
