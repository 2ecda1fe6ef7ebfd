//! The index of a chain in memory, with its database on disk.

mod fixture;

use crate::{
	index::{folder, IncludedTransaction, TransactionIndex},
	metrics::register_metrics,
	store::{Inclusion, Store, MAX_INCLUSIONS},
	worker::{Event, Imported},
};
use codec::Encode;
use fixture::{hash, outcome, transaction, FakeChain, Fixture};
use futures::{channel::mpsc, future::join};
use gtos_runtime::Hash;
use std::{
	fs,
	num::NonZeroU32,
	path::{Path, PathBuf},
	time::Duration,
};
use substrate_prometheus_endpoint::{prometheus::proto::Metric, Registry};

#[test]
fn transaction_of_an_imported_block_is_found_with_its_outcome() {
	let mut fixture = Fixture::new(100);
	let block = fixture.chain.extend(0, 1, &[7, 8]);
	fixture.import([block]);

	let found = fixture.index.find(&*fixture.chain, transaction(8)).unwrap();
	let expected = IncludedTransaction {
		block: hash(1),
		number: 1,
		index: 1,
		outcome: Some(outcome(transaction(8))),
	};
	assert_eq!(found, Some(expected));
	assert_eq!(fixture.find(9), None);
}

#[test]
fn transaction_of_a_losing_fork_is_not_found_until_the_fork_wins() {
	let mut fixture = Fixture::new(100);
	let chain = fixture.chain.clone();
	fixture.import([chain.extend(0, 1, &[1]), chain.fork(0, 2, &[2])]);
	assert_eq!((fixture.find(1), fixture.find(2)), (Some((hash(1), 0)), None));

	fixture.import([chain.extend(2, 3, &[3])]);
	assert_eq!((fixture.find(1), fixture.find(2)), (None, Some((hash(2), 0))));
}

#[test]
fn transaction_on_two_forks_is_found_on_the_best_chain() {
	let mut fixture = Fixture::new(100);
	let chain = fixture.chain.clone();
	fixture.import([chain.extend(0, 1, &[5, 6]), chain.fork(0, 2, &[6])]);
	assert_eq!(fixture.find(6), Some((hash(1), 1)));

	fixture.import([chain.extend(2, 3, &[5])]);
	assert_eq!(fixture.find(6), Some((hash(2), 0)));
	assert_eq!(fixture.find(5), Some((hash(3), 0)));
}

#[test]
fn block_without_a_notification_is_indexed_when_it_is_enacted() {
	let mut fixture = Fixture::new(100);
	let chain = fixture.chain.clone();
	fixture.import([chain.extend(0, 1, &[1])]);
	fixture.settle();

	chain.fork(0, 2, &[2]);
	let best = chain.extend(2, 3, &[3]);
	fixture.import([Imported { enacted: vec![(1, hash(2))], ..best }]);
	assert_eq!(fixture.find(2), Some((hash(2), 0)));
}

#[test]
fn extrinsic_in_several_blocks_is_found_in_the_highest() {
	let mut fixture = Fixture::new(100);
	let chain = fixture.chain.clone();
	fixture.import([
		chain.extend(0, 1, &[1, 1]),
		chain.extend(1, 2, &[2]),
		chain.extend(2, 3, &[1]),
	]);
	assert_eq!(fixture.find(1), Some((hash(3), 0)));
}

#[test]
fn block_that_is_imported_twice_is_indexed_once() {
	let mut fixture = Fixture::new(2);
	let chain = fixture.chain.clone();
	fixture.import([chain.extend(0, 1, &[1]), chain.extend(0, 1, &[1])]);
	assert_eq!(fixture.find(1), Some((hash(1), 0)));

	let blocks = [chain.extend(1, 2, &[2]), chain.extend(2, 3, &[3])];
	fixture.import(blocks);
	fixture.settle();
	assert_eq!(fixture.find(1), None);
}

