//! The binary `gtos`: command line, logging and the check of ports, on top of the service crate.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod argument_secrets;
mod base_path;
mod broken_pipe;
mod cli;
mod command;
mod core_dumps;
mod error;
mod key_files;
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
	if let Err(error) = core_dumps::forbid() {
		let warning = format!("a core dump of this process would contain its keys: {error}");
		logging::warn(&warning, format);
	}
	match command::run(env::args_os()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) if broken_pipe::is_cause(&error) => broken_pipe::STATUS.into(),
		Err(error) => {
			logging::report(&error::explain(&error), format);
			error::exit_code(&error).into()
		},
	}
}
