//! Builds the genesis state. Refuses a genesis that no node may start from, and one that differs
//! from the genesis of the database.

use crate::dev_keys;
use gtos_node_types::{user_error, Block, FullBackend};
use sc_client_api::Backend;
use sc_executor::RuntimeVersionOf;
use sc_service::{BuildGenesisBlock, ChainSpec, ChainType, Error, GenesisBlockBuilder};
use sp_blockchain::HeaderBackend;
use sp_core::storage::Storage;
use sp_crypto_hashing::blake2_256;
use std::sync::Arc;

/// Key of the database's auxiliary data, under which stands the BLAKE2-256 hash of the chain spec that the
/// database was last found to agree with.
const SPEC_HASH_KEY: &[u8] = b"gtos_chain_spec_hash";

/// Returns the genesis state for a client over the database: that of `spec`, or an empty one if the
/// database already has a state and agrees with this very `spec`.
///
/// To build the genesis state of a chain spec that is not raw, the runtime is compiled and called, which takes
/// most of the time of a restart.
///
/// Fails if [`build`] fails, or if the database was created from another genesis.
pub fn for_database<E: RuntimeVersionOf>(
	spec: &dyn ChainSpec,
	backend: &Arc<FullBackend>,
	executor: E,
) -> Result<Storage, Error> {
	let spec_hash = blake2_256(spec.as_json(false).map_err(user_error)?.as_bytes());
	// Without a final state, the client writes the genesis block, even if it has later blocks.
	let has_state = backend.blockchain().info().finalized_state.is_some();
	if has_state && backend.get_aux(SPEC_HASH_KEY)?.as_deref() == Some(spec_hash.as_slice()) {
		return Ok(Storage::default());
	}
	let storage = build(spec).map_err(user_error)?;
	ensure_same_chain(backend, &storage, executor)?;
	backend.insert_aux(&[(SPEC_HASH_KEY, spec_hash.as_slice())], &[])?;
	Ok(storage)
}

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
fn ensure_same_chain<E: RuntimeVersionOf>(
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
	use gtos_node_types::HostFunctions;
	use sc_client_api::{BlockImportOperation, NewBlockState};
	use sc_executor::WasmExecutor;
	use sc_service::{BlocksPruning, DatabaseSource};
	use std::{path::Path, sync::LazyLock};

	/// The raw chain spec of `local`. Made once, because that compiles the Wasm.
	static RAW: LazyLock<String> = LazyLock::new(|| {
		spec::load("local").and_then(|spec| spec.as_json(true)).expect("the preset builds")
	});

	fn database(folder: &Path) -> Arc<FullBackend> {
		sc_service::new_db_backend::<Block>(sc_client_db::DatabaseSettings {
			trie_cache_maximum_size: None,
			state_pruning: None,
			source: DatabaseSource::ParityDb { path: folder.into() },
			blocks_pruning: BlocksPruning::KeepAll,
			pruning_filters: Vec::new(),
			metrics_registry: None,
		})
		.expect("the folder is empty")
	}

	/// Writes the genesis block as a client does that is given `storage`.
	fn write(backend: &Arc<FullBackend>, storage: Storage, executor: WasmExecutor<HostFunctions>) {
		let builder = GenesisBlockBuilder::<Block, _, _>::new_with_storage(
			storage,
			true,
			backend.clone(),
			executor,
		)
		.expect("the storage has a runtime");
		let (block, mut operation) = builder.build_genesis_block().expect("it builds");
		operation
			.set_block_data(block.header, Some(vec![]), None, None, NewBlockState::Final, true)
			.and_then(|()| backend.commit_operation(operation))
			.expect("the database is empty");
	}

	#[test]
	fn genesis_is_built_until_the_database_has_it() {
		let folder = tempfile::tempdir().expect("there is space");
		let backend = database(folder.path());
		let executor = WasmExecutor::<HostFunctions>::builder().build();
		let spec = with_type(&RAW, "Local");
		let for_database = |spec: &dyn ChainSpec| for_database(spec, &backend, executor.clone());

		// A node that was stopped before it wrote the genesis block has to build it once more.
		assert!(!for_database(&spec).expect("it builds").top.is_empty());
		let storage = for_database(&spec).expect("it builds");
		assert!(!storage.top.is_empty());
		write(&backend, storage, executor.clone());
		assert!(for_database(&spec).expect("it is the same chain").top.is_empty());

		// The same genesis in another chain spec is the same chain, and is built again.
		let renamed = with_type(&RAW, "Development");
		assert!(!for_database(&renamed).expect("it is the same chain").top.is_empty());

		let mut other: serde_json::Value = serde_json::from_str(&RAW).expect("it is JSON");
		other["genesis"]["raw"]["top"]["0x00"] = "0x00".into();
		let error = for_database(&with_type(&other.to_string(), "Local"))
			.expect_err("it is another chain")
			.to_string();
		assert!(error.contains("the database holds the chain with genesis"), "{error}");
	}

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
		let plain = spec::load("local").and_then(|spec| spec.as_json(false)).expect("it is JSON");
		for json in [&plain, &*RAW] {
			let error = build(&with_type(json, "Live")).expect_err("it holds development keys");
			assert!(error.contains("development key //"), "{error}");
		}
		build(&with_type(&RAW, "Local")).expect("a local chain may hold them");
	}
}
