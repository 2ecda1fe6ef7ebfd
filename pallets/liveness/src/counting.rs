//! The slots that validators produce and miss, counted with each block (CON-R18).

use crate::*;
use alloc::vec::Vec;
use codec::Decode;
use frame_support::traits::DisabledValidators;
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_authorship::EventHandler;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_runtime::traits::One;

/// `pallet-authorship` notes the author before the session rotates and before Aura stores the block's
/// slot. So the slot, the authorities and the disabled validators are still those of the parent's state.
impl<T: Config> EventHandler<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn note_author(_: T::AccountId) {
		Self::do_note_block();
	}
}

impl<T: Config> Pallet<T> {
	/// Counts the block and the slots that passed since its parent (CON-R18).
	pub(crate) fn do_note_block() {
		// No node accepts a block without a slot, and Aura's hook ignores it too.
		let Some(slot) = Self::slot_of_block() else { return };
		let authorities = Self::authorities();
		let Some(author) = slot.checked_rem(authorities.into()) else { return };

		let is_first = frame_system::Pallet::<T>::block_number() == BlockNumberFor::<T>::one();
		// The genesis has no slot, so no slots are between it and the first block.
		let parent = if is_first { slot } else { *pallet_aura::CurrentSlot::<T>::get() };
		let any_missed = is_gap_counted(parent, slot, authorities);
		let disabled = if any_missed {
			<T as pallet_aura::Config>::DisabledValidators::disabled_validators()
		} else {
			Vec::new()
		};

		CurrentCounts::<T>::mutate(|counts| {
			// There are no rows before the first block of a session.
			counts.bounded_resize(authorities as usize, SlotCount::default());
			for (index, count) in (0..).zip(counts.iter_mut()) {
				// Saturating: never reached, because no slot is counted twice and so the sum of all
				// counts is at most the number of the slot.
				if u64::from(index) == author {
					count.produced = count.produced.saturating_add(1);
				}
				if any_missed && is_turn_skipped(parent, slot, authorities, index) {
					count.missed = count.missed.saturating_add(1);
					if disabled.contains(&index) {
						count.excused = count.excused.saturating_add(1);
					}
				}
			}
		});
	}

	/// Number of Aura's authorities.
	pub(crate) fn authorities() -> u32 {
		pallet_aura::Pallet::<T>::authorities_len() as u32
	}

	/// Slot of the block that is being executed.
	fn slot_of_block() -> Option<u64> {
		let digest = frame_system::Pallet::<T>::digest();
		let mut items = digest.logs.iter().filter_map(|item| item.as_pre_runtime());
		let (_, mut data) = items.find(|(engine, _)| *engine == AURA_ENGINE_ID)?;
		Slot::decode(&mut data).ok().map(u64::from)
	}
}

/// Number of empty slots between a block in `slot` and its parent in `parent`.
fn skipped(parent: u64, slot: u64) -> u64 {
	slot.saturating_sub(parent).saturating_sub(1)
}

/// Whether the empty slots between `parent` and `slot` count as missed (CON-R18).
///
/// In a gap as long as the set, every authority let its turn pass, so the network or the back-off of the
/// authors is the cause.
fn is_gap_counted(parent: u64, slot: u64, authorities: u32) -> bool {
	let skipped = skipped(parent, slot);
	0 < skipped && skipped < u64::from(authorities)
}

/// Whether the authority with index `authority` out of `authorities` missed a slot between `parent` and
/// `slot`, both excluded (CON-R18). It cannot miss more than one, because longer gaps do not count.
///
/// Takes constant time. False if there is no authority with that index.
pub fn is_turn_skipped(parent: u64, slot: u64, authorities: u32, authority: u32) -> bool {
	let (n, i) = (u64::from(authorities), u64::from(authority));
	if !is_gap_counted(parent, slot, authorities) || i >= n {
		return false;
	}
	// No overflow: `slot` is greater than `parent`, and `i` and `n` have 32 bits.
	let first_author = (parent + 1) % n;
	let slots_before_its_turn = (i + n - first_author) % n;
	slots_before_its_turn < skipped(parent, slot)
}
