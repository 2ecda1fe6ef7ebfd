//! The command line.

use crate::{
	load::Load,
	node::{Place, Side},
	process::Process,
};
use std::path::PathBuf;

/// Sends transactions to nodes and measures how many become final, and how soon.
#[derive(Debug, clap::Parser)]
#[command(name = "gtos-load")]
pub struct Arguments {
	#[command(subcommand)]
	pub command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
	/// Measures nodes that are running.
	Run(Run),
	/// Starts fresh nodes of two sides in the order A, B, B, A, and compares them.
	Compare(Compare),
	/// Raises the rate until less than 95 % of the transactions are final in time.
	Knee(Knee),
}

#[derive(Debug, clap::Args)]
pub struct Run {
	/// JSON-RPC of a node, of the scheme ws. With several, the connections are spread over them.
	#[arg(long, default_value = "ws://127.0.0.1:9944")]
	pub url: Vec<String>,

	/// Process of a node on this machine, whose memory and processor time are reported.
	#[arg(long)]
	pub pid: Vec<u32>,

	/// Database folders of these processes, in the same order; their growth is reported.
	#[arg(long, value_name = "FOLDER")]
	pub data: Vec<PathBuf>,

	/// Existing folder for figures and plot.
	#[arg(long, value_name = "FOLDER")]
	pub output: Option<PathBuf>,

	#[command(flatten)]
	pub load: Load,
}

impl Run {
	pub fn processes(&self) -> Vec<Process> {
		let folder = |index: usize| self.data.get(index).cloned();
		let processes = self.pid.iter().enumerate();
		processes.map(|(index, pid)| Process { pid: *pid, folder: folder(index) }).collect()
	}
}

/// The two sides, and how often each is visited.
#[derive(Debug, clap::Args)]
pub struct Sides {
	/// Command of side A, split at its spaces.
	#[arg(long, value_name = "COMMAND")]
	pub a: String,

	/// Command of side B. Without it, only A is measured.
	#[arg(long, value_name = "COMMAND")]
	pub b: Option<String>,

	#[arg(long, value_name = "NAME", default_value = "ours", help = "Name of side A")]
	pub a_name: String,

	#[arg(long, value_name = "NAME", default_value = "baseline", help = "Name of side B")]
	pub b_name: String,

	/// Rounds of four visits: A, B, B, A. An interval needs at least 6.
	#[arg(long, default_value_t = 10)]
	pub rounds: usize,

	/// Commit of the sides, for the record.
	#[arg(long)]
	pub commit: Option<String>,

	/// Existing folder for figures and plots.
	#[arg(long, value_name = "FOLDER")]
	pub output: PathBuf,
}

impl Sides {
	/// A, and B if there is one.
	pub fn all(&self) -> Result<Vec<Side>, String> {
		let a = Side::new(&self.a_name, &self.a);
		let b = self.b.as_ref().map(|b| Side::new(&self.b_name, b));
		[Some(a), b].into_iter().flatten().collect()
	}
}

#[derive(Debug, clap::Args)]
pub struct Compare {
	#[command(flatten)]
	pub sides: Sides,

	#[command(flatten)]
	pub place: Place,

	#[command(flatten)]
	pub load: Load,
}

#[derive(Debug, clap::Args)]
pub struct Knee {
	/// First rate to try, in transactions a second. Taken for --rate.
	#[arg(long, default_value_t = 500.0)]
	pub start_rate: f64,

	/// Time for which each rate is kept. Taken for --count.
	#[arg(long, default_value_t = 20.0, value_name = "SECONDS")]
	pub step_s: f64,

	#[command(flatten)]
	pub sides: Sides,

	#[command(flatten)]
	pub place: Place,

	#[command(flatten)]
	pub load: Load,
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::{CommandFactory, Parser};

	#[test]
	fn arguments_are_consistent() {
		Arguments::command().debug_assert();
	}

	#[test]
	fn run_pairs_processes_with_their_folders() {
		let arguments = ["gtos-load", "run", "--pid", "7", "--pid", "8", "--data", "/seven"];
		let Command::Run(run) = Arguments::parse_from(arguments).command else {
			panic!("this is a run");
		};
		let processes = run.processes();
		assert_eq!(processes.len(), 2);
		assert_eq!(processes[0].folder, Some("/seven".into()));
		assert_eq!(processes[1].folder, None);
	}

	#[test]
	fn transactions_of_one_sender_never_overtake_each_other() {
		let load = |arguments: &[&str]| {
			let line = [&["gtos-load", "run"][..], arguments].concat();
			match Arguments::parse_from(line).command {
				Command::Run(run) => run.load,
				other => panic!("{other:?} is not a run"),
			}
		};
		assert_eq!(load(&[]).check(), Ok(()));
		assert!(load(&["--senders", "100"]).check().is_err(), "25 senders, 64 in flight");
		assert!(load(&["--senders", "1001"]).check().is_err(), "they cannot be spread evenly");
	}

	#[test]
	fn rate_that_takes_forever_is_refused() {
		for rate in ["0", "-1", "NaN", "0.0001"] {
			let line = ["gtos-load".to_string(), "run".into(), format!("--rate={rate}")];
			let Command::Run(run) = Arguments::parse_from(line).command else {
				panic!("this is a run");
			};
			assert!(run.load.check().is_err(), "{rate}");
		}
	}
}
