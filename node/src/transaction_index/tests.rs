//! The index over a chain in memory, on a database on disk.

use super::{
	chain::{Chain, Outcomes},
	folder,
	store::{Position, Record, Store},
	worker::{Event, Imported, Worker},
	Found, TransactionIndex,
};
use futures::{channel::mpsc, future::join};
use gtos_runtime::{BlockNumber, Hash};
use gtos_transaction_api::{Outcome, Payment};
use parking_lot::Mutex;
use std::{collections::HashMap, fs, num::NonZeroU32, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

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
struct FakeChain {
	blocks: Mutex<HashMap<Hash, FakeBlock>>,
	best: Mutex<Hash>,
}

fn hash(seed: u32) -> Hash {
	Hash::from_low_u64_be(seed.into())
}

/// Hash of a transaction: apart from those of blocks.
fn transaction(seed: u32) -> Hash {
	hash(1_000_000 + seed)
}

/// What the fake runtime says of a transaction: another fee for each.
fn outcome(transaction: Hash) -> Outcome<u128> {
	let fee = transaction.to_low_u64_be().into();
	Outcome { failure: None, payment: Some(Payment { fee, tip: 0 }) }
}

impl FakeChain {
	/// A chain that has its genesis, whose hash is that of seed 0.
	fn new() -> Arc<Self> {
		let chain = Self::default();
		let genesis = FakeBlock {
			number: 0,
			parent: Hash::zero(),
			transactions: vec![],
			has_body: true,
			has_state: true,
		};
		chain.blocks.lock().insert(hash(0), genesis);
		*chain.best.lock() = hash(0);
		Arc::new(chain)
	}

	/// Puts a block of the hash `seed` on top of `parent`, without making it the best one.
	fn fork(&self, parent: u32, seed: u32, transactions: &[u32]) -> Imported {
		let number = self.blocks.lock()[&hash(parent)].number + 1;
		let block = FakeBlock {
			number,
			parent: hash(parent),
			transactions: transactions.iter().copied().map(transaction).collect(),
			has_body: true,
			has_state: true,
		};
		self.blocks.lock().insert(hash(seed), block);
		Imported { number, hash: hash(seed), is_best: false, enacted: vec![], _pin: None }
	}

	/// Puts a block on top and makes it the best one.
	fn extend(&self, parent: u32, seed: u32, transactions: &[u32]) -> Imported {
		let block = self.fork(parent, seed, transactions);
		*self.best.lock() = hash(seed);
		Imported { is_best: true, ..block }
	}

	/// Numbers the blocks `1..=height` by their heights, the transaction of each too.
	fn extend_to(&self, height: u32) -> Vec<Imported> {
		(1..=height).map(|number| self.extend(number - 1, number, &[number])).collect()
	}

	fn prune_body(&self, seed: u32) {
		self.blocks.lock().get_mut(&hash(seed)).unwrap().has_body = false;
	}

	fn prune_state(&self, seed: u32) {
		self.blocks.lock().get_mut(&hash(seed)).unwrap().has_state = false;
	}
}

impl Chain for FakeChain {
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

/// A chain, its index and the worker between them.
struct Scene {
	chain: Arc<FakeChain>,
	index: Arc<TransactionIndex>,
	worker: Worker<FakeChain>,
}

impl Scene {
	fn new(folder: &Path, chain: Arc<FakeChain>, window: u32) -> Self {
		let index = TransactionIndex::open(folder.join("transactions")).unwrap();
		let index = Arc::new(index);
		let window = NonZeroU32::new(window).unwrap();
		let worker = Worker::new(index.clone(), chain.clone(), window);
		Self { chain, index, worker }
	}

	fn import(&mut self, blocks: impl IntoIterator<Item = Imported>) {
		for block in blocks {
			self.worker.take(&block).unwrap();
		}
	}

	/// Does what there is to do in the background.
	fn settle(&mut self) {
		while self.worker.step().unwrap() {}
	}

	/// Block and index of a transaction.
	fn find(&self, seed: u32) -> Option<(Hash, u32)> {
		let found = self.index.find(&*self.chain, transaction(seed)).unwrap()?;
		Some((found.block, found.index))
	}
}

fn temporary() -> TempDir {
	tempfile::tempdir().unwrap()
}

#[test]
fn transaction_of_an_imported_block_is_found_with_its_outcome() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let block = scene.chain.extend(0, 1, &[7, 8]);
	scene.import([block]);

	let found = scene.index.find(&*scene.chain, transaction(8)).unwrap();
	let expected =
		Found { block: hash(1), number: 1, index: 1, outcome: Some(outcome(transaction(8))) };
	assert_eq!(found, Some(expected));
	assert_eq!(scene.find(9), None);
}

#[test]
fn transaction_of_a_losing_fork_is_not_found_until_the_fork_wins() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[1]), chain.fork(0, 2, &[2])]);
	assert_eq!((scene.find(1), scene.find(2)), (Some((hash(1), 0)), None));

	scene.import([chain.extend(2, 3, &[3])]);
	assert_eq!((scene.find(1), scene.find(2)), (None, Some((hash(2), 0))));
}

