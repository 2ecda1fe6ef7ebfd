//! The GTOS node: full, archive and validator.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod chain_spec;
mod cli;
mod command;
mod dev_keys;
mod genesis;
mod inherents;
mod listen;
mod logging;
mod rpc;
mod service;

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
