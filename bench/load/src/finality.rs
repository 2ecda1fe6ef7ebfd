//! Finds the transactions in final blocks.

use crate::{
	chain::{self, Header},
	client::Client,
	error::{Error, Result},
	metadata::Metadata,
	submission::Transaction,
};
use jsonrpsee_core::client::Subscription;
use sp_crypto_hashing::blake2_256;
use std::{collections::HashMap, time::Instant};
use tokio::{
	sync::{mpsc, watch},
	task::JoinHandle,
};

/// Final blocks are read only when this number of others have followed, so that reading them takes no time from the
/// node while it is measured. Their states are pruned later.
pub const READ_LAG_BLOCKS: u64 = 64;

/// A height that is final, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Head {
	pub height: u64,
	pub at: Instant,
}

/// Where a transaction became final.
#[derive(Clone, Copy, Debug)]
pub struct Final {
	pub at: Instant,
	pub height: u64,
	/// Whether its call failed.
	pub has_failed: bool,
}

/// Notes when blocks become final.
pub struct Follower {
	pub heads: mpsc::UnboundedReceiver<Head>,
	pub height: watch::Receiver<u64>,
	task: JoinHandle<Result<()>>,
}

impl Follower {
	/// Starts with the next block that becomes final.
	pub async fn start(client: &Client) -> Result<Self> {
		let headers = client.final_heads::<Header>().await?;
		let (heads_sender, heads) = mpsc::unbounded_channel();
		let (height_sender, height) = watch::channel(0);
		let task = tokio::spawn(follow(headers, heads_sender, height_sender));
		Ok(Self { heads, height, task })
	}

	/// Why there are no more heads.
	pub async fn error(&mut self) -> Error {
		match (&mut self.task).await {
			Ok(Ok(())) => "the node's final blocks are no longer followed".into(),
			Ok(Err(error)) => error,
			Err(error) => error.into(),
		}
	}
}

async fn follow(
	mut headers: Subscription<Header>,
	heads: mpsc::UnboundedSender<Head>,
	heights: watch::Sender<u64>,
) -> Result<()> {
	while let Some(header) = headers.next().await {
		let at = Instant::now();
		let height = header?.height()?;
		heights.send_replace(height);
		// The task is stopped with the follower, which has the receiver.
		let _ = heads.send(Head { height, at });
	}
	Err("the node has ended the subscription to final blocks".into())
}

impl Drop for Follower {
	fn drop(&mut self) {
		self.task.abort();
	}
}

/// Reads final blocks and looks for transactions.
pub struct Collector<'a> {
	client: &'a Client,
	metadata: &'a Metadata,
	by_hash: HashMap<[u8; 32], usize>,
	/// Height of the next block to read.
	next: u64,
	/// For each transaction.
	pub finals: Vec<Option<Final>>,
	/// How many of them are final.
	pub count: usize,
	count_sender: watch::Sender<usize>,
}

impl<'a> Collector<'a> {
	/// Looks in the blocks above `height`. Also returns how many of the transactions are final.
	pub fn new(
		client: &'a Client,
		metadata: &'a Metadata,
		transactions: &[Transaction],
		height: u64,
	) -> (Self, watch::Receiver<usize>) {
		let by_hash = transactions.iter().enumerate().map(|(index, tx)| (tx.hash, index)).collect();
		let (count_sender, count) = watch::channel(0);
		let collector = Self {
			client,
			metadata,
			by_hash,
			next: height + 1,
			finals: vec![None; transactions.len()],
			count: 0,
			count_sender,
		};
		(collector, count)
	}

	/// Reads the blocks up to this one, which became final together.
	pub async fn read(&mut self, head: Head) -> Result<()> {
		while self.next <= head.height {
			let hash = chain::block_hash(self.client, self.next).await?;
			self.read_block(&hash, Head { height: self.next, ..head }).await?;
			self.next += 1;
		}
		self.count_sender.send_replace(self.count);
		Ok(())
	}

	async fn read_block(&mut self, hash: &str, head: Head) -> Result<()> {
		let transactions = chain::transactions(self.client, hash).await?;
		let found: Vec<(usize, u32)> = transactions
			.iter()
			.zip(0..)
			.filter_map(|(bytes, position)| {
				Some((*self.by_hash.get(&blake2_256(bytes))?, position))
			})
			.collect();
		if found.is_empty() {
			return Ok(());
		}
		let failed = self.metadata.failed(&chain::events(self.client, hash).await?)?;
		for (index, position) in found {
			let has_failed = failed.contains(&position);
			let seen = Final { at: head.at, height: head.height, has_failed };
			self.count += usize::from(self.finals[index].replace(seen).is_none());
		}
		Ok(())
	}
}
