//! Runtime API for queries of validators, sessions and eras (RPC-R26, RPC-R27, RPC-R28, RPC-R29).
//!
//! Every answer describes the state after a block. After a block that rotates the session, it describes
//! the validators that author the next blocks (CON-R8).

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// Status of a validator. Variants are appended only.
#[derive(Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub enum Status {
	/// In the current set.
	#[codec(index = 0)]
	Active,
	/// In the current set, but disabled for an offence: it may not author blocks (CON-R16).
	#[codec(index = 1)]
	Disabled,
	/// Not in the current set, and a candidate of the next election.
	#[codec(index = 2)]
	Waiting,
	/// Bonded and with session keys, but neither in the current set nor a candidate.
	#[codec(index = 3)]
	Chilled,
}

/// Public session keys of a validator. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Keys {
	/// Seals blocks (sr25519).
	pub aura: [u8; 32],
	/// Signs GRANDPA votes (ed25519).
	pub grandpa: [u8; 32],
}

/// A validator of the next session. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct NextValidator<AccountId> {
	/// Its stash.
	pub account: AccountId,
	/// The keys that will be in force.
	pub keys: Keys,
}

/// A validator. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Validator<AccountId, Balance> {
	/// Its stash.
	pub account: AccountId,
	/// Its status now.
	pub status: Status,
	/// Whether the next election may choose it.
	pub is_candidate: bool,
	/// In the current set: its own stake in the active era. Otherwise: what it has bonded.
	pub own_stake: Balance,
	/// In the current set: its own stake and that of its nominators in the active era. Otherwise:
	/// its own stake, because only elections assign the stake of nominators.
	pub total_stake: Balance,
	/// Part of a reward that it takes before its nominators, in parts of 10^9. In the current set: that
	/// of the active era. Otherwise: what it asks for; `None` if it is not a candidate.
	pub commission: Option<u32>,
	/// In the current set: the keys in force. Otherwise: the keys that it has registered, if any.
	pub keys: Option<Keys>,
	/// Blocks it has made in the current session.
	pub produced: u32,
	/// Its slots of the current session that passed without a block (CON-R18), including those in which
	/// it was disabled.
	pub missed: u64,
	/// Reward points of the active era.
	pub era_points: u32,
}

/// What a validator itself has earned: its commission and the reward for its own stake, without the
/// rewards of its nominators (ECO-R6). Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Rewards<Balance> {
	/// First era that is counted: the oldest whose rewards can still be claimed.
	pub from_era: u32,
	/// Sum over the eras from that one to the last one that has ended.
	pub earned: Balance,
	/// Part of `earned` that has been paid out.
	pub claimed: Balance,
}

/// A validator with its rewards to date. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct ValidatorDetails<AccountId, Balance> {
	/// The validator, as in the list of validators.
	pub validator: Validator<AccountId, Balance>,
	/// What it has earned.
	pub rewards: Rewards<Balance>,
}

/// Progress of session and era. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct EpochInfo<BlockNumber> {
	/// Current session.
	pub session: u32,
	/// Blocks since the one that began the session: 0 in that block.
	pub session_progress: BlockNumber,
	/// Blocks of a session.
	pub session_length: BlockNumber,
	/// Active era.
	pub era: u32,
	/// Sessions of the active era that are over.
	pub era_progress: u32,
	/// Sessions of an era if every election succeeds.
	pub sessions_per_era: u32,
	/// Block that begins the next session.
	pub next_session_block: BlockNumber,
	/// Session in which the next era becomes active. If the election for that era has not succeeded
	/// yet, the earliest possible session. `None` if governance has ruled out new eras.
	pub next_era_session: Option<u32>,
	/// Block that begins that session.
	pub next_era_block: Option<BlockNumber>,
}

/// The set of validators with its height, session, era and number. Field order is part of the API's
/// encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Snapshot<AccountId, Balance, BlockNumber> {
	/// Height of the block.
	pub block_number: BlockNumber,
	/// Session in which the set is in force.
	pub session: u32,
	/// Era for which it was elected.
	pub era: u32,
	/// GRANDPA's number of the set (CON-R12).
	pub set_id: u64,
	/// Its validators, in the order that determines the author of a slot (CON-R2).
	pub validators: Vec<Validator<AccountId, Balance>>,
}

sp_api::decl_runtime_apis! {
	/// Queries of validators, sessions and eras.
	#[api_version(1)]
	pub trait DposApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// The current set, at most 100 validators, in the order that determines the author of a
		/// slot.
		fn validators() -> Vec<Validator<AccountId, Balance>>;

		/// The validator with the stash `account`; `None` unless the account is in the current set,
		/// is a candidate, or has bonded, has session keys and does not nominate.
		fn validator(account: AccountId) -> Option<ValidatorDetails<AccountId, Balance>>;

		/// Session, era, and when they change.
		fn epoch_info() -> EpochInfo<BlockNumber>;

		/// The set of the next session, at most 100 validators, with the keys that will be in force.
		///
		/// For nodes that check whether they hold these keys; no JSON-RPC method shows it.
		fn next_validators() -> Vec<NextValidator<AccountId>>;

		/// The current set with its session, era and number.
		fn snapshot() -> Snapshot<AccountId, Balance, BlockNumber>;
	}
}
