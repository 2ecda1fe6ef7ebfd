//! The index on disk.
//!
//! The window is divided into ranges of heights, and each range has a database of its own, a
//! [`Segment`]. A range that has left the window is deleted as a folder: transactions are never
//! removed one by one, which would cost as much as to insert them.

mod segment;

pub use segment::Inclusion;
#[cfg(test)]
pub use segment::MAX_INCLUSIONS;

use crate::{block_source::Outcomes, error::Error};
use gtos_runtime::{BlockNumber, Hash};
use parking_lot::RwLock;
use segment::Segment;
use std::{
	collections::BTreeMap,
	ffi::OsStr,
	fs::{self, File, TryLockError},
	io,
	num::NonZeroU32,
	path::{Path, PathBuf},
};

/// Version of the encodings. Increase it when one of them changes: an index of another version is
/// deleted and filled again.
const FORMAT: u32 = 2;

/// Number of segments that a window is divided into. One more exists while a window ends within a
/// segment.
const SEGMENTS_PER_WINDOW: u32 = 4;

/// Least number of heights of a segment. Every segment has a few threads and files.
const MIN_SPAN: NonZeroU32 = NonZeroU32::new(16).expect("it is not zero; qed");

/// File that is locked while the index is open.
const LOCK: &str = "lock";

/// The segments.
pub struct Store {
	folder: PathBuf,
	/// Number of heights of a segment.
	span: NonZeroU32,
	/// Segments by number: segment `n` has the heights from `n * span` on.
	segments: RwLock<BTreeMap<u32, Segment>>,
	/// Unlocked when it is dropped.
	_lock: File,
}

impl Store {
	/// Opens the index of `window` heights in the folder `path`, and creates the folder if there is
	/// none. Segments of another version or of another length are deleted.
	pub fn open(path: &Path, window: NonZeroU32) -> Result<Self, Error> {
		fs::create_dir_all(path)?;
		let lock =
			File::options().create(true).truncate(false).write(true).open(path.join(LOCK))?;
		lock.try_lock().map_err(|error| match error {
			TryLockError::WouldBlock => Error::Locked,
			TryLockError::Error(error) => Error::Files(error),
		})?;
		let span = window.get().div_ceil(SEGMENTS_PER_WINDOW);
		let span = NonZeroU32::new(span).unwrap_or(MIN_SPAN).max(MIN_SPAN);
		let mut segments = BTreeMap::new();
		for entry in fs::read_dir(path)? {
			let entry = entry?;
			match segment_number(&entry.file_name(), span) {
				Some(number) => {
					segments.insert(number, Segment::open(&entry.path())?);
				},
				None if entry.file_name() == LOCK => {},
				None if entry.file_type()?.is_dir() => fs::remove_dir_all(entry.path())?,
				None => fs::remove_file(entry.path())?,
			}
		}
		Ok(Self { folder: path.into(), span, segments: RwLock::new(segments), _lock: lock })
	}

	/// Deletes the folder and creates an empty index.
	pub fn recreate(path: &Path, window: NonZeroU32) -> Result<Self, Error> {
		match fs::remove_dir_all(path) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Files(error)),
			_ => Self::open(path, window),
		}
	}

	/// The highest inclusion of the extrinsic that `accept` accepts.
	pub fn find(
		&self,
		transaction: Hash,
		accept: impl Fn(&Inclusion) -> bool,
	) -> Result<Option<Inclusion>, Error> {
		for segment in self.segments.read().values().rev() {
			let mut inclusions = segment.inclusions(transaction)?;
			inclusions.sort_by_key(|inclusion| std::cmp::Reverse(inclusion.number));
			if let Some(found) = inclusions.into_iter().find(&accept) {
				return Ok(Some(found));
			}
		}
		Ok(None)
	}

	/// Whether the block is indexed.
	pub fn contains(&self, block: Hash) -> Result<bool, Error> {
		for segment in self.segments.read().values().rev() {
			if segment.contains(block)? {
				return Ok(true);
			}
		}
		Ok(false)
	}

	/// Indexes a block with these extrinsics and their outcomes.
	pub fn insert(
		&self,
		number: BlockNumber,
		block: Hash,
		transactions: Vec<Hash>,
		outcomes: Option<Outcomes>,
	) -> Result<(), Error> {
		let segment = number / self.span;
		if !self.segments.read().contains_key(&segment) {
			let opened = Segment::open(&self.segment_folder(segment))?;
			self.segments.write().insert(segment, opened);
		}
		let mut outcomes = outcomes.unwrap_or_default().into_iter();
		let inclusions = (0..).zip(transactions).map(|(index, transaction)| {
			let outcome = outcomes.next().flatten();
			(transaction, Inclusion { block, number, index, outcome })
		});
		let segments = self.segments.read();
		segments.get(&segment).ok_or(Error::Closed)?.insert(block, inclusions)
	}

	/// Deletes the lowest segment if all its heights are below `bound`. Returns whether it did.
	pub fn prune_below(&self, bound: BlockNumber) -> Result<bool, Error> {
		let Some(segment) = self.lowest_segment() else { return Ok(false) };
		if segment >= bound / self.span {
			return Ok(false);
		}
		// The database is closed before its files are deleted.
		drop(self.segments.write().remove(&segment));
		// After this the name is not one of a segment: what a crash leaves of it, the next start deletes.
		let removed = self.folder.join("removed");
		fs::rename(self.segment_folder(segment), &removed)?;
		fs::remove_dir_all(&removed)?;
		Ok(true)
	}

	/// Number of the lowest segment.
	fn lowest_segment(&self) -> Option<u32> {
		self.segments.read().keys().next().copied()
	}

	fn segment_folder(&self, segment: u32) -> PathBuf {
		self.folder.join(segment_name(segment, self.span))
	}
}

#[cfg(test)]
impl Store {
	/// Where the extrinsic was seen, on any fork.
	pub fn inclusions(&self, transaction: Hash) -> Result<Vec<Inclusion>, Error> {
		let segments = self.segments.read();
		let inclusions = segments.values().map(|segment| segment.inclusions(transaction));
		Ok(inclusions.collect::<Result<Vec<_>, Error>>()?.concat())
	}

	/// Writes bytes for the transaction that cannot be decoded, in the highest segment.
	pub fn corrupt(&self, transaction: Hash) -> Result<(), Error> {
		let segments = self.segments.read();
		segments.values().next_back().ok_or(Error::Closed)?.corrupt(transaction)
	}
}

fn segment_name(segment: u32, span: NonZeroU32) -> String {
	format!("v{FORMAT}-{span}-{segment}")
}

/// Number of the segment of this folder name; `None` for one of another version or length.
fn segment_number(name: &OsStr, span: NonZeroU32) -> Option<u32> {
	let (_, number) = name.to_str()?.rsplit_once('-')?;
	let number = number.parse().ok()?;
	(*name == *segment_name(number, span)).then_some(number)
}
