//! Calls a runtime on a state. What it writes is kept beside the state.

use codec::{Decode, Encode};
use sc_executor::{HeapAllocStrategy, WasmExecutor};
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_externalities::Externalities;
use sp_io::hashing::{blake2_256, twox_128};
use sp_runtime::{generic, traits::BlakeTwo256, OpaqueExtrinsic};
use sp_state_machine::{Ext, InMemoryBackend, OverlayedChanges};
use sp_version::RuntimeVersion;

/// A header of the chain.
pub type Header = generic::Header<u32, BlakeTwo256>;
/// A block of the chain. What its transactions say does not matter here.
pub type Block = generic::Block<Header, OpaqueExtrinsic>;
/// State of a block.
pub type Backend = InMemoryBackend<BlakeTwo256>;

/// Version of the metadata that is compared.
const METADATA_VERSION: u32 = 16;

/// A state, and the code that works on it.
pub struct Chain {
	backend: Backend,
	changes: OverlayedChanges<BlakeTwo256>,
	code: Vec<u8>,
	executor: WasmExecutor<sp_io::SubstrateHostFunctions>,
}

/// A key that was written, with its bytes before and after.
pub struct Change {
	/// The key.
	pub key: Vec<u8>,
	/// What the state had.
	pub before: Option<Vec<u8>>,
	/// What it has now.
	pub after: Option<Vec<u8>>,
}

/// Storage key of an item that is a single value.
pub fn storage_key(pallet: &str, item: &str) -> Vec<u8> {
	[twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

impl Chain {
	/// A chain with this state that runs `code`, whatever code the state contains.
	pub fn new(backend: Backend, code: Vec<u8>) -> Self {
		// Checks of a whole state need more memory than blocks.
		let heap = HeapAllocStrategy::Dynamic { maximum_pages: None };
		let executor = WasmExecutor::builder()
			.with_onchain_heap_alloc_strategy(heap)
			.with_offchain_heap_alloc_strategy(heap)
			.with_allow_missing_host_functions(true)
			.build();
		Self { backend, changes: OverlayedChanges::default(), code, executor }
	}

	/// Calls a function of the runtime with encoded arguments. What it writes stays.
	pub fn call<T: Decode>(&mut self, function: &str, arguments: &[u8]) -> Result<T, String> {
		let bytes = self.call_raw(function, arguments)?;
		T::decode(&mut &bytes[..]).map_err(|error| format!("the answer of {function}: {error}"))
	}

	fn call_raw(&mut self, function: &str, arguments: &[u8]) -> Result<Vec<u8>, String> {
		let code = RuntimeCode {
			code_fetcher: &WrappedRuntimeCode(self.code.as_slice().into()),
			hash: blake2_256(&self.code).to_vec(),
			heap_pages: None,
		};
		let mut ext = Ext::new(&mut self.changes, &self.backend, None);
		let (result, _) =
			self.executor.call(&mut ext, &code, function, arguments, CallContext::Offchain);
		result.map_err(|error| format!("{function} fails: {error}"))
	}

	/// The stored bytes under a key.
	pub fn storage(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		Ext::new(&mut self.changes, &self.backend, None).storage(key)
	}

	/// Decodes the item of a pallet that is a single value.
	pub fn value<T: Decode>(&mut self, pallet: &str, item: &str) -> Result<Option<T>, String> {
		self.storage(&storage_key(pallet, item))
			.map(|bytes| T::decode(&mut &bytes[..]))
			.transpose()
			.map_err(|error| format!("{pallet}.{item}: {error}"))
	}

	/// Keys whose bytes are others than in the state.
	pub fn changed(&mut self) -> Vec<Change> {
		let written: Vec<_> = self
			.changes
			.changes_mut()
			.map(|(key, value)| (key.clone(), value.value().cloned()))
			.collect();
		let mut unchanged = OverlayedChanges::default();
		let mut ext = Ext::new(&mut unchanged, &self.backend, None);
		let mut changed = Vec::new();
		for (key, after) in written {
			let before = ext.storage(&key);
			if before != after {
				changed.push(Change { key, before, after });
			}
		}
		changed
	}

	/// The metadata, as the runtime answers it.
	pub fn metadata(&mut self) -> Result<Vec<u8>, String> {
		self.call_raw("Metadata_metadata_at_version", &METADATA_VERSION.encode())
	}

	/// The metadata of pallets and types without the version of the runtime, which lists its APIs. It is the same with and
	/// without the API that checks need.
	pub fn metadata_of_pallets(&mut self) -> Result<Vec<u8>, String> {
		const WITHOUT_APIS: u32 = 14;
		let version: RuntimeVersion = self.call("Core_version", &[])?;
		let metadata: Option<Vec<u8>> =
			self.call("Metadata_metadata_at_version", &WITHOUT_APIS.encode())?;
		let mut metadata = metadata.ok_or("the runtime has no metadata of version 14")?;
		// As it stands in the constant `System.Version`, with its length.
		let version = version.encode().encode();
		if let Some(at) = metadata.windows(version.len()).position(|bytes| bytes == version) {
			metadata.drain(at..at + version.len());
		}
		Ok(metadata)
	}
}
