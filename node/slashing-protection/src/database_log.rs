//! The log of the database, which holds its last writes until they are in its tables.
//!
//! ParityDB puts its log on disk when 64 MiB of it are full. After a power failure the record could
//! therefore hold votes for blocks that no disk holds. If that happens to all validators at once, they
//! repeat these votes for good, and finality stops. So the log is put on disk before a vote is signed.

use gtos_runtime::Hash;
use parking_lot::Mutex;
use std::{
	collections::VecDeque,
	ffi::OsStr,
	fs::{self, File},
	io,
	path::{Path, PathBuf},
};

/// Blocks that are remembered. A voter works on two or three rounds at a time.
const MAX_TARGETS: usize = 8;

/// The files `log0`, `log1`, ... of the database in a folder.
pub struct DatabaseLog {
	folder: PathBuf,
	/// The last blocks for which the log was put on disk.
	targets: Mutex<VecDeque<Hash>>,
}

impl DatabaseLog {
	/// The log of the ParityDB in `folder`.
	pub fn of(folder: PathBuf) -> Self {
		Self { folder, targets: Mutex::default() }
	}

	/// Puts what the database has logged so far on disk, unless that was done for this block. Returns
	/// the number of files.
	///
	/// The database logs an imported block within milliseconds, in a thread of its own. A block that
	/// was imported a moment ago may therefore still be missing.
	pub fn sync_for(&self, target: Hash) -> io::Result<usize> {
		let mut targets = self.targets.lock();
		if targets.contains(&target) {
			return Ok(0);
		}
		let files = self.sync()?;
		targets.push_back(target);
		if targets.len() > MAX_TARGETS {
			targets.pop_front();
		}
		Ok(files)
	}

	fn sync(&self) -> io::Result<usize> {
		let mut files = 0;
		for entry in fs::read_dir(&self.folder)? {
			let entry = entry?;
			if !is_log(&entry.file_name()) {
				continue;
			}
			match sync_file(&entry.path()) {
				Ok(has_content) => files += usize::from(has_content),
				// The database has removed it, because its content is in the tables.
				Err(error) if error.kind() == io::ErrorKind::NotFound => {},
				Err(error) => return Err(error),
			}
		}
		Ok(files)
	}
}

fn is_log(name: &OsStr) -> bool {
	let number = name.to_str().and_then(|name| name.strip_prefix("log"));
	number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Returns whether the file has content: the database empties its logs and uses them again.
fn sync_file(path: &Path) -> io::Result<bool> {
	// Some systems sync only what they can write. Nothing is written here.
	let file = File::options().write(true).open(path)?;
	let has_content = file.metadata()?.len() > 0;
	if has_content {
		file.sync_data()?;
	}
	Ok(has_content)
}
