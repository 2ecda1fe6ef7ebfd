//! Which block a transaction went into, and what became of it, for the last blocks of the chain.
//!
//! A database of its own, beside that of the chain, leads from the hash of an extrinsic to its
//! positions. A worker fills it in the background from every block that is imported, on whichever
//! fork, together with what the block's runtime says of its extrinsics while the state is at hand.
//! A position counts only if the block that was indexed there is the canonical one at its height, so
//! that forks need no undoing.
//!
//! Nothing in it is precious: what is missing is made again from the chain, from the best block
//! downwards, and an index that cannot be read is deleted and refilled.

mod chain;
mod metrics;
mod store;
#[cfg(test)]
mod tests;
mod worker;

pub use chain::Chain;
pub use metrics::register_metrics;
pub use worker::{Event, Worker};

use gtos_runtime::{Balance, BlockNumber, Hash};
use gtos_transaction_api::Outcome;
use parking_lot::RwLock;
use std::{
	fmt,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
	time::Duration,
};
use store::{Position, Record, Store};
use tokio::sync::watch;

/// Folder of the index beside the database at `path`, where `purge-chain` deletes it too.
pub fn folder(path: &Path) -> PathBuf {
	path.with_file_name("transactions")
}

/// The index, shared by the worker that fills it and those who ask.
pub struct TransactionIndex {
	path: PathBuf,
	/// `None` after the index was deleted and could not be made anew.
	store: RwLock<Option<Store>>,
	/// Set by a reader that met what cannot be; the worker then makes the index anew.
	is_damaged: AtomicBool,
	/// Blocks that found the worker's queue full.
	dropped: AtomicU64,
	progress: watch::Sender<Progress>,
}

/// How far the index has come. A change is a reason to ask again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
	/// The best block that the worker saw last.
	pub best: Hash,
	/// Its height.
	pub number: BlockNumber,
	/// Lowest height from which on every canonical block is indexed.
	pub oldest: BlockNumber,
}

/// Where a transaction is.
#[derive(Debug, Eq, PartialEq)]
pub struct Found {
	/// Block of the canonical chain.
	pub block: Hash,
	/// Its height.
	pub number: BlockNumber,
	/// Position in its body.
	pub index: u32,
	/// What became of it; `None` if the runtime could not be asked when the block was indexed.
	pub outcome: Option<Outcome<Balance>>,
}

/// The index cannot answer; it is about to be made anew.
#[derive(Debug)]
pub struct Unavailable;

impl fmt::Display for Unavailable {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		f.write_str("the index of transactions is being made anew")
	}
}

impl TransactionIndex {
	/// Opens the index in the folder `path`, an empty one if there is none that can be read.
	pub fn open(path: PathBuf) -> Result<Self, store::Error> {
		let store = match Store::open(&path) {
			Err(error) if !error.is_lock() => {
				tracing::warn!(
					"The index of transactions at {} is made anew: {error}",
					path.display()
				);
				Store::create_anew(&path)
			},
			result => result,
		}?;
		Ok(Self {
			path,
			store: RwLock::new(Some(store)),
			is_damaged: AtomicBool::new(false),
			dropped: AtomicU64::new(0),
			progress: watch::Sender::new(Progress::default()),
		})
	}

	/// Where the transaction is on the canonical chain; the highest place if there are several.
	pub fn find(
		&self,
		chain: &impl Chain,
		transaction: Hash,
	) -> Result<Option<Found>, Unavailable> {
		let guard = self.store.read();
		let store = guard.as_ref().ok_or(Unavailable)?;
		find(store, chain, transaction).map_err(|error| {
			tracing::warn!("The index of transactions cannot be read: {error}");
			self.is_damaged.store(true, Ordering::Relaxed);
			Unavailable
		})
	}

	/// Lowest height from which on every canonical block is indexed.
	pub fn oldest(&self) -> BlockNumber {
		self.progress.borrow().oldest
	}

	/// What changes whenever a block became the best one or final.
	pub fn progress(&self) -> watch::Receiver<Progress> {
		self.progress.subscribe()
	}

	/// Waits until the worker has seen `block`, and no longer than `patience`.
	pub async fn wait_for(&self, block: Hash, patience: Duration) {
		let mut progress = self.progress();
		let seen = async {
			loop {
				let best = progress.borrow_and_update().best;
				if best == block || self.contains(block) || progress.changed().await.is_err() {
					return;
				}
			}
		};
		// Who waited in vain asks what there is.
		let _ = tokio::time::timeout(patience, seen).await;
	}

	fn contains(&self, block: Hash) -> bool {
		self.store.read().as_ref().is_some_and(|store| store.contains(block).unwrap_or(false))
	}

	/// What the worker does with the store.
	fn with_store<T>(
		&self,
		work: impl FnOnce(&Store) -> Result<T, store::Error>,
	) -> Result<T, store::Error> {
		if self.is_damaged.load(Ordering::Relaxed) {
			return Err(store::Error::Malformed);
		}
		work(self.store.read().as_ref().ok_or(store::Error::Closed)?)
	}

	/// Deletes the index and starts an empty one.
	fn create_anew(&self) -> Result<(), store::Error> {
		let mut store = self.store.write();
		// Closed before its files go.
		*store = None;
		*store = Some(Store::create_anew(&self.path)?);
		self.is_damaged.store(false, Ordering::Relaxed);
		Ok(())
	}
}

fn find(
	store: &Store,
	chain: &impl Chain,
	transaction: Hash,
) -> Result<Option<Found>, store::Error> {
	let mut positions = store.positions(transaction)?;
	positions.sort_unstable_by_key(|position| std::cmp::Reverse(position.number));
	for position in positions {
		let Some(block) = chain.canonical(position.number) else { continue };
		let Some(Record { transactions, outcomes }) = store.record(block)? else { continue };
		let Position { number, index } = position;
		if transactions.get(index as usize) == Some(&transaction) {
			let outcome = outcomes.and_then(|outcomes| outcomes.into_iter().nth(index as usize));
			return Ok(Some(Found { block, number, index, outcome: outcome.flatten() }));
		}
	}
	Ok(None)
}