#[test]
fn transaction_on_two_forks_is_found_where_the_best_chain_has_it() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[5, 6]), chain.fork(0, 2, &[6])]);
	assert_eq!(scene.find(6), Some((hash(1), 1)));

	scene.import([chain.extend(2, 3, &[5])]);
	assert_eq!(scene.find(6), Some((hash(2), 0)));
	assert_eq!(scene.find(5), Some((hash(3), 0)));
}

#[test]
fn block_that_was_not_told_of_is_indexed_when_it_is_enacted() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[1])]);
	scene.settle();

	chain.fork(0, 2, &[2]);
	let best = chain.extend(2, 3, &[3]);
	scene.import([Imported { enacted: vec![(1, hash(2))], ..best }]);
	assert_eq!(scene.find(2), Some((hash(2), 0)));
}

#[test]
fn extrinsic_in_several_blocks_is_found_in_the_highest() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[1, 1]), chain.extend(1, 2, &[2]), chain.extend(2, 3, &[1])]);
	assert_eq!(scene.find(1), Some((hash(3), 0)));
}

#[test]
fn block_that_is_imported_twice_is_indexed_once() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 2);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[1]), chain.extend(0, 1, &[1])]);
	assert_eq!(scene.find(1), Some((hash(1), 0)));

	let blocks = [chain.extend(1, 2, &[2]), chain.extend(2, 3, &[3])];
	scene.import(blocks);
	scene.settle();
	assert_eq!(scene.find(1), None);
}

#[test]
fn block_that_left_the_window_is_forgotten_on_every_fork() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 3);
	let chain = scene.chain.clone();
	// Transaction 1 is on both forks at height 1 and once more at height 4.
	let fork = [chain.extend(0, 1, &[1]), chain.fork(0, 101, &[100, 1])];
	scene.import(fork);
	let blocks = [chain.extend(1, 2, &[2]), chain.extend(2, 3, &[3]), chain.extend(3, 4, &[1])];
	scene.import(blocks);
	scene.settle();

	assert_eq!(scene.index.oldest(), 2);
	assert_eq!(scene.find(1), Some((hash(4), 0)));
	scene
		.index
		.with_store(|store| {
			assert_eq!(store.lowest()?, Some(2));
			assert_eq!(store.positions(transaction(1))?, [Position { number: 4, index: 0 }]);
			assert_eq!(store.positions(transaction(100))?, []);
			assert!(!store.contains(hash(1))? && !store.contains(hash(101))?);
			Ok(())
		})
		.unwrap();
}

#[test]
fn index_finds_what_it_held_before_a_restart_even_without_bodies() {
	let folder = temporary();
	let chain = FakeChain::new();
	let mut scene = Scene::new(folder.path(), chain.clone(), 100);
	let blocks = chain.extend_to(5);
	scene.import(blocks);
	scene.settle();
	drop(scene);

	(1..=5).for_each(|number| chain.prune_body(number));
	let mut scene = Scene::new(folder.path(), chain, 100);
	assert_eq!(scene.index.oldest(), 6);
	assert_eq!(scene.find(2), Some((hash(2), 0)));
	scene.settle();
	assert_eq!(scene.index.oldest(), 0);
}

