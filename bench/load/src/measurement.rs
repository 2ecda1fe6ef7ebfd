//! One measurement: accounts are funded, transactions are signed and sent, and final blocks are searched for them.

use crate::{
	accounts::AccountId,
	chain::Chain,
	client::Client,
	error::Result,
	evaluation::{Figures, Measured},
	exchange::Exchange,
	funding::{fund, Sender},
	load::Load,
	process::{cpu_seconds, Monitor, Process},
	submission::Transaction,
	workload::Calls,
};
use codec::Encode;
use sp_crypto_hashing::blake2_256;
use std::{
	num::NonZero,
	sync::Arc,
	thread,
	time::{Instant, SystemTime, UNIX_EPOCH},
};

/// The nodes that are measured.
#[derive(Clone, Debug)]
pub struct Target {
	/// Addresses of their JSON-RPC, of the scheme `ws`.
	pub urls: Vec<String>,
	/// Their processes, if they run on this machine.
	pub processes: Vec<Process>,
}

/// Measures the nodes under this load.
pub async fn measure(target: &Target, load: &Load) -> Result<Figures> {
	load.check()?;
	let url = target.urls.first().ok_or("no node is named: add --url")?;
	let control = Arc::new(Client::connect(url, load.in_flight).await?);
	let chain = Chain::read(&control).await?;
	// New accounts and new keys for each measurement, so that many can follow each other on one chain.
	let salt = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as u64;
	let senders = fund(&control, &chain, load, salt).await?;
	let exchange = Exchange {
		clients: connect(target, load).await?,
		transactions: Arc::new(sign(&chain, load, salt, &senders)?),
		rate: load.rate,
		in_flight: load.in_flight,
		max_pending: load.max_pending,
		submission_time: load.submission_time(),
		patience: load.patience(),
	};

	let own_cpu_s = cpu_seconds(std::process::id())?;
	let start = Instant::now();
	let monitor = Monitor::start(target.processes.clone(), start);
	let outcome = exchange.run(&control, &chain, start).await?;
	let samples = monitor.stop().await?;
	let loader_cpu_s = cpu_seconds(std::process::id())? - own_cpu_s;
	Ok(Figures::new(load, start, Measured { outcome, samples, loader_cpu_s }))
}

async fn connect(target: &Target, load: &Load) -> Result<Vec<Arc<Client>>> {
	let mut clients = Vec::new();
	for url in target.urls.iter().cycle().take(load.connections) {
		let url = if load.http { url.replacen("ws:", "http:", 1) } else { url.clone() };
		clients.push(Arc::new(Client::connect(&url, load.in_flight).await?));
	}
	Ok(clients)
}

/// Makes all transactions before the measurement begins. The senders take turns.
fn sign(chain: &Chain, load: &Load, salt: u64, senders: &[Sender]) -> Result<Vec<Transaction>> {
	let calls = Calls::new(&chain.metadata, load.workload, load.value_bytes, load.ttl_blocks)?;
	let sign_one = |number: usize| -> Transaction {
		let sender = &senders[number % senders.len()];
		// Saturating: nobody sends 2^32 transactions of one account.
		let nonce = sender.nonce.saturating_add((number / senders.len()) as u32);
		let call = calls.call(salt, number as u64, &recipient(load, salt, senders, number));
		Transaction::new(chain.format.sign(&sender.account, nonce, &call))
	};
	let threads = thread::available_parallelism().map_or(1, NonZero::get);
	let share = load.count.div_ceil(threads);
	let shares: Vec<_> =
		(0..threads).map(|worker| worker * share..load.count.min((worker + 1) * share)).collect();
	let sign_one = &sign_one;
	thread::scope(|scope| -> Result<Vec<Transaction>> {
		let workers: Vec<_> = shares
			.into_iter()
			.map(|numbers| scope.spawn(move || numbers.map(sign_one).collect::<Vec<_>>()))
			.collect();
		let mut transactions = Vec::with_capacity(load.count);
		for worker in workers {
			let signed = worker.join().map_err(|_| "a thread that signs has panicked")?;
			transactions.extend(signed);
		}
		Ok(transactions)
	})
}

/// The account to which transfer `number` goes: the next sender, or one that does not exist.
fn recipient(load: &Load, salt: u64, senders: &[Sender], number: usize) -> AccountId {
	if load.new_accounts {
		blake2_256(&("gtos-load recipient", salt, number as u64).encode())
	} else {
		senders[(number + 1) % senders.len()].id
	}
}
