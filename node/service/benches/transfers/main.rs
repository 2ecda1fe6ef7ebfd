//! Measures what transfers cost a node that has no network: the time to build a block of them and to execute it, to
//! take 10,000 into the pool, and to propose a block from a pool of 1,000, 5,000 and 10,000.
//!
//! The chain is the development chain, on the node's database, with the runtime's Wasm. The transfers are from distinct
//! accounts, and are signed beforehand. A block holds as many as the runtime permits. The memory of verified signatures
//! is off, so each step verifies them.
//!
//! Run it on an idle machine: `cargo bench --locked --bench transfers`. A word after `--` selects benches by name.

mod chain;
#[path = "../shared/client.rs"]
mod client;
mod pool;

use chain::Chain;
use criterion::{BatchSize, Criterion, Throughput};
use gtos_node_types::Block;
use sp_runtime::traits::Block as _;
use std::{error::Error, time::Duration};

/// Result of a step. The program ends with the first error.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Transactions in the largest pool. Each has a signer of its own.
const TRANSACTIONS: usize = 10_000;

fn main() -> Result<()> {
	let mut criterion = Criterion::default()
		.sample_size(10)
		.warm_up_time(Duration::from_secs(2))
		.measurement_time(Duration::from_secs(10))
		.configure_from_args();
	let folder = tempfile::tempdir()?;
	let chain = Chain::new(folder.path(), TRANSACTIONS)?;
	blocks(&mut criterion, &chain)?;
	pools(&mut criterion, &chain)?;
	proposers(&mut criterion, &chain)?;
	criterion.final_summary();
	Ok(())
}

fn blocks(criterion: &mut Criterion, chain: &Chain) -> Result<()> {
	let full = chain.build(&chain.transfers)?;
	let count = full.extrinsics().len() - chain.inherents()?;
	println!("a full block has {count} transfers");
	let transfers = &chain.transfers[..count];
	let mut group = criterion.benchmark_group("block");
	group.throughput(Throughput::Elements(count as u64));
	group.bench_function("build", |bencher| {
		bencher.iter(|| chain.build(transfers).expect("it has been built before"));
	});
	group.bench_function("execute", |bencher| {
		bencher.iter_batched(
			|| full.clone(),
			|block: Block| chain.execute(block).expect("it has been built here"),
			BatchSize::PerIteration,
		);
	});
	group.finish();
	Ok(())
}

fn pools(criterion: &mut Criterion, chain: &Chain) -> Result<()> {
	let mut group = criterion.benchmark_group("pool");
	group.throughput(Throughput::Elements(TRANSACTIONS as u64));
	group.bench_function(format!("submit {TRANSACTIONS}"), |bencher| {
		bencher.iter_batched(
			|| pool::open(chain).expect("the limits are right"),
			|pool| {
				pool::fill(chain, &pool, TRANSACTIONS).expect("all transfers are valid");
				// Dropped after the measurement.
				pool
			},
			BatchSize::PerIteration,
		);
	});
	group.finish();
	Ok(())
}

fn proposers(criterion: &mut Criterion, chain: &Chain) -> Result<()> {
	let mut group = criterion.benchmark_group("propose");
	for count in [1_000, 5_000, TRANSACTIONS] {
		let pool = pool::open(chain)?;
		pool::fill(chain, &pool, count)?;
		let mut proposers = pool::Proposers::new(chain, pool)?;
		let block = proposers.propose(chain)?;
		let taken = block.extrinsics().len() - chain.inherents()?;
		println!("from {count} transfers in the pool, the proposer takes {taken}");
		group.throughput(Throughput::Elements(taken as u64));
		group.bench_function(format!("from {count}"), |bencher| {
			bencher.iter(|| proposers.propose(chain).expect("it has proposed before"));
		});
	}
	group.finish();
	Ok(())
}