/// The index deletes its blocks in ranges of at least 16 heights.
#[test]
fn block_that_left_the_window_is_not_found_and_is_pruned_on_every_fork() {
	let mut fixture = Fixture::new(3);
	let chain = fixture.chain.clone();
	// Transaction 1 is on both forks at height 1 and once more at height 4.
	let fork = [chain.extend(0, 1, &[1]), chain.fork(0, 101, &[100, 1])];
	fixture.import(fork);
	let blocks = [chain.extend(1, 2, &[2]), chain.extend(2, 3, &[3]), chain.extend(3, 4, &[1])];
	fixture.import(blocks);
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 2);
	assert_eq!(fixture.find(1), Some((hash(4), 0)));

	let blocks: Vec<_> = (5..=17).map(|it| chain.extend(it - 1, it, &[it])).collect();
	fixture.import(blocks);
	fixture.settle();
	assert_eq!((fixture.find(1), fixture.find(14)), (None, None));
	let is_kept = |block| fixture.index.with_store(|store| store.contains(block)).unwrap();
	assert!(is_kept(hash(4)) && is_kept(hash(101)));

	fixture.import([chain.extend(17, 18, &[18])]);
	fixture.settle();
	let is_kept = |block| fixture.index.with_store(|store| store.contains(block)).unwrap();
	assert!(!is_kept(hash(4)) && !is_kept(hash(101)) && !is_kept(hash(15)));
	assert_eq!(fixture.find(16), Some((hash(16), 0)));
	let left = fixture.index.with_store(|store| store.inclusions(transaction(1))).unwrap();
	assert_eq!(left, []);
}

#[test]
fn first_sync_indexes_only_the_blocks_that_stay_in_the_window() {
	let mut fixture = Fixture::new(4);
	let chain = fixture.chain.clone();
	let is_indexed = |fixture: &Fixture, number| {
		fixture.index.with_store(|store| store.contains(hash(number))).unwrap()
	};
	let old = |block| Imported { is_old: true, ..block };
	fixture.import((1..=8).map(|it| old(chain.extend(it - 1, it, &[it]))));
	fixture.settle();
	assert!((1..=8).all(|number| !is_indexed(&fixture, number)));
	assert_eq!(fixture.index.oldest(), 9);

	// The rest of the sync: blocks that will still be in the window at its end.
	fixture.import([chain.extend(8, 9, &[9]), chain.extend(9, 10, &[10])]);
	fixture.settle();
	let indexed: Vec<u32> = (1..=10).filter(|number| is_indexed(&fixture, *number)).collect();
	assert_eq!(indexed, [7, 8, 9, 10]);
	assert_eq!(fixture.index.oldest(), 7);
	assert_eq!(fixture.find(7), Some((hash(7), 0)));
}

#[test]
fn history_below_the_window_is_not_indexed_when_it_is_imported_late() {
	let chain = FakeChain::new();
	let history: Vec<Imported> =
		chain.extend_to(10).into_iter().map(|block| Imported { is_best: false, ..block }).collect();
	let mut fixture = Fixture::on(chain, 4);
	fixture.import(history);
	let indexed = |number| fixture.index.with_store(|store| store.contains(hash(number))).unwrap();
	assert_eq!((1..=10).filter(|number| indexed(*number)).collect::<Vec<u32>>(), [7, 8, 9, 10]);
}

#[test]
fn transaction_indexed_before_a_restart_is_found_even_without_its_body() {
	let mut fixture = Fixture::new(100);
	fixture.import(fixture.chain.extend_to(5));
	fixture.settle();
	(1..=5).for_each(|number| fixture.chain.prune_body(number));
	let mut fixture = fixture.restart(|_| {});
	assert_eq!(fixture.index.oldest(), 6);
	assert_eq!(fixture.find(2), Some((hash(2), 0)));
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 0);
}

#[test]
fn blocks_imported_without_the_index_are_filled_in_down_to_the_window() {
	let chain = FakeChain::new();
	chain.extend_to(10);
	let mut fixture = Fixture::on(chain, 4);
	assert_eq!(fixture.find(10), None);
	fixture.settle();

	assert_eq!(fixture.index.oldest(), 7);
	assert_eq!(fixture.find(7), Some((hash(7), 0)));
	assert_eq!(fixture.find(6), None);
}