#[test]
fn blocks_imported_without_the_index_are_filled_in_down_to_the_window() {
	let folder = temporary();
	let chain = FakeChain::new();
	chain.extend_to(10);
	let mut scene = Scene::new(folder.path(), chain, 4);
	assert_eq!(scene.find(10), None);
	scene.settle();

	assert_eq!(scene.index.oldest(), 7);
	assert_eq!(scene.find(7), Some((hash(7), 0)));
	assert_eq!(scene.find(6), None);
}

#[test]
fn fill_ends_where_bodies_end() {
	let folder = temporary();
	let chain = FakeChain::new();
	chain.extend_to(10);
	chain.prune_body(6);
	let mut scene = Scene::new(folder.path(), chain, 100);
	scene.settle();
	assert_eq!(scene.index.oldest(), 7);
	assert_eq!((scene.find(6), scene.find(5)), (None, None));
}

#[test]
fn fill_goes_on_below_blocks_that_come_meanwhile() {
	let folder = temporary();
	let chain = FakeChain::new();
	chain.extend_to(4);
	let mut scene = Scene::new(folder.path(), chain.clone(), 100);
	while scene.index.oldest() > 3 {
		scene.worker.step().unwrap();
	}
	scene.import([chain.extend(4, 5, &[5])]);
	assert_eq!(scene.index.oldest(), 3);
	scene.settle();
	assert_eq!(scene.index.oldest(), 0);
	assert_eq!(scene.find(1), Some((hash(1), 0)));
}

#[test]
fn gap_in_what_is_told_is_filled() {
	let folder = temporary();
	let chain = FakeChain::new();
	let mut scene = Scene::new(folder.path(), chain.clone(), 100);
	scene.settle();
	let mut blocks = chain.extend_to(6);
	let last = blocks.pop().unwrap();
	scene.import([last]);
	assert_eq!(scene.index.oldest(), 6);
	scene.settle();
	assert_eq!(scene.index.oldest(), 0);
	assert_eq!(scene.find(3), Some((hash(3), 0)));
}

#[test]
fn block_without_its_body_is_where_the_index_begins() {
	let folder = temporary();
	let chain = FakeChain::new();
	let mut scene = Scene::new(folder.path(), chain.clone(), 100);
	scene.settle();
	let mut blocks = chain.extend_to(7);
	let next = blocks.pop().unwrap();
	let target = blocks.pop().unwrap();
	chain.prune_body(6);
	scene.import([target]);
	scene.settle();
	assert_eq!(scene.index.oldest(), 7);
	scene.import([next]);
	scene.settle();
	assert_eq!(scene.index.oldest(), 7);
	assert_eq!(scene.find(7), Some((hash(7), 0)));
}

#[test]
fn block_without_its_state_is_found_without_outcomes() {
	let folder = temporary();
	let chain = FakeChain::new();
	chain.extend_to(2);
	chain.prune_state(1);
	let mut scene = Scene::new(folder.path(), chain, 100);
	scene.settle();
	let outcome_of = |seed| {
		let found = scene.index.find(&*scene.chain, transaction(seed)).unwrap();
		found.unwrap().outcome
	};
	assert_eq!(outcome_of(1), None);
	assert_eq!(outcome_of(2), Some(outcome(transaction(2))));
}

#[test]
fn index_that_is_missing_is_made_again() {
	let folder = temporary();
	let chain = FakeChain::new();
	let mut scene = Scene::new(folder.path(), chain.clone(), 100);
	let blocks = chain.extend_to(3);
	scene.import(blocks);
	drop(scene);

	fs::remove_dir_all(folder.path().join("transactions")).unwrap();
	let mut scene = Scene::new(folder.path(), chain, 100);
	assert_eq!(scene.find(2), None);
	scene.settle();
	assert_eq!(scene.find(2), Some((hash(2), 0)));
}

