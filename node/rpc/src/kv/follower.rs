//! The events of an owner's entries, block by block (RPC-R25).

use super::response::{Event, Kind};
use crate::{
	error::Error,
	query::{self, RequiredApi},
};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{AccountId, BlockNumber, Hash};
use pallet_ttl_kv_runtime_api::{EndingPage, EntryChange, EntryChangesApi};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;

/// The runtime API of both queries.
const API: RequiredApi = RequiredApi { name: "EntryChangesApi", version: 1 };

/// Which entries are followed.
#[derive(Clone, Debug)]
pub struct Filter {
	/// Owner of the entries.
	pub owner: AccountId,
	/// Prefix of their keys.
	pub prefix: Vec<u8>,
}

/// Final blocks and the changes of entries in them.
pub trait ChangeSource: Send + Sync + 'static {
	/// Height of the last final block.
	fn finalized(&self) -> BlockNumber;

	/// The final block of this height.
	fn block(&self, number: BlockNumber) -> Result<Hash, Error>;

	/// Changes of entries by the calls of `block`.
	fn changes(&self, block: Hash, filter: &Filter) -> Result<Vec<EntryChange>, Error>;

	/// Entries that are live after `block` and expire in the next one, from revision `start` on.
	fn ending(&self, block: Hash, filter: &Filter, start: u64) -> Result<EndingPage, Error>;
}

impl ChangeSource for FullClient {
	fn finalized(&self) -> BlockNumber {
		self.info().finalized_number
	}

	fn block(&self, number: BlockNumber) -> Result<Hash, Error> {
		match HeaderBackend::hash(self, number) {
			Ok(Some(block)) => Ok(block),
			// This happens after a warp sync, until the history is downloaded.
			Ok(None) => Err(Error::Unavailable(format!("block {number} is not available yet"))),
			Err(error) => Err(Error::Unavailable(error.to_string())),
		}
	}

	fn changes(&self, block: Hash, filter: &Filter) -> Result<Vec<EntryChange>, Error> {
		let Filter { owner, prefix } = filter.clone();
		query::call::<dyn EntryChangesApi<Block, AccountId>, _>(self, block, API, |api| {
			EntryChangesApi::<Block, AccountId>::changes(api, block, owner, prefix)
		})
	}

	fn ending(&self, block: Hash, filter: &Filter, start: u64) -> Result<EndingPage, Error> {
		let Filter { owner, prefix } = filter.clone();
		query::call::<dyn EntryChangesApi<Block, AccountId>, _>(self, block, API, |api| {
			EntryChangesApi::<Block, AccountId>::ending(api, block, owner, prefix, start)
		})
	}
}

/// Walks over the final blocks and collects events.
///
/// It stores only a position: however many entries an owner has, following them takes no more
/// memory than the changes of one block.
pub struct Follower<C> {
	chain: Arc<C>,
	filter: Filter,
	/// Height whose events come next; at least 1.
	number: BlockNumber,
	/// Lowest revision of the entries that expire at this height and are not reported yet; `None`
	/// once all of them are reported and the changes by the block's calls come next.
	expired_from: Option<u64>,
}

impl<C: ChangeSource> Follower<C> {
	/// Starts with the events of block `from`; without `from`, with those of the block after the
	/// last final one.
	pub fn new(chain: Arc<C>, filter: Filter, from: Option<BlockNumber>) -> Self {
		// Saturating: no block follows the greatest height.
		let number = from.unwrap_or_else(|| chain.finalized().saturating_add(1));
		// The genesis block has no events.
		Self { chain, filter, number: number.max(1), expired_from: Some(0) }
	}

	/// Number of final blocks whose events are not reported yet.
	pub fn behind(&self) -> BlockNumber {
		// Saturating: a follower of the head is one block ahead of it.
		self.chain.finalized().saturating_add(1).saturating_sub(self.number)
	}

