//! What a node asks the runtime about validators, sessions and eras (RPC-R26 to RPC-R29).
//!
//! Every answer is about the state after a block. Where the block rotates the session, it is about
//! the validators that take over: those of the blocks after it (CON-R8).

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// What a validator is to the chain now. Variants are appended only.
#[derive(Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub enum Status {
	/// In the current set.
	#[codec(index = 0)]
	Active,
	/// In the current set, and its slots taken away for an offence (CON-R16).
	#[codec(index = 1)]
	Disabled,
	/// Not in the current set, and a candidate of the next election.
	#[codec(index = 2)]
	Waiting,
	/// Bonded, with session keys, and neither in the current set nor a candidate.
	#[codec(index = 3)]
	Chilled,
}

/// Public session keys of a validator. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Keys {
	/// Seals blocks: sr25519.
	pub aura: [u8; 32],
	/// Signs votes: ed25519.
	pub grandpa: [u8; 32],
}

/// A validator. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Validator<AccountId, Balance> {
	/// Its stash.
	pub account: AccountId,
	/// What it is now.
	pub status: Status,
	/// Whether the next election may choose it.
	pub is_candidate: bool,
	/// In the current set: its own stake of the active era. Otherwise: what it has bonded.
	pub own_stake: Balance,
	/// In the current set: its own stake of the active era and what nominators added to it.
	/// Otherwise its own alone, because only elections assign the stake of nominators.
	pub total_stake: Balance,
	/// Part of a reward that it takes before its nominators, in parts of 10^9: of the active era in
	/// the current set, otherwise what it asks for; `None` if it is not a candidate either.
	pub commission: Option<u32>,
	/// In the current set: the keys in force. Otherwise those it has registered, if it has any.
	pub keys: Option<Keys>,
	/// Blocks it has made in the current session.
	pub produced: u32,
	/// Slots of its turn that passed without a block in the current session (CON-R18), those in which
	/// it was disabled included.
	pub missed: u64,
	/// Reward points of the active era.
	pub era_points: u32,
}

/// What a validator itself has earned: its commission and the reward of its own stake, without what
/// its nominators get (ECO-R6). Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Rewards<Balance> {
	/// First era that counts: the oldest whose rewards can be claimed.
	pub from_era: u32,
	/// Sum over the ended eras from that one on.
	pub earned: Balance,
	/// The part of it that has been paid out.
	pub claimed: Balance,
}

/// A validator with its rewards to date. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct ValidatorDetails<AccountId, Balance> {
	/// What the list of validators says of it too.
	pub validator: Validator<AccountId, Balance>,
	/// What it has earned.
	pub rewards: Rewards<Balance>,
}

/// Where the chain is between two changes of its validators. Field order is part of the API's
/// encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct EpochInfo<BlockNumber> {
	/// Current session.
	pub session: u32,
	/// Blocks since the one that rotated into the session: 0 in that one.
	pub session_progress: BlockNumber,
	/// Blocks of a session.
	pub session_length: BlockNumber,
	/// Active era.
	pub era: u32,
	/// Sessions of the active era that are over.
	pub era_progress: u32,
	/// Sessions of an era, if its election succeeds.
	pub sessions_per_era: u32,
	/// Block that rotates into the next session.
	pub next_session_block: BlockNumber,
	/// Session in which the next era becomes active, at the earliest while its election is still
	/// ahead; `None` if governance forces that there be none.
	pub next_era_session: Option<u32>,
	/// Block that rotates into that session.
	pub next_era_block: Option<BlockNumber>,
}

/// The set of validators and what it is called. Field order is part of the API's encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct Snapshot<AccountId, Balance, BlockNumber> {
	/// Height of the block.
	pub block_number: BlockNumber,
	/// Session it is in force in.
	pub session: u32,
	/// Era it was elected for.
	pub era: u32,
	/// GRANDPA's number of the set (CON-R12).
	pub set_id: u64,
	/// Who is in it, in the order that names the author of a slot (CON-R2).
	pub validators: Vec<Validator<AccountId, Balance>>,
}

sp_api::decl_runtime_apis! {
	/// Answers about validators, sessions and eras.
	#[api_version(1)]
	pub trait DposApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// The current set, in the order that names the author of a slot: at most 100.
		fn validators() -> Vec<Validator<AccountId, Balance>>;

		/// The validator whose stash `account` is; `None` for an account that is neither in the
		/// current set nor a candidate, and has not been one and kept its bond and keys.
		fn validator(account: AccountId) -> Option<ValidatorDetails<AccountId, Balance>>;

		/// Session, era, and when they change.
		fn epoch_info() -> EpochInfo<BlockNumber>;

		/// The current set with its session, era and number.
		fn snapshot() -> Snapshot<AccountId, Balance, BlockNumber>;
	}
}
