//! What is sent, and how: options of all commands.

use crate::{accounts::ALICE, workload::Workload};
use serde::Serialize;
use std::time::Duration;

/// Longest time for which a rate is kept: a day.
const LONGEST_S: f64 = 24.0 * 60.0 * 60.0;

/// Options of a measurement.
#[derive(Clone, Debug, Serialize, clap::Args)]
pub struct Load {
	/// What the transactions do.
	#[arg(long, value_enum, default_value_t = Workload::Transfer)]
	pub workload: Workload,

	/// Number of transactions.
	///
	/// More than the pools hold need --rate or --max-pending.
	#[arg(long, default_value_t = 20_000, value_parser = positive)]
	pub count: usize,

	/// Transactions a second. Without it, as many as the nodes accept.
	#[arg(long)]
	pub rate: Option<f64>,

	/// How many transactions may be sent and not final, without --rate.
	///
	/// Final blocks are then read at once instead of later, which takes the nodes some time.
	#[arg(long, conflicts_with = "rate")]
	pub max_pending: Option<usize>,

	/// Length of the values of puts or of the code of deployments.
	#[arg(long, default_value_t = 256)]
	pub value_bytes: usize,

	/// Life of the entries.
	#[arg(long, default_value_t = 1_000)]
	pub ttl_blocks: u32,

	/// Transfers go to accounts that do not exist yet, instead of the other senders.
	#[arg(long)]
	pub new_accounts: bool,

	/// Number of accounts that send in turn. They are new, and get a part of the funder's balance first.
	#[arg(long, default_value_t = 1_000, value_parser = positive)]
	pub senders: usize,

	/// Secret of the account that funds the senders: 32 bytes in hexadecimal. The default is //Alice.
	#[arg(long, value_parser = secret, hide_default_value = true, default_value = "")]
	#[serde(skip)]
	pub funder: Secret,

	/// Number of connections, spread over the nodes.
	#[arg(long, default_value_t = 4, value_parser = positive)]
	pub connections: usize,

	/// Number of requests that a connection may have unanswered. Over HTTP, each has a TCP connection of its own.
	#[arg(long, default_value_t = 64, value_parser = positive)]
	pub in_flight: usize,

	/// Sends over HTTP instead of WebSocket.
	#[arg(long)]
	pub http: bool,

	/// A transaction is final in time if it is this long after it had to be sent.
	#[arg(long, default_value_t = 5_000, value_name = "MILLISECONDS")]
	pub in_time_ms: u64,

	/// The measurement ends if no further transaction becomes final for so long.
	#[arg(long, default_value_t = 20, value_name = "SECONDS")]
	pub patience_s: u64,
}

/// Secret of an account.
#[derive(Clone)]
pub struct Secret(pub [u8; 32]);

impl std::fmt::Debug for Secret {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("(secret)")
	}
}

impl Load {
	/// Checks what a single option cannot.
	pub fn check(&self) -> Result<(), String> {
		if let Some(rate) = self.rate {
			let is_possible = rate > 0.0 && self.count as f64 / rate <= LONGEST_S;
			if !is_possible {
				return Err(
					"--rate must be above 0, and so high that --count takes a day at most".into()
				);
			}
		}
		if !self.senders.is_multiple_of(self.connections) {
			return Err(format!(
				"{} senders cannot be spread evenly over {} connections: choose a multiple for --senders",
				self.senders, self.connections
			));
		}
		if self.in_flight > self.senders / self.connections {
			return Err(format!(
				"{} requests of a connection could hold two transactions of one of its {} senders, which \
				might arrive in the wrong order: raise --senders or lower --in-flight",
				self.in_flight,
				self.senders / self.connections
			));
		}
		Ok(())
	}

	pub fn in_time(&self) -> Duration {
		Duration::from_millis(self.in_time_ms)
	}

	pub fn patience(&self) -> Duration {
		Duration::from_secs(self.patience_s)
	}

	/// For how long transactions are offered to the nodes.
	pub fn submission_time(&self) -> Duration {
		match self.rate {
			// What a node takes later cannot be final in time.
			Some(rate) => Duration::from_secs_f64(self.count as f64 / rate) + self.in_time(),
			None => Duration::from_secs(60 * 60),
		}
	}
}

fn positive(text: &str) -> Result<usize, String> {
	match text.parse() {
		Ok(0) | Err(_) => Err("must be a number above 0".into()),
		Ok(number) => Ok(number),
	}
}

fn secret(text: &str) -> Result<Secret, String> {
	if text.is_empty() {
		return Ok(Secret(ALICE));
	}
	let mut secret = [0; 32];
	hex::decode_to_slice(text.trim_start_matches("0x"), &mut secret)
		.map_err(|_| "must be 32 bytes in hexadecimal")?;
	Ok(Secret(secret))
}
