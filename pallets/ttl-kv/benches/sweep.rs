//! Measures the removal of an entry at 10^4, 10^5 and 10^6 live entries on the node's database.
//!
//! Native code puts and sweeps entries in blocks of 1,000. Between the blocks, the state goes
//! through the trie, its cache and ParityDB as in a node. The benchmark measures the whole block
//! that sweeps: the hook, the state root and the commit. Keys are hashes, so the entries of a block
//! share as few trie nodes as possible, which is the worst case. In `full pages`, entries that were
//! put one after the other share pages. In `pages of one`, each entry has its own page, which is
//! the worst case of the index.
//!
//! Values have 100 bytes and keys 32; there are 100 owners. Run it on a machine with an idle processor
//! and an idle disk: `cargo bench -p pallet-ttl-kv --bench sweep`.

use criterion::{measurement::WallTime, BenchmarkGroup, Criterion, Throughput};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::Mutate, ConstU128, ConstU32, Hooks},
	weights::Weight,
};
use frame_system::RawOrigin;
use pallet_ttl_kv::{LastRevision, SweptInBlock, PAGE_LENGTH};
use sc_client_api::{Backend as _, BlockImportOperation, NewBlockState, TrieCacheContext};
use sc_client_db::{Backend, BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, Header as _},
	OpaqueExtrinsic, StateVersion, Storage,
};
use sp_state_machine::{Ext, OverlayedChanges};
use std::{
	fs::remove_dir_all,
	path::PathBuf,
	time::{Duration, Instant},
};

const LIVE_ENTRIES: [u32; 3] = [10_000, 100_000, 1_000_000];
const ENTRIES_PER_BLOCK: u32 = 1_000;
const ENTRIES_PER_SETUP_BLOCK: u32 = 10_000;
const OWNERS: u32 = 100;
const MAX_TTL: u32 = 31_536_000;
/// Default of the node.
const TRIE_CACHE_BYTES: usize = 1 << 30;
/// Number of finalised blocks whose state is kept.
const STATES_KEPT: u32 = 16;

type Header = generic::Header<u32, BlakeTwo256>;
type Block = generic::Block<Header, OpaqueExtrinsic>;
type RuntimeBlock = frame_system::mocking::MockBlockU32<Runtime>;

frame_support::construct_runtime!(
	pub enum Runtime {
		System: frame_system,
		Balances: pallet_balances,
		TtlKv: pallet_ttl_kv,
	}
);

