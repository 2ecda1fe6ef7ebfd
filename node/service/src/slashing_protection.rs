//! Slashing protection of a validator.

use futures::FutureExt;
use gtos_node_slashing_protection::{
	register_metrics, Listener, Mode, Peer, Peers, SlashingProtection,
};
use gtos_node_types::{user_error, Block, FullClient};
use sc_network::PeerId;
use sc_network_sync::SyncingService;
use sc_service::{config::KeystoreConfig, ChainType, Configuration, Error, TaskManager};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_keystore::KeystorePtr;
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Opens the record of a validator; `None` for another node.
///
/// A chain of type Development has no protection: it has one validator, whose secret everybody
/// knows, and is started anew with the same genesis again and again.
pub fn open(
	config: &Configuration,
	client: &Arc<FullClient>,
	keystore: KeystorePtr,
	mode: Mode,
) -> Result<Option<Arc<SlashingProtection>>, Error> {
	let is_development = config.chain_spec.chain_type() == ChainType::Development;
	if !config.role.is_authority() || is_development {
		return Ok(None);
	}
	// The SDK makes the keys of `--alice` and the like only when it starts the services. Keys that appear then
	// count as taken from elsewhere, and would be listened for at each start.
	sp_session::generate_initial_session_keys::<Block, FullClient>(
		client.clone(),
		client.chain_info().best_hash,
		config.dev_key_seed.iter().cloned().collect(),
		keystore.clone(),
	)
	.map_err(|error| Error::Application(Box::new(error)))?;
	let path = match &config.keystore {
		KeystoreConfig::Path { path, .. } => Some(path.as_path()),
		KeystoreConfig::InMemory => None,
	};
	let slot_duration = slot_duration(client)?;
	let protection = gtos_node_slashing_protection::open(
		client,
		config.database.path(),
		keystore,
		path,
		mode,
		slot_duration,
	)
	.map_err(user_error)?;
	if let (Some(protection), Some(registry)) = (&protection, config.prometheus_registry()) {
		register_metrics(protection, registry)?;
	}
	Ok(protection)
}

/// Starts the task that decides when the node may sign. The node stops if the task ends. `reserved` are the peers whose
/// claims the operator trusts.
pub fn start(
	task_manager: &TaskManager,
	client: Arc<FullClient>,
	sync: Arc<SyncingService<Block>>,
	protection: Arc<SlashingProtection>,
	reserved: HashSet<PeerId>,
) -> Result<(), Error> {
	let slot_duration = slot_duration(&client)?;
	let peers = full_peers(sync.clone(), reserved);
	task_manager.spawn_essential_handle().spawn_blocking(
		"slashing-protection",
		None,
		Listener::new(protection, client, sync, peers, slot_duration).run(),
	);
	Ok(())
}

/// Light clients do not count: they deliver no blocks, and strangers could outnumber the full nodes with them.
fn full_peers(sync: Arc<SyncingService<Block>>, reserved: HashSet<PeerId>) -> Peers {
	let reserved = Arc::new(reserved);
	Box::new(move || {
		let (sync, reserved) = (sync.clone(), reserved.clone());
		async move {
			// The sync service no longer answers only when the node stops.
			let peers = sync.peers_info().await.unwrap_or_default();
			let full_peers = peers.into_iter().filter(|(_, peer)| peer.roles.is_full());
			full_peers
				.map(|(id, peer)| Peer {
					height: peer.best_number,
					is_reserved: reserved.contains(&id),
				})
				.collect()
		}
		.boxed()
	})
}

fn slot_duration(client: &FullClient) -> Result<Duration, Error> {
	let duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(client)?;
	Ok(duration.as_duration())
}
