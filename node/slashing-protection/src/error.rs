//! Errors of the record's file.

use gtos_runtime::Hash;
use std::{fmt, io, path::PathBuf};

/// Why a record cannot be read, written or merged. Each message names the cause and the remedy.
#[derive(Debug)]
pub enum Error {
	/// The file cannot be read or written.
	Io {
		/// The file.
		path: PathBuf,
		/// The cause.
		error: io::Error,
	},
	/// Another process uses the record.
	InUse {
		/// The file.
		path: PathBuf,
	},
	/// The file system cannot lock the record.
	CannotLock {
		/// The file.
		path: PathBuf,
		/// The cause.
		error: io::Error,
	},
	/// The file is no record, or was changed.
	Damaged {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
	/// A later version of the node has written the record.
	LaterVersion {
		/// The file.
		path: PathBuf,
		/// Version of its format.
		found: u32,
		/// The last version that this node knows.
		known: u32,
	},
	/// The record is of another chain.
	OtherChain {
		/// The file.
		path: PathBuf,
		/// Genesis of the record.
		found: Hash,
		/// Genesis that was expected.
		expected: Hash,
	},
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		match self {
			Self::Io { path, error } => write!(
				f,
				"the slashing protection record {} cannot be read or written: {error}. The user of \
				the node needs to read and write its folder, and the disk needs free space",
				path.display()
			),
			Self::InUse { path } => write!(
				f,
				"the slashing protection record {} is in use by another process, which may sign with the \
				same keys. Stop that process first, or give each node its own --base-path and \
				--keystore-path",
				path.display()
			),
			Self::CannotLock { path, error } => write!(
				f,
				"the slashing protection record {} cannot be locked: {error}. Its file system needs locks: \
				without them two processes could sign with the same keys. Keep the keystore on a local disk, \
				see --keystore-path",
				path.display()
			),
			Self::Damaged { path, reason } => write!(
				f,
				"the slashing protection record {} is damaged: {reason}. Restore it from a copy with \
				`gtos slashing-protection import`, or, if no other node has these keys, move it away: \
				the node then listens for its own keys before it signs",
				path.display()
			),
			Self::LaterVersion { path, found, known } => write!(
				f,
				"the slashing protection record {} has version {found}, and this node knows no later one than \
				{known}. Run the version of the node that has written it, or a later one",
				path.display()
			),
			Self::OtherChain { path, found, expected } => write!(
				f,
				"the slashing protection record {} is of the chain with genesis {found:?}, not of the \
				one with {expected:?}. Use the record and the keystore of this chain, or move the \
				file away",
				path.display()
			),
		}
	}
}

impl std::error::Error for Error {}
