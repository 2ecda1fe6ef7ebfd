//! Transaction pools, and proposers that take from them.

use crate::{chain::Chain, client, Result};
use futures::{executor::block_on, future::join_all};
use gtos_node_consensus::{
	authorship,
	gathered_validation::{self, PoolLimits},
	proposer::{BuildTime, TimedProposers, WorkerBegin},
};
use gtos_node_types::{Block, TransactionPool};
use pallet_genesis_parameters_runtime_api::GenesisParametersApi;
use sc_transaction_pool_api::{TransactionPool as _, TransactionSource};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::{Environment, ProposeArgs, Proposer};
use sp_core::testing::TaskExecutor;
use std::{sync::Arc, time::Duration};

/// An empty pool of the node's type, which holds more than is ever submitted here.
pub fn open(chain: &Chain) -> Result<Arc<TransactionPool>> {
	let limits =
		PoolLimits { transactions: 100_000, bytes: 100 << 20, ban_time: Duration::default() };
	let spawner = Box::new(TaskExecutor::new());
	let pool = gathered_validation::start_pool(chain.client.clone(), &limits, true, spawner, None)?;
	Ok(Arc::new(pool))
}

/// Submits the first `count` transfers, each by itself, as JSON-RPC does, and waits until all are accepted.
pub fn fill(chain: &Chain, pool: &TransactionPool, count: usize) -> Result<()> {
	let best = chain.client.info().best_hash;
	let submissions = chain.transfers[..count]
		.iter()
		.map(|transfer| pool.submit_one(best, TransactionSource::External, transfer.clone()));
	for submitted in block_on(join_all(submissions)) {
		submitted?;
	}
	Ok(())
}

/// Makes proposers as the node does.
pub struct Proposers(TimedProposers<authorship::Proposers>);

impl Proposers {
	/// Proposers that take from `pool`.
	pub fn new(chain: &Chain, pool: Arc<TransactionPool>) -> Result<Self> {
		let client = chain.client.clone();
		let info = client.info();
		let budget = client.runtime_api().block_budget(info.best_hash)?;
		let build_time = BuildTime::new(budget, chain.slot_duration);
		let proposers = authorship::Proposers::new(client, pool, TaskExecutor::new(), None, None);
		// The chain is never final, and each block is proposed as one right after its parent.
		let last_final = Arc::new(move || info.best_number);
		Ok(Self(TimedProposers::new(proposers, build_time, WorkerBegin::default(), last_final)))
	}

	/// Proposes a block on the best one. The pool keeps its transactions.
	pub fn propose(&mut self, chain: &Chain) -> Result<Block> {
		let best = chain.client.info().best_hash;
		let parent = chain.client.header(best)?.ok_or("the best block has no header")?;
		let (inherent_digests, inherent_data) =
			client::next_slot(&chain.client, chain.slot_duration)?;
		let max_duration = chain.slot_duration.as_duration();
		let args = ProposeArgs::<Block> {
			inherent_data,
			inherent_digests,
			max_duration,
			..Default::default()
		};
		let proposer = block_on(Environment::<Block>::init(&mut self.0, &parent))?;
		Ok(block_on(proposer.propose(args))?.block)
	}
}
