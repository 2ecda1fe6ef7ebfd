//! Calls the runtime of a block, and reads its state.

use crate::{error::Error, parameter};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::{BlockBackend, ProofProvider};
use serde::Serialize;
use serde_json::Value;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi, RuntimeApiInfo};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockStatus;
use sp_core::Bytes;

/// The value on which runtime APIs are called.
pub type RuntimeApi = <FullClient as ProvideRuntimeApi<Block>>::Api;

/// The block that the parameter `at` names; the best one if it is left out.
pub fn block(client: &FullClient, at: Option<&Value>) -> Result<Hash, Error> {
	let at = parameter::optional(parameter::hash, "at", at)?;
	Ok(at.unwrap_or_else(|| client.info().best_hash))
}

/// Checks that the node has the state of block `at`.
fn ensure_state(client: &FullClient, at: Hash) -> Result<(), Error> {
	match BlockBackend::block_status(client, at) {
		Ok(BlockStatus::InChainWithState) => Ok(()),
		Ok(BlockStatus::InChainPruned) => Err(Error::PrunedState(at)),
		// A block that is already the best one still counts as queued until all import
		// notifications are sent.
		Ok(BlockStatus::Queued) if matches!(client.header(at), Ok(Some(_))) => Ok(()),
		Ok(BlockStatus::Queued | BlockStatus::KnownBad | BlockStatus::Unknown) => {
			Err(Error::UnknownBlock(at))
		},
		Err(error) => Err(Error::Unavailable(error.to_string())),
	}
}

/// The runtime API that a query calls.
#[derive(Clone, Copy)]
pub struct RequiredApi {
	/// Name of the API, which errors carry.
	pub name: &'static str,
	/// Version of the API that introduced the function that is called.
	pub version: u32,
}

impl RequiredApi {
	/// Checks that the runtime, which has version `found` of the API, has the function.
	fn ensure_found(self, found: Option<u32>) -> Result<(), Error> {
		match found {
			Some(version) if version >= self.version => Ok(()),
			_ => Err(Error::NoSuchQuery(self.name)),
		}
	}
}

/// Checks that the runtime of block `at` has the API, in the required version or a later one.
fn ensure_api<Api: RuntimeApiInfo + ?Sized>(
	client: &FullClient,
	at: Hash,
	required: RequiredApi,
) -> Result<(), Error> {
	let found = client
		.runtime_api()
		.api_version::<Api>(at)
		.map_err(|error| Error::RuntimeFailed(error.to_string()))?;
	required.ensure_found(found)
}

/// Calls `Api` of the runtime of block `at`.
pub fn call<Api: RuntimeApiInfo + ?Sized, T>(
	client: &FullClient,
	at: Hash,
	required: RequiredApi,
	api_call: impl FnOnce(&RuntimeApi) -> Result<T, ApiError>,
) -> Result<T, Error> {
	// The cause is determined after the failure: a check before the call could be outdated by
	// pruning.
	api_call(&client.runtime_api()).map_err(|failure| {
		let cause = ensure_state(client, at).and_then(|()| ensure_api::<Api>(client, at, required));
		cause.err().unwrap_or_else(|| Error::RuntimeFailed(failure.to_string()))
	})
}

/// A storage proof: trie nodes that prove the values at some keys, or their absence, against a
/// state root.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Proof {
	/// The block.
	pub block_hash: Hash,
	/// Its height.
	pub block_number: BlockNumber,
	/// State root in its header, to which the nodes lead.
	pub state_root: Hash,
	/// The keys.
	pub keys: Vec<Bytes>,
	/// The nodes, in no defined order.
	pub nodes: Vec<Bytes>,
}

/// Proves the values at `keys`, or their absence, in the state of block `at`.
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

#[cfg(test)]
mod tests {
	use super::*;

	/// RPC-R6: an API that is absent or too old is error 10005, which names it.
	#[test]
	fn api_below_the_required_version_has_an_error_of_its_own() {
		let required = RequiredApi { name: "TtlKvApi", version: 2 };
		for found in [None, Some(1)] {
			let result = required.ensure_found(found);
			assert!(matches!(result, Err(Error::NoSuchQuery("TtlKvApi"))), "{found:?}");
		}
		for found in [Some(2), Some(3)] {
			assert!(required.ensure_found(found).is_ok(), "{found:?}");
		}
	}
}
