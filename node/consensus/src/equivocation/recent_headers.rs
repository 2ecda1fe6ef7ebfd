//! The bounded memory of the reporter.

use super::observed_header::ObservedHeader;
use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_runtime::traits::Header as _;
use std::collections::BTreeMap;

/// Slots whose headers are remembered: more than any honest delay, and far fewer than the block
/// hashes that the chain checks a report against.
pub(super) const MAX_SLOTS: usize = 256;

/// Headers remembered in a slot, one for each parent.
///
/// A second header on the same parent has the same author and makes a pair with the first. More
/// than a few parents that are recent enough for their state to be there have only been seen while
/// the network was falling apart.
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

impl RecentHeaders {
	/// Remembers a header, and returns the different ones of the same slot that came before it.
	pub(super) fn insert(&mut self, header: &ObservedHeader) -> Vec<ObservedHeader> {
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
		if !is_parent_known && slot.headers.len() < MAX_HEADERS_PER_SLOT {
			slot.headers.push(header.clone());
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

	/// Has later headers of `author` in `slot` ignored.
	pub(super) fn mark_handled(&mut self, slot: Slot, author: AuthorityId) {
		if let Some(headers) = self.slots.get_mut(&slot) {
			headers.handled.push(author);
		}
	}
}
