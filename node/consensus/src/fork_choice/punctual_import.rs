//! The step of block import that prefers a punctual block to its sibling.

use super::best_arrival::BestArrival;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::Hash;
use sc_consensus::{
	BlockCheckParams, BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult,
};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;
use std::sync::Arc;
use tokio::sync::RwLock;

const LOG_TARGET: &str = "fork-choice";

/// A block import that makes a block the best one if it arrives within its own slot and the best block
/// so far is its sibling, is not final and was not punctual. All other blocks pass unchanged.
///
/// Authoring and the import queue have to share one, in front of GRANDPA's block import. That one and
/// the client follow the fork choice that they are given.
#[derive(Clone)]
pub struct PunctualImport<I> {
	inner: I,
	client: Arc<FullClient>,
	best: Arc<BestArrival>,
	/// Held alone by an import that replaces the best block. Otherwise the best block could get a child
	/// meanwhile, and the import would retract that as well.
	pub(super) imports: Arc<RwLock<()>>,
}

impl<I> PunctualImport<I> {
	/// Passes blocks on to `inner`, which imports them into `client`.
	pub fn new(inner: I, client: Arc<FullClient>, best: Arc<BestArrival>) -> Self {
		Self { inner, client, best, imports: Arc::default() }
	}

	/// The best block, if this block takes its place when it is imported now.
	fn displaced_by(&self, block: &BlockImportParams<Block>) -> Option<Hash> {
		let info = self.client.info();
		let is_eligible = is_live(block)
			&& block.fork_choice == Some(ForkChoiceStrategy::LongestChain)
			&& !block.import_existing
			&& block.header.number == info.best_number
			&& info.finalized_number < info.best_number;
		if !is_eligible
			|| !self.best.is_unpunctual_best(info.best_hash)
			|| self.best.is_in_slot(&block.header) != Some(true)
		{
			return None;
		}
		// If the database has failed, the import fails too, and reports it.
		let best = self.client.header(info.best_hash).ok().flatten()?;
		(best.parent_hash == block.header.parent_hash).then_some(info.best_hash)
	}
}

impl<I: BlockImport<Block> + Send + Sync> PunctualImport<I> {
	/// Imports a block, and notes how it arrived if it becomes the best one.
	async fn import(&self, block: BlockImportParams<Block>) -> Result<ImportResult, I::Error> {
		let is_live = is_live(&block);
		let header = block.header.clone();
		let hash = block.post_hash();
		let begins_in_slot = self.best.is_in_slot(&header);
		let result = self.inner.import_block(block).await?;
		if is_new_best(&result) {
			// The next author could build on the block only from here on.
			let ends_in_slot = self.best.is_in_slot(&header);
			let is_punctual = begins_in_slot.zip(ends_in_slot).map(|(begin, end)| begin && end);
			self.best.note(hash, is_punctual.filter(|_| is_live));
		}
		Ok(result)
	}
}

/// Whether the block arrives when the chain makes it. Blocks of a sync come later, which says nothing
/// of their authors.
fn is_live(block: &BlockImportParams<Block>) -> bool {
	// While the node is in sync, all blocks from the network are of this origin.
	matches!(block.origin, BlockOrigin::NetworkBroadcast | BlockOrigin::Own)
}

fn is_new_best(result: &ImportResult) -> bool {
	matches!(result, ImportResult::Imported(imported) if imported.is_new_best)
}

#[async_trait::async_trait]
impl<I: BlockImport<Block> + Send + Sync> BlockImport<Block> for PunctualImport<I> {
	type Error = I::Error;

	async fn check_block(
		&self,
		block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.inner.check_block(block).await
	}

	async fn import_block(
		&self,
		mut block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		if self.displaced_by(&block).is_none() {
			let _beside_others = self.imports.read().await;
			return self.import(block).await;
		}

		let _alone = self.imports.write().await;
		// The best block may have changed while this import waited for the others.
		let displaced = self.displaced_by(&block);
		if displaced.is_some() {
			block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
		}
		let hash = block.post_hash();
		let result = self.import(block).await?;
		if let Some(displaced) = displaced.filter(|_| is_new_best(&result)) {
			tracing::info!(
				target: LOG_TARGET,
				"Block {hash} takes the place of its sibling {displaced}, which did not arrive within \
				its own slot",
			);
		}
		Ok(result)
	}
}
