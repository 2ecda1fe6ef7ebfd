//! Errors that the user of the node can fix.

use sc_service::Error;

/// Makes the error of a node that does not start, or of a command that does not run, for a reason
/// that the user can fix.
///
/// The reason is printed unchanged, after `Error: `. It starts in lower case, and names the remedy.
pub fn user_error(reason: impl Into<String>) -> Error {
	let reason: String = reason.into();
	Error::Application(reason.into())
}
