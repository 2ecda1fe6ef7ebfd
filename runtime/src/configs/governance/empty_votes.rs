//! Calls that would store records of votes for accounts without any (STA-R17).

use crate::{Runtime, RuntimeCall};
use frame_support::traits::Contains;
use pallet_conviction_voting::{Call, VotingFor};
use sp_runtime::MultiAddress;

/// Calls of `pallet-conviction-voting` that store an empty record, for the call filter.
///
/// The pallet takes no deposit for records, and never removes them. `unlock` writes some for any account and any number
/// of a track. A delegation of nothing writes records for two accounts, and a vote of nothing for one. None of them has to
/// exist: the caller can be a derived account.
///
/// The filter reads what `unlock` reads anyway, so the weight of the call contains it.
pub struct EmptyVotes;

impl Contains<RuntimeCall> for EmptyVotes {
	fn contains(call: &RuntimeCall) -> bool {
		let RuntimeCall::ConvictionVoting(call) = call else { return false };
		match call {
			Call::unlock { class, target: MultiAddress::Id(target) } => {
				!VotingFor::<Runtime>::contains_key(target, class)
			},
			Call::delegate { balance, .. } => *balance == 0,
			Call::vote { vote, .. } => vote.balance() == 0,
			_ => false,
		}
	}
}
