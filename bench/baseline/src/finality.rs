//! Finality: GRANDPA's network protocol and its voter.

use crate::open::{FullClient, GrandpaLink, TransactionPool, JUSTIFICATION_PERIOD_BLOCKS};
use gtos_baseline_runtime::{Hash, OpaqueBlock as Block};
use sc_consensus_grandpa::{
	SharedVoterState, ThreeQuartersOfTheUnfinalizedChain, VotingRulesBuilder,
};
use sc_network::{
	config::FullNetworkConfiguration, service::traits::NetworkService, NetworkBackend,
	NotificationMetrics, NotificationService, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, Role, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use std::{sync::Arc, time::Duration};

/// How long a vote is expected to travel. The SDK's example has 333 ms.
const GOSSIP_PERIOD: Duration = Duration::from_millis(100);

/// GRANDPA's network protocol.
pub struct Protocol {
	name: ProtocolName,
	notifications: Box<dyn NotificationService>,
}

/// Adds GRANDPA's protocol to the network.
pub fn add_protocol<N: NetworkBackend<Block, Hash>>(
	config: &Configuration,
	client: &FullClient,
	net_config: &mut FullNetworkConfiguration<Block, Hash, N>,
	metrics: NotificationMetrics,
) -> Protocol {
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
	Protocol { name, notifications }
}

/// The parts of the node that the voter needs.
pub struct Voter {
	pub role: Role,
	pub node_name: String,
	pub keystore: sp_keystore::KeystorePtr,
	pub link: GrandpaLink,
	pub network: Arc<dyn NetworkService>,
	pub sync: Arc<SyncingService<Block>>,
	pub transaction_pool: Arc<TransactionPool>,
}

impl Voter {
	/// Starts the voter on `protocol`.
	pub fn start(self, task_manager: &TaskManager, protocol: Protocol) -> Result<(), Error> {
		let config = sc_consensus_grandpa::Config {
			gossip_duration: GOSSIP_PERIOD,
			justification_generation_period: JUSTIFICATION_PERIOD_BLOCKS,
			observer_enabled: false,
			local_role: self.role,
			name: Some(self.node_name),
			keystore: self.role.is_authority().then_some(self.keystore),
			telemetry: None,
			protocol_name: protocol.name,
		};
		let voting_rule = VotingRulesBuilder::<Block, FullClient>::new()
			.add(ThreeQuartersOfTheUnfinalizedChain)
			.build();
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config,
			link: self.link,
			network: self.network,
			sync: Arc::new(self.sync),
			notification_service: protocol.notifications,
			voting_rule,
			prometheus_registry: None,
			shared_voter_state: SharedVoterState::empty(),
			telemetry: None,
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(self.transaction_pool),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
		Ok(())
	}
}
