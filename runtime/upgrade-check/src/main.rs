//! Takes the state of a chain through a runtime upgrade, and reports what it costs, changes and breaks.
//!
//! scripts/upgrade-check runs it, prints its report and compares the metadata that it writes. The exit code is 1 if
//! something is unsafe, and 2 if the check itself is impossible.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod execution;
mod rules;
mod state;
mod upgrade;

use clap::Parser;
use execution::Chain;
use serde::Serialize;
use sp_version::RuntimeVersion;
use std::{fs, path::PathBuf, process::ExitCode};

/// Takes the state of a chain through a runtime upgrade.
#[derive(Debug, Parser)]
struct Arguments {
	/// The new code, as it would be stored.
	code: PathBuf,

	/// The new code, built with the feature `try-runtime`.
	#[arg(long, value_name = "FILE")]
	try_runtime: PathBuf,

	/// The state: the WebSocket address of a node, a raw chain spec from `gtos export-state`, or a snapshot.
	#[arg(long, value_name = "URL|FILE")]
	at: String,

	/// Block whose state is taken from a node. The last final one if it is left out.
	#[arg(long, value_name = "HASH")]
	block: Option<sp_core::H256>,

	/// Also writes the state that is taken from a node to this snapshot.
	#[arg(long, value_name = "FILE")]
	save: Option<PathBuf>,

	/// Blocks within which the migrations have to end.
	#[arg(long, value_name = "BLOCKS", default_value_t = 10_000)]
	max_blocks: u32,

	/// Folder to which `report.json` and the metadata of both runtimes, `old.scale` and `new.scale`, are written.
	// Not the standard output, to which the download of a state prints.
	#[arg(long, value_name = "FOLDER")]
	output: PathBuf,
}

/// What the check has found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
	/// Height of the state.
	height: u32,
	/// Spec and transaction version of the running code.
	old: (u32, u32),
	/// Spec and transaction version of the new code.
	new: (u32, u32),
	/// Bytes of the new code.
	code_bytes: usize,
	/// What the upgrade has done to the state.
	upgrade: upgrade::Outcome,
	/// Each reason why the upgrade is unsafe.
	#[serde(rename = "unsafe")]
	unsafe_: Vec<String>,
}

fn main() -> ExitCode {
	match run(&Arguments::parse()) {
		Ok(is_safe) => ExitCode::from(u8::from(!is_safe)),
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::from(2)
		},
	}
}

/// Writes the report, and answers whether the upgrade is safe.
fn run(arguments: &Arguments) -> Result<bool, String> {
	let read = |path: &PathBuf| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
	let (code, try_code) = (read(&arguments.code)?, read(&arguments.try_runtime)?);
	let state = state::load(&arguments.at, arguments.block, arguments.save.as_deref())?;
	eprintln!("==> The state of block {}", state.height);

	let mut old = Chain::new(state.backend.clone(), state.code()?);
	let mut new = Chain::new(state.backend.clone(), code.clone());
	let mut tried = Chain::new(state.backend.clone(), try_code.clone());
	let versions: [RuntimeVersion; 2] =
		[old.call("Core_version", &[])?, new.call("Core_version", &[])?];
	let mut unsafe_ = rules::broken(&versions[0], &versions[1]);

	let metadata = [old.metadata()?, new.metadata()?];
	let write = |name: &str, bytes: &[u8]| {
		let path = arguments.output.join(name);
		fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))
	};
	write("old.scale", &metadata[0])?;
	write("new.scale", &metadata[1])?;
	if tried.metadata_of_pallets()? != new.metadata_of_pallets()? {
		return Err("the code with the feature `try-runtime` is not that of the new code: build both from the \
			same commit"
			.into());
	}

	let outcome = upgrade::simulate(&state, try_code, arguments.max_blocks, &mut unsafe_)?;
	let numbers = |version: &RuntimeVersion| (version.spec_version, version.transaction_version);
	let report = Report {
		height: state.height,
		old: numbers(&versions[0]),
		new: numbers(&versions[1]),
		code_bytes: code.len(),
		upgrade: outcome,
		unsafe_,
	};
	let json = serde_json::to_vec(&report).map_err(|error| error.to_string())?;
	write("report.json", &json)?;
	Ok(report.unsafe_.is_empty())
}
