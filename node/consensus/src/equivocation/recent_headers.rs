//! The recent headers that the reporter keeps in memory, bounded in number.

use super::observed_header::{ObservedHeader, MAX_SLOTS};
use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_runtime::traits::Header as _;
use std::collections::BTreeMap;

/// Maximum number of headers that are kept for a slot, one for each parent.
///
/// Two headers on the same parent have the same author and already form a pair, so only the first is
/// kept. A slot has headers on more than a few parents only if the network splits into many forks,
/// because the state of each parent has to be available, or if an author makes such forks.
pub(super) const MAX_HEADERS_PER_SLOT: usize = 16;

/// The headers of the last slots.
#[derive(Default)]
pub(super) struct RecentHeaders {
	pub(super) slots: BTreeMap<Slot, SlotHeaders>,
}

/// The headers of one slot.
#[derive(Default)]
pub(super) struct SlotHeaders {
	pub(super) headers: Vec<ObservedHeader>,
	/// Authors whose equivocation in this slot needs no further work.
	handled: Vec<AuthorityId>,
}

impl SlotHeaders {
	/// Stores a header. If the slot is full, only a header that can be reported is stored, in place of one that cannot:
	/// an author could otherwise hide two blocks on the best chain behind many on forks that have lost.
	fn store(&mut self, header: &ObservedHeader, has_parent: impl Fn(&ObservedHeader) -> bool) {
		if self.headers.len() >= MAX_HEADERS_PER_SLOT {
			if !has_parent(header) {
				return;
			}
			let Some(lost) = self.headers.iter().position(|other| !has_parent(other)) else {
				return;
			};
			self.headers.remove(lost);
		}
		self.headers.push(header.clone());
	}
}

impl RecentHeaders {
	/// Stores a header, and returns the different headers of the same slot that were stored before.
	/// `has_parent` says whether the best chain has the parent of a header.
	pub(super) fn insert(
		&mut self,
		header: &ObservedHeader,
		has_parent: impl Fn(&ObservedHeader) -> bool,
	) -> Vec<ObservedHeader> {
		let slot = self.slots.entry(header.slot).or_default();
		let others = slot
			.headers
			.iter()
			.filter(|other| other.unsealed_hash != header.unsealed_hash)
			.cloned()
			.collect();
		let is_parent_known = slot
			.headers
			.iter()
			.any(|other| other.header.parent_hash() == header.header.parent_hash());
		if !is_parent_known {
			slot.store(header, has_parent);
		}
		// This also removes the slot just inserted if it is older than all the others.
		while self.slots.len() > MAX_SLOTS {
			self.slots.pop_first();
		}
		others
	}

	/// Whether the equivocation of `author` in `slot` needs no further work.
	pub(super) fn is_handled(&self, slot: Slot, author: &AuthorityId) -> bool {
		self.slots.get(&slot).is_some_and(|headers| headers.handled.contains(author))
	}

	/// Makes the reporter ignore later headers of `author` in `slot`.
	pub(super) fn mark_handled(&mut self, slot: Slot, author: AuthorityId) {
		if let Some(headers) = self.slots.get_mut(&slot) {
			if !headers.handled.contains(&author) {
				headers.handled.push(author);
			}
		}
	}
}
