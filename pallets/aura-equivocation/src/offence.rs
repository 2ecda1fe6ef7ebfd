//! The offence of an Aura equivocation (CON-R23).

use alloc::{vec, vec::Vec};
use sp_consensus_aura::Slot;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{Kind, Offence},
	SessionIndex,
};

/// The offence of a validator that sealed two blocks in one slot (CON-R23).
pub struct EquivocationOffence<Offender> {
	/// Slot of both blocks.
	pub slot: Slot,
	/// Session in which the offender was a validator.
	pub session_index: SessionIndex,
	/// Number of validators in that session.
	pub validator_set_count: u32,
	/// The validator.
	pub offender: Offender,
}

impl<Offender: Clone> Offence<Offender> for EquivocationOffence<Offender> {
	const ID: Kind = *b"aura:equivocatio";
	/// The session and the slot. `pallet-offences` never forgets an offence. If it were counted by the slot alone,
	/// the next set could name a slot of which a validator was reported long ago, and have it slashed again.
	type Slot = (SessionIndex, Slot);

	fn offenders(&self) -> Vec<Offender> {
		vec![self.offender.clone()]
	}

	fn session_index(&self) -> SessionIndex {
		self.session_index
	}

	fn validator_set_count(&self) -> u32 {
		self.validator_set_count
	}

	fn slot(&self) -> Self::Slot {
		(self.session_index, self.slot)
	}

	/// Slash fraction of each of `offenders_count` validators that were reported for the session and slot
	/// (CON-R15, with these in place of set id and round). The count is 1, because a slot has one author.
	fn slash_fraction(&self, offenders_count: u32) -> Perbill {
		// Saturating: there are far fewer than 2^32 / 3 validators.
		Perbill::from_rational(offenders_count.saturating_mul(3), self.validator_set_count).square()
	}
}
