//! Measures what the index costs: processor time per transaction, including the threads of the
//! database, while blocks are indexed and leave the window again; and the time of a look-up.
//!
//! `cargo bench --locked --bench fill` prints the figures. Arguments: the number of blocks
//! (default: 1200) and of transactions in each (default: 3000). Bodies are hashed as on a node, but
//! the chain is in memory: the calls of the runtime for the outcomes are not included.

use futures::{channel::mpsc, future::join, SinkExt};
use gtos_node_transaction_index::{
	BlockSource, Event, Imported, Outcomes, TransactionIndex, Worker,
};
use gtos_runtime::{BlockNumber, Hash};
use gtos_transaction_api::{Outcome, Payment};
use sp_runtime::traits::{BlakeTwo256, Hash as Hashing};
use std::{
	error::Error,
	fs,
	num::NonZeroU32,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

/// Heights that the index covers.
const WINDOW: NonZeroU32 = NonZeroU32::new(400).expect("it is not zero; qed");

/// Bytes of a transaction: a transfer.
const TRANSACTION_BYTES: usize = 150;

/// Rate at which the share of a core is computed.
const TRANSACTIONS_PER_SECOND: f64 = 3_000.0;

/// How long one block may take.
const INDEX_TIMEOUT: Duration = Duration::from_secs(60);

/// Look-ups that are timed.
const LOOK_UPS: u32 = 10_000;

/// Ticks of a second in `/proc`, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A chain of full blocks, which are computed when they are asked for.
struct FullBlocks {
	best: AtomicU32,
	transactions: u32,
}

fn block(number: BlockNumber) -> Hash {
	BlakeTwo256::hash(&number.to_le_bytes())
}

fn hash_of(transaction: u32, number: BlockNumber) -> Hash {
	let mut bytes = [0; TRANSACTION_BYTES];
	bytes[..4].copy_from_slice(&number.to_le_bytes());
	bytes[4..8].copy_from_slice(&transaction.to_le_bytes());
	BlakeTwo256::hash(&bytes)
}

impl FullBlocks {
	/// Height of a block, by its hash: the index asks only for the last ones.
	fn height(&self, hash: Hash) -> Option<BlockNumber> {
		let best = self.best.load(Ordering::Relaxed);
		(best.saturating_sub(64)..=best).rev().find(|number| block(*number) == hash)
	}
}

impl BlockSource for FullBlocks {
	fn best(&self) -> (BlockNumber, Hash) {
		let best = self.best.load(Ordering::Relaxed);
		(best, block(best))
	}

	fn canonical(&self, number: BlockNumber) -> Option<Hash> {
		(number <= self.best.load(Ordering::Relaxed)).then(|| block(number))
	}

	fn transactions(&self, hash: Hash) -> Option<Vec<Hash>> {
		let number = self.height(hash)?;
		Some((0..self.transactions).map(|it| hash_of(it, number)).collect())
	}

	fn outcomes(&self, hash: Hash) -> Option<Outcomes> {
		let number = self.height(hash)?;
		let payment = Payment { fee: 1_000_000_000 + u128::from(number), tip: 0 };
		let outcome = Outcome { failure: None, payment: Some(payment) };
		Some(vec![Some(outcome); usize::try_from(self.transactions).ok()?])
	}
}

/// Processor time of all threads of this process so far.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
	let stat = fs::read_to_string("/proc/self/stat")?;
	// The fields after the name, which is in parentheses: utime and stime are the 14th and 15th of all.
	let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
	let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
	let ticks: f64 = ticks.collect::<Result<Vec<_>, _>>()?.iter().sum();
	Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
}

fn main() -> Result<(), Box<dyn Error>> {
	// cargo passes `--bench`.
	let mut numbers = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
	let blocks: u32 = numbers.next().map_or(Ok(1_200), |it| it.parse())?;
	let transactions: u32 = numbers.next().map_or(Ok(3_000), |it| it.parse())?;

	let folder = tempfile::tempdir()?;
	let path = folder.path().join("transactions");
	let index = TransactionIndex::open(path, WINDOW).map_err(|error| error.to_string())?;
	let index = Arc::new(index);
	let chain = Arc::new(FullBlocks { best: AtomicU32::new(0), transactions });
	let worker = Worker::new(index.clone(), chain.clone());
	let (mut sender, events) = mpsc::channel(16);
	let import = async {
		for number in 1..=blocks {
			chain.best.store(number, Ordering::Relaxed);
			let imported = Imported {
				number,
				hash: block(number),
				is_best: true,
				is_old: false,
				enacted: Vec::new(),
				_pin: None,
			};
			// The channel is open until it is closed below.
			let _ = sender.send(Event::Imported(imported)).await;
			// A queue that is full drops blocks.
			index.wait_for(block(number), INDEX_TIMEOUT).await;
		}
		sender.close_channel();
	};
	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
	let (began, before) = (Instant::now(), processor_time()?);
	runtime.block_on(join(worker.run(events), import));

	let asked = Instant::now();
	for it in 0..LOOK_UPS {
		let number = blocks.saturating_sub(it % WINDOW.get().min(blocks));
		let transaction = hash_of(it % transactions, number);
		let found = index.find(&*chain, transaction).map_err(|error| error.to_string())?;
		if found.map(|it| it.number) != Some(number) {
			return Err(format!("a transaction of block {number} is not found").into());
		}
	}
	let look_up = asked.elapsed() / LOOK_UPS;
	// Closes the databases, so that their threads end.
	drop(index);
	let spent = processor_time()?.saturating_sub(before).as_secs_f64();
	let count = f64::from(blocks) * f64::from(transactions);
	println!("{count} transactions in {:.1} s", began.elapsed().as_secs_f64());
	println!("processor time: {:.2} us per transaction", spent / count * 1e6);
	println!(
		"at {TRANSACTIONS_PER_SECOND} transactions per second: {:.2} % of a core",
		spent / count * TRANSACTIONS_PER_SECOND * 100.0,
	);
	println!("a look-up: {:.1} us", look_up.as_secs_f64() * 1e6);
	Ok(())
}
