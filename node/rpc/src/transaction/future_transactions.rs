//! The future transactions of the pool: those that wait for an earlier nonce.

use gtos_runtime::Hash;
use parking_lot::Mutex;
use std::{collections::HashSet, time::Instant};

/// Hashes of the future transactions.
///
/// The pool can list them only by copying all of them. There can be thousands, because they cost
/// their senders nothing. So only one query at a time reads them, and each reading serves all
/// queries that were made before it began.
#[derive(Default)]
pub struct FutureTransactions {
	/// The last reading, and when it began.
	last: Mutex<Option<(Instant, HashSet<Hash>)>>,
}

impl FutureTransactions {
	/// Whether the pool had this future transaction at `asked` or later; `read` reads all of them.
	pub fn contains(
		&self,
		transaction: Hash,
		asked: Instant,
		read: impl FnOnce() -> HashSet<Hash>,
	) -> bool {
		let mut last = self.last.lock();
		let (_, hashes) = match last.take() {
			Some((began, hashes)) if began >= asked => last.insert((began, hashes)),
			_ => {
				let began = Instant::now();
				last.insert((began, read()))
			},
		};
		hashes.contains(&transaction)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn hash(seed: u8) -> Hash {
		Hash::repeat_byte(seed)
	}

	#[test]
	fn reading_serves_earlier_queries_and_no_later_one() {
		let transactions = FutureTransactions::default();
		let nothing_is_read = || panic!("it was read already");
		let [early, earlier] = [Instant::now(); 2];
		assert!(transactions.contains(hash(1), early, || [hash(1), hash(2)].into()));
		assert!(transactions.contains(hash(2), earlier, nothing_is_read));
		assert!(!transactions.contains(hash(3), early, nothing_is_read));

		// As long as the clock has not moved, a query counts as made before the reading.
		let last = Instant::now();
		let later = loop {
			let now = Instant::now();
			if now > last {
				break now;
			}
		};
		assert!(transactions.contains(hash(3), later, || [hash(3)].into()));
		assert!(!transactions.contains(hash(1), early, nothing_is_read));
	}
}
