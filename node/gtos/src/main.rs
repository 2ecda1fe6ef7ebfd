//! The binary `gtos`: command line, logging and the check of ports, on top of the service crate.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod cli;
mod command;
mod error;
mod keystore;
mod logging;
mod ports;
mod prove_ownership;
mod slashing_protection;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("Error: {}", error::explain(&error));
			ExitCode::FAILURE
		},
	}
}