	/// The next events, possibly none; `None` if the next block is not final yet.
	///
	/// One call covers only a part of a block: a page of the entries that expire, or the changes by
	/// its calls.
	pub fn advance(&mut self) -> Result<Option<Vec<Event>>, Error> {
		if self.number > self.chain.finalized() {
			return Ok(None);
		}
		let (chain, number) = (&self.chain, self.number);
		let block = chain.block(number)?;
		let event = |kind, key: Vec<u8>, revision: u64| Event {
			kind,
			key: key.into(),
			block_hash: block,
			block_number: number,
			revision: revision.to_string(),
		};
		// An entry expires at the beginning of the block at its end height, so its event comes before
		// the events of that block's calls. The state of the parent still has all such entries.
		let events = match self.expired_from {
			Some(start) => {
				// Saturating: `number` is at least 1.
				let parent = chain.block(number.saturating_sub(1))?;
				let EndingPage { items, next } = chain.ending(parent, &self.filter, start)?;
				self.expired_from = next;
				let expired = |(key, revision)| event(Kind::Expired, key, revision);
				items.into_iter().map(expired).collect()
			},
			None => {
				let changes = chain.changes(block, &self.filter)?;
				// Saturating: as above.
				self.number = number.saturating_add(1);
				self.expired_from = Some(0);
				let changed =
					|change: EntryChange| event(change.change.into(), change.key, change.revision);
				changes.into_iter().map(changed).collect()
			},
		};
		Ok(Some(events))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_ttl_kv_runtime_api::Change;
	use parking_lot::Mutex;
	use std::collections::BTreeMap;

	/// Blocks whose hash is their height.
	#[derive(Default)]
	struct Fake {
		finalized: Mutex<BlockNumber>,
		changes: BTreeMap<BlockNumber, Vec<EntryChange>>,
		/// Entries by the last height at which they are live; a page has two of them.
		ending: BTreeMap<BlockNumber, Vec<(Vec<u8>, u64)>>,
		/// Lowest height whose state is not pruned.
		oldest: BlockNumber,
	}

	fn hash(number: BlockNumber) -> Hash {
		Hash::from_low_u64_be(number.into())
	}

	impl Fake {
		fn number(&self, block: Hash) -> Result<BlockNumber, Error> {
			let number = u32::try_from(block.to_low_u64_be()).unwrap();
			assert!(number <= *self.finalized.lock(), "block {number} is not final");
			if number < self.oldest {
				return Err(Error::PrunedState(block));
			}
			Ok(number)
		}
	}

	impl ChangeSource for Fake {
		fn finalized(&self) -> BlockNumber {
			*self.finalized.lock()
		}

		fn block(&self, number: BlockNumber) -> Result<Hash, Error> {
			Ok(hash(number))
		}

		fn changes(&self, block: Hash, _: &Filter) -> Result<Vec<EntryChange>, Error> {
			Ok(self.changes.get(&self.number(block)?).cloned().unwrap_or_default())
		}

		fn ending(&self, block: Hash, _: &Filter, start: u64) -> Result<EndingPage, Error> {
			let ending = self.ending.get(&self.number(block)?).cloned().unwrap_or_default();
			let mut items: Vec<_> = ending.into_iter().filter(|(_, it)| *it >= start).collect();
			let next = items.get(2).map(|(_, revision)| *revision);
			items.truncate(2);
			Ok(EndingPage { items, next })
		}
	}

	fn follow(chain: &Arc<Fake>, from: Option<BlockNumber>) -> Follower<Fake> {
		let filter = Filter { owner: AccountId::new([1; 32]), prefix: vec![] };
		Follower::new(chain.clone(), filter, from)
	}

	/// Events up to the last final block, as height, kind and revision.
	fn events(follower: &mut Follower<Fake>) -> Vec<(BlockNumber, Kind, String)> {
		let mut events = Vec::new();
		while let Some(more) = follower.advance().unwrap() {
			for event in more {
				assert_eq!(event.block_hash, hash(event.block_number));
				events.push((event.block_number, event.kind, event.revision));
			}
		}
		events
	}

	fn change(change: Change, revision: u64) -> EntryChange {
		EntryChange { change, key: vec![1], revision }
	}

	fn chain() -> Arc<Fake> {
		let ending = |revisions: &[u64]| -> Vec<(Vec<u8>, u64)> {
			revisions.iter().map(|it| (vec![1], *it)).collect()
		};
		Arc::new(Fake {
			finalized: Mutex::new(5),
			changes: [
				(2, vec![change(Change::Put, 1), change(Change::Extended, 1)]),
				(4, vec![change(Change::Put, 9), change(Change::Deleted, 9)]),
			]
			.into(),
			ending: [(3, ending(&[1, 2, 5, 6, 7])), (4, ending(&[8]))].into(),
			oldest: 0,
		})
	}

	#[test]
	fn expiry_of_an_entry_comes_before_the_changes_by_the_calls_of_the_same_block() {
		let expected = [
			(2, Kind::Put, "1"),
			(2, Kind::Extended, "1"),
			(4, Kind::Expired, "1"),
			(4, Kind::Expired, "2"),
			(4, Kind::Expired, "5"),
			(4, Kind::Expired, "6"),
			(4, Kind::Expired, "7"),
			(4, Kind::Put, "9"),
			(4, Kind::Deleted, "9"),
			(5, Kind::Expired, "8"),
		]
		.map(|(number, kind, revision)| (number, kind, revision.to_owned()));
		for from in [0, 1, 2] {
			assert_eq!(events(&mut follow(&chain(), Some(from))), expected);
		}
		assert_eq!(events(&mut follow(&chain(), Some(3))), expected[2..]);
		assert_eq!(events(&mut follow(&chain(), Some(5))), expected[9..]);
	}

	#[test]
	fn block_that_is_not_final_has_no_events_yet() {
		let chain = chain();
		for from in [None, Some(4)] {
			*chain.finalized.lock() = 3;
			let mut follower = follow(&chain, from);
			assert_eq!(events(&mut follower), []);
			*chain.finalized.lock() = 4;
			assert_eq!(events(&mut follower).len(), 7);
			assert_eq!(events(&mut follower), []);
			*chain.finalized.lock() = 5;
			assert_eq!(events(&mut follower).len(), 1);
		}
	}

	#[test]
	fn follower_is_behind_by_the_final_blocks_that_it_has_not_reported() {
		let chain = chain();
		let behind = |from| follow(&chain, from).behind();
		assert_eq!([None, Some(0), Some(1), Some(5), Some(9)].map(behind), [0, 5, 5, 1, 0]);
		let mut follower = follow(&chain, Some(2));
		events(&mut follower);
		assert_eq!(follower.behind(), 0);
		*chain.finalized.lock() = 8;
		assert_eq!(follower.behind(), 3);
	}

	#[test]
	fn block_without_its_state_or_that_of_its_parent_is_an_error() {
		let mut fake = Arc::into_inner(chain()).unwrap();
		fake.oldest = 3;
		let chain = Arc::new(fake);
		let refused = |from| match follow(&chain, Some(from)).advance() {
			Err(Error::PrunedState(block)) => Some(block),
			_ => None,
		};
		assert_eq!(refused(2), Some(hash(1)));
		assert_eq!(refused(3), Some(hash(2)));
		assert_eq!(refused(4), None);
	}
}
