//! Why the index cannot be used.

use std::{fmt, io};

/// Why the index cannot be used.
#[derive(Debug)]
pub enum Error {
	/// A database reports an error.
	Database(parity_db::Error),
	/// Its files cannot be created, locked or deleted.
	Files(io::Error),
	/// Another process has opened it.
	Locked,
	/// It holds bytes that this version never wrote.
	Malformed,
	/// It could not be rebuilt.
	Closed,
}

impl Error {
	/// Whether another process has opened the index.
	pub fn is_lock(&self) -> bool {
		matches!(self, Self::Locked)
	}
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		match self {
			Self::Database(error) => write!(f, "{error}"),
			Self::Files(error) => write!(f, "{error}"),
			Self::Locked => f.write_str("another process has opened it"),
			Self::Malformed => f.write_str("it is damaged"),
			Self::Closed => f.write_str("it is closed"),
		}
	}
}

impl From<parity_db::Error> for Error {
	fn from(error: parity_db::Error) -> Self {
		Self::Database(error)
	}
}

impl From<io::Error> for Error {
	fn from(error: io::Error) -> Self {
		Self::Files(error)
	}
}
