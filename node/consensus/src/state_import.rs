//! The step of block import that adds the downloaded state to a block that is stored without one.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::Finalizer;
use sc_consensus::{
	BlockCheckParams, BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult,
};
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockStatus, Error};
use std::sync::Arc;

/// Makes `--sync fast` finish. It sits between the import queue and GRANDPA's block import.
///
/// A fast sync stores blocks without executing them; their justifications decide which ones are
/// final. Near the head it downloads the state of a final block and imports that block again, now
/// with its state. From there on it executes every block, beginning with those that are already
/// stored. Aura alone cannot finish such a sync:
///
/// - Its verifier makes every block that comes with its state the new best block. The database
///   refuses a best block that is already final, and the sync would request the next state again
///   and again. BABE's block import corrects the same mistake.
/// - A block that is already stored would count as imported although it was never executed.
/// - The database makes the block that gets its state the last final one, even if a later block has
///   become final since the state was requested.
///
/// Authority sets need no work here: GRANDPA followed them when the blocks were stored. A block
/// that is new to the node and comes with its state, as at the end of a warp sync, is passed on
/// unchanged.
#[derive(Clone)]
pub struct StateImport<I> {
	inner: I,
	client: Arc<FullClient>,
}

impl<I> StateImport<I> {
	/// Passes blocks on to `inner`, which imports them into `client`.
	pub fn new(inner: I, client: Arc<FullClient>) -> Self {
		Self { inner, client }
	}

	fn status(&self, hash: Hash) -> Result<BlockStatus, Error> {
		self.client.block_status(hash).map_err(client_error)
	}

	/// Whether the block is stored, was never executed, and can be executed now.
	fn awaits_execution(&self, hash: Hash, parent: Hash) -> Result<bool, Error> {
		Ok(self.status(hash)? == BlockStatus::InChainPruned
			&& self.status(parent)? == BlockStatus::InChainWithState)
	}

	fn is_final(&self, number: BlockNumber, hash: Hash) -> Result<bool, Error> {
		Ok(number <= self.client.info().finalized_number
			&& self.client.hash(number).map_err(client_error)? == Some(hash))
	}
}

fn client_error(error: sp_blockchain::Error) -> Error {
	Error::ClientImport(error.to_string())
}

#[async_trait]
impl<I> BlockImport<Block> for StateImport<I>
where
	I: BlockImport<Block, Error = Error> + Send + Sync,
{
	type Error = Error;

	async fn check_block(
		&self,
		mut block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		block.import_existing |= self.awaits_execution(block.hash, block.parent_hash)?;
		self.inner.check_block(block).await
	}

	async fn import_block(
		&self,
		mut block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		let hash = block.post_hash();
		if self.status(hash)? != BlockStatus::InChainPruned {
			return self.inner.import_block(block).await;
		}

		block.import_existing |= self.awaits_execution(hash, block.header.parent_hash)?;
		if block.with_state() && self.is_final(block.header.number, hash)? {
			block.fork_choice = Some(ForkChoiceStrategy::Custom(false));
		}
		let before = self.client.info();
		let result = self.inner.import_block(block).await?;
		// The block that was final before stays final. It already has its justification.
		if self.client.info().finalized_number < before.finalized_number {
			self.client.finalize_block(before.finalized_hash, None, false).map_err(client_error)?;
		}
		Ok(result)
	}
}
