//! Builds the genesis state. Refuses a genesis that no node may start from, and one that differs
//! from the genesis of the database.

use crate::dev_keys;
use gtos_node_types::{user_error, Block, FullBackend};
use sc_client_api::Backend;
use sc_executor::RuntimeVersionOf;
use sc_service::{BuildGenesisBlock, ChainSpec, ChainType, Error, GenesisBlockBuilder};
use sp_blockchain::HeaderBackend;
use sp_core::storage::Storage;
use std::sync::Arc;

/// Builds the genesis state of `spec`.
///
/// Fails if the specification is broken, or if it describes a live chain and contains a development
/// key.
pub fn build(spec: &dyn ChainSpec) -> Result<Storage, String> {
	let name = spec.name();
	let storage = spec.as_storage_builder().build_storage().map_err(|error| {
		// The SDK appends the whole genesis configuration to the reason.
		let reason = error.split(" for blob:").next().unwrap_or_default();
		format!("chain spec `{name}` has no usable genesis: {reason}")
	})?;
	if spec.chain_type() == ChainType::Live {
		if let Some(key) = dev_keys::find(&storage) {
			return Err(format!(
				"chain spec `{name}` is of type Live, but its genesis holds the development key \
				{key}, whose secret is public. Replace it with a key of your own (`gtos key \
				generate`), or make the chain type Local"
			));
		}
	}
	Ok(storage)
}

/// Refuses a database that was created from another genesis.
///
/// The SDK would continue the database's chain and ignore the chain spec.
pub fn ensure_same_chain<E: RuntimeVersionOf>(
	backend: &Arc<FullBackend>,
	storage: &Storage,
	executor: E,
) -> Result<(), Error> {
	let Some(stored) = backend.blockchain().hash(0)? else { return Ok(()) };
	let builder = GenesisBlockBuilder::<Block, _, _>::new_with_storage(
		storage.clone(),
		false,
		backend.clone(),
		executor,
	)?;
	let (block, _) = builder.build_genesis_block()?;
	let expected = block.header.hash();
	if stored != expected {
		return Err(user_error(format!(
			"the database holds the chain with genesis {stored:?}, but the chain spec starts from \
			{expected:?}. Name the chain spec that the database was created with or another \
			--base-path, or delete the database with `gtos purge-chain`"
		)));
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::spec;

	/// The chain spec in `json` under another chain type.
	fn with_type(json: &str, chain_type: &str) -> spec::ChainSpec {
		let mut json: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
		json["chainType"] = chain_type.into();
		spec::ChainSpec::from_json_bytes(json.to_string().into_bytes()).expect("it is a spec")
	}

	#[test]
	fn development_presets_build() {
		for name in ["dev", "local"] {
			build(&*spec::load(name).expect("the preset exists")).expect("it builds");
		}
	}

	#[test]
	fn live_template_without_validators_is_refused() {
		let error = build(&*spec::load("live").expect("the preset exists"))
			.expect_err("it has no validators");
		assert!(error.contains("GTOS Live template"), "{error}");
		assert!(error.contains("no validators"), "{error}");
		assert_eq!(error.lines().count(), 1, "{error}");
	}

	#[test]
	fn live_chain_with_development_keys_is_refused_plain_and_raw() {
		for raw in [false, true] {
			let json = spec::load("local").and_then(|spec| spec.as_json(raw)).expect("it builds");
			let error = build(&with_type(&json, "Live")).expect_err("it holds development keys");
			assert!(error.contains("development key //"), "{error}");
			build(&with_type(&json, "Local")).expect("a local chain may hold them");
		}
	}
}