#[test]
fn fill_ends_at_the_first_missing_body() {
	let chain = FakeChain::new();
	chain.extend_to(10);
	chain.prune_body(6);
	let mut fixture = Fixture::on(chain, 100);
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 7);
	assert_eq!((fixture.find(6), fixture.find(5)), (None, None));
}

#[test]
fn fill_continues_while_new_blocks_are_imported() {
	let chain = FakeChain::new();
	chain.extend_to(4);
	let mut fixture = Fixture::on(chain.clone(), 100);
	while fixture.index.oldest() > 3 {
		fixture.worker.step().unwrap();
	}
	fixture.import([chain.extend(4, 5, &[5])]);
	assert_eq!(fixture.index.oldest(), 3);
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 0);
	assert_eq!(fixture.find(1), Some((hash(1), 0)));
}

#[test]
fn gap_in_the_notifications_is_filled() {
	let mut fixture = Fixture::new(100);
	fixture.settle();
	let mut blocks = fixture.chain.extend_to(6);
	let last = blocks.pop().unwrap();
	fixture.import([last]);
	assert_eq!(fixture.index.oldest(), 6);
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 0);
	assert_eq!(fixture.find(3), Some((hash(3), 0)));
}

#[test]
fn index_begins_above_a_block_without_its_body() {
	let mut fixture = Fixture::new(100);
	fixture.settle();
	let mut blocks = fixture.chain.extend_to(7);
	let next = blocks.pop().unwrap();
	let target = blocks.pop().unwrap();
	fixture.chain.prune_body(6);
	fixture.import([target]);
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 7);
	fixture.import([next]);
	fixture.settle();
	assert_eq!(fixture.index.oldest(), 7);
	assert_eq!(fixture.find(7), Some((hash(7), 0)));
}

#[test]
fn block_without_its_state_is_found_without_outcomes() {
	let chain = FakeChain::new();
	chain.extend_to(2);
	chain.prune_state(1);
	let mut fixture = Fixture::on(chain, 100);
	fixture.settle();
	let outcome_of = |seed| {
		let found = fixture.index.find(&*fixture.chain, transaction(seed)).unwrap();
		found.unwrap().outcome
	};
	assert_eq!(outcome_of(1), None);
	assert_eq!(outcome_of(2), Some(outcome(transaction(2))));
}

/// Fails unless an index that `damage` changes while the node is stopped is complete again
/// afterwards.
fn assert_rebuilt_after(damage: impl FnOnce(&Path)) {
	let mut fixture = Fixture::new(100);
	fixture.import(fixture.chain.extend_to(3));
	let mut fixture = fixture.restart(damage);
	assert_eq!(fixture.find(2), None);
	fixture.settle();
	assert_eq!(fixture.find(2), Some((hash(2), 0)));
}

#[test]
fn index_that_is_missing_is_rebuilt() {
	assert_rebuilt_after(|index| fs::remove_dir_all(index).unwrap());
}

#[test]
fn index_that_cannot_be_opened_is_rebuilt() {
	assert_rebuilt_after(|index| {
		let is_folder = |path: &PathBuf| path.is_dir();
		let mut entries = fs::read_dir(index).unwrap().map(|entry| entry.unwrap().path());
		let segment = entries.find(is_folder).expect("a block is indexed");
		fs::write(segment.join("metadata"), "version=nonsense").unwrap();
	});
}

#[test]
fn index_that_another_process_has_opened_is_left_alone() {
	let fixture = Fixture::new(100);
	let (path, window) = (fixture.index.path.clone(), fixture.index.window);
	let error = TransactionIndex::open(path, window).err();
	assert!(error.is_some_and(|error| error.is_lock()));
	assert_eq!(fixture.find(1), None);
}

#[test]
fn index_in_which_a_reader_finds_a_malformed_record_is_rebuilt() {
	let mut fixture = Fixture::new(100);
	fixture.import(fixture.chain.extend_to(3));
	fixture.index.with_store(|store| store.corrupt(transaction(2))).unwrap();
	assert!(fixture.index.find(&*fixture.chain, transaction(2)).is_err());
	assert!(fixture.worker.step().is_err());

	fixture.recreate_index();
	fixture.settle();
	assert_eq!(fixture.find(2), Some((hash(2), 0)));
}

