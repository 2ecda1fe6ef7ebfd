//! The figures of a measurement.

use crate::{
	exchange::Outcome, finality::Final, load::Load, process::Sample, statistics::percentile,
	submission::Sent,
};
use serde::Serialize;
use std::{
	collections::BTreeMap,
	time::{Duration, Instant},
};

/// What was observed.
pub struct Measured {
	pub outcome: Outcome,
	/// For each process.
	pub samples: Vec<Vec<Sample>>,
	pub loader_cpu_s: f64,
}

/// Everything that is reported of a measurement, and the raw figures for the plot.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
	pub load: Load,
	/// Transactions that the nodes accepted.
	pub accepted: usize,
	/// Numbers of the others, by reason.
	pub refused: BTreeMap<String, usize>,
	/// Transactions in final blocks whose call succeeded. Only these count below.
	pub finalised: usize,
	/// Transactions in final blocks whose call failed.
	pub failed: usize,
	/// Part of all transactions that were final in time.
	pub in_time: f64,
	/// From the first submission to the last finality.
	pub total_s: f64,
	/// Transactions a second in this time.
	pub finalised_per_s: f64,
	/// The same without the first and the last tenth of the transactions.
	pub steady_per_s: f64,
	/// Final blocks with these transactions.
	pub blocks: usize,
	/// Number of these transactions in the fullest block.
	pub fullest_block: usize,
	/// From submission to finality.
	pub latency: Latency,
	/// By the second in which the transactions had to be sent.
	pub seconds: Vec<Second>,
	pub nodes: Vec<NodeFigures>,
	/// Time of the processors that this program used meanwhile.
	pub loader_cpu_s: f64,
}

/// Percentiles, in milliseconds; `None` if nothing became final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
	pub p50_ms: Option<f64>,
	pub p95_ms: Option<f64>,
	pub p99_ms: Option<f64>,
	pub max_ms: Option<f64>,
}

/// The transactions of one second.
#[derive(Clone, Debug, Serialize)]
pub struct Second {
	/// Since the start.
	pub second: u64,
	pub submitted: usize,
	/// How many became final in this second, whenever they were sent.
	pub finalised: usize,
	/// Of those that were sent in this second.
	pub latency: Latency,
}

/// What a node used.
#[derive(Clone, Debug, Serialize)]
pub struct NodeFigures {
	pub cpu_s: f64,
	/// For each finalised transaction.
	pub cpu_us: f64,
	pub memory_start_bytes: u64,
	pub memory_end_bytes: u64,
	pub memory_max_bytes: u64,
	pub database_growth_bytes: i64,
	/// For each finalised transaction.
	pub database_bytes: f64,
	pub samples: Vec<Sample>,
}

/// A finalised transaction.
struct Seen {
	due: Duration,
	at: Duration,
}

impl Seen {
	fn latency(&self) -> Duration {
		self.at.saturating_sub(self.due)
	}
}

impl Figures {
	pub fn new(load: &Load, start: Instant, measured: Measured) -> Self {
		let Measured { outcome: Outcome { sent, finals }, samples, loader_cpu_s } = measured;
		let mut refused = BTreeMap::new();
		for reason in sent.iter().filter_map(|sent| sent.refused.clone()) {
			*refused.entry(reason).or_insert(0) += 1;
		}
		let blocks = successes_by_height(&finals);
		let seen = finalised(&sent, &finals, start);
		let in_time = seen.iter().filter(|seen| seen.latency() <= load.in_time()).count();
		let first = sent.iter().map(|sent| sent.due).min().unwrap_or_default();
		let last = seen.iter().map(|seen| seen.at).max().unwrap_or(first);
		let total_s = last.saturating_sub(first).as_secs_f64();
		Self {
			load: load.clone(),
			accepted: sent.iter().filter(|sent| sent.refused.is_none()).count(),
			refused,
			finalised: seen.len(),
			failed: finals.iter().flatten().filter(|seen| seen.has_failed).count(),
			in_time: quotient(in_time as f64, sent.len() as f64),
			total_s,
			finalised_per_s: quotient(seen.len() as f64, total_s),
			steady_per_s: steady_rate(&seen),
			blocks: blocks.len(),
			fullest_block: blocks.into_values().max().unwrap_or(0),
			latency: Latency::of(seen.iter()),
			seconds: by_second(&sent, &seen),
			nodes: samples.into_iter().filter_map(|s| NodeFigures::new(s, seen.len())).collect(),
			loader_cpu_s,
		}
	}
}

