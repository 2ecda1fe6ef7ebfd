//! A block import that shows blocks to observers.

use gtos_node_types::Block;
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use std::sync::Arc;

/// Is called with each block before its import, which waits for it.
pub type Observer = Arc<dyn Fn(&BlockImportParams<Block>) + Send + Sync>;

/// A block import that shows each block to its observers and changes nothing.
#[derive(Clone)]
pub struct ObservedImport<I> {
	inner: I,
	observers: Vec<Observer>,
}

impl<I> ObservedImport<I> {
	/// Wraps `inner`. The observers are called in their order.
	pub fn new(inner: I, observers: Vec<Observer>) -> Self {
		Self { inner, observers }
	}
}

#[async_trait::async_trait]
impl<I: BlockImport<Block> + Send + Sync> BlockImport<Block> for ObservedImport<I> {
	type Error = I::Error;

	async fn check_block(
		&self,
		block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.inner.check_block(block).await
	}

	async fn import_block(
		&self,
		block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		for observer in &self.observers {
			observer(&block);
		}
		self.inner.import_block(block).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use gtos_runtime::{opaque::Header, Hash};
	use sp_consensus::BlockOrigin;
	use sp_runtime::traits::Header as _;
	use std::sync::Mutex;

	/// Who has seen a block, and its hash.
	type Log = Arc<Mutex<Vec<(&'static str, Hash)>>>;

	/// A block import that accepts every block and records its hash.
	struct Inner(Log);

	#[async_trait::async_trait]
	impl BlockImport<Block> for Inner {
		type Error = sp_consensus::Error;

		async fn check_block(
			&self,
			_: BlockCheckParams<Block>,
		) -> Result<ImportResult, Self::Error> {
			Ok(ImportResult::AlreadyInChain)
		}

		async fn import_block(
			&self,
			block: BlockImportParams<Block>,
		) -> Result<ImportResult, Self::Error> {
			self.0.lock().unwrap().push(("import", block.post_hash()));
			Ok(ImportResult::imported(true))
		}
	}

	#[test]
	fn observers_see_a_block_in_their_order_and_before_it_is_imported() {
		let log = Log::default();
		let observer = |name: &'static str| -> Observer {
			let log = log.clone();
			Arc::new(move |block: &BlockImportParams<Block>| {
				log.lock().unwrap().push((name, block.post_hash()));
			})
		};
		let import =
			ObservedImport::new(Inner(log.clone()), vec![observer("first"), observer("second")]);
		let hash = Hash::repeat_byte(1);
		let header = Header::new(1, hash, hash, hash, Default::default());
		let block = BlockImportParams::<Block>::new(BlockOrigin::NetworkBroadcast, header);
		let hash = block.post_hash();
		futures::executor::block_on(import.import_block(block)).unwrap();
		assert_eq!(*log.lock().unwrap(), [("first", hash), ("second", hash), ("import", hash)]);
	}
}
