//! The step of block import that blames no peer for a block of a discarded fork.

use async_trait::async_trait;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{BlockNumber, Hash};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use sp_blockchain::{lowest_common_ancestor, HeaderBackend};
use sp_consensus::{BlockStatus, Error};
use std::sync::Arc;

const LOG_TARGET: &str = "sync";

/// Greatest distance of a discarded parent from the last final block, in blocks.
///
/// Sync gives up a request after 20 seconds, in which 200 of the shortest slots pass. So a block that was requested
/// before its parent was discarded has arrived by then. Sync requests no announced block whose parent it knows to be
/// discarded.
const MAX_DISTANCE_BLOCKS: BlockNumber = 200;

/// A block import that answers [`ImportResult::MissingState`] for a block whose parent is on a fork that has lost to
/// a final block. Sync then forgets the block, and nothing else happens.
///
/// It has to be the first step after the import queue, because the queue asks it before Aura's verifier. Without it:
///
/// - The client lets the block pass, although the state of its parent is gone: sync allows that for all blocks, since a
///   fast sync needs it.
/// - The verifier cannot read the authorities in that state. For the queue that is a failed verification. Sync then
///   disconnects the peer, reserved or not, and lowers its reputation by more than a third of what bans it.
/// - Each of the two nodes that has a request to the other under way at that moment requests no block from it for a
///   minute, even if they are connected again.
///
/// The peer has done nothing wrong: the block was announced or requested before its parent was discarded. Whoever
/// builds on a block that then loses is dropped by all its peers at once, and may not follow the chain for a minute.
///
/// If the parent is discarded between this check and the verification, some milliseconds later, the peer is blamed
/// all the same. Parents that were discarded long ago are left to the verifier, so that nobody can send blocks on old
/// forks for nothing.
pub struct DiscardedForks<I> {
	inner: I,
	client: Arc<FullClient>,
}

impl<I> DiscardedForks<I> {
	/// Passes blocks on to `inner`, which imports them into `client`.
	pub fn new(inner: I, client: Arc<FullClient>) -> Self {
		Self { inner, client }
	}

	/// Whether the block lies aside from the final chain, so that its state is gone.
	fn is_discarded(&self, hash: Hash) -> sp_blockchain::Result<bool> {
		let info = self.client.info();
		let Some(number) = self.client.number(hash)? else { return Ok(false) };
		// A fast sync, and the download of history after a warp sync, store the final chain without its states.
		if number.abs_diff(info.finalized_number) > MAX_DISTANCE_BLOCKS
			|| self.client.block_status(hash)? != BlockStatus::InChainPruned
		{
			return Ok(false);
		}
		let common =
			lowest_common_ancestor::<Block, FullClient>(&self.client, hash, info.finalized_hash)?;
		Ok(common.hash != hash && common.hash != info.finalized_hash)
	}
}

#[async_trait]
impl<I> BlockImport<Block> for DiscardedForks<I>
where
	I: BlockImport<Block, Error = Error> + Send + Sync,
{
	type Error = Error;

	async fn check_block(
		&self,
		block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		let (hash, parent) = (block.hash, block.parent_hash);
		// First the inner check: a block that is known already is no error, even on a discarded fork.
		let result = self.inner.check_block(block).await?;
		let is_wanted = matches!(result, ImportResult::Imported(_));
		// An error means that headers between the two blocks are missing, as after a warp sync, or that the database has
		// failed. The verifier fails in the second case, too.
		if is_wanted && self.is_discarded(parent).unwrap_or(false) {
			tracing::debug!(
				target: LOG_TARGET,
				"Block {hash} is ignored: its parent {parent} has lost to a final block",
			);
			return Ok(ImportResult::MissingState);
		}
		Ok(result)
	}

	async fn import_block(
		&self,
		block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.inner.import_block(block).await
	}
}

#[cfg(test)]
mod tests;
