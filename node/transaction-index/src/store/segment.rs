//! The database of a range of heights.

use crate::error::Error;
use codec::{Decode, DecodeAll, Encode};
use gtos_runtime::{Balance, BlockNumber, Hash};
use gtos_transaction_api::Outcome;
use parity_db::{ColId, Db, Options};
use std::{
	collections::{hash_map::Entry, HashMap},
	path::Path,
};

/// Inclusions by hash of extrinsic.
const TRANSACTIONS: ColId = 0;
/// Indexed blocks by hash; the value has no meaning.
const BLOCKS: ColId = 1;

/// Maximum number of inclusions kept for one extrinsic; the oldest are dropped.
///
/// A transaction has an inclusion for each block, on any fork, that includes it. The canonical one is
/// lost only if `MAX_INCLUSIONS` other blocks of the segment include the transaction later.
pub const MAX_INCLUSIONS: usize = 64;

/// Where an extrinsic was seen, and with which outcome.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Inclusion {
	/// The block.
	pub block: Hash,
	/// Its height.
	pub number: BlockNumber,
	/// Position in its body.
	pub index: u32,
	/// The outcome; `None` if the runtime could not be called.
	pub outcome: Option<Outcome<Balance>>,
}

/// The database. Every change is one commit, which the database writes to disk by itself.
pub struct Segment(Db);

impl Segment {
	/// Opens the database in the folder `path`. Creates an empty one if there is none.
	pub fn open(path: &Path) -> Result<Self, Error> {
		let mut options = Options::with_columns(path, 2);
		options.stats = false;
		for column in &mut options.columns {
			column.uniform = true;
		}
		Ok(Self(Db::open_or_create(&options)?))
	}

	/// Where the extrinsic was seen, on any fork, oldest first.
	pub fn inclusions(&self, transaction: Hash) -> Result<Vec<Inclusion>, Error> {
		let Some(bytes) = self.0.get(TRANSACTIONS, transaction.as_bytes())? else {
			return Ok(Vec::new());
		};
		Vec::decode_all(&mut &bytes[..]).map_err(|_| Error::Malformed)
	}

	/// Whether the block is indexed.
	pub fn contains(&self, block: Hash) -> Result<bool, Error> {
		Ok(self.0.get_size(BLOCKS, block.as_bytes())?.is_some())
	}

	/// Indexes a block with these transactions and inclusions.
	pub fn insert(
		&self,
		block: Hash,
		transactions: impl IntoIterator<Item = (Hash, Inclusion)>,
	) -> Result<(), Error> {
		let mut changed = HashMap::<Hash, Vec<Inclusion>>::new();
		for (transaction, inclusion) in transactions {
			let known = match changed.entry(transaction) {
				Entry::Occupied(entry) => entry.into_mut(),
				Entry::Vacant(entry) => entry.insert(self.inclusions(transaction)?),
			};
			// A block that is indexed twice replaces what it wrote before.
			known.retain(|it| (it.block, it.index) != (inclusion.block, inclusion.index));
			if known.len() >= MAX_INCLUSIONS {
				known.remove(0);
			}
			known.push(inclusion);
		}
		let changed = changed.into_iter().map(|(transaction, inclusions)| {
			(TRANSACTIONS, transaction.as_bytes().to_vec(), Some(inclusions.encode()))
		});
		let block = (BLOCKS, block.as_bytes().to_vec(), Some(vec![1]));
		Ok(self.0.commit(changed.chain([block]))?)
	}

	/// Writes bytes for the transaction that do not decode as a list of inclusions.
	#[cfg(test)]
	pub fn corrupt(&self, transaction: Hash) -> Result<(), Error> {
		Ok(self.0.commit([(TRANSACTIONS, transaction.as_bytes(), Some(vec![0xff]))])?)
	}
}