fn store(folder: &Path) -> Store {
	Store::open(&folder.join("transactions"), NonZeroU32::new(1_000).unwrap()).unwrap()
}

#[test]
fn inclusions_beyond_the_limit_replace_the_oldest() {
	let folder = tempfile::tempdir().unwrap();
	let store = store(folder.path());
	for number in 0..100 {
		store.insert(number, hash(number), vec![transaction(1)], None).unwrap();
	}
	let inclusions = store.inclusions(transaction(1)).unwrap();
	assert_eq!(inclusions.len(), MAX_INCLUSIONS);
	assert_eq!(inclusions.last().map(|it| (it.block, it.number)), Some((hash(99), 99)));
}

/// A look-up reads what is stored under one hash, however many extrinsics the block has.
#[test]
fn inclusion_in_a_full_block_is_read_back_in_few_bytes() {
	let folder = tempfile::tempdir().unwrap();
	let transactions: Vec<Hash> = (0..3000).map(transaction).collect();
	let outcomes = transactions.iter().copied().map(outcome).map(Some).collect();
	let opened = store(folder.path());
	opened.insert(1, hash(1), transactions, Some(outcomes)).unwrap();
	drop(opened);
	let opened = store(folder.path());
	for index in [0, 1_234, 2_999] {
		let outcome = Some(outcome(transaction(index)));
		let expected = Inclusion { block: hash(1), number: 1, index, outcome };
		let found = opened.inclusions(transaction(index)).unwrap();
		assert_eq!(found, [expected]);
		assert!(found.encoded_size() < 200, "{}", found.encoded_size());
	}
}

#[test]
fn index_of_another_window_or_version_is_deleted() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("transactions");
	let opened = store(folder.path());
	opened.insert(1, hash(1), vec![transaction(1)], None).unwrap();
	drop(opened);
	// The first version had its files in the folder itself.
	fs::write(path.join("metadata"), "version=8").unwrap();
	fs::create_dir(path.join("removed")).unwrap();
	let other = Store::open(&path, NonZeroU32::new(2_000).unwrap()).unwrap();
	assert!(!other.contains(hash(1)).unwrap());
	let names: Vec<_> = fs::read_dir(&path).unwrap().map(|it| it.unwrap().file_name()).collect();
	assert_eq!(names, ["lock"]);
}

#[test]
fn worker_that_runs_indexes_and_notifies_until_the_events_end() {
	let fixture = Fixture::new(100);
	let (chain, index) = (fixture.chain.clone(), fixture.index.clone());
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
	runtime.block_on(join(fixture.worker.run(events), end_once_done));
	assert_eq!(index.progress().borrow().best, hash(3));
	assert!(index.find(&*chain, transaction(3)).unwrap().is_some());
}

#[test]
fn finality_wakes_the_readers() {
	let fixture = Fixture::new(100);
	let progress = fixture.index.progress();
	let (sender, events) = mpsc::unbounded();
	sender.unbounded_send(Event::Finalized).unwrap();
	drop(sender);
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	runtime.block_on(fixture.worker.run(events));
	assert!(progress.has_changed().unwrap());
}

#[test]
fn metrics_show_the_covered_heights_and_the_dropped_blocks() {
	let chain = FakeChain::new();
	let blocks = chain.extend_to(600);
	let fixture = Fixture::on(chain, 5);
	let registry = Registry::new();
	register_metrics(&fixture.index, &registry).unwrap();
	let (sender, events) = mpsc::unbounded();
	for block in blocks {
		sender.unbounded_send(Event::Imported(block)).unwrap();
	}
	let index = fixture.index.clone();
	let last_queued = async {
		index.wait_for(hash(256), Duration::from_secs(60)).await;
		drop(sender);
	};
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	runtime.block_on(join(fixture.worker.run(events), last_queued));

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
fn folder_is_where_purge_chain_deletes_it() {
	let database = Path::new("/base/chains/dev/paritydb/full");
	assert_eq!(folder(database), Path::new("/base/chains/dev/paritydb/transactions"));
}
