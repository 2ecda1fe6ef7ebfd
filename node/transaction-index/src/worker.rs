//! Fills the index from the chain and keeps it within its window.

use crate::{
	block_source::BlockSource,
	error::Error,
	index::{window_start, TransactionIndex},
};
use futures::{FutureExt, Stream, StreamExt};
use gtos_node_types::Block;
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::{BlockImportNotification, FinalityNotification, UnpinHandle};
use std::{
	collections::VecDeque,
	pin::{pin, Pin},
	sync::{atomic::Ordering, Arc},
	time::Duration,
};

/// Maximum number of blocks that wait to be indexed while their states are pinned against pruning.
///
/// Further blocks are dropped. They are indexed later, like blocks that were imported while the
/// index was switched off.
const QUEUE_BLOCKS: usize = 256;

/// How long the worker waits after an error of the database.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// How long no old block may arrive before the worker begins to fill the window below the best block.
///
/// The chain may have stood still for longer than the window: then the blocks that a first sync
/// ends with are old ones, too.
const SYNC_PAUSE: Duration = Duration::from_secs(60);

/// A notification of the chain to the worker.
pub enum Event {
	/// A block was imported.
	Imported(Imported),
	/// A block became final.
	Finalized,
}

/// A block that was imported.
pub struct Imported {
	/// Its height.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: Hash,
	/// Whether it is the best block now.
	pub is_best: bool,
	/// Whether the node is syncing and this block is older than the window is long. It leaves the
	/// window before the sync ends, so it is not indexed.
	pub is_old: bool,
	/// Ancestors of it that were on a fork until now and become canonical with it.
	pub enacted: Vec<(BlockNumber, Hash)>,
	/// Keeps the state from being pruned until it is dropped.
	pub _pin: Option<UnpinHandle<Block>>,
}

impl Event {
	/// The import of a block; see [`Imported::is_old`].
	pub fn imported(notification: BlockImportNotification<Block>, is_old: bool) -> Self {
		let route = notification.tree_route.as_deref();
		let enacted = route.map(|route| route.enacted()).unwrap_or_default();
		Self::Imported(Imported {
			number: notification.header.number,
			hash: notification.hash,
			is_best: notification.is_new_best,
			is_old,
			enacted: enacted.iter().map(|block| (block.number, block.hash)).collect(),
			_pin: (!is_old).then(|| notification.into_unpin_handle()),
		})
	}
}

impl From<FinalityNotification<Block>> for Event {
	fn from(_: FinalityNotification<Block>) -> Self {
		Self::Finalized
	}
}

/// Fills the index in the background.
pub struct Worker<C> {
	index: Arc<TransactionIndex>,
	chain: Arc<C>,
	/// Height of the best block.
	best: BlockNumber,
	/// Lower end of the indexed range: every canonical block from here to `best` is indexed. Above
	/// `best` if the range is empty.
	oldest: BlockNumber,
	/// Next height to index on the way down; `None` once the window ends or a body is missing.
	next_below: Option<BlockNumber>,
	/// Whether heights may have fallen out of the window.
	is_pruning_due: bool,
	/// Whether the best block is an old one of a sync: nothing is filled in below it.
	is_syncing: bool,
}

impl<C: BlockSource> Worker<C> {
	/// Creates a worker. [`Self::run`] has to receive every event of the chain that follows.
	pub fn new(index: Arc<TransactionIndex>, chain: Arc<C>) -> Self {
		let mut worker = Self {
			index,
			chain,
			best: 0,
			oldest: 0,
			next_below: None,
			is_pruning_due: false,
			is_syncing: false,
		};
		worker.start();
		worker
	}

	/// Follows the chain until `events` ends. Needs a blocking task, because it rarely yields while
	/// it works.
	pub async fn run(mut self, events: impl Stream<Item = Event>) {
		let mut events = pin!(events);
		let mut queue = VecDeque::new();
		loop {
			while let Some(event) = events.next().now_or_never() {
				match event {
					Some(Event::Imported(block)) if queue.len() < QUEUE_BLOCKS => {
						queue.push_back(block)
					},
					Some(Event::Imported(block)) => {
						self.index.dropped.fetch_add(1, Ordering::Relaxed);
						tracing::debug!(
							"The index of transactions is behind: block {} will be indexed later",
							block.number
						);
					},
					Some(Event::Finalized) => self.notify_finalized(),
					None => return,
				}
			}
			let is_busy = match queue.pop_front() {
				Some(block) => self.take(&block).map(|()| true),
				None => self.step(),
			};
			match is_busy {
				// The task manager can end the task here.
				Ok(true) => tokio::task::yield_now().await,
				Ok(false) => {
					let next = self.next(events.as_mut()).await;
					match next {
						Some(Some(Event::Imported(block))) => queue.push_back(block),
						Some(Some(Event::Finalized)) => self.notify_finalized(),
						Some(None) => return,
						None => self.is_syncing = false,
					}
				},
				Err(error) => {
					self.rebuild(&error);
					tokio::time::sleep(RETRY_DELAY).await;
				},
			}
		}
	}

