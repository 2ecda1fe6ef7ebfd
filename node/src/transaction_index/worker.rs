//! Fills the index from the chain and keeps it within its window.

use super::{
	chain::Chain,
	store::{Error, Record},
	TransactionIndex,
};
use crate::service::Block;
use futures::{FutureExt, Stream, StreamExt};
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::{BlockImportNotification, FinalityNotification, UnpinHandle};
use std::{
	collections::VecDeque,
	num::NonZeroU32,
	pin::pin,
	sync::{atomic::Ordering, Arc},
	time::Duration,
};

/// Most blocks that wait to be indexed with their states held back from pruning.
///
/// Those beyond are found again like blocks that were imported while the index was switched off.
const QUEUE_BLOCKS: usize = 256;

/// How long a failed database is left alone.
const RETRY: Duration = Duration::from_secs(5);

/// What the chain tells the worker.
pub enum Event {
	/// A block was imported.
	Imported(Imported),
	/// A block became final.
	Finalized,
}

/// A block that was imported.
pub struct Imported {
	pub number: BlockNumber,
	pub hash: Hash,
	/// Whether it is the best block now.
	pub is_best: bool,
	/// Blocks below it that were on a fork until now, and are canonical.
	pub enacted: Vec<(BlockNumber, Hash)>,
	/// Keeps the state from being pruned.
	pub _pin: Option<UnpinHandle<Block>>,
}

impl From<BlockImportNotification<Block>> for Event {
	fn from(notification: BlockImportNotification<Block>) -> Self {
		let route = notification.tree_route.as_deref();
		let enacted = route.map(|route| route.enacted()).unwrap_or_default();
		Self::Imported(Imported {
			number: notification.header.number,
			hash: notification.hash,
			is_best: notification.is_new_best,
			enacted: enacted.iter().map(|block| (block.number, block.hash)).collect(),
			_pin: Some(notification.into_unpin_handle()),
		})
	}
}

impl From<FinalityNotification<Block>> for Event {
	fn from(_: FinalityNotification<Block>) -> Self {
		Self::Finalized
	}
}

/// Fills the index.
pub struct Worker<C> {
	index: Arc<TransactionIndex>,
	chain: Arc<C>,
	/// How many heights the index covers.
	window: NonZeroU32,
	/// Height of the best block.
	best: BlockNumber,
	/// Lowest height from which on every canonical block is indexed; above `best` if none is.
	oldest: BlockNumber,
	/// Height to look at next on the way down, until the window ends or a body is missing.
	next_below: Option<BlockNumber>,
	/// Whether heights may have fallen out of the window.
	is_to_forget: bool,
}

impl<C: Chain> Worker<C> {
	/// A worker for a chain whose events from here on it will be told.
	pub fn new(index: Arc<TransactionIndex>, chain: Arc<C>, window: NonZeroU32) -> Self {
		let mut worker = Self {
			index,
			chain,
			window,
			best: 0,
			oldest: 0,
			next_below: None,
			is_to_forget: false,
		};
		worker.start();
		worker
	}

	/// Follows the chain until it ends. Never yields for long while there is work: blocking.
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
							"The index of transactions is behind: {} waits",
							block.number
						);
					},
					Some(Event::Finalized) => self.tell_finalized(),
					None => return,
				}
			}
			let is_busy = match queue.pop_front() {
				Some(block) => self.take(&block).map(|()| true),
				None => self.step(),
			};
			match is_busy {
				// The task ends with the node here.
				Ok(true) => tokio::task::yield_now().await,
				Ok(false) => match events.next().await {
					Some(Event::Imported(block)) => queue.push_back(block),
					Some(Event::Finalized) => self.tell_finalized(),
					None => return,
				},
				Err(error) => {
					self.start_anew(&error);
					tokio::time::sleep(RETRY).await;
				},
			}
		}
	}

	/// Indexes an imported block.
	pub fn take(&mut self, block: &Imported) -> Result<(), Error> {
		// The history that a warp sync fetches afterwards.
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
		self.is_to_forget = true;
		if !is_indexed {
			self.oldest = block.number.saturating_add(1);
			self.next_below = None;
		} else if !is_next {
			self.oldest = block.number;
			self.next_below = block.number.checked_sub(1);
		}
		self.tell_best(block.hash);
		Ok(())
	}

	/// Does a small piece of what is left to do, the window's end first. Answers whether there was any.
	pub fn step(&mut self) -> Result<bool, Error> {
		let bound = self.window_start();
		if self.is_to_forget {
			self.is_to_forget = self.index.with_store(|store| store.forget_lowest_below(bound))?;
			return Ok(true);
		}
		let Some(height) = self.next_below.take().filter(|height| *height >= bound) else {
			return Ok(false);
		};
		let Some(block) = self.chain.canonical(height) else { return Ok(true) };
		if self.ensure_indexed(height, block)? {
			self.oldest = height;
			self.next_below = height.checked_sub(1);
			// Nobody's answer changes, but for how far back it reaches.
			self.index.progress.send_if_modified(|progress| {
				progress.oldest = height;
				false
			});
		}
		Ok(true)
	}

	/// Starts from the best block downwards. What is indexed already is only looked at.
	fn start(&mut self) {
		let (number, hash) = self.chain.best();
		self.best = number;
		self.oldest = number.saturating_add(1);
		self.next_below = Some(number);
		self.is_to_forget = true;
		self.tell_best(hash);
	}

	fn start_anew(&mut self, error: &Error) {
		tracing::warn!("The index of transactions is made anew: {error}");
		match self.index.create_anew() {
			Ok(()) => self.start(),
			Err(error) => {
				tracing::error!("The index of transactions cannot be made anew: {error}");
				self.next_below = None;
				self.is_to_forget = false;
			},
		}
	}

	/// Indexes the block unless it is there. Answers whether it is, which takes its body.
	fn ensure_indexed(&self, number: BlockNumber, block: Hash) -> Result<bool, Error> {
		self.index.with_store(|store| {
			if store.contains(block)? {
				return Ok(true);
			}
			let Some(transactions) = self.chain.transactions(block) else { return Ok(false) };
			let outcomes = self.chain.outcomes(block);
			store.insert(number, block, &Record { transactions, outcomes })?;
			Ok(true)
		})
	}

	/// Lowest height of the window.
	fn window_start(&self) -> BlockNumber {
		self.best.saturating_sub(self.window.get() - 1)
	}

	fn tell_best(&mut self, block: Hash) {
		self.oldest = self.oldest.max(self.window_start());
		self.index.progress.send_modify(|progress| {
			progress.best = block;
			progress.number = self.best;
			progress.oldest = self.oldest;
		});
	}

	/// The index itself does not care, but those who wait for news do.
	fn tell_finalized(&self) {
		self.index.progress.send_modify(|_| {});
	}
}
