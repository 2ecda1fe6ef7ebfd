//! The index over a chain in memory, on a database on disk.

mod scene;

use super::{
	folder, register_metrics,
	store::{Position, Record, Store},
	worker::{Event, Imported},
	Found, TransactionIndex,
};
use futures::{channel::mpsc, future::join};
use gtos_runtime::Hash;
use scene::{hash, outcome, transaction, FakeChain, Scene};
use std::{fs, path::Path, time::Duration};
use substrate_prometheus_endpoint::{prometheus::proto::Metric, Registry};

#[test]
fn transaction_of_an_imported_block_is_found_with_its_outcome() {
	let mut scene = Scene::new(100);
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
	let mut scene = Scene::new(100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[1]), chain.fork(0, 2, &[2])]);
	assert_eq!((scene.find(1), scene.find(2)), (Some((hash(1), 0)), None));

	scene.import([chain.extend(2, 3, &[3])]);
	assert_eq!((scene.find(1), scene.find(2)), (None, Some((hash(2), 0))));
}

#[test]
fn transaction_on_two_forks_is_found_where_the_best_chain_has_it() {
	let mut scene = Scene::new(100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[5, 6]), chain.fork(0, 2, &[6])]);
	assert_eq!(scene.find(6), Some((hash(1), 1)));

	scene.import([chain.extend(2, 3, &[5])]);
	assert_eq!(scene.find(6), Some((hash(2), 0)));
	assert_eq!(scene.find(5), Some((hash(3), 0)));
}

#[test]
fn block_that_was_not_told_of_is_indexed_when_it_is_enacted() {
	let mut scene = Scene::new(100);
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
	let mut scene = Scene::new(100);
	let chain = scene.chain.clone();
	scene.import([chain.extend(0, 1, &[1, 1]), chain.extend(1, 2, &[2]), chain.extend(2, 3, &[1])]);
	assert_eq!(scene.find(1), Some((hash(3), 0)));
}

