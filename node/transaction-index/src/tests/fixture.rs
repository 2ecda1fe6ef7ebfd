//! A chain in memory, with forks, and a node that indexes it on disk.

use crate::{
	block_source::{BlockSource, Outcomes},
	index::TransactionIndex,
	worker::{Imported, Worker},
};
use gtos_runtime::{BlockNumber, Hash};
use gtos_transaction_api::{Outcome, Payment};
use parking_lot::Mutex;
use std::{collections::HashMap, num::NonZeroU32, path::Path, sync::Arc};
use tempfile::TempDir;

/// Hash of a block.
pub fn hash(seed: u32) -> Hash {
	Hash::from_low_u64_be(seed.into())
}

/// Hash of a transaction, distinct from the hashes of blocks.
pub fn transaction(seed: u32) -> Hash {
	hash(1_000_000 + seed)
}

/// Outcome that the fake runtime reports of a transaction: each has its own fee.
pub fn outcome(transaction: Hash) -> Outcome<u128> {
	let fee = transaction.to_low_u64_be().into();
	Outcome { failure: None, payment: Some(Payment { fee, tip: 0 }) }
}

/// A block of a chain in memory.
#[derive(Clone)]
struct FakeBlock {
	number: BlockNumber,
	parent: Hash,
	transactions: Vec<Hash>,
	has_body: bool,
	has_state: bool,
}

/// A chain in memory, with forks.
#[derive(Default)]
pub struct FakeChain {
	blocks: Mutex<HashMap<Hash, FakeBlock>>,
	best: Mutex<Hash>,
}

impl FakeChain {
	/// A chain with a genesis block, whose hash is that of seed 0.
	pub fn new() -> Arc<Self> {
		let chain = Self::default();
		chain.insert(0, 0, Hash::zero(), &[]);
		*chain.best.lock() = hash(0);
		Arc::new(chain)
	}

	fn insert(&self, seed: u32, number: BlockNumber, parent: Hash, transactions: &[u32]) {
		let transactions = transactions.iter().copied().map(transaction).collect();
		let block = FakeBlock { number, parent, transactions, has_body: true, has_state: true };
		self.blocks.lock().insert(hash(seed), block);
	}

	/// Adds a block with the hash of `seed` on top of `parent`, without making it the best one.
	pub fn fork(&self, parent: u32, seed: u32, transactions: &[u32]) -> Imported {
		let number = self.blocks.lock()[&hash(parent)].number + 1;
		self.insert(seed, number, hash(parent), transactions);
		Imported {
			number,
			hash: hash(seed),
			is_best: false,
			is_old: false,
			enacted: vec![],
			_pin: None,
		}
	}

	/// Adds a block and makes it the best one.
	pub fn extend(&self, parent: u32, seed: u32, transactions: &[u32]) -> Imported {
		let block = self.fork(parent, seed, transactions);
		*self.best.lock() = hash(seed);
		Imported { is_best: true, ..block }
	}

	/// Adds the blocks `1..=height`; the seed of each block and of its transaction is its height.
	pub fn extend_to(&self, height: u32) -> Vec<Imported> {
		(1..=height).map(|number| self.extend(number - 1, number, &[number])).collect()
	}

	pub fn prune_body(&self, seed: u32) {
		self.blocks.lock().get_mut(&hash(seed)).unwrap().has_body = false;
	}

	pub fn prune_state(&self, seed: u32) {
		self.blocks.lock().get_mut(&hash(seed)).unwrap().has_state = false;
	}
}

impl BlockSource for FakeChain {
	fn best(&self) -> (BlockNumber, Hash) {
		let best = *self.best.lock();
		(self.blocks.lock()[&best].number, best)
	}

	fn canonical(&self, number: BlockNumber) -> Option<Hash> {
		let blocks = self.blocks.lock();
		let mut hash = *self.best.lock();
		loop {
			let block = blocks.get(&hash)?;
			if block.number == number {
				return Some(hash);
			}
			hash = block.parent;
		}
	}

	fn transactions(&self, block: Hash) -> Option<Vec<Hash>> {
		let block = self.blocks.lock().get(&block)?.clone();
		block.has_body.then_some(block.transactions)
	}

	fn outcomes(&self, block: Hash) -> Option<Outcomes> {
		let block = self.blocks.lock().get(&block)?.clone();
		let outcomes = block.transactions.into_iter().map(|hash| Some(outcome(hash)));
		block.has_state.then(|| outcomes.collect())
	}
}

/// A chain, its index and the worker that fills it.
pub struct Fixture {
	pub chain: Arc<FakeChain>,
	pub index: Arc<TransactionIndex>,
	pub worker: Worker<FakeChain>,
	/// Dropped last, because it contains the index.
	folder: TempDir,
}

impl Fixture {
	/// A new chain, and an index of the last `window` heights.
	pub fn new(window: u32) -> Self {
		Self::on(FakeChain::new(), window)
	}

	/// A chain whose blocks so far were imported while the index was switched off.
	pub fn on(chain: Arc<FakeChain>, window: u32) -> Self {
		Self::start(tempfile::tempdir().unwrap(), chain, NonZeroU32::new(window).unwrap())
	}

	fn start(folder: TempDir, chain: Arc<FakeChain>, window: NonZeroU32) -> Self {
		let index = TransactionIndex::open(folder.path().join("transactions"), window).unwrap();
		let index = Arc::new(index);
		let worker = Worker::new(index.clone(), chain.clone());
		Self { chain, index, worker, folder }
	}

	/// Closes the index, calls `meanwhile` with its folder, and opens it again.
	pub fn restart(self, meanwhile: impl FnOnce(&Path)) -> Self {
		let Self { chain, index, worker, folder } = self;
		let (path, window) = (index.path.clone(), index.window);
		drop((index, worker));
		meanwhile(&path);
		Self::start(folder, chain, window)
	}

	/// Rebuilds the index, as the worker does by itself when it runs.
	pub fn recreate_index(&mut self) {
		self.index.recreate().unwrap();
		self.worker = Worker::new(self.index.clone(), self.chain.clone());
	}

	pub fn import(&mut self, blocks: impl IntoIterator<Item = Imported>) {
		for block in blocks {
			self.worker.take(&block).unwrap();
		}
	}

	/// Does all remaining background work.
	pub fn settle(&mut self) {
		while self.worker.step().unwrap() {}
	}

	/// Block and index of a transaction.
	pub fn find(&self, seed: u32) -> Option<(Hash, u32)> {
		let found = self.index.find(&*self.chain, transaction(seed)).unwrap()?;
		Some((found.block, found.index))
	}
}
