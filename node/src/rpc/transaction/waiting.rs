//! Which transactions in the pool wait for an earlier one.

use gtos_runtime::Hash;
use parking_lot::Mutex;
use std::{collections::HashSet, time::Instant};

/// Hashes of the transactions that wait for an earlier one.
///
/// The pool tells of them only by copying them all, up to thousands that cost their senders nothing.
/// So they are read by one at a time, and one reading answers everybody who asked before it began.
#[derive(Default)]
pub struct Waiting {
	/// What was read last, and when that began.
	last: Mutex<Option<(Instant, HashSet<Hash>)>>,
}

impl Waiting {
	/// Whether the transaction was there, at `asked` or later.
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
	fn one_reading_answers_all_who_asked_before_and_nobody_who_asks_later() {
		let waiting = Waiting::default();
		let nothing_is_read = || panic!("it was read already");
		let [early, earlier] = [Instant::now(); 2];
		assert!(waiting.contains(hash(1), early, || [hash(1), hash(2)].into()));
		assert!(waiting.contains(hash(2), earlier, nothing_is_read));
		assert!(!waiting.contains(hash(3), early, nothing_is_read));

		// Until the clock moves, one who asks has asked when the reading began.
		let last = Instant::now();
		let later = loop {
			let now = Instant::now();
			if now > last {
				break now;
			}
		};
		assert!(waiting.contains(hash(3), later, || [hash(3)].into()));
		assert!(!waiting.contains(hash(1), early, nothing_is_read));
	}
}
