//! Keeps the memory of this process, which holds secret keys, out of core dumps.

use std::io;

/// Forbids core dumps of this process, also those that a program receives through a pipe, and keeps other
/// processes of the same user from reading its memory. Root still can.
#[cfg(target_os = "linux")]
pub fn forbid() -> io::Result<()> {
	use rustix::process::{set_dumpable_behavior, DumpableBehavior};
	Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Other systems have no such setting; there, only the limit that the supervisor sets applies.
#[cfg(not(target_os = "linux"))]
pub fn forbid() -> io::Result<()> {
	Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
	use super::*;
	use rustix::process::{dumpable_behavior, DumpableBehavior};

	#[test]
	fn process_cannot_be_dumped_afterwards() {
		forbid().expect("every process may");
		assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
	}
}
