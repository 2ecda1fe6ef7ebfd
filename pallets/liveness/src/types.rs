//! What is counted, and the arithmetic of turns.

use codec::{Compact, Decode, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use scale_info::TypeInfo;
use sp_staking::SessionIndex;

/// Slots of one validator in one session.
// Compact: a row is rewritten with every block, and its numbers are small as a rule.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq, TypeInfo)]
pub struct SlotCount {
	/// Slots in which it made a block.
	#[codec(compact)]
	pub produced: u32,
	/// Slots of its turn that passed without a block.
	#[codec(compact)]
	pub missed: u64,
	/// Those of `missed` in which it was disabled, so that no block of its would have been valid.
	#[codec(compact)]
	pub excused: u64,
}

// The derived bound would be that of plain integers, which compact ones exceed.
impl MaxEncodedLen for SlotCount {
	fn max_encoded_len() -> usize {
		Compact::<u32>::max_encoded_len() + 2 * Compact::<u64>::max_encoded_len()
	}
}

impl SlotCount {
	/// Slots that it missed although it could have made a block.
	pub fn at_fault(&self) -> u64 {
		// Saturating: LIV-I2 keeps the difference from being negative.
		self.missed.saturating_sub(self.excused)
	}

	/// Whether it missed more than half of the slots in which it could have made a block (CON-R19).
	pub fn is_offence(&self) -> bool {
		self.at_fault() > self.produced.into()
	}
}

/// A validator and its slots.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct ValidatorSlots<AccountId> {
	/// Stash of the validator.
	pub validator: AccountId,
	/// What it did with its slots.
	pub count: SlotCount,
}

/// A session and the slots of its validators, in the order of their indices.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct SessionSlots<Validators> {
	/// Index of the session.
	pub session: SessionIndex,
	/// Its validators.
	pub validators: Validators,
}

/// Counts of a session's validators, by index.
pub type CountsOf<T> = BoundedVec<SlotCount, <T as pallet_aura::Config>::MaxAuthorities>;
/// A session as it is stored once it is over.
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

/// Turns that the authority with index `authority` out of `authorities` has in the slots between
/// `parent` and `slot`, both excluded (CON-R18).
///
/// Takes the same time whatever lies between them. Zero if there is no authority of that index.
pub fn turns_between(parent: u64, slot: u64, authorities: u32, authority: u32) -> u64 {
	let (n, i) = (u64::from(authorities), u64::from(authority));
	let skipped = slot.saturating_sub(parent).saturating_sub(1);
	if skipped == 0 || i >= n {
		return 0;
	}
	// No overflow: `slot` is greater than `parent`, and `i` and `n` have 32 bits.
	let first_author = (parent + 1) % n;
	let slots_before_its_turn = (i + n - first_author) % n;
	skipped / n + u64::from(slots_before_its_turn < skipped % n)
}