#[test]
fn block_that_is_imported_twice_is_indexed_once() {
	let mut scene = Scene::new(2);
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
	let mut scene = Scene::new(3);
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
fn history_below_the_window_is_not_indexed_when_it_comes_late() {
	let chain = FakeChain::new();
	let history: Vec<Imported> =
		chain.extend_to(10).into_iter().map(|block| Imported { is_best: false, ..block }).collect();
	let mut scene = Scene::on(chain, 4);
	scene.import(history);
	let indexed = |number| scene.index.with_store(|store| store.contains(hash(number))).unwrap();
	assert_eq!((1..=10).filter(|number| indexed(*number)).collect::<Vec<u32>>(), [7, 8, 9, 10]);
}

#[test]
fn index_finds_what_it_held_before_a_restart_even_without_bodies() {
	let mut scene = Scene::new(100);
	scene.import(scene.chain.extend_to(5));
	scene.settle();
	(1..=5).for_each(|number| scene.chain.prune_body(number));
	let mut scene = scene.restart(|_| {});
	assert_eq!(scene.index.oldest(), 6);
	assert_eq!(scene.find(2), Some((hash(2), 0)));
	scene.settle();
	assert_eq!(scene.index.oldest(), 0);
}

#[test]
fn blocks_imported_without_the_index_are_filled_in_down_to_the_window() {
	let chain = FakeChain::new();
	chain.extend_to(10);
	let mut scene = Scene::on(chain, 4);
	assert_eq!(scene.find(10), None);
	scene.settle();

	assert_eq!(scene.index.oldest(), 7);
	assert_eq!(scene.find(7), Some((hash(7), 0)));
	assert_eq!(scene.find(6), None);
}

#[test]
fn fill_ends_where_bodies_end() {
	let chain = FakeChain::new();
	chain.extend_to(10);
	chain.prune_body(6);
	let mut scene = Scene::on(chain, 100);
	scene.settle();
	assert_eq!(scene.index.oldest(), 7);
	assert_eq!((scene.find(6), scene.find(5)), (None, None));
}

#[test]
fn fill_goes_on_below_blocks_that_come_meanwhile() {
	let chain = FakeChain::new();
	chain.extend_to(4);
	let mut scene = Scene::on(chain.clone(), 100);
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
	let mut scene = Scene::new(100);
	scene.settle();
	let mut blocks = scene.chain.extend_to(6);
	let last = blocks.pop().unwrap();
	scene.import([last]);
	assert_eq!(scene.index.oldest(), 6);
	scene.settle();
	assert_eq!(scene.index.oldest(), 0);
	assert_eq!(scene.find(3), Some((hash(3), 0)));
}

#[test]
fn block_without_its_body_is_where_the_index_begins() {
	let mut scene = Scene::new(100);
	scene.settle();
	let mut blocks = scene.chain.extend_to(7);
	let next = blocks.pop().unwrap();
	let target = blocks.pop().unwrap();
	scene.chain.prune_body(6);
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
	let chain = FakeChain::new();
	chain.extend_to(2);
	chain.prune_state(1);
	let mut scene = Scene::on(chain, 100);
	scene.settle();
	let outcome_of = |seed| {
		let found = scene.index.find(&*scene.chain, transaction(seed)).unwrap();
		found.unwrap().outcome
	};
	assert_eq!(outcome_of(1), None);
	assert_eq!(outcome_of(2), Some(outcome(transaction(2))));
}

/// Fails unless an index that `damage` was done to while the node did not run becomes whole again.
fn assert_made_again_after(damage: impl FnOnce(&Path)) {
	let mut scene = Scene::new(100);
	scene.import(scene.chain.extend_to(3));
	let mut scene = scene.restart(damage);
	assert_eq!(scene.find(2), None);
	scene.settle();
	assert_eq!(scene.find(2), Some((hash(2), 0)));
}

#[test]
fn index_that_is_missing_is_made_again() {
	assert_made_again_after(|index| fs::remove_dir_all(index).unwrap());
}

#[test]
fn index_that_cannot_be_opened_is_made_again() {
	assert_made_again_after(|index| {
		fs::write(index.join("metadata"), "version=nonsense").unwrap();
	});
}

#[test]
fn index_that_another_process_has_is_left_alone() {
	let scene = Scene::new(100);
	let error = TransactionIndex::open(scene.index.path.clone()).err();
	assert!(error.is_some_and(|error| error.is_lock()));
	assert_eq!(scene.find(1), None);
}

#[test]
fn index_in_which_a_reader_meets_nonsense_is_made_again() {
	let mut scene = Scene::new(100);
	scene.import(scene.chain.extend_to(3));
	scene.index.with_store(|store| store.corrupt(transaction(2))).unwrap();
	assert!(scene.index.find(&*scene.chain, transaction(2)).is_err());
	assert!(scene.worker.step().is_err());

	scene.create_index_anew();
	scene.settle();
	assert_eq!(scene.find(2), Some((hash(2), 0)));
}

#[test]
fn positions_of_one_extrinsic_are_bounded_and_the_newest_stay() {
	let folder = tempfile::tempdir().unwrap();
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
	let folder = tempfile::tempdir().unwrap();
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
	let scene = Scene::new(100);
	let (chain, index) = (scene.chain.clone(), scene.index.clone());
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
	runtime.block_on(join(scene.worker.run(events), end_once_done));
	assert_eq!(index.progress().borrow().best, hash(3));
	assert!(index.find(&*chain, transaction(3)).unwrap().is_some());
}

#[test]
fn finality_is_news_to_those_who_wait() {
	let scene = Scene::new(100);
	let progress = scene.index.progress();
	let (sender, events) = mpsc::unbounded();
	sender.unbounded_send(Event::Finalized).unwrap();
	drop(sender);
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	runtime.block_on(scene.worker.run(events));
	assert!(progress.has_changed().unwrap());
}

#[test]
fn metrics_tell_how_far_the_index_reaches_and_what_found_no_room() {
	let chain = FakeChain::new();
	let blocks = chain.extend_to(600);
	let scene = Scene::on(chain, 5);
	let registry = Registry::new();
	register_metrics(&scene.index, &registry).unwrap();
	let (sender, events) = mpsc::unbounded();
	for block in blocks {
		sender.unbounded_send(Event::Imported(block)).unwrap();
	}
	let index = scene.index.clone();
	let last_queued = async {
		index.wait_for(hash(256), Duration::from_secs(60)).await;
		drop(sender);
	};
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	runtime.block_on(join(scene.worker.run(events), last_queued));

	let families = registry.gather();
	let values = |name: &str| -> Vec<(String, f64)> {
		let family = families.iter().find(|family| family.get_name() == name).unwrap();
		let value = |metric: &Metric| {
			let label = metric.get_label().first().map(|label| label.get_value().to_owned());
			(
				label.unwrap_or_default(),
				metric.get_gauge().get_value() + metric.get_counter().get_value(),
			)
		};
		family.get_metric().iter().map(value).collect()
	};
	assert_eq!(values("gtos_transaction_index_dropped_blocks_total"), [(String::new(), 344.0)]);
	let heights = values("gtos_transaction_index_height");
	let names: Vec<&str> = heights.iter().map(|(name, _)| name.as_str()).collect();
	assert_eq!(names, ["best", "oldest"]);
	assert!(heights[1].1 <= heights[0].1 && heights[0].1 <= 600.0);
}

#[test]
fn folder_lies_where_purging_the_chain_deletes_it() {
	let database = Path::new("/base/chains/dev/paritydb/full");
	assert_eq!(folder(database), Path::new("/base/chains/dev/paritydb/transactions"));
}
