//! The offence of missing slots.

use alloc::vec::Vec;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{Kind, Offence},
	SessionIndex,
};

/// The offence of validators that missed more than half of their slots in a session (CON-R19).
pub struct MissedSlots<Offender> {
	/// Session in which they missed their slots.
	pub session: SessionIndex,
	/// Number of validators of the session.
	pub validator_count: u32,
	/// Offenders that are to be chilled.
	pub offenders: Vec<Offender>,
}

impl<Offender: Clone> Offence<Offender> for MissedSlots<Offender> {
	const ID: Kind = *b"liveness:missing";
	type Slot = SessionIndex;

	fn offenders(&self) -> Vec<Offender> {
		self.offenders.clone()
	}

	fn session_index(&self) -> SessionIndex {
		self.session
	}

	fn validator_set_count(&self) -> u32 {
		self.validator_count
	}

	fn slot(&self) -> SessionIndex {
		self.session
	}

	/// Always zero: a validator that is offline loses its seat and no stake.
	fn slash_fraction(&self, _: u32) -> Perbill {
		Perbill::zero()
	}
}
