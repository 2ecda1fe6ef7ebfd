//! The index as its readers see it.

use crate::{
	block_source::BlockSource,
	error::Error,
	store::{Inclusion, Store},
};
use gtos_runtime::{Balance, BlockNumber, Hash};
use gtos_transaction_api::Outcome;
use parking_lot::RwLock;
use std::{
	fmt,
	num::NonZeroU32,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
	time::Duration,
};
use tokio::sync::watch;

/// Folder of the index: beside the database at `path`, where `purge-chain` deletes it too.
pub fn folder(path: &Path) -> PathBuf {
	path.with_file_name("transactions")
}

/// The index, shared by the worker that fills it and its readers.
pub struct TransactionIndex {
	pub(crate) path: PathBuf,
	/// How many heights it covers.
	pub(crate) window: NonZeroU32,
	/// `None` after the index was deleted and could not be rebuilt.
	store: RwLock<Option<Store>>,
	/// Set when a reader finds a record that cannot be decoded; the worker then rebuilds the index.
	is_damaged: AtomicBool,
	/// Blocks that were dropped because the worker's queue was full.
	pub(crate) dropped: AtomicU64,
	pub(crate) progress: watch::Sender<Progress>,
}

/// Progress of the index. After it changes, a reader may get a different answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
	/// The best block that the worker saw last.
	pub best: Hash,
	/// Its height.
	pub number: BlockNumber,
	/// Lower end of the indexed range: every canonical block from here to the best one is indexed.
	pub oldest: BlockNumber,
}

/// A transaction in a block of the canonical chain.
#[derive(Debug, Eq, PartialEq)]
pub struct IncludedTransaction {
	/// Hash of the block.
	pub block: Hash,
	/// Its height.
	pub number: BlockNumber,
	/// Position in its body.
	pub index: u32,
	/// Its outcome; `None` if the runtime could not be called when the block was indexed.
	pub outcome: Option<Outcome<Balance>>,
}

/// The index cannot answer, because it is about to be rebuilt.
#[derive(Debug)]
pub struct Unavailable;

impl fmt::Display for Unavailable {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		f.write_str("the index of transactions is being rebuilt")
	}
}

impl TransactionIndex {
	/// Opens the index of the last `window` heights in the folder `path`. Creates an empty one if there
	/// is none or it cannot be read.
	pub fn open(path: PathBuf, window: NonZeroU32) -> Result<Self, Error> {
		let store = match Store::open(&path, window) {
			Err(error) if !error.is_lock() => {
				tracing::warn!(
					"The index of transactions at {} is being rebuilt: {error}",
					path.display()
				);
				Store::recreate(&path, window)
			},
			result => result,
		}?;
		Ok(Self {
			path,
			window,
			store: RwLock::new(Some(store)),
			is_damaged: AtomicBool::new(false),
			dropped: AtomicU64::new(0),
			progress: watch::Sender::new(Progress::default()),
		})
	}

	/// Finds the transaction on the canonical chain: the highest inclusion if there are several.
	pub fn find(
		&self,
		chain: &impl BlockSource,
		transaction: Hash,
	) -> Result<Option<IncludedTransaction>, Unavailable> {
		let guard = self.store.read();
		let store = guard.as_ref().ok_or(Unavailable)?;
		let oldest = window_start(self.progress.borrow().number, self.window);
		let is_canonical = |inclusion: &Inclusion| {
			inclusion.number >= oldest && chain.canonical(inclusion.number) == Some(inclusion.block)
		};
		let found = store.find(transaction, is_canonical).map_err(|error| {
			tracing::warn!("The index of transactions cannot be read: {error}");
			self.is_damaged.store(true, Ordering::Relaxed);
			Unavailable
		})?;
		Ok(found.map(|Inclusion { block, number, index, outcome }| IncludedTransaction {
			block,
			number,
			index,
			outcome,
		}))
	}

	/// Lower end of the indexed range: every canonical block from here to the best one is indexed.
	pub fn oldest(&self) -> BlockNumber {
		self.progress.borrow().oldest
	}

	/// A receiver that changes whenever a block becomes the best one or final.
	pub fn progress(&self) -> watch::Receiver<Progress> {
		self.progress.subscribe()
	}

	/// Waits until the worker has seen `block`, but no longer than `timeout`.
	pub async fn wait_for(&self, block: Hash, timeout: Duration) {
		let mut progress = self.progress();
		let seen = async {
			loop {
				let best = progress.borrow_and_update().best;
				if best == block || self.contains(block) || progress.changed().await.is_err() {
					return;
				}
			}
		};
		// After a timeout the caller reads what the index has so far.
		let _ = tokio::time::timeout(timeout, seen).await;
	}

	fn contains(&self, block: Hash) -> bool {
		self.store.read().as_ref().is_some_and(|store| store.contains(block).unwrap_or(false))
	}

	/// Runs `work` on the store, for the worker; fails if the index has to be rebuilt.
	pub(crate) fn with_store<T>(
		&self,
		work: impl FnOnce(&Store) -> Result<T, Error>,
	) -> Result<T, Error> {
		if self.is_damaged.load(Ordering::Relaxed) {
			return Err(Error::Malformed);
		}
		work(self.store.read().as_ref().ok_or(Error::Closed)?)
	}

	/// Deletes the index and creates an empty one.
	pub(crate) fn recreate(&self) -> Result<(), Error> {
		let mut store = self.store.write();
		// The store is closed before its files are deleted.
		*store = None;
		*store = Some(Store::recreate(&self.path, self.window)?);
		self.is_damaged.store(false, Ordering::Relaxed);
		Ok(())
	}
}

/// Lowest height of a window whose last height is `best`.
pub(crate) fn window_start(best: BlockNumber, window: NonZeroU32) -> BlockNumber {
	// Saturating: the window of a short chain begins at genesis. The window is not zero.
	best.saturating_sub(window.get() - 1)
}
