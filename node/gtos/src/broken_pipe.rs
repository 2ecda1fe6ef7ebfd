//! Ends commands quietly when the reader of their output ends first, as `head` does.

use std::{
	io::{self, ErrorKind},
	panic, process,
};

/// The status with which a shell reports a program that SIGPIPE has ended: 128 and the number of the
/// signal. Rust ignores the signal, so writing fails instead.
pub const STATUS: u8 = 141;

/// The number of this error on Linux and macOS.
const EPIPE: i32 = 32;

/// Ends the process without a report when `println!` or `eprintln!` has no reader any more.
///
/// The SDK replaces the hook when it sets up the log, so this has to be called after that again.
pub fn end_quietly() {
	let previous = panic::take_hook();
	panic::set_hook(Box::new(move |info| {
		let message = info.payload().downcast_ref::<String>();
		if message.is_some_and(|message| is_printing_failure(message)) {
			process::exit(STATUS.into());
		}
		previous(info);
	}));
}

/// Whether this is the message with which `println!` and `eprintln!` panic.
fn is_printing_failure(message: &str) -> bool {
	message.starts_with("failed printing to std") && message.contains("Broken pipe")
}

/// Whether the command has failed because its output has no reader any more.
pub fn is_cause(error: &sc_cli::Error) -> bool {
	let is_broken = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
	match error {
		sc_cli::Error::Io(error) => is_broken(error),
		sc_cli::Error::Service(sc_service::Error::Io(error)) => is_broken(error),
		// `export-chain-spec` passes on only the text.
		sc_cli::Error::Input(text) => *text == io::Error::from_raw_os_error(EPIPE).to_string(),
		_ => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn message_of_the_standard_library_is_recognised() {
		let error = io::Error::from_raw_os_error(32);
		assert_eq!(error.kind(), ErrorKind::BrokenPipe);
		assert!(is_printing_failure(&format!("failed printing to stdout: {error}")));
		assert!(!is_printing_failure("failed printing to stdout: No space left on device"));
	}

	#[test]
	fn errors_of_a_broken_pipe_are_recognised_and_no_others() {
		let io = |kind: ErrorKind| sc_cli::Error::Io(kind.into());
		assert!(is_cause(&io(ErrorKind::BrokenPipe)));
		assert!(!is_cause(&io(ErrorKind::NotFound)));
		assert!(is_cause(&sc_cli::Error::Input("Broken pipe (os error 32)".into())));
		assert!(!is_cause(&sc_cli::Error::Input("Broken pipe".into())));
	}
}
