//! A bounded memory of answers.

use crate::statement::{Digest, HashKey, Hasher, Statement};
use parking_lot::Mutex;
use std::{
	num::NonZeroU32,
	sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Entries of a set.
const WAYS: u32 = 8;

/// The entry that was used last is the first.
type Set<A> = Vec<(Digest, A)>;

/// Answers to statements, by the keyed hash of the whole statement.
///
/// The hash of a statement determines its set, and a full set forgets the entry that was not used for the longest time.
/// Each set has its own lock, so threads rarely wait for each other. The key of the hash is secret, so nobody can
/// choose statements of one set to make the node forget another one of that set.
pub struct Memory<A> {
	hasher: Hasher,
	sets: Box<[Mutex<Set<A>>]>,
	hits: AtomicU64,
	misses: AtomicU64,
}

impl<A: Copy> Memory<A> {
	/// An empty memory of `entries`, rounded up to a multiple of 8.
	pub fn new(entries: NonZeroU32, key: &HashKey) -> Self {
		let sets = entries.get().div_ceil(WAYS);
		Self {
			hasher: Hasher::new(key),
			sets: (0..sets).map(|_| Mutex::default()).collect(),
			hits: AtomicU64::new(0),
			misses: AtomicU64::new(0),
		}
	}

	/// The remembered answer to `statement`. If there is none, the answer of `find`, which is remembered unless it is
	/// an error.
	pub fn answer<E>(
		&self,
		statement: &Statement,
		find: impl FnOnce() -> Result<A, E>,
	) -> Result<A, E> {
		let digest = self.hasher.digest(statement);
		let set = self.set_of(&digest);
		let remembered = recall(&mut set.lock(), &digest);
		if let Some(answer) = remembered {
			self.hits.fetch_add(1, Relaxed);
			return Ok(answer);
		}
		self.misses.fetch_add(1, Relaxed);
		// Without the lock: other threads need the set meanwhile. Two threads may find the same answer.
		let answer = find()?;
		remember(&mut set.lock(), digest, answer);
		Ok(answer)
	}

	/// How many answers were remembered.
	pub fn hits(&self) -> u64 {
		self.hits.load(Relaxed)
	}

	/// How many answers had to be found.
	pub fn misses(&self) -> u64 {
		self.misses.load(Relaxed)
	}

	fn set_of(&self, digest: &Digest) -> &Mutex<Set<A>> {
		let number = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
		&self.sets[number as usize % self.sets.len()]
	}

	#[cfg(test)]
	pub fn entries(&self) -> usize {
		self.sets.iter().map(|set| set.lock().len()).sum()
	}
}

/// The answer under `digest`, which becomes the entry that was used last.
fn recall<A: Copy>(set: &mut Set<A>, digest: &Digest) -> Option<A> {
	let position = set.iter().position(|(known, _)| known == digest)?;
	let answer = set[position].1;
	set[..=position].rotate_right(1);
	Some(answer)
}

fn remember<A>(set: &mut Set<A>, digest: Digest, answer: A) {
	// Another thread may have found the answer first.
	set.retain(|(known, _)| *known != digest);
	set.truncate(WAYS as usize - 1);
	set.insert(0, (digest, answer));
}

#[cfg(test)]
mod tests {
	use super::*;

	const KEY: HashKey = [7; 32];

	/// Of a single set.
	fn smallest(key: &HashKey) -> Memory<u32> {
		Memory::new(NonZeroU32::MIN, key)
	}

	/// The answer to the statement number `number`, which is looked for in `memory` and otherwise is `found`.
	fn answer(memory: &Memory<u32>, number: u32, found: Result<u32, ()>) -> Result<u32, ()> {
		let mut hash = [0; 32];
		hash[..4].copy_from_slice(&number.to_le_bytes());
		memory.answer(&Statement::ecdsa(&[0; 65], &hash), || found)
	}

	#[test]
	fn answer_is_found_once_and_an_error_each_time() {
		let memory = smallest(&KEY);
		assert_eq!(answer(&memory, 1, Err(())), Err(()));
		assert_eq!(answer(&memory, 1, Ok(5)), Ok(5));
		assert_eq!(answer(&memory, 1, Err(())), Ok(5));
		assert_eq!(answer(&memory, 2, Err(())), Err(()));
		assert_eq!((memory.hits(), memory.misses(), memory.entries()), (1, 3, 1));
	}

	#[test]
	fn full_set_forgets_what_was_not_used_for_the_longest_time() {
		let memory = smallest(&KEY);
		for number in 0..WAYS {
			assert_eq!(answer(&memory, number, Ok(number)), Ok(number));
		}
		// 0 is used again, so 1 is the oldest.
		assert_eq!(answer(&memory, 0, Err(())), Ok(0));
		assert_eq!(answer(&memory, WAYS, Ok(WAYS)), Ok(WAYS));
		assert_eq!(answer(&memory, 1, Err(())), Err(()));
		for number in (2..=WAYS).chain([0]) {
			assert_eq!(answer(&memory, number, Err(())), Ok(number));
		}
	}

	#[test]
	fn memory_holds_as_many_entries_as_it_may() {
		let entries = NonZeroU32::new(1_001).expect("it is not zero");
		let memory = Memory::new(entries, &KEY);
		for number in 0..20_000 {
			assert_eq!(answer(&memory, number, Ok(number)), Ok(number));
		}
		// Every set is full: 126 sets of 8.
		assert_eq!(memory.entries(), 1_008);
	}

	#[test]
	fn digests_of_processes_differ() {
		let statement = Statement::ecdsa(&[0; 65], &[0; 32]);
		let digest = |key: &HashKey| Hasher::new(key).digest(&statement);
		assert_eq!(digest(&KEY), digest(&KEY));
		assert_ne!(digest(&KEY), digest(&[8; 32]));
	}

	#[test]
	fn two_threads_that_find_one_answer_leave_one_entry() {
		let memory = smallest(&KEY);
		let statement = Statement::ecdsa(&[0; 65], &[0; 32]);
		// The second look-up takes place while the first one is finding the answer.
		let outer = memory.answer(&statement, || {
			memory.answer(&statement, || Ok::<_, ()>(1)).map(|inner| inner + 1)
		});
		assert_eq!(outer, Ok(2));
		assert_eq!((memory.entries(), memory.misses()), (1, 2));
	}
}
