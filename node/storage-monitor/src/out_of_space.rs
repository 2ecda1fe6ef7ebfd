//! The error of a node that has no room.

use crate::text::{bytes, OPTION};
use std::{error::Error, fmt, path::PathBuf};

/// The disk under the database has too little free space. The node can be started again without any
/// other change as soon as there is room, so its supervisor should go on trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfSpace {
	/// The database.
	pub path: PathBuf,
	/// Free space.
	pub free_bytes: u64,
	/// How much has to be free before the node starts.
	pub needed_bytes: u64,
}

impl fmt::Display for OutOfSpace {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		write!(
			f,
			"no room for the database at {}: {} are free on its disk, and the node needs {} to start. \
			Free some space or enlarge the disk, or lower {OPTION}",
			self.path.display(),
			bytes(self.free_bytes),
			bytes(self.needed_bytes),
		)
	}
}

impl Error for OutOfSpace {}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn message_names_path_free_space_need_and_remedy() {
		let error =
			OutOfSpace { path: "/data/db".into(), free_bytes: 900 << 20, needed_bytes: 1280 << 20 };
		let message = error.to_string();
		for part in ["/data/db", "900 MiB", "1.2 GiB", "--db-storage-threshold"] {
			assert!(message.contains(part), "{part}: {message}");
		}
		assert_eq!(message.lines().count(), 1, "{message}");
	}
}
