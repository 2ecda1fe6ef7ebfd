//! The step of block import that gives blocks known by their header the state they lack.

#[cfg(test)]
mod tests;

use crate::service::{Block, FullClient};
use async_trait::async_trait;
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::Finalizer;
use sc_consensus::{
	BlockCheckParams, BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult,
};
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockStatus, Error};
use std::sync::Arc;

/// Lets `--sync fast` come to its end. Stands between the import queue and GRANDPA's block import.
///
/// That sync stores blocks without executing them and leaves it to their justifications which ones
/// are final. Near the head it downloads the state of a final block, imports that block again, now
/// with its state, and from there on executes every block, first those that it has stored already.
/// Aura alone does not carry this off:
///
/// - Its verifier calls whatever comes with its state the new best block. The database refuses a
///   best block below the last final one, or the final one itself, and the sync would ask for the
///   next state for ever. BABE's block import corrects the same mistake.
/// - A block already stored would count as done although it was never executed.
/// - The database takes the block that gets its state for the last final one, even when finality
///   has moved on since its state was asked for.
///
/// Authority sets need no care: GRANDPA followed them when the blocks were stored. A block that is
/// new to the node and comes with its state, as at the end of a warp sync, passes untouched.
#[derive(Clone)]
pub struct StateImport<I> {
	inner: I,
	client: Arc<FullClient>,
}

impl<I> StateImport<I> {
	/// Hands blocks on to `inner`, which imports them into `client`.
	pub fn new(inner: I, client: Arc<FullClient>) -> Self {
		Self { inner, client }
	}

	fn status(&self, hash: Hash) -> Result<BlockStatus, Error> {
		self.client.block_status(hash).map_err(client_error)
	}

	/// Whether the block is stored, was never executed, and could be.
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
		// What was final stays final. This block had its justification then, and needs no other.
		if self.client.info().finalized_number < before.finalized_number {
			self.client.finalize_block(before.finalized_hash, None, false).map_err(client_error)?;
		}
		Ok(result)
	}
}
