//! The folder of a node's data: that there is one to which this user can write, and that a temporary one is
//! removed.

use sc_cli::SharedParams;
use std::{
	env, fs, io,
	path::{Path, PathBuf},
	thread,
	time::Duration,
};

/// How often, and how many times, the removal of a temporary folder is tried.
const REMOVAL: (Duration, u32) = (Duration::from_millis(100), 50);

/// Fails if the options name no folder and there is none by default: the SDK would panic.
pub fn ensure_known(shared: &SharedParams) -> Result<(), String> {
	let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
	ensure(shared.base_path.as_deref(), home.as_deref())
}

fn ensure(base_path: Option<&Path>, home: Option<&Path>) -> Result<(), String> {
	base_path.or(home).map(|_| ()).ok_or_else(|| {
		"this user has no home directory, so there is no folder for the data: name one with \
		--base-path, and a keystore outside of it with --keystore-path"
			.into()
	})
}

/// Fails if this user cannot make the folder, or cannot make files in it.
///
/// The SDK's error names neither the folder nor a remedy. A container gives `/` as home directory to a user that
/// it does not know.
#[cfg(target_os = "linux")]
pub fn ensure_writable(folder: &Path) -> Result<(), String> {
	use rustix::fs::{access, Access};
	// A relative path ends in an empty one, which stands for the current folder.
	let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
	access(existing, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
		format!(
			"the data cannot be in {}, because this user cannot write to {}: {}. Name another folder with \
			--base-path, or give this user the right to write",
			folder.display(),
			existing.display(),
			io::Error::from(error),
		)
	})
}

/// On other systems the database reports what is wrong.
#[cfg(not(target_os = "linux"))]
pub fn ensure_writable(_: &Path) -> Result<(), String> {
	Ok(())
}

/// Removes the temporary folder of a node that has ended.
///
/// The SDK removes it, too, but does not wait for the threads of JSON-RPC, which may still close the
/// database. A folder into which they write meanwhile cannot be removed at the first attempt.
pub fn remove_temporary(path: PathBuf) {
	let (pause, attempts) = REMOVAL;
	for _ in 0..attempts {
		match fs::remove_dir_all(&path) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(pause),
			_ => return,
		}
	}
	tracing::warn!("The temporary folder {} could not be removed", path.display());
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn folder_is_known_by_an_option_or_a_home_directory() {
		let folder = Some(Path::new("/data"));
		assert_eq!(ensure(folder, None), Ok(()));
		assert_eq!(ensure(None, folder), Ok(()));
		let error = ensure(None, None).expect_err("there is none");
		assert!(error.contains("--base-path"), "{error}");
	}

	// A file is a folder to which nobody can write, not even root.
	#[cfg(target_os = "linux")]
	#[test]
	fn folder_that_cannot_be_written_to_is_refused_with_the_remedy() {
		let folder = tempfile::tempdir().expect("there is room");
		let file = folder.path().join("file");
		fs::write(&file, "").expect("there is room");
		let new = folder.path().join("chains/dev");
		for writable in [folder.path(), new.as_path(), Path::new("chains")] {
			assert_eq!(ensure_writable(writable), Ok(()), "{}", writable.display());
		}
		for refused in [&file, &file.join("chains/dev")] {
			let error = ensure_writable(refused).expect_err("there is a file");
			assert!(error.contains(&format!("in {},", refused.display())), "{error}");
			assert!(error.contains(&format!("write to {}:", file.display())), "{error}");
			assert!(error.contains("--base-path"), "{error}");
		}
	}

	#[test]
	fn temporary_folder_is_removed_although_a_thread_still_writes() {
		let folder = tempfile::tempdir().expect("there is room").keep();
		let path = folder.clone();
		let writer = thread::spawn(move || {
			for number in 0..1_000 {
				// Fails once the folder is gone.
				let _ = fs::write(path.join(number.to_string()), "");
			}
		});
		remove_temporary(folder.clone());
		writer.join().expect("it does not panic");
		assert!(!folder.exists());
	}
}
