//! The GTOS node: full, archive and validator.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod chain_spec;
mod cli;
mod command;
mod dev_keys;
mod equivocation;
mod genesis;
mod inherents;
mod listen;
mod logging;
mod network;
mod rpc;
mod service;
mod state_import;
mod transaction_index;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("Error: {}", command::explain(&error));
			ExitCode::FAILURE
		},
	}
}
