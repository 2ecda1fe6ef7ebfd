//! Asks the runtime and the state of a block.

use super::{error::Error, parameter};
use crate::service::{Block, FullClient};
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::{BlockBackend, ProofProvider};
use serde::Serialize;
use serde_json::Value;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi, RuntimeApiInfo};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockStatus;
use sp_core::Bytes;

/// What runtime APIs are called on.
pub type RuntimeApi = <FullClient as ProvideRuntimeApi<Block>>::Api;

/// The block that the parameter `at` names: the best one unless it is there.
pub fn block(client: &FullClient, at: Option<&Value>) -> Result<Hash, Error> {
	let at = parameter::optional(parameter::hash, "at", at)?;
	Ok(at.unwrap_or_else(|| client.info().best_hash))
}

/// Checks that the node has the state of block `at`.
fn ensure_state(client: &FullClient, at: Hash) -> Result<(), Error> {
	match BlockBackend::block_status(client, at) {
		Ok(BlockStatus::InChainWithState) => Ok(()),
		Ok(BlockStatus::InChainPruned) => Err(Error::PrunedState(at)),
		// Until everybody has been told of it, a block counts as queued that is the best one already.
		Ok(BlockStatus::Queued) if matches!(client.header(at), Ok(Some(_))) => Ok(()),
		Ok(BlockStatus::Queued | BlockStatus::KnownBad | BlockStatus::Unknown) => {
			Err(Error::UnknownBlock(at))
		},
		Err(error) => Err(Error::Unavailable(error.to_string())),
	}
}

/// Checks that the runtime of block `at` has the API, called `name`.
fn ensure_api<Api: RuntimeApiInfo + ?Sized>(
	client: &FullClient,
	at: Hash,
	name: &'static str,
) -> Result<(), Error> {
	match client.runtime_api().api_version::<Api>(at) {
		Ok(Some(_)) => Ok(()),
		Ok(None) => Err(Error::NoSuchQuery(name)),
		Err(error) => Err(Error::RuntimeFailed(error.to_string())),
	}
}

/// What `call` answers to about block `at`: calls of the API, called `name`.
pub fn ask<Api: RuntimeApiInfo + ?Sized, T>(
	client: &FullClient,
	at: Hash,
	name: &'static str,
	call: impl FnOnce(&RuntimeApi) -> Result<T, ApiError>,
) -> Result<T, Error> {
	// Why there is no answer is looked at afterwards: what was there before may be pruned meanwhile.
	call(&client.runtime_api()).map_err(|failure| {
		let cause = ensure_state(client, at).and_then(|()| ensure_api::<Api>(client, at, name));
		cause.err().unwrap_or_else(|| Error::RuntimeFailed(failure.to_string()))
	})
}

/// Trie nodes that show what lies at some keys, or that nothing does, under a block's state root.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Proof {
	/// The block.
	pub block_hash: Hash,
	/// Its height.
	pub block_number: BlockNumber,
	/// What its header says, and the nodes lead up to.
	pub state_root: Hash,
	/// The keys.
	pub keys: Vec<Bytes>,
	/// The nodes, in no order.
	pub nodes: Vec<Bytes>,
}

/// Proves what lies at `keys` in the state of block `at`.
pub fn prove(client: &FullClient, at: Hash, keys: Vec<Vec<u8>>) -> Result<Proof, Error> {
	let unavailable = |error: sp_blockchain::Error| Error::Unavailable(error.to_string());
	let header = client.header(at).map_err(unavailable)?.ok_or(Error::UnknownBlock(at))?;
	let nodes = client
		.read_proof(at, &mut keys.iter().map(Vec::as_slice))
		.map_err(|error| ensure_state(client, at).err().unwrap_or_else(|| unavailable(error)))?;
	Ok(Proof {
		block_hash: at,
		block_number: header.number,
		state_root: header.state_root,
		keys: keys.into_iter().map(Bytes::from).collect(),
		nodes: nodes.into_iter_nodes().map(Bytes::from).collect(),
	})
}