parameter_types! {
	pub const SweepWeight: Weight = Weight::MAX;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Runtime {
	type AccountData = pallet_balances::AccountData<u128>;
	type AccountId = u32;
	type Block = RuntimeBlock;
	type Lookup = sp_runtime::traits::IdentityLookup<u32>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
	type AccountStore = System;
	type Balance = u128;
	type ExistentialDeposit = ConstU128<1>;
}

impl pallet_ttl_kv::Config for Runtime {
	type Currency = Balances;
	type EntryOverheadBytes = ConstU32<256>;
	type IdleSweepWeight = SweepWeight;
	type LargeStateOverhead = ();
	type MaxBacklogScan = ConstU32<1_000>;
	type MaxKeyLength = ConstU32<128>;
	type MaxPageScan = ConstU32<1_000>;
	type MaxPageSize = ConstU32<100>;
	type MaxQueryBytes = ConstU32<{ 1 << 20 }>;
	type MaxTtl = ConstU32<MAX_TTL>;
	type MaxValueLength = ConstU32<16_384>;
	type MinTtl = ConstU32<1>;
	type RentDestination = ();
	type RentPerByteBlock = ConstU128<1>;
	type SweepQuota = ConstU32<ENTRIES_PER_BLOCK>;
	type SweepWeight = SweepWeight;
	type WeightInfo = ();
}

/// Time that a block took, and trie nodes that it wrote and removed.
#[derive(Clone, Copy, Default)]
struct Cost {
	execution: Duration,
	root: Duration,
	commit: Duration,
	nodes_written: u32,
	nodes_removed: u32,
}

impl Cost {
	fn block(&self) -> Duration {
		self.execution + self.root + self.commit
	}
}

/// A chain with its own database, in which every block is final.
struct Chain {
	backend: Backend<Block>,
	path: PathBuf,
	head: Header,
	entries_put: u32,
}

impl Chain {
	/// A chain with `live` entries that outlive the measurement.
	fn new(live: u32) -> Self {
		let path = std::env::temp_dir().join(format!("ttl-kv-bench-{}", std::process::id()));
		let settings = DatabaseSettings {
			trie_cache_maximum_size: Some(TRIE_CACHE_BYTES),
			state_pruning: Some(PruningMode::blocks_pruning(STATES_KEPT)),
			source: DatabaseSource::ParityDb { path: path.clone() },
			blocks_pruning: BlocksPruning::KeepFinalized,
			pruning_filters: Vec::new(),
			metrics_registry: None,
		};
		let backend = Backend::new(settings, 4_096).expect("the folder is writable");
		let mut genesis = backend.begin_operation().expect("the database works");
		let root = genesis
			.set_genesis_state(Storage::default(), true, StateVersion::V1)
			.expect("an empty state is valid");
		let head = Header::new(0, H256::zero(), root, H256::zero(), Default::default());
		genesis
			.set_block_data(head.clone(), Some(vec![]), None, None, NewBlockState::Final, true)
			.expect("the genesis block is valid");
		backend.commit_operation(genesis).expect("the database works");

		let mut chain = Self { backend, path, head, entries_put: 0 };
		chain.run_block(|_| {
			for owner in 0..OWNERS {
				Balances::set_balance(&owner, u128::MAX / 1_000);
			}
		});
		while chain.entries_put < live {
			let first = chain.entries_put;
			let count = ENTRIES_PER_SETUP_BLOCK.min(live - first);
			chain.run_block(|_| {
				for n in first..first + count {
					// Knuth's multiplicative hash scatters the ends over half a year.
					put(n, MAX_TTL / 2 + n.wrapping_mul(2_654_435_761) % (MAX_TTL / 2));
				}
				System::reset_events();
			});
			chain.entries_put += count;
		}
		chain
	}

	/// Executes the next block, with `calls` between its hooks, and commits it.
	fn run_block(&mut self, calls: impl FnOnce(u32)) -> Cost {
		let (parent, number) = (self.head.hash(), self.head.number + 1);
		let state =
			self.backend.state_at(parent, TrieCacheContext::Trusted).expect("the state is kept");
		let mut overlay = OverlayedChanges::<BlakeTwo256>::default();

		let start = Instant::now();
		let mut ext = Ext::new(&mut overlay, &state, None);
		sp_externalities::set_and_run_with_externalities(&mut ext, || {
			System::reset_events();
			System::set_block_number(number);
			TtlKv::on_initialize(number);
			calls(number);
			TtlKv::on_finalize(number);
		});
		let execution = start.elapsed();

		let start = Instant::now();
		let changes =
			overlay.drain_storage_changes(&state, StateVersion::V1).expect("the state is whole");
		// Dropping the state hands its cache to the next blocks.
		drop(state);
		let root_time = start.elapsed();
		let (main, child, _, transaction, root, _) = changes.into_inner();
		let (mut nodes_written, mut nodes_removed) = (0, 0);
		for (_, references) in transaction.clone().drain().into_values() {
			nodes_written += u32::from(references > 0);
			nodes_removed += u32::from(references < 0);
		}

		let start = Instant::now();
		self.head = Header::new(number, H256::zero(), root, parent, Default::default());
		let mut block = self.backend.begin_operation().expect("the database works");
		self.backend.begin_state_operation(&mut block, parent).expect("the state is kept");
		block.update_db_storage(transaction).expect("it is kept in memory");
		block.update_storage(main, child).expect("it is kept in memory");
		block
			.set_block_data(self.head.clone(), Some(vec![]), None, None, NewBlockState::Final, true)
			.expect("the block is valid");
		self.backend.commit_operation(block).expect("the database works");
		Cost { execution, root: root_time, commit: start.elapsed(), nodes_written, nodes_removed }
	}

	/// Puts a block of entries that end in the next block, and executes that block, which sweeps them.
	/// Each entry has a page of its own if `alone`.
	fn put_and_sweep(&mut self, alone: bool) -> (Cost, Cost) {
		let first = self.entries_put;
		let put = self.run_block(|_| {
			for n in first..first + ENTRIES_PER_BLOCK {
				if alone {
					LastRevision::<Runtime>::mutate(|last| *last += u64::from(PAGE_LENGTH));
				}
				self::put(n, 1);
			}
		});
		self.entries_put += ENTRIES_PER_BLOCK;
		let swept = self.run_block(|_| {
			assert_eq!(SweptInBlock::<Runtime>::get().entries, ENTRIES_PER_BLOCK);
		});
		(put, swept)
	}
}

impl Drop for Chain {
	fn drop(&mut self) {
		if let Err(error) = remove_dir_all(&self.path) {
			eprintln!("cannot remove {}: {error}", self.path.display());
		}
	}
}

/// Puts entry number `n` for `ttl` blocks.
fn put(n: u32, ttl: u32) {
	let (owner, key) = (RawOrigin::Signed(n % OWNERS), blake2_256(&n.to_le_bytes()));
	TtlKv::kv_put_ttl(owner.into(), key.to_vec(), vec![7; 100], ttl).expect("the owner can pay");
}

/// Measures blocks that sweep, and prints their costs.
fn measure(group: &mut BenchmarkGroup<'_, WallTime>, chain: &mut Chain, alone: bool) {
	let name = if alone { "pages of one" } else { "full pages" };
	let mut costs = Vec::new();
	group.bench_function(name, |bencher| {
		bencher.iter_custom(|blocks| {
			(0..blocks)
				.map(|_| {
					let cost = chain.put_and_sweep(alone);
					costs.push(cost);
					cost.1.block()
				})
				.sum()
		})
	});
	report(&costs);
}

/// Prints the medians of all blocks, per entry.
fn report(costs: &[(Cost, Cost)]) {
	if costs.is_empty() {
		return;
	}
	let print = |name: &str, cost_of: fn(&(Cost, Cost)) -> Cost| {
		let median = |part: fn(Cost) -> f64| {
			let mut all = costs.iter().map(|cost| part(cost_of(cost))).collect::<Vec<_>>();
			all.sort_by(f64::total_cmp);
			all[all.len() / 2] / f64::from(ENTRIES_PER_BLOCK)
		};
		println!(
			"{name}: {:.1} us an entry ({:.1} execution, {:.1} root, {:.1} commit), {:.2} nodes \
			 written, {:.2} removed; median of {} blocks",
			median(|cost| cost.block().as_secs_f64() * 1e6),
			median(|cost| cost.execution.as_secs_f64() * 1e6),
			median(|cost| cost.root.as_secs_f64() * 1e6),
			median(|cost| cost.commit.as_secs_f64() * 1e6),
			median(|cost| cost.nodes_written.into()),
			median(|cost| cost.nodes_removed.into()),
			costs.len(),
		);
	};
	print("put", |cost| cost.0);
	print("sweep", |cost| cost.1);
}

fn main() {
	let mut criterion = Criterion::default()
		.sample_size(10)
		// The database still writes what the setup has committed.
		.warm_up_time(Duration::from_secs(10))
		.measurement_time(Duration::from_secs(10))
		.configure_from_args();
	for live in LIVE_ENTRIES {
		let mut chain = Chain::new(live);
		let mut group = criterion.benchmark_group(format!("{live} live entries"));
		group.throughput(Throughput::Elements(ENTRIES_PER_BLOCK.into()));
		for alone in [false, true] {
			measure(&mut group, &mut chain, alone);
		}
		group.finish();
	}
	criterion.final_summary();
}
