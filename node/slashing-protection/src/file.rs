//! The file that holds a record.

use crate::{error::Error, record::Record};
use gtos_runtime::Hash;
use serde::Deserialize;
use sp_core::H256;
use std::{
	fs::{self, File, TryLockError},
	io::{self, Write},
	path::{Path, PathBuf},
};

const FILE_NAME: &str = "slashing-protection.json";

/// Version of the format. A node refuses a record of a later version.
const VERSION: u32 = 1;

/// The content of the file: JSON, so that an operator can read it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
	version: u32,
	/// BLAKE2b-256 of the record as compact JSON. It finds damage, not forgery.
	checksum: H256,
	record: Record,
}

/// What the files of all versions have in common.
#[derive(Deserialize)]
struct Format {
	version: u32,
}

/// A record on disk.
#[derive(Clone, Debug)]
pub struct RecordFile {
	path: PathBuf,
}

/// Keeps other processes from the record for as long as it exists.
#[derive(Debug)]
pub struct RecordLock {
	_file: File,
}

impl RecordFile {
	/// The record that lies beside this keystore.
	pub fn beside(keystore: &Path) -> Self {
		Self::at(keystore.with_file_name(FILE_NAME))
	}

	/// The record with this path.
	pub fn at(path: PathBuf) -> Self {
		Self { path }
	}

	/// Path of the file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Takes the record for this process. Two processes that read it before either writes would
	/// permit what the other has signed.
	// The lock is on a file of its own, because `save` replaces the record.
	pub fn lock(&self) -> Result<RecordLock, Error> {
		let file = File::options()
			.create(true)
			.truncate(false)
			.write(true)
			.open(self.with_suffix(".lock"))
			.map_err(|error| self.io_error(error))?;
		match file.try_lock() {
			Ok(()) => Ok(RecordLock { _file: file }),
			Err(TryLockError::WouldBlock) => Err(Error::InUse { path: self.path.clone() }),
			Err(TryLockError::Error(error)) => {
				Err(Error::CannotLock { path: self.path.clone(), error })
			},
		}
	}

	/// Reads the record; `None` if there is no file.
	pub fn load(&self) -> Result<Option<Record>, Error> {
		let bytes = match fs::read(&self.path) {
			Ok(bytes) => bytes,
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			Err(error) => return Err(self.io_error(error)),
		};
		let damaged = |reason: String| Error::Damaged { path: self.path.clone(), reason };
		let Format { version } =
			serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
		if version > VERSION {
			let path = self.path.clone();
			return Err(Error::LaterVersion { path, found: version, known: VERSION });
		}
		let content: Content =
			serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
		if content.version != VERSION {
			return Err(damaged(format!(
				"its version is {}, and this node knows version {VERSION}",
				content.version
			)));
		}
		if content.checksum != checksum(&content.record) {
			return Err(damaged("its checksum does not match".into()));
		}
		Ok(Some(content.record))
	}

	/// Reads the record of this chain; `None` if there is no file.
	pub fn load_of(&self, genesis_hash: Hash) -> Result<Option<Record>, Error> {
		let record = self.load()?;
		match record {
			Some(record) if record.genesis_hash != genesis_hash => Err(Error::OtherChain {
				path: self.path.clone(),
				found: record.genesis_hash,
				expected: genesis_hash,
			}),
			record => Ok(record),
		}
	}

	/// Replaces the record. When this returns, the new one is on disk; if it fails, or if the
	/// machine stops on the way, the old one is still there.
	pub fn save(&self, record: &Record) -> Result<(), Error> {
		self.replace(record).map_err(|error| self.io_error(error))
	}

	fn replace(&self, record: &Record) -> io::Result<()> {
		let bytes = encode(record)?;

		let unfinished = self.with_suffix(".new");
		let mut file = File::create(&unfinished)?;
		file.write_all(&bytes)?;
		file.sync_all()?;
		drop(file);
		fs::rename(&unfinished, &self.path)?;
		// The new name of the file is on disk only when its folder is. Windows opens no folders.
		#[cfg(unix)]
		File::open(folder_of(&self.path))?.sync_all()?;
		Ok(())
	}

	/// Renames a record that is damaged, and answers its new path. It replaces an earlier file of that name.
	pub fn set_aside(&self) -> Result<PathBuf, Error> {
		let aside = self.with_suffix(".damaged");
		fs::rename(&self.path, &aside).map_err(|error| self.io_error(error))?;
		Ok(aside)
	}

	fn with_suffix(&self, suffix: &str) -> PathBuf {
		let mut name = self.path.clone().into_os_string();
		name.push(suffix);
		PathBuf::from(name)
	}

	fn io_error(&self, error: io::Error) -> Error {
		Error::Io { path: self.path.clone(), error }
	}
}

/// The folder of a file. A name without a folder stands for a file in the current one.
#[cfg(unix)]
fn folder_of(file: &Path) -> &Path {
	match file.parent() {
		Some(folder) if !folder.as_os_str().is_empty() => folder,
		_ => Path::new("."),
	}
}

/// Writes a [`Content`]. The record is serialised once: a node waits for this before each signature.
fn encode(record: &Record) -> serde_json::Result<Vec<u8>> {
	let record = serde_json::to_string(record)?;
	let checksum = serde_json::to_string(&checksum_of(record.as_bytes()))?;
	let content =
		format!(r#"{{"version":{VERSION},"checksum":{checksum},"record":{record}}}"#) + "\n";
	Ok(content.into_bytes())
}

fn checksum(record: &Record) -> H256 {
	// A record serialises: its keys are text and its values plain.
	checksum_of(&serde_json::to_vec(record).unwrap_or_default())
}

fn checksum_of(record: &[u8]) -> H256 {
	H256(sp_crypto_hashing::blake2_256(record))
}
