//! JSON-RPC methods that the SDK does not serve by itself.
//!
//! `sc-service` serves `system`, `author`, `chain`, `state`, `offchain`, `chainHead`, `chainSpec`,
//! `transaction` and, with an archive's pruning options, `archive`. Each of our own namespaces is a
//! file here. It is a thin layer over runtime APIs, so the answers come from the chain's own
//! runtime.
//!
//! This crate does not depend on how the node is assembled: the service crate passes in what the
//! methods read (see [`Deps`]).

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod contract;
mod dpos;
mod error;
mod kv;
mod parameter;
mod query;
mod subscriptions;
mod transaction;
#[cfg(test)]
mod vectors;
mod work_limiter;

pub use subscriptions::ByMethod as Subscriptions;

use contract::{ContractRpcServer, Contracts};
use dpos::{Dpos, DposRpcServer};
use gtos_node_transaction_index::TransactionIndex;
use gtos_node_types::{Block, FullBackend, FullClient, TransactionPool};
use gtos_runtime::{AccountId, Balance, BlockNumber, Hash, Nonce};
use jsonrpsee::RpcModule;
use kv::{Entries, EntryRpcServer};
use pallet_transaction_payment::RuntimeDispatchInfo;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::{
	dev::{Dev, DevApiServer},
	SubscriptionTaskExecutor,
};
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};
use transaction::{TransactionRpcServer, Transactions};

/// The parts of the node that the methods read.
pub struct Deps {
	/// Client of the chain.
	pub client: Arc<FullClient>,
	/// Pool of the transactions that are in no block yet.
	pub pool: Arc<TransactionPool>,
	/// Index of past transactions; `None` if the operator switched it off.
	pub transaction_index: Option<Arc<TransactionIndex>>,
	/// Counts of the subscriptions to methods of our own.
	pub subscriptions: Subscriptions,
	/// The current GRANDPA authorities.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// State of the GRANDPA voter.
	pub voter_state: SharedVoterState,
	/// Stream of new justifications.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Provider of finality proofs.
	pub finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// Builds the module with the namespaces `tx`, `contract`, `kv`, `dpos`, `grandpa`, `payment`,
/// `dev` and the account methods of `system`.
///
/// The unsafe methods among them are refused if the server listens on more than the loopback
/// interface, unless `--rpc-methods` says otherwise. The address of the caller is not considered:
/// behind a proxy on the same machine, every request comes from the loopback interface.
pub fn create(
	deps: &Deps,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	let Deps {
		client,
		pool,
		transaction_index,
		subscriptions,
		authority_set,
		voter_state,
		justifications,
		finality_proofs,
	} = deps;
	let mut module = RpcModule::new(());

	let system = System::<_, _, Block>::new(client.clone(), pool.clone());
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(system))?;

	let payment = TransactionPayment::<_, Block>::new(client.clone());
	module.merge(TransactionPaymentApiServer::<Hash, RuntimeDispatchInfo<Balance>>::into_rpc(
		payment,
	))?;

	let transactions = Transactions::new(
		client.clone(),
		pool.clone(),
		transaction_index.clone(),
		subscriptions.transactions.clone(),
	);
	module.merge(transactions.into_rpc())?;

	module.merge(Contracts::new(client.clone()).into_rpc())?;
	let entries = Entries::new(client.clone(), &executor, subscriptions.entries.clone());
	module.merge(entries.into_rpc())?;
	module.merge(Dpos::new(client.clone()).into_rpc())?;

	let grandpa = Grandpa::new(
		executor,
		authority_set.clone(),
		voter_state.clone(),
		justifications.clone(),
		finality_proofs.clone(),
	);
	module.merge(grandpa.into_rpc())?;

	module.merge(Dev::<Block, _>::new(client.clone()).into_rpc())?;

	Ok(module)
}
