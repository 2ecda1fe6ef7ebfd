//! The entries that fill the database.

use crate::{
	database::{self, Change, Item, WriteTime, STATES_KEPT},
	Result,
};
use codec::Encode;
use frame_support::storage::storage_prefix;
use gtos_node_types::FullBackend;
use gtos_runtime::{AccountId, Runtime};
use pallet_ttl_kv::{
	Entries, Entry, ExpiryPages, KeyOf, LastRevision, Reference, StoreTotals, Totals, PAGE_LENGTH,
};
use sp_crypto_hashing::blake2_256;
use std::{collections::BTreeMap, fmt, ops::Range, time::Duration};

/// Entries that one filling block adds. A multiple of the length of a page, so that no page is written by
/// two blocks.
const ENTRIES_PER_BLOCK: u32 = 96_000;
/// Items that a round reads, overwrites, removes and inserts again. Each of the writes is a block.
const ITEMS_PER_ROUND: u32 = 1_000;
const BLOCKS_PER_ROUND: u32 = 3;
/// Rounds before those that count. Their blocks outnumber the states that are kept, so that pruning is in
/// its steady state.
const WARM_UP_ROUNDS: u32 = STATES_KEPT.div_ceil(BLOCKS_PER_ROUND);
const MEASURED_ROUNDS: u32 = 20;
const OWNERS: u32 = 100;
const VALUE_BYTES: usize = 100;
const KEY_BYTES: usize = 32;
/// Half a year of one-second slots.
const LIVE_BLOCKS: u32 = 31_536_000 / 2;

/// What the database is filled with: first the entries that live on, then those that expire.
pub struct Contents {
	/// Entries that outlive the measurement, each with a page of the index of its own.
	pub live: u32,
	/// Entries that expire at one height.
	pub expired: u32,
	/// Whether each expired entry has a page of the index of its own.
	pub alone: bool,
}

/// Time for each of some items.
pub struct Access {
	/// Read it. Only upper nodes of the trie are in a cache of this process.
	pub read: Duration,
	/// Give it another value.
	pub overwrite: WriteTime,
	/// Remove it.
	pub remove: WriteTime,
	/// Insert it.
	pub insert: WriteTime,
}

fn put((key, value): &Item) -> Change<'_> {
	(key.as_slice(), Some(value.as_slice()))
}

fn remove((key, _): &Item) -> Change<'_> {
	(key.as_slice(), None)
}

fn owner(number: u32) -> AccountId {
	blake2_256(&("owner", number % OWNERS).encode()).into()
}

fn key(number: u32) -> KeyOf<Runtime> {
	KeyOf::<Runtime>::truncate_from(blake2_256(&number.to_le_bytes()).to_vec())
}

impl Contents {
	fn entries(&self) -> u32 {
		self.live + self.expired
	}

	/// Height at which the expired entries end: that of the first block which is executed.
	fn end(&self) -> u32 {
		let rounds = WARM_UP_ROUNDS + MEASURED_ROUNDS;
		self.filling().count() as u32 + rounds * BLOCKS_PER_ROUND + 1
	}

	/// Numbers of the entries that each filling block adds.
	fn filling(&self) -> impl Iterator<Item = Range<u32>> {
		let entries = self.entries();
		(0..entries)
			.step_by(ENTRIES_PER_BLOCK as usize)
			.map(move |first| first..entries.min(first + ENTRIES_PER_BLOCK))
	}

	fn revision(&self, number: u32) -> u64 {
		let page = u64::from(PAGE_LENGTH);
		match number.checked_sub(self.live) {
			None => page + u64::from(number),
			Some(expired) => {
				let first = page + u64::from(self.live).next_multiple_of(page);
				first + u64::from(expired) * if self.alone { page } else { 1 }
			},
		}
	}

