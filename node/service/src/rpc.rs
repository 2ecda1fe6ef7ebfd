//! Passes the parts of the node to the JSON-RPC methods.

use crate::components::GrandpaLink;
use gtos_node_rpc::{Deps, Subscriptions};
use gtos_node_transaction_index::TransactionIndex;
use gtos_node_types::{FullBackend, FullClient, TransactionPool};
use sc_consensus_grandpa::{FinalityProofProvider, SharedVoterState};
use sc_service::{Configuration, Error};
use std::sync::Arc;

/// Collects what the methods read.
pub fn dependencies(
	config: &Configuration,
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	pool: Arc<TransactionPool>,
	transaction_index: Option<Arc<TransactionIndex>>,
	grandpa_link: &GrandpaLink,
	voter_state: SharedVoterState,
) -> Result<Deps, Error> {
	let authority_set = grandpa_link.shared_authority_set().clone();
	Ok(Deps {
		client,
		pool,
		transaction_index,
		subscriptions: Subscriptions::new(config.prometheus_registry())?,
		finality_proofs: FinalityProofProvider::new_for_service(
			backend,
			Some(authority_set.clone()),
		),
		authority_set,
		voter_state,
		justifications: grandpa_link.justification_stream(),
	})
}
