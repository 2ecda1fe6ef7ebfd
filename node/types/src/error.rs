//! Errors that the user of the node can mend.

use sc_service::Error;

/// The error of a node that does not start, or of a command that does not run, for a reason that
/// the user can mend.
///
/// The reason is printed as it is, after `Error: `. It starts in lower case, and names the remedy.
pub fn user_error(reason: impl Into<String>) -> Error {
	let reason: String = reason.into();
	Error::Application(reason.into())
}