	fn expires_at(&self, number: u32, end: u32) -> u32 {
		if number >= self.live {
			return end;
		}
		// Knuth's multiplicative hash scatters the ends over half a year.
		end + LIVE_BLOCKS + number.wrapping_mul(2_654_435_761) % LIVE_BLOCKS
	}

	/// The stored entry of this number, with bytes `byte` as value.
	fn entry(&self, number: u32, end: u32, byte: u8) -> Item {
		let entry = Entry {
			expires_at: self.expires_at(number, end),
			created_at: 1_u32,
			revision: self.revision(number),
			value: vec![byte; VALUE_BYTES],
		};
		(Entries::<Runtime>::hashed_key_for(owner(number), key(number)), entry.encode())
	}

	/// The entries of these numbers, and their references.
	fn items(&self, numbers: Range<u32>, end: u32) -> Vec<Item> {
		let mut pages = BTreeMap::<_, Vec<_>>::new();
		let mut items = Vec::new();
		for number in numbers {
			items.push(self.entry(number, end, 7));
			let page = self.revision(number) / u64::from(PAGE_LENGTH);
			let reference = Reference { owner: owner(number), key: key(number) };
			pages.entry((self.expires_at(number, end), page)).or_default().push(reference);
		}
		items.extend(pages.into_iter().map(|((height, page), references)| {
			let key =
				ExpiryPages::<Runtime>::hashed_key_for(height.to_be_bytes(), page.to_be_bytes());
			(key, references.encode())
		}));
		items
	}

	/// The counters of the store, and the height up to which nothing was executed.
	fn counters(&self) -> [Item; 3] {
		let entries = u64::from(self.entries());
		let bytes = entries * (KEY_BYTES + VALUE_BYTES) as u64;
		let last_revision = self.revision(self.entries());
		[
			(Totals::<Runtime>::hashed_key().to_vec(), StoreTotals { entries, bytes }.encode()),
			(LastRevision::<Runtime>::hashed_key().to_vec(), last_revision.encode()),
			(storage_prefix(b"System", b"Number").to_vec(), (self.end() - 1).encode()),
		]
	}

	/// Fills the database, which has a genesis block only.
	pub fn write(&self, backend: &FullBackend) -> Result<()> {
		let end = self.end();
		for numbers in self.filling() {
			let mut items = self.items(numbers, end);
			items.extend(self.counters());
			database::write(backend, items.iter().map(put))?;
		}
		Ok(())
	}

	/// Reads, overwrites, removes and inserts random entries. Returns the times of each round, for one
	/// item.
	pub fn measure_access(&self, backend: &FullBackend) -> Result<Vec<Access>> {
		let mut rounds = Vec::new();
		for round in 0..WARM_UP_ROUNDS + MEASURED_ROUNDS {
			let items: Vec<_> = (0..ITEMS_PER_ROUND)
				.map(|n| (round * ITEMS_PER_ROUND + n).wrapping_mul(2_654_435_761))
				.map(|random| self.entry(random % self.entries(), self.end(), 8))
				.collect();
			let each = |WriteTime { root, commit }| WriteTime {
				root: root / ITEMS_PER_ROUND,
				commit: commit / ITEMS_PER_ROUND,
			};
			let read = database::read(backend, &items)? / ITEMS_PER_ROUND;
			let overwrite = each(database::write(backend, items.iter().map(put))?);
			let remove = each(database::write(backend, items.iter().map(remove))?);
			let insert = each(database::write(backend, items.iter().map(put))?);
			if round >= WARM_UP_ROUNDS {
				rounds.push(Access { read, overwrite, remove, insert });
			}
		}
		Ok(rounds)
	}
}

impl fmt::Display for Contents {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { live, expired, alone } = self;
		let (end, pages) =
			(self.end(), if *alone { *expired } else { expired.div_ceil(PAGE_LENGTH) });
		let items = 2 * live + expired + pages;
		write!(
			f,
			"{expired} entries expire at height {end}, on {pages} pages of the index; {live} others \
			 live on; {items} items of state"
		)
	}
}
