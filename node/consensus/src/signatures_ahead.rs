//! The step of block import that has the signatures of a block verified while the block is executed.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use codec::Encode;
use gtos_node_types::{Block, FullClient, TransactionPool as Pool, MAX_SHALLOW_BYTES};
use gtos_node_verified_signatures::of_process;
use gtos_runtime::{opaque::UncheckedExtrinsic, Balance, Hash};
use gtos_transaction_api::{TransactionApi, MAX_SIGNATURES};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult, StateAction};
use sc_transaction_pool_api::TransactionPool;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
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

/// Fewer signatures are left to the execution. A call of the runtime costs more.
const MIN_SIGNATURES: usize = 8;

/// Whether the signature of an extrinsic has been verified before.
type IsKnown = dyn Fn(&UncheckedExtrinsic) -> bool + Send + Sync;

/// Verifies the signatures of extrinsics, each in its encoding, of the block after a parent. Answers whether it could.
type Verify = dyn Fn(Hash, Vec<Vec<u8>>) -> bool + Send + Sync;

/// A block import that has signatures verified on idle cores while the inner one executes the block.
///
/// The runtime of the parent verifies them, by the host functions that remember which ones are right. The execution
/// asks the same functions: it finds the answer, or verifies the signature itself if it is first. It never waits, and
/// nothing depends on what the tasks do.
///
/// The tasks take each extrinsic once at most, and end with the import, each after its call of the runtime. They leave
/// to the execution:
///
/// - extrinsics in the pool, which has verified them. If it has all of a block, the runtime is not called.
/// - extrinsics longer than [`MAX_SHALLOW_BYTES`], which may take longer to decode than to verify. So the author of a
///   block cannot choose how long a call lasts.
pub struct SignaturesAhead<I> {
	inner: I,
	tasks: usize,
	spawner: Box<dyn SpawnNamed>,
	is_known: Arc<IsKnown>,
	verify: Arc<Verify>,
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
		// One core is for the execution.
		let tasks = if of_process().is_some() { MAX_TASKS.min(cores - 1) } else { 0 };
		Self {
			inner,
			tasks,
			spawner: Box::new(spawner),
			is_known: Arc::new(move |extrinsic: &UncheckedExtrinsic| is_in_pool(&pool, extrinsic)),
			verify: Arc::new(move |parent: Hash, extrinsics: Vec<Vec<u8>>| {
				verify_by_runtime(&client, parent, extrinsics).unwrap_or_else(|error| {
					// The state of the parent is missing, or its runtime has failed.
					tracing::debug!(
						target: LOG_TARGET,
						"Signatures of a child of {parent} are not verified ahead: {error}",
					);
					false
				})
			}),
		}
	}

	/// Starts the tasks for a block that is going to be executed. They stop when the result is dropped.
	// Not more than that happens here, because the execution waits for it: even the pool may be locked.
	fn start(&self, block: &BlockImportParams<Block>) -> Option<Running> {
		if self.tasks == 0 || !is_executed(block) {
			return None;
		}
		let body = block.body.as_ref().filter(|body| body.len() >= MIN_SIGNATURES)?;
		let work = Arc::new(Work {
			parent: block.header.parent_hash,
			body: body.clone(),
			next: AtomicUsize::new(0),
			is_known: self.is_known.clone(),
			verify: self.verify.clone(),
		});
		for _ in 0..self.tasks.min(body.len().div_ceil(MAX_SIGNATURES)) {
			let work = work.clone();
			let task = Box::pin(async move { work.run() });
			self.spawner.spawn_blocking("signatures-ahead", Some("block-import"), task);
		}
		Some(Running(work))
	}
}

fn is_executed(block: &BlockImportParams<Block>) -> bool {
	matches!(block.state_action, StateAction::Execute | StateAction::ExecuteIfPossible)
}

fn is_in_pool(pool: &Pool, extrinsic: &UncheckedExtrinsic) -> bool {
	pool.ready_transaction(&pool.hash_of(extrinsic)).is_some()
}

/// Answers whether the runtime of `parent` has the function for it. Which signatures are right does not matter: the
/// runtime has asked the host functions.
fn verify_by_runtime(
	client: &FullClient,
	parent: Hash,
	extrinsics: Vec<Vec<u8>>,
) -> Result<bool, ApiError> {
	let api = client.runtime_api();
	// Without this question, the executor would log a warning for each block of a runtime without the function.
	if api.api_version::<dyn TransactionApi<Block, Balance>>(parent)?.is_none() {
		return Ok(false);
	}
	TransactionApi::<Block, Balance>::verify_signatures(&*api, parent, parent, extrinsics)?;
	Ok(true)
}

/// The extrinsics of a block, which the tasks share.
struct Work {
	parent: Hash,
	body: Vec<UncheckedExtrinsic>,
	/// Position of the first extrinsic that no task has taken.
	next: AtomicUsize,
	is_known: Arc<IsKnown>,
	verify: Arc<Verify>,
}

impl Work {
	/// Verifies until no extrinsic is left, the import has ended, or the runtime cannot verify.
	fn run(&self) {
		while let Some(extrinsics) = self.next_extrinsics() {
			if !(self.verify)(self.parent, extrinsics) {
				self.stop();
			}
		}
	}

	/// Takes as many extrinsics as one call of the runtime verifies, each in its encoding; `None` if few are left.
	fn next_extrinsics(&self) -> Option<Vec<Vec<u8>>> {
		let mut taken = Vec::new();
		while taken.len() < MAX_SIGNATURES {
			let Some(extrinsic) = self.body.get(self.next.fetch_add(1, Relaxed)) else { break };
			if extrinsic.encoded_size() <= MAX_SHALLOW_BYTES && !(self.is_known)(extrinsic) {
				taken.push(extrinsic.encode());
			}
		}
		(taken.len() >= MIN_SIGNATURES).then_some(taken)
	}

	fn stop(&self) {
		self.next.store(self.body.len(), Relaxed);
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