	/// The next event; `None` if the node is syncing and there is none for a while.
	async fn next(&self, mut events: Pin<&mut impl Stream<Item = Event>>) -> Option<Option<Event>> {
		if self.is_syncing {
			tokio::time::timeout(SYNC_PAUSE, events.next()).await.ok()
		} else {
			Some(events.next().await)
		}
	}

	/// Indexes an imported block.
	pub(crate) fn take(&mut self, block: &Imported) -> Result<(), Error> {
		if block.is_old {
			if block.is_best {
				self.pass(block);
			}
			return Ok(());
		}
		// Such blocks are the history that is downloaded after a warp sync.
		if !block.is_best && block.number < self.window_start() {
			return Ok(());
		}
		let is_indexed = self.ensure_indexed(block.number, block.hash)?;
		if !block.is_best {
			return Ok(());
		}
		for (number, hash) in &block.enacted {
			self.ensure_indexed(*number, *hash)?;
		}
		let is_next = block.number <= self.best.saturating_add(1) && self.oldest <= block.number;
		self.best = block.number;
		self.is_pruning_due = true;
		self.is_syncing = false;
		if !is_indexed {
			self.oldest = block.number.saturating_add(1);
			self.next_below = None;
		} else if !is_next {
			self.oldest = block.number;
			self.next_below = block.number.checked_sub(1);
		}
		self.notify_best(block.hash);
		Ok(())
	}

	/// Notes a best block that is not indexed because it is too old. Once the sync is over, the window
	/// is filled from the best block downwards.
	fn pass(&mut self, block: &Imported) {
		self.best = block.number;
		self.oldest = block.number.saturating_add(1);
		self.next_below = Some(block.number);
		self.is_pruning_due = true;
		self.is_syncing = true;
		self.notify_best(block.hash);
	}

	/// Does one small piece of the remaining work, pruning first. Returns whether there was any.
	pub(crate) fn step(&mut self) -> Result<bool, Error> {
		let bound = self.window_start();
		if self.is_pruning_due {
			self.is_pruning_due = self.index.with_store(|store| store.prune_below(bound))?;
			return Ok(true);
		}
		if self.is_syncing {
			return Ok(false);
		}
		let Some(height) = self.next_below.take().filter(|height| *height >= bound) else {
			return Ok(false);
		};
		let Some(block) = self.chain.canonical(height) else { return Ok(true) };
		if self.ensure_indexed(height, block)? {
			self.oldest = height;
			self.next_below = height.checked_sub(1);
			// Readers are not woken: no status changes, only how far back the index reaches.
			self.index.progress.send_if_modified(|progress| {
				progress.oldest = height;
				false
			});
		}
		Ok(true)
	}

	/// Starts from the best block downwards. Blocks that are indexed already are skipped.
	fn start(&mut self) {
		let (number, hash) = self.chain.best();
		self.best = number;
		self.oldest = number.saturating_add(1);
		self.next_below = Some(number);
		self.is_pruning_due = true;
		self.notify_best(hash);
	}

	fn rebuild(&mut self, error: &Error) {
		tracing::warn!("The index of transactions is being rebuilt: {error}");
		match self.index.recreate() {
			Ok(()) => self.start(),
			Err(error) => {
				tracing::error!("The index of transactions cannot be rebuilt: {error}");
				self.next_below = None;
				self.is_pruning_due = false;
			},
		}
	}

	/// Indexes the block unless it is indexed already. Returns `false` if its body is missing.
	fn ensure_indexed(&self, number: BlockNumber, block: Hash) -> Result<bool, Error> {
		self.index.with_store(|store| {
			if store.contains(block)? {
				return Ok(true);
			}
			let Some(transactions) = self.chain.transactions(block) else { return Ok(false) };
			let outcomes = self.chain.outcomes(block);
			store.insert(number, block, transactions, outcomes)?;
			Ok(true)
		})
	}

	/// Lowest height of the window.
	fn window_start(&self) -> BlockNumber {
		window_start(self.best, self.index.window)
	}

	fn notify_best(&mut self, block: Hash) {
		self.oldest = self.oldest.max(self.window_start());
		self.index.progress.send_modify(|progress| {
			progress.best = block;
			progress.number = self.best;
			progress.oldest = self.oldest;
		});
	}

	/// Wakes the readers, whose answers depend on finality; the index itself does not.
	fn notify_finalized(&self) {
		self.index.progress.send_modify(|_| {});
	}
}
