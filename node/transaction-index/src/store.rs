//! The index on disk.

use crate::block_source::Outcomes;
use codec::{Decode, DecodeAll, Encode};
use gtos_runtime::{BlockNumber, Hash};
use parity_db::{ColId, CompressionType, Db, Options};
use std::{
	collections::{hash_map::Entry, HashMap},
	fmt, fs, io,
	path::Path,
};

/// Positions by hash of extrinsic.
const TRANSACTIONS: ColId = 0;
/// Records by hash of block.
const BLOCKS: ColId = 1;
/// Hashes of the indexed blocks by height, big-endian: the order in which they are pruned.
const HEIGHTS: ColId = 2;
/// Metadata of the index.
const META: ColId = 3;

const FORMAT_KEY: &[u8] = b"format";
/// Version of the encodings below. Increase it when one of them changes: an index of another
/// version is rebuilt.
const FORMAT: &[u8] = &[1];

/// Maximum number of positions kept for one extrinsic; the oldest are dropped.
///
/// A transaction has a position for each height and index at which some fork includes it. The
/// canonical position is lost only if `MAX_POSITIONS` other blocks in the window include the
/// transaction at other positions.
const MAX_POSITIONS: usize = 64;

/// Where an extrinsic was seen.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Position {
	/// Height of the block.
	pub number: BlockNumber,
	/// Index in its body.
	pub index: u32,
}

/// What the index stores about a block.
#[derive(Debug, Decode, Encode, Eq, PartialEq)]
pub struct Record {
	/// Hashes of its extrinsics.
	pub transactions: Vec<Hash>,
	/// Their outcomes; `None` if the runtime could not be called.
	pub outcomes: Option<Outcomes>,
}

/// Why the index cannot be used.
#[derive(Debug)]
pub enum Error {
	/// The database reports an error.
	Database(parity_db::Error),
	/// Its files cannot be deleted.
	Files(io::Error),
	/// It holds bytes that this version never wrote.
	Malformed,
	/// It could not be rebuilt.
	Closed,
}

impl Error {
	/// Whether another process has opened the index.
	pub fn is_lock(&self) -> bool {
		matches!(self, Self::Database(parity_db::Error::Locked(_)))
	}
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		match self {
			Self::Database(error) => write!(f, "{error}"),
			Self::Files(error) => write!(f, "{error}"),
			Self::Malformed => f.write_str("it is damaged or of another version"),
			Self::Closed => f.write_str("it is closed"),
		}
	}
}

impl From<parity_db::Error> for Error {
	fn from(error: parity_db::Error) -> Self {
		Self::Database(error)
	}
}

/// The database. Every change is one commit, which the database writes to disk by itself.
pub struct Store(Db);

impl Store {
	/// Opens the database in the folder `path`. Creates an empty one if there is none.
	pub fn open(path: &Path) -> Result<Self, Error> {
		let db = Db::open_or_create(&options(path))?;
		match db.get(META, FORMAT_KEY)? {
			None => db.commit([(META, FORMAT_KEY, Some(FORMAT.to_vec()))])?,
			Some(format) if format == FORMAT => {},
			Some(_) => return Err(Error::Malformed),
		}
		Ok(Self(db))
	}

