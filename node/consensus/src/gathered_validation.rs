//! The single-state pool, with validations that are gathered: one call of the runtime validates many transactions.
//!
//! The SDK calls the runtime for each transaction by itself. A call sets up an instance of the Wasm and takes its
//! memory down again, which costs more than the validation. And each transaction is handed from the thread of its
//! connection to one of two threads that validate, and back.
//!
//! Here the transactions of all connections and peers come into one queue. A worker takes those that have gathered
//! there while it was busy, and validates them in one call. It never waits for more, so a transaction that comes
//! alone is validated at once. The runtime validates each as if it were alone, and a call that fails is repeated
//! with single transactions ([ADR 0033](../../../specs/adr/0033-validations-are-gathered.md)).

mod chain_api;
mod metrics;
mod pool;
mod queue;
mod revalidation;
mod runtime;
mod turns;
mod worker;

use chain_api::GatheringApi;
use futures::FutureExt;
use gtos_node_types::{Block, FullClient, TransactionPool};
use metrics::Metrics;
use pool::GatheringPool;
use queue::Queue;
use revalidation::RevalidationSpawner;
use runtime::RuntimeValidator;
use sc_transaction_pool::{
	BasicPool, Options, PoolLimit, RevalidationType, TransactionPoolWrapper,
};
use sp_blockchain::HeaderBackend;
use sp_core::traits::SpawnEssentialNamed;
use std::{sync::Arc, thread, time::Duration};
use substrate_prometheus_endpoint::{PrometheusError, Registry};

/// Most workers. An executor has eight instances by default, and other parts of the node need some.
const MAX_WORKERS: usize = 4;

/// Part of the pool's limits that future transactions have in addition, as with the SDK.
const FUTURE_PART: usize = 10;

/// What the pool holds.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
	/// Most transactions that are ready.
	pub transactions: usize,
	/// Most bytes of such transactions.
	pub bytes: usize,
	/// For how long the pool refuses a transaction that it has found invalid.
	pub ban_time: Duration,
}

impl PoolLimits {
	fn options(&self) -> Options {
		let limit = |part: usize| PoolLimit {
			count: self.transactions / part,
			total_bytes: self.bytes / part,
		};
		Options {
			ready: limit(1),
			future: limit(FUTURE_PART),
			ban_time: self.ban_time,
			..Default::default()
		}
	}
}

/// Starts the pool and as many workers as the machine has cores, at most four.
pub fn start_pool(
	client: Arc<FullClient>,
	limits: &PoolLimits,
	is_validator: bool,
	spawner: Box<dyn SpawnEssentialNamed>,
	registry: Option<&Registry>,
) -> Result<TransactionPool, PrometheusError> {
	let metrics = Metrics::new(registry)?;
	let pool = start(client, limits, is_validator, spawner, registry, metrics);
	Ok(TransactionPoolWrapper::<Block, FullClient>(Box::new(pool)))
}

fn start(
	client: Arc<FullClient>,
	limits: &PoolLimits,
	is_validator: bool,
	spawner: Box<dyn SpawnEssentialNamed>,
	registry: Option<&Registry>,
	metrics: Metrics,
) -> GatheringPool {
	let validator = Arc::new(RuntimeValidator::new(client.clone()));
	let workers = thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
	let queue = Arc::new(Queue::new(workers));
	for _ in 0..workers {
		let worker = worker::run(queue.clone(), validator.clone(), metrics.clone()).boxed();
		spawner.spawn_essential_blocking(
			"transaction-validation",
			Some("transaction-pool"),
			worker,
		);
	}
	let chain = client.info();
	GatheringPool(BasicPool::<_, Block>::with_revalidation_type(
		limits.options(),
		is_validator.into(),
		Arc::new(GatheringApi::new(validator, queue, metrics)),
		registry,
		RevalidationType::Full,
		RevalidationSpawner(spawner),
		chain.best_number,
		chain.best_hash,
		chain.finalized_hash,
	))
}

#[cfg(test)]
mod tests;
