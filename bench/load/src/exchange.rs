//! Sends transactions and waits until they are final.

use crate::{
	chain::{self, Chain},
	client::Client,
	error::Result,
	finality::{Collector, Final, Follower, READ_LAG_BLOCKS},
	submission::{Progress, Sent, Submission, Transaction},
};
use std::{
	collections::VecDeque,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// Longer than any measurement.
const NEVER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is sent, and how.
pub struct Exchange {
	pub clients: Vec<Arc<Client>>,
	pub transactions: Arc<Vec<Transaction>>,
	pub rate: Option<f64>,
	pub in_flight: usize,
	pub max_pending: Option<usize>,
	/// For how long transactions are offered.
	pub submission_time: Duration,
	/// The rest is given up if none becomes final for so long.
	pub patience: Duration,
}

/// What became of the transactions.
pub struct Outcome {
	pub sent: Vec<Sent>,
	pub finals: Vec<Option<Final>>,
}

impl Outcome {
	/// Whether a transaction that was accepted is not final.
	pub fn is_waiting(sent: &[Sent], finals: &[Option<Final>]) -> bool {
		sent.iter().zip(finals).any(|(sent, seen)| sent.refused.is_none() && seen.is_none())
	}
}

impl Exchange {
	/// Begins at `start`. The blocks are those of the node that `control` is connected to.
	pub async fn run(self, control: &Client, chain: &Chain, start: Instant) -> Result<Outcome> {
		let mut follower = Follower::start(control).await?;
		let height = chain::final_height(control).await?;
		let (mut collector, finals) =
			Collector::new(control, &chain.metadata, &self.transactions, height);
		// Who waits for room has to know at once what is final.
		let lag = if self.max_pending.is_some() { 0 } else { READ_LAG_BLOCKS };
		let patience = self.patience;
		let progress = Progress { height: follower.height.clone(), finals };
		let mut submission = tokio::spawn(self.submission(start, progress).run());
		let mut sent: Option<Vec<Sent>> = None;
		let mut unread = VecDeque::new();
		let mut deadline = start + NEVER;
		loop {
			tokio::select! {
				head = follower.heads.recv() => match head {
					Some(head) => unread.push_back(head),
					None => return Err(follower.error().await),
				},
				result = &mut submission, if sent.is_none() => {
					sent = Some(result??);
					deadline = Instant::now() + patience;
				},
				() = sleep_until(deadline.into()) => break,
			}
			let newest = unread.back().map_or(0, |head| head.height);
			let count = collector.count;
			while let Some(head) = unread.front().copied() {
				if sent.is_none() && newest < head.height + lag {
					break;
				}
				unread.pop_front();
				collector.read(head).await?;
			}
			if let Some(sent) = &sent {
				if !Outcome::is_waiting(sent, &collector.finals) {
					break;
				}
				if collector.count > count {
					deadline = Instant::now() + patience;
				}
			}
		}
		let sent = sent.ok_or("the transactions could not be sent within a week")?;
		Ok(Outcome { sent, finals: collector.finals })
	}

	fn submission(self, start: Instant, progress: Progress) -> Submission {
		Submission {
			clients: self.clients,
			transactions: self.transactions,
			start,
			rate: self.rate,
			in_flight: self.in_flight,
			max_pending: self.max_pending,
			deadline: start + self.submission_time,
			progress,
		}
	}
}
