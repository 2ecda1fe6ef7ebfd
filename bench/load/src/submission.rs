//! Sends transactions over several connections.

use crate::{
	client::{to_hex, Client},
	error::Result,
};
use jsonrpsee_core::client::Error;
use sp_crypto_hashing::blake2_256;
use std::{
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::{
	sync::watch,
	task::JoinSet,
	time::{sleep_until, timeout, timeout_at},
};

/// Error code of a pool that has no room: RPC-R6 has the same.
const POOL_FULL: i32 = 1016;
/// Longest time until a transaction is offered again to a pool that had no room.
const RETRY_PERIOD: Duration = Duration::from_secs(1);

/// A signed transaction.
pub struct Transaction {
	/// Encoded, in hexadecimal.
	pub hex: String,
	/// By which it is found in a block.
	pub hash: [u8; 32],
}

impl Transaction {
	/// Of its encoded bytes.
	pub fn new(bytes: Vec<u8>) -> Self {
		Self { hash: blake2_256(&bytes), hex: to_hex(bytes) }
	}
}

/// What became of a transaction at the node's JSON-RPC.
#[derive(Clone, Debug)]
pub struct Sent {
	/// When it had to be sent, since the start. From here its latency counts, so a node that answers slowly does not
	/// look better for it.
	pub due: Duration,
	/// Why it was not accepted; `None` if it was.
	pub refused: Option<String>,
}

/// What the senders know of the chain.
#[derive(Clone)]
pub struct Progress {
	/// Height of the last final block.
	pub height: watch::Receiver<u64>,
	/// How many of the transactions are final.
	pub finals: watch::Receiver<usize>,
}

/// Transactions to send, and how.
pub struct Submission {
	/// Connections. Transaction `n` goes over connection `n` modulo their number.
	pub clients: Vec<Arc<Client>>,
	pub transactions: Arc<Vec<Transaction>>,
	pub start: Instant,
	/// Transactions a second; `None` for as many as possible.
	pub rate: Option<f64>,
	/// How many requests of a connection may wait for their answers.
	pub in_flight: usize,
	/// How many transactions may have been sent and not be final.
	pub max_pending: Option<usize>,
	/// When those that are left are given up.
	pub deadline: Instant,
	pub progress: Progress,
}

impl Submission {
	/// Sends all transactions and returns what became of each.
	pub async fn run(self) -> Result<Vec<Sent>> {
		let count = self.transactions.len();
		let submission = Arc::new(self);
		let mut senders = JoinSet::new();
		for connection in 0..submission.clients.len() {
			let next = Arc::new(AtomicUsize::new(0));
			for _ in 0..submission.in_flight {
				senders.spawn(submission.clone().send_next(connection, next.clone()));
			}
		}
		let mut all = vec![None; count];
		while let Some(sent) = senders.join_next().await {
			for (index, sent) in sent? {
				all[index] = Some(sent);
			}
		}
		let all: Option<Vec<Sent>> = all.into_iter().collect();
		Ok(all.ok_or("a transaction was not sent: this is a defect of the program")?)
	}

	/// Sends one transaction of the connection after the other, and takes turns with other senders.
	async fn send_next(
		self: Arc<Self>,
		connection: usize,
		next: Arc<AtomicUsize>,
	) -> Vec<(usize, Sent)> {
		let mut progress = self.progress.clone();
		let mut sent = Vec::new();
		loop {
			let turn = next.fetch_add(1, Ordering::Relaxed);
			let index = connection + turn * self.clients.len();
			let Some(transaction) = self.transactions.get(index) else { return sent };
			let due = self.wait_until_due(index, &mut progress).await;
			let refused = self.send(connection, transaction, &mut progress).await.err();
			sent.push((index, Sent { due, refused }));
		}
	}

	async fn wait_until_due(&self, index: usize, progress: &mut Progress) -> Duration {
		if let Some(rate) = self.rate {
			let due = Duration::from_secs_f64(index as f64 / rate);
			sleep_until((self.start + due).into()).await;
			return due;
		}
		if let Some(max_pending) = self.max_pending {
			let has_room = |finals: &usize| index < finals.saturating_add(max_pending);
			// After the deadline the transaction is not sent.
			let _ = timeout_at(self.deadline.into(), progress.finals.wait_for(has_room)).await;
		}
		self.start.elapsed()
	}

	async fn send(
		&self,
		connection: usize,
		transaction: &Transaction,
		progress: &mut Progress,
	) -> Result<(), String> {
		loop {
			if Instant::now() >= self.deadline {
				return Err("not accepted in time".into());
			}
			let hex = [transaction.hex.as_str()];
			let answer: Result<String, Error> =
				self.clients[connection].request("author_submitExtrinsic", hex).await;
			match answer {
				Ok(_) => return Ok(()),
				// A block makes room.
				Err(Error::Call(error)) if error.code() == POOL_FULL => {
					let _ = timeout(RETRY_PERIOD, progress.height.changed()).await;
				},
				Err(Error::Call(error)) => {
					let data = error.data().map(|data| format!(": {data}")).unwrap_or_default();
					return Err(format!("{} {}{data}", error.code(), error.message()));
				},
				Err(error) => return Err(error.to_string()),
			}
		}
	}
}