/// `a / b`, and 0 if there is nothing to divide by.
fn quotient(a: f64, b: f64) -> f64 {
	if b > 0.0 {
		a / b
	} else {
		0.0
	}
}

fn finalised(sent: &[Sent], finals: &[Option<Final>], start: Instant) -> Vec<Seen> {
	let succeeded = sent.iter().zip(finals).filter_map(|(sent, seen)| {
		let seen = seen.filter(|seen| !seen.has_failed)?;
		Some(Seen { due: sent.due, at: seen.at.saturating_duration_since(start) })
	});
	succeeded.collect()
}

fn successes_by_height(finals: &[Option<Final>]) -> BTreeMap<u64, usize> {
	let mut blocks = BTreeMap::new();
	for seen in finals.iter().flatten().filter(|seen| !seen.has_failed) {
		*blocks.entry(seen.height).or_insert(0) += 1;
	}
	blocks
}

/// Transactions a second from the moment at which a tenth is final to that at which nine tenths are.
fn steady_rate(seen: &[Seen]) -> f64 {
	let mut times: Vec<Duration> = seen.iter().map(|seen| seen.at).collect();
	times.sort();
	let (Some(&from), Some(&to)) = (times.get(times.len() / 10), times.get(times.len() * 9 / 10))
	else {
		return 0.0;
	};
	let between = times.iter().filter(|time| **time > from && **time <= to).count();
	quotient(between as f64, to.saturating_sub(from).as_secs_f64())
}

impl Latency {
	fn of<'a>(seen: impl Iterator<Item = &'a Seen>) -> Self {
		let mut latencies: Vec<f64> =
			seen.map(|seen| seen.latency().as_secs_f64() * 1_000.0).collect();
		latencies.sort_by(f64::total_cmp);
		Self {
			p50_ms: percentile(&latencies, 0.5),
			p95_ms: percentile(&latencies, 0.95),
			p99_ms: percentile(&latencies, 0.99),
			max_ms: percentile(&latencies, 1.0),
		}
	}
}

fn by_second(sent: &[Sent], seen: &[Seen]) -> Vec<Second> {
	let submitted = sent.iter().map(|sent| sent.due.as_secs());
	let last = submitted.chain(seen.iter().map(|seen| seen.at.as_secs())).max();
	let seconds = last.map_or(0, |last| last + 1);
	(0..seconds)
		.map(|second| Second {
			second,
			submitted: sent.iter().filter(|sent| sent.due.as_secs() == second).count(),
			finalised: seen.iter().filter(|seen| seen.at.as_secs() == second).count(),
			latency: Latency::of(seen.iter().filter(|seen| seen.due.as_secs() == second)),
		})
		.collect()
}

impl NodeFigures {
	/// `None` without samples.
	fn new(samples: Vec<Sample>, finalised: usize) -> Option<Self> {
		let (first, last) = (*samples.first()?, *samples.last()?);
		let cpu_s = last.cpu_s - first.cpu_s;
		let growth = last.folder_bytes as i64 - first.folder_bytes as i64;
		Some(Self {
			cpu_s,
			cpu_us: quotient(cpu_s * 1e6, finalised as f64),
			memory_start_bytes: first.memory_bytes,
			memory_end_bytes: last.memory_bytes,
			memory_max_bytes: samples.iter().map(|sample| sample.memory_bytes).max()?,
			database_growth_bytes: growth,
			database_bytes: quotient(growth as f64, finalised as f64),
			samples,
		})
	}
}

#[cfg(test)]
mod tests;
