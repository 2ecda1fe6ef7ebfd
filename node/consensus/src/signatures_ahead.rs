//! The step of block import that has the signatures of a block verified while the block is executed.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use codec::Encode;
use gtos_node_types::{Block, FullClient, TransactionPool as Pool};
use gtos_node_verified_signatures::of_process;
use gtos_runtime::{opaque::UncheckedExtrinsic, Balance, Hash};
use gtos_transaction_api::TransactionApi;
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult, StateAction};
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_core::traits::SpawnNamed;
use std::{
	num::NonZeroUsize,
	sync::{
		atomic::{AtomicUsize, Ordering::Relaxed},
		Arc,
	},
	thread::available_parallelism,
};

const LOG_TARGET: &str = "signatures-ahead";

/// Tasks that verify beside the execution, at most. Already one is faster than the execution of transfers.
const MAX_TASKS: usize = 2;

/// Extrinsics that a task verifies between two looks at whether the import has ended.
const CHUNK: usize = 32;

/// Fewer extrinsics are left to the execution. A task costs more.
const MIN_EXTRINSICS: usize = 8;

/// Whether the signature of an extrinsic has been verified before.
type IsKnown = Arc<dyn Fn(&UncheckedExtrinsic) -> bool + Send + Sync>;

/// Verifies the signatures of extrinsics, each in its encoding, of the block after a parent. Answers whether it could.
type Verify = Arc<dyn Fn(Hash, &[Vec<u8>]) -> bool + Send + Sync>;

/// A block import that has signatures verified on idle cores while the inner one executes the block.
///
/// The runtime of the parent verifies them, by the host functions that remember which ones are right. The execution
/// asks the same functions: it finds the answer, or verifies the signature itself if it is first. It never waits, and
/// nothing depends on what the tasks do.
///
/// The tasks decode and verify each extrinsic once at most, and end with the import, each after its chunk.
pub struct SignaturesAhead<I> {
	inner: I,
	tasks: usize,
	spawner: Box<dyn SpawnNamed>,
	is_known: IsKnown,
	verify: Verify,
}

impl<I> SignaturesAhead<I> {
	/// Passes blocks on to `inner`, which executes them. `pool` has verified what it holds.
	///
	/// Without a second core, and in a process that does not remember signatures, blocks only pass.
	pub fn new(
		inner: I,
		client: Arc<FullClient>,
		pool: Arc<Pool>,
		spawner: impl SpawnNamed + 'static,
	) -> Self {
		let cores = available_parallelism().map_or(1, NonZeroUsize::get);
		let tasks = if of_process().is_some() { MAX_TASKS.min(cores - 1) } else { 0 };
		Self {
			inner,
			tasks,
			spawner: Box::new(spawner),
			is_known: Arc::new(move |extrinsic: &UncheckedExtrinsic| {
				pool.ready_transaction(&pool.hash_of(extrinsic)).is_some()
			}),
			verify: Arc::new(move |parent: Hash, extrinsics: &[Vec<u8>]| {
				verify_by_runtime(&client, parent, extrinsics)
			}),
		}
	}

	/// Starts the tasks for a block that is going to be executed. They stop when the result is dropped.
	fn start(&self, block: &BlockImportParams<Block>) -> Option<Running> {
		if self.tasks == 0 || !is_executed(block) {
			return None;
		}
		let unknown = block.body.iter().flatten().filter(|extrinsic| !(self.is_known)(extrinsic));
		let extrinsics: Vec<Vec<u8>> = unknown.map(Encode::encode).collect();
		if extrinsics.len() < MIN_EXTRINSICS {
			return None;
		}
		let tasks = self.tasks.min(extrinsics.len().div_ceil(CHUNK));
		let work = Arc::new(Work {
			parent: block.header.parent_hash,
			extrinsics,
			next: AtomicUsize::new(0),
		});
		for _ in 0..tasks {
			let (work, verify) = (work.clone(), self.verify.clone());
			let task = async move {
				while let Some(chunk) = work.next_chunk() {
					if !verify(work.parent, chunk) {
						work.stop();
					}
				}
			};
			self.spawner.spawn_blocking("signatures-ahead", Some("block-import"), Box::pin(task));
		}
		Some(Running(work))
	}
}

fn is_executed(block: &BlockImportParams<Block>) -> bool {
	matches!(block.state_action, StateAction::Execute | StateAction::ExecuteIfPossible)
}

/// Which signatures are right does not matter: the runtime has asked the host functions.
fn verify_by_runtime(client: &FullClient, parent: Hash, extrinsics: &[Vec<u8>]) -> bool {
	let api = client.runtime_api();
	let right = TransactionApi::<Block, Balance>::verify_signatures(
		&*api,
		parent,
		parent,
		extrinsics.to_vec(),
	);
	if let Err(error) = &right {
		// The parent's state may be missing, or its runtime may lack the function.
		tracing::debug!(
			target: LOG_TARGET,
			"Signatures of a child of {parent} are not verified ahead: {error}",
		);
	}
	right.is_ok()
}

/// The extrinsics of a block whose signatures are to be verified.
struct Work {
	parent: Hash,
	extrinsics: Vec<Vec<u8>>,
	/// Position of the first one that no task has taken.
	next: AtomicUsize,
}

impl Work {
	/// Takes the next extrinsics; `None` if there are no more.
	fn next_chunk(&self) -> Option<&[Vec<u8>]> {
		let start = self.next.fetch_add(CHUNK, Relaxed);
		self.extrinsics.get(start..)?.chunks(CHUNK).next()
	}

	fn stop(&self) {
		self.next.store(self.extrinsics.len(), Relaxed);
	}
}

/// Stops the tasks when it is dropped.
struct Running(Arc<Work>);

impl Drop for Running {
	fn drop(&mut self) {
		self.0.stop();
	}
}

#[async_trait]
impl<I: BlockImport<Block> + Send + Sync> BlockImport<Block> for SignaturesAhead<I> {
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
		let _running = self.start(&block);
		self.inner.import_block(block).await
	}
}
