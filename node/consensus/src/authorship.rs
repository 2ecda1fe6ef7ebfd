//! Makes the blocks of a validator from the transactions of the pool.
//!
//! The SDK's proposer calls the runtime for each transaction by itself. A call sets up an instance of the Wasm, opens
//! the state of the parent twice, and takes all of it down again. It also adds up the lengths of all transactions in
//! the block before each, and hashes all of them in the end.
//!
//! Here one call applies up to 32 transactions. The runtime ends it after the first that is refused, so the block is
//! the one that single calls make. A call that fails is rolled back and repeated one by one. The runtime also says
//! whether the block is full, so none is tried in vain after that
//! ([ADR 0034](../../../specs/adr/0034-an-author-applies-transactions-together.md)).

mod client_block;
mod open_block;
mod report;
mod selection;
#[cfg(test)]
mod test_chain;

use client_block::ClientBlock;
use futures::{
	channel::oneshot,
	future::{ready, BoxFuture, FutureExt, Ready},
};
use gtos_node_types::{Block, FullClient, TransactionPool};
use gtos_runtime::opaque::Header;
use report::Report;
use sc_proposer_metrics::EndProposingReason;
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::TransactionPool as _;
use selection::{Deadlines, Selection};
use sp_blockchain::Error;
use sp_consensus::{Environment, Proposal, ProposeArgs, Proposer};
use sp_core::traits::SpawnNamed;
use sp_runtime::traits::Header as _;
use std::{sync::Arc, time::Instant};
use substrate_prometheus_endpoint::Registry;

/// Part of the time that a block does not spend on transactions, but on its end.
const FINISHING_PART: u32 = 10;

/// Part of the time for transactions in which the pool may still be busy with the parent.
const POOL_PART: u32 = 8;

/// Makes proposers. Each of them makes one block.
#[derive(Clone)]
pub struct Proposers {
	client: Arc<FullClient>,
	pool: Arc<TransactionPool>,
	spawner: Box<dyn SpawnNamed>,
	report: Report,
}

impl Proposers {
	/// Proposers that take transactions from `pool`.
	pub fn new(
		client: Arc<FullClient>,
		pool: Arc<TransactionPool>,
		spawner: impl SpawnNamed + 'static,
		registry: Option<&Registry>,
		telemetry: Option<TelemetryHandle>,
	) -> Self {
		Self { client, pool, spawner: Box::new(spawner), report: Report::new(registry, telemetry) }
	}
}

impl Environment<Block> for Proposers {
	type CreateProposer = Ready<Result<Self::Proposer, Self::Error>>;
	type Error = Error;
	type Proposer = BlockProposer;

	fn init(&mut self, parent: &Header) -> Self::CreateProposer {
		let (hash, number) = (parent.hash(), parent.number());
		tracing::info!("🙌 Starting consensus session on top of parent {hash:?} (#{number})");
		ready(Ok(BlockProposer { parts: self.clone(), parent: parent.clone() }))
	}
}

/// Proposes the block after `parent`.
///
/// Of the arguments of the SDK it ignores the limit of the size and the recorder of proofs, with which Aura does not
/// call it: the runtime limits the length (STA-R12), and the chain makes no proofs of validity (ADR 0012).
pub struct BlockProposer {
	parts: Proposers,
	parent: Header,
}

impl Proposer<Block> for BlockProposer {
	type Error = Error;
	type Proposal = BoxFuture<'static, Result<Proposal<Block>, Error>>;

	fn propose(self, args: ProposeArgs<Block>) -> Self::Proposal {
		let (sender, receiver) = oneshot::channel();
		// On a thread of its own, because the worker has to notice meanwhile that the slot ends.
		let spawner = self.parts.spawner.clone();
		let build = async move {
			// An error means that the slot has ended.
			let _ = sender.send(self.build(args).await);
		};
		spawner.spawn_blocking("block-proposer", Some("block-authoring"), build.boxed());
		receiver.map(|result| result.unwrap_or_else(|canceled| Err(canceled.into()))).boxed()
	}
}

impl BlockProposer {
	async fn build(self, args: ProposeArgs<Block>) -> Result<Proposal<Block>, Error> {
		let ProposeArgs { inherent_data, inherent_digests, max_duration, .. } = args;
		let begin = Instant::now();
		let deadline = begin + max_duration - max_duration / FINISHING_PART;
		let Self { parts, parent } = &self;
		let mut block = ClientBlock::open(&parts.client, parent, inherent_digests)?;
		let before_inherents = Instant::now();
		let inherents = block.inherents(inherent_data)?;
		parts.report.inherents(before_inherents.elapsed());
		block.add_inherents(inherents)?;
		let reason = if block.takes_transactions() {
			self.fill(&mut block, deadline).await
		} else {
			EndProposingReason::TransactionForbidden
		};
		let proposal = block.finish()?;
		parts.report.block(&proposal.block, reason, begin.elapsed());
		Ok(proposal)
	}

	/// Takes transactions from the pool into the block.
	async fn fill(&self, block: &mut ClientBlock<'_>, deadline: Instant) -> EndProposingReason {
		let (pool, parent) = (&self.parts.pool, self.parent.hash());
		let deadlines = Deadlines::new(Instant::now(), deadline);
		let ready = pool.ready_at_with_timeout(parent, deadlines.time() / POOL_PART).await;
		let (reason, invalid) = Selection::new(block, ready, deadlines, Instant::now).run();
		pool.report_invalid(Some(parent), invalid).await;
		reason
	}
}

#[cfg(test)]
mod tests;
