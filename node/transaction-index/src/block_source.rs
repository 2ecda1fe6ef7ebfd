//! The data of the chain that the index reads.

use gtos_node_types::{Block, FullClient};
use gtos_runtime::{Balance, BlockNumber, Hash};
use gtos_transaction_api::{Outcome, TransactionApi};
use sc_client_api::{BlockBackend, HeaderBackend};
use sp_api::ProvideRuntimeApi;
use sp_runtime::traits::{BlakeTwo256, Hash as Hashing};

/// Outcomes of the extrinsics of a block, in the order of its body.
pub type Outcomes = Vec<Option<Outcome<Balance>>>;

/// The blocks of the chain, as the index reads them.
///
/// Data that the database fails to read counts as missing.
pub trait BlockSource: Send + Sync {
	/// Height and hash of the best block.
	fn best(&self) -> (BlockNumber, Hash);

	/// The block of the best chain at this height.
	fn canonical(&self, number: BlockNumber) -> Option<Hash>;

	/// Hashes of the block's extrinsics; `None` without its body.
	fn transactions(&self, block: Hash) -> Option<Vec<Hash>>;

	/// Outcomes that the block's runtime reports; `None` without the state, or if the runtime has
	/// no such API.
	fn outcomes(&self, block: Hash) -> Option<Outcomes>;
}

impl BlockSource for FullClient {
	fn best(&self) -> (BlockNumber, Hash) {
		let info = HeaderBackend::info(self);
		(info.best_number, info.best_hash)
	}

	fn canonical(&self, number: BlockNumber) -> Option<Hash> {
		HeaderBackend::hash(self, number).ok().flatten()
	}

	fn transactions(&self, block: Hash) -> Option<Vec<Hash>> {
		let body = BlockBackend::block_body(self, block).ok().flatten()?;
		Some(body.iter().map(BlakeTwo256::hash_of).collect())
	}

	fn outcomes(&self, block: Hash) -> Option<Outcomes> {
		let api = self.runtime_api();
		TransactionApi::<Block, Balance>::outcomes(&*api, block).ok()
	}
}
