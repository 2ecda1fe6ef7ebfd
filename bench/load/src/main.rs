//! Measures how many transactions nodes finalise, and how soon. `bench/README.md` shows how.

#![forbid(unsafe_code)]

mod accounts;
mod chain;
mod cli;
mod client;
mod compare;
mod error;
mod evaluation;
mod exchange;
mod finality;
mod format;
mod funding;
mod knee;
mod load;
mod measurement;
mod metadata;
mod node;
mod plot;
mod process;
mod report;
mod statistics;
mod submission;
mod summary;
mod workload;

use clap::Parser;
use cli::{Arguments, Command};
use error::Result;
use measurement::{measure, Target};
use std::process::ExitCode;
use tokio::signal::unix::{signal, SignalKind};

fn main() -> ExitCode {
	match run(Arguments::parse().command) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		},
	}
}

fn run(command: Command) -> Result<()> {
	let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
	runtime.block_on(async {
		tokio::select! {
			result = execute(command) => result,
			result = stopped() => result,
		}
	})
}

async fn execute(command: Command) -> Result<()> {
	match command {
		Command::Run(arguments) => run_once(arguments).await,
		Command::Compare(arguments) => compare::compare(arguments).await,
		Command::Knee(arguments) => knee::knee(arguments).await,
	}
}

/// Fails when a signal asks the program to end, so that the nodes which it has started go out of scope.
async fn stopped() -> Result<()> {
	let mut interrupt = signal(SignalKind::interrupt())?;
	let mut terminate = signal(SignalKind::terminate())?;
	let mut hang_up = signal(SignalKind::hangup())?;
	tokio::select! {
		_ = interrupt.recv() => {},
		_ = terminate.recv() => {},
		_ = hang_up.recv() => {},
	}
	Err("ended by a signal; the nodes that were started are stopped".into())
}

/// Measures nodes that are running.
async fn run_once(arguments: cli::Run) -> Result<()> {
	let processes = arguments.processes();
	let target = Target { urls: arguments.url, processes };
	let figures = measure(&target, &arguments.load).await?;
	report::print(&figures);
	if let Some(folder) = &arguments.output {
		report::write_json(&folder.join("figures.json"), &figures)?;
		plot::draw(&folder.join("figures.svg"), &report::panels(&figures))?;
	}
	Ok(())
}
