//! The binary `gtos`: command line, logging and the check of ports, on top of the service crate.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod base_path;
mod broken_pipe;
mod cli;
mod command;
mod error;
mod keystore;
mod logging;
mod ports;
mod prove_ownership;
mod pruning;
mod slashing_protection;

use logging::LogFormat;
use std::{env, process::ExitCode};

fn main() -> ExitCode {
	broken_pipe::end_quietly();
	let format = LogFormat::asked_for(env::args_os());
	match command::run(env::args_os()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) if broken_pipe::is_cause(&error) => broken_pipe::STATUS.into(),
		Err(error) => {
			logging::report(&error::explain(&error), format);
			error::exit_code(&error).into()
		},
	}
}
