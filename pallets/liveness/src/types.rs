//! Counts of slots, records of suspensions and slashes that wait, and aliases for the types that the configuration
//! composes.

use codec::{Compact, Decode, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use pallet_staking::BalanceOf;
use scale_info::TypeInfo;
use sp_runtime::Perbill;
use sp_staking::{EraIndex, SessionIndex};

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

/// What the chain remembers of a validator that it has suspended (CON-R27).
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Record<AccountId> {
	/// Stash of the validator.
	pub validator: AccountId,
	/// The next suspension keeps it out of 2^`level` elected sets.
	pub level: u8,
	/// Whether it is suspended now.
	pub standing: Standing,
}

impl<AccountId> Record<AccountId> {
	/// Whether the validator is suspended now.
	pub fn is_suspended(&self) -> bool {
		matches!(self.standing, Standing::Suspended { .. })
	}
}

/// Whether a validator that was suspended still is.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub enum Standing {
	/// Elections leave it out.
	Suspended {
		/// The suspension is over once this era is planned.
		until: EraIndex,
		/// Stake of the validator when it was suspended, or 0 once it has asked to return. With less it does not
		/// return. A validator without a stake cannot shorten its suspension.
		stake: u128,
	},
	/// The suspension is over. Elections can elect it like others, if it is a candidate.
	Returned {
		/// Planned era when the suspension ended, or when the level decayed last.
		since: EraIndex,
	},
}

/// A validator whose slash is to be raised (CON-R29).
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Raise<AccountId> {
	/// Stash of the validator.
	pub validator: AccountId,
	/// Fraction of the stakes that is to be slashed. A smaller one than before takes nothing.
	pub fraction: Perbill,
	/// Who has reported the validator; `None` if nobody gets a reward.
	pub reporter: Option<AccountId>,
}

/// A part of a slash that is due (CON-R30).
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct DuePage<Stakes, Reporters, Balance> {
	/// The stakers and what each of them loses.
	pub stakes: Stakes,
	/// Those who share the reward.
	pub reporters: Reporters,
	/// The reward that is paid out of what the stakers lose.
	pub payout: Balance,
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
/// Records of validators that were suspended, as they are stored.
pub type RecordsOf<T> = BoundedVec<
	Record<<T as frame_system::Config>::AccountId>,
	<T as pallet_aura::Config>::MaxAuthorities,
>;
/// Slashes of a session that wait for being raised, as they are stored.
pub type RaisesOf<T> = BoundedVec<
	Raise<<T as frame_system::Config>::AccountId>,
	<T as pallet_aura::Config>::MaxAuthorities,
>;
/// A page of a slash, as it is stored. Its size is that of a page of rewards.
pub type DuePageOf<T> = DuePage<
	BoundedVec<
		(<T as frame_system::Config>::AccountId, BalanceOf<T>),
		<T as pallet_staking::Config>::MaxExposurePageSize,
	>,
	BoundedVec<<T as frame_system::Config>::AccountId, <T as pallet_aura::Config>::MaxAuthorities>,
	BalanceOf<T>,
>;