#[test]
fn index_that_cannot_be_opened_is_made_again() {
	let folder = temporary();
	let chain = FakeChain::new();
	let mut scene = Scene::new(folder.path(), chain.clone(), 100);
	let blocks = chain.extend_to(3);
	scene.import(blocks);
	drop(scene);

	fs::write(folder.path().join("transactions/metadata"), "version=nonsense").unwrap();
	let mut scene = Scene::new(folder.path(), chain, 100);
	scene.settle();
	assert_eq!(scene.find(2), Some((hash(2), 0)));
}

#[test]
fn index_that_another_process_has_is_left_alone() {
	let folder = temporary();
	let scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let error = TransactionIndex::open(folder.path().join("transactions")).err();
	assert!(error.is_some_and(|error| error.is_lock()));
	assert_eq!(scene.find(1), None);
}

#[test]
fn index_in_which_a_reader_meets_nonsense_is_made_again() {
	let folder = temporary();
	let mut scene = Scene::new(folder.path(), FakeChain::new(), 100);
	let blocks = scene.chain.extend_to(3);
	scene.import(blocks);
	scene.index.with_store(|store| store.corrupt(transaction(2))).unwrap();
	assert!(scene.index.find(&*scene.chain, transaction(2)).is_err());
	assert!(scene.worker.step().is_err());

	// As the worker does of itself when it runs.
	scene.index.create_anew().unwrap();
	let window = NonZeroU32::new(100).unwrap();
	scene.worker = Worker::new(scene.index.clone(), scene.chain.clone(), window);
	scene.settle();
	assert_eq!(scene.find(2), Some((hash(2), 0)));
}

#[test]
fn positions_of_one_extrinsic_are_bounded_and_the_newest_stay() {
	let folder = temporary();
	let store = Store::open(&folder.path().join("transactions")).unwrap();
	for number in 0..100 {
		let record = Record { transactions: vec![transaction(1)], outcomes: None };
		store.insert(number, hash(number), &record).unwrap();
	}
	let positions = store.positions(transaction(1)).unwrap();
	assert_eq!(positions.len(), 64);
	assert_eq!(positions.last(), Some(&Position { number: 99, index: 0 }));
}

#[test]
fn full_block_survives_the_database() {
	let folder = temporary();
	let path = folder.path().join("transactions");
	let transactions: Vec<Hash> = (0..3000).map(transaction).collect();
	let outcomes = transactions.iter().copied().map(outcome).map(Some).collect();
	let record = Record { transactions, outcomes: Some(outcomes) };
	let store = Store::open(&path).unwrap();
	store.insert(1, hash(1), &record).unwrap();
	drop(store);
	assert_eq!(Store::open(&path).unwrap().record(hash(1)).unwrap(), Some(record));
}

#[test]
fn worker_that_runs_indexes_and_tells_until_the_chain_ends() {
	let folder = temporary();
	let Scene { chain, index, worker } = Scene::new(folder.path(), FakeChain::new(), 100);
	let (sender, events) = mpsc::unbounded();
	for block in chain.extend_to(3) {
		sender.unbounded_send(Event::Imported(block)).unwrap();
	}
	sender.unbounded_send(Event::Finalized).unwrap();
	let end_once_done = async {
		index.wait_for(hash(3), Duration::from_secs(60)).await;
		drop(sender);
	};
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	runtime.block_on(join(worker.run(events), end_once_done));
	assert_eq!(index.progress().borrow().best, hash(3));
	assert!(index.find(&*chain, transaction(3)).unwrap().is_some());
}

#[test]
fn finality_is_news_to_those_who_wait() {
	let folder = temporary();
	let Scene { index, worker, .. } = Scene::new(folder.path(), FakeChain::new(), 100);
	let progress = index.progress();
	let (sender, events) = mpsc::unbounded();
	sender.unbounded_send(Event::Finalized).unwrap();
	drop(sender);
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	runtime.block_on(worker.run(events));
	assert!(progress.has_changed().unwrap());
}

#[test]
fn folder_lies_where_purging_the_chain_deletes_it() {
	let database = Path::new("/base/chains/dev/paritydb/full");
	assert_eq!(folder(database), Path::new("/base/chains/dev/paritydb/transactions"));
}
