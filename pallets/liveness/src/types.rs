//! Counts of slots, and aliases for the types that the configuration composes.

use codec::{Compact, Decode, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use scale_info::TypeInfo;
use sp_staking::SessionIndex;

/// Slots of one validator in one session.
// Compact: every block rewrites a row, and its numbers are mostly small.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq, TypeInfo)]
pub struct SlotCount {
	/// Slots in which the validator made a block.
	#[codec(compact)]
	pub produced: u32,
	/// Slots of the validator that passed without a block.
	#[codec(compact)]
	pub missed: u64,
	/// Missed slots in which the validator was disabled, so that its block would have been invalid.
	#[codec(compact)]
	pub excused: u64,
}

// Not derived: the derived bound is that of plain integers, and compact ones can be longer.
impl MaxEncodedLen for SlotCount {
	fn max_encoded_len() -> usize {
		Compact::<u32>::max_encoded_len() + 2 * Compact::<u64>::max_encoded_len()
	}
}

impl SlotCount {
	/// Missed slots in which the validator could have made a block.
	pub fn at_fault(&self) -> u64 {
		// Saturating: LIV-I2 says that the difference is not negative.
		self.missed.saturating_sub(self.excused)
	}

	/// Whether the validator missed more than half of the slots in which it could have made a block
	/// (CON-R19).
	pub fn is_offence(&self) -> bool {
		self.at_fault() > self.produced.into()
	}
}

/// A validator and the counts of its slots.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct ValidatorSlots<AccountId> {
	/// Stash of the validator.
	pub validator: AccountId,
	/// Counts of its slots.
	pub count: SlotCount,
}

/// A session and the counts of its validators, in the order of their indices.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct SessionSlots<Validators> {
	/// Index of the session.
	pub session: SessionIndex,
	/// Its validators and their counts.
	pub validators: Validators,
}

/// Counts of a session's validators, by index.
pub type CountsOf<T> = BoundedVec<SlotCount, <T as pallet_aura::Config>::MaxAuthorities>;
/// A session that is over, as it is stored.
pub type SessionSlotsOf<T> = SessionSlots<
	BoundedVec<
		ValidatorSlots<<T as frame_system::Config>::AccountId>,
		<T as pallet_aura::Config>::MaxAuthorities,
	>,
>;
/// How an offender is identified.
pub type IdentificationTupleOf<T> = pallet_session::historical::IdentificationTuple<T>;
/// The offence as it is reported.
pub type MissedSlotsOf<T> = crate::MissedSlots<IdentificationTupleOf<T>>;
