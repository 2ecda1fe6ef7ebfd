//! Gives verdicts in the order in which the transactions were taken from the queue.
//!
//! Transactions of one sender need each other, and different workers can have them. The pool keeps one aside while it
//! lacks an earlier one. It has little room for such transactions, and it tells those who watch them about it.

use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};

/// Gives the verdicts of a batch.
type Delivery = Box<dyn FnOnce() + Send>;

/// The batches that are being validated, and those that wait for one of them.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<Batches>>);

#[derive(Default)]
struct Batches {
	/// Number of the oldest batch.
	oldest: usize,
	/// The batches from the oldest on; `None` for one that is still being validated.
	deliveries: VecDeque<Option<Delivery>>,
}

impl Turns {
	/// The turn after all that have been taken.
	pub(super) fn take(&self) -> Turn {
		let mut batches = self.0.lock();
		let number = batches.oldest.wrapping_add(batches.deliveries.len());
		batches.deliveries.push_back(None);
		Turn { number, delivery: None, turns: self.clone() }
	}
}

/// The turn of a batch. It ends at the latest when it is dropped, so that no other batch waits for ever.
pub(super) struct Turn {
	number: usize,
	delivery: Option<Delivery>,
	turns: Turns,
}

impl Turn {
	/// Has the verdicts given as soon as all earlier turns have ended.
	pub(super) fn end(mut self, delivery: impl FnOnce() + Send + 'static) {
		self.delivery = Some(Box::new(delivery));
	}
}

impl Drop for Turn {
	fn drop(&mut self) {
		let delivery = self.delivery.take().unwrap_or_else(|| Box::new(|| ()));
		self.turns.0.lock().end(self.number, delivery);
	}
}

impl Batches {
	fn end(&mut self, number: usize, delivery: Delivery) {
		if let Some(batch) = self.deliveries.get_mut(number.wrapping_sub(self.oldest)) {
			*batch = Some(delivery);
		}
		while let Some(deliver) = self.deliveries.front_mut().and_then(Option::take) {
			self.deliveries.pop_front();
			self.oldest = self.oldest.wrapping_add(1);
			deliver();
		}
	}
}