	/// Deletes the folder and creates an empty database.
	pub fn recreate(path: &Path) -> Result<Self, Error> {
		match fs::remove_dir_all(path) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Files(error)),
			_ => Self::open(path),
		}
	}

	/// Where the extrinsic was seen, on any fork.
	pub fn positions(&self, transaction: Hash) -> Result<Vec<Position>, Error> {
		Ok(self.read(TRANSACTIONS, transaction.as_bytes())?.unwrap_or_default())
	}

	/// What the index stores about the block.
	pub fn record(&self, block: Hash) -> Result<Option<Record>, Error> {
		self.read(BLOCKS, block.as_bytes())
	}

	/// Whether the block is indexed.
	pub fn contains(&self, block: Hash) -> Result<bool, Error> {
		Ok(self.0.get_size(BLOCKS, block.as_bytes())?.is_some())
	}

	/// Indexes a block.
	pub fn insert(&self, number: BlockNumber, block: Hash, record: &Record) -> Result<(), Error> {
		let mut positions = HashMap::<Hash, Vec<Position>>::new();
		for (index, transaction) in (0..).zip(&record.transactions) {
			let known = match positions.entry(*transaction) {
				Entry::Occupied(entry) => entry.into_mut(),
				Entry::Vacant(entry) => entry.insert(self.positions(*transaction)?),
			};
			let position = Position { number, index };
			if !known.contains(&position) {
				if known.len() >= MAX_POSITIONS {
					known.remove(0);
				}
				known.push(position);
			}
		}
		let mut blocks = self.blocks_at(number)?;
		if !blocks.contains(&block) {
			blocks.push(block);
		}
		let positions = positions.into_iter().map(|(hash, positions)| {
			(TRANSACTIONS, hash.as_bytes().to_vec(), Some(positions.encode()))
		});
		self.0.commit(positions.chain([
			(BLOCKS, block.as_bytes().to_vec(), Some(record.encode())),
			(HEIGHTS, number.to_be_bytes().to_vec(), Some(blocks.encode())),
		]))?;
		Ok(())
	}

	/// Prunes the lowest height if it is below `bound`. Returns whether it did.
	pub fn prune_lowest_below(&self, bound: BlockNumber) -> Result<bool, Error> {
		let Some(number) = self.lowest()? else { return Ok(false) };
		if number >= bound {
			return Ok(false);
		}
		let blocks = self.blocks_at(number)?;
		let mut positions = HashMap::<Hash, Vec<Position>>::new();
		for block in &blocks {
			let transactions = self.record(*block)?.map(|record| record.transactions);
			for transaction in transactions.unwrap_or_default() {
				if let Entry::Vacant(entry) = positions.entry(transaction) {
					let mut left = self.positions(transaction)?;
					left.retain(|position| position.number != number);
					entry.insert(left);
				}
			}
		}
		let positions = positions.into_iter().map(|(hash, left)| {
			(TRANSACTIONS, hash.as_bytes().to_vec(), (!left.is_empty()).then(|| left.encode()))
		});
		let blocks = blocks.iter().map(|block| (BLOCKS, block.as_bytes().to_vec(), None));
		let height = (HEIGHTS, number.to_be_bytes().to_vec(), None);
		self.0.commit(positions.chain(blocks).chain([height]))?;
		Ok(true)
	}

	/// The lowest height with an indexed block.
	pub fn lowest(&self) -> Result<Option<BlockNumber>, Error> {
		let mut heights = self.0.iter(HEIGHTS)?;
		heights.seek_to_first()?;
		let Some((height, _)) = heights.next()? else { return Ok(None) };
		let height: [u8; 4] = height.try_into().map_err(|_| Error::Malformed)?;
		Ok(Some(BlockNumber::from_be_bytes(height)))
	}

	/// Writes bytes for the transaction that do not decode as a list of positions.
	#[cfg(test)]
	pub fn corrupt(&self, transaction: Hash) -> Result<(), Error> {
		Ok(self.0.commit([(TRANSACTIONS, transaction.as_bytes(), Some(vec![0xff]))])?)
	}

	fn blocks_at(&self, number: BlockNumber) -> Result<Vec<Hash>, Error> {
		Ok(self.read(HEIGHTS, &number.to_be_bytes())?.unwrap_or_default())
	}

	fn read<T: Decode>(&self, column: ColId, key: &[u8]) -> Result<Option<T>, Error> {
		let bytes = self.0.get(column, key)?;
		let decode = |bytes: Vec<u8>| T::decode_all(&mut &bytes[..]);
		bytes.map(decode).transpose().map_err(|_| Error::Malformed)
	}
}

fn options(path: &Path) -> Options {
	let mut options = Options::with_columns(path, 4);
	options.stats = false;
	for hashes in [TRANSACTIONS, BLOCKS] {
		options.columns[usize::from(hashes)].uniform = true;
	}
	// Outcomes resemble each other and compress well.
	options.columns[usize::from(BLOCKS)].compression = CompressionType::Lz4;
	options.columns[usize::from(HEIGHTS)].btree_index = true;
	options
}
