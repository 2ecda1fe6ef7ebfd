//! The SDK's generic types, with the runtime of this chain filled in.

use gtos_runtime::RuntimeApi;
use sc_executor::{sp_wasm_interface::ExtendedHostFunctions, WasmExecutor};

pub use gtos_runtime::opaque::Block;

/// Functions that the runtime may call on this node: those of the SDK, except that it verifies each signature once.
pub type HostFunctions = ExtendedHostFunctions<
	sp_io::SubstrateHostFunctions,
	gtos_node_verified_signatures::crypto::HostFunctions,
>;

/// Client of the chain: reads and imports blocks, and calls the runtime.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<HostFunctions>>;

/// Database of the chain.
pub type FullBackend = sc_service::TFullBackend<Block>;

/// Pool of the transactions that are in no block yet.
pub type TransactionPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;

/// Length of an extrinsic, in bytes, up to which decoding it cannot overflow the stack of the Wasm, however
/// deeply it is nested.
///
/// A level of nesting takes at least two bytes, and a thousand levels fit on the stack. Longer extrinsics are
/// decoded with a limit first.
pub const MAX_SHALLOW_BYTES: usize = 2_000;
