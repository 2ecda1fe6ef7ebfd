//! Motions of the technical committee (STA-R18): how many ayes they need, and how many a member can have.

use crate::{AccountId, Hash, Runtime, RuntimeCall};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{Consideration, Contains, MaybeConsideration},
	weights::Weight,
};
use pallet_collective::{
	Call, CostOf, DefaultVote, Error, Instance1, MemberCount, Members, Proposals,
};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// The technical committee's instance of the collective pallet.
pub type TechnicalCollective = Instance1;

/// Motions that need another number of ayes than two thirds of the committee, for the call filter.
///
/// The committee decides nothing else, so other motions can only get in the way. There cannot be two motions about the
/// same call. With fewer ayes a member could propose another's call first, and have it made too early, without effect.
/// With more it could end the motion by its own nay.
pub struct OtherThresholds;

impl Contains<RuntimeCall> for OtherThresholds {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(
			call,
			RuntimeCall::TechnicalCommittee(Call::propose { threshold, .. })
				if *threshold != required_ayes()
		)
	}
}

/// The least number of ayes with which a call can be whitelisted.
fn required_ayes() -> MemberCount {
	let members = Members::<Runtime, TechnicalCollective>::decode_len().unwrap_or_default();
	// Saturating: the list of the members is much shorter.
	MemberCount::try_from(members).unwrap_or(MemberCount::MAX).saturating_mul(2).div_ceil(3)
}

/// Members that have not voted when the time of a motion is over count as nays.
///
/// The SDK's rules count them as ayes if the majority has voted aye, or like the prime member. Then fewer than two
/// thirds could whitelist a call.
pub struct AbstentionsAreNays;

impl DefaultVote for AbstentionsAreNays {
	fn default_vote(_: Option<bool>, _: MemberCount, _: MemberCount, _: MemberCount) -> bool {
		false
	}
}

/// The ticket of a motion, given only to a member that has no other open motion.
///
/// `pallet-collective` limits only the motions of all members together, so one member could take all places. It asks
/// for a ticket when it has already added the motion to the list, and keeps the ticket with the proposer.
///
/// A deposit instead, of which an account can have one, would not do: the pallet forgets whose it is if another member
/// proposes the same call again before the deposit is released.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct OneMotion;

/// Whether `who` has proposed this motion. Right for open motions; of others the pallet may name an earlier proposer.
fn is_proposed_by(who: &AccountId, motion: &Hash) -> bool {
	CostOf::<Runtime, TechnicalCollective>::get(motion)
		.is_some_and(|(proposer, _)| proposer == *who)
}

impl Consideration<AccountId, u32> for OneMotion {
	fn new(who: &AccountId, _: u32) -> Result<Self, DispatchError> {
		let motions = Proposals::<Runtime, TechnicalCollective>::get();
		if let Some((_, earlier)) = motions.split_last() {
			let has_motion = earlier.iter().any(|motion| is_proposed_by(who, motion));
			ensure!(!has_motion, Error::<Runtime, TechnicalCollective>::TooManyProposals);
		}
		Ok(Self)
	}

	fn update(self, _: &AccountId, _: u32) -> Result<Self, DispatchError> {
		Ok(self)
	}

	fn drop(self, _: &AccountId) -> Result<(), DispatchError> {
		Ok(())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_successful(_: &AccountId, _: u32) {}
}

impl MaybeConsideration<AccountId, u32> for OneMotion {
	fn is_none(&self) -> bool {
		false
	}
}

type Sdk = pallet_collective::weights::SubstrateWeight<Runtime>;

/// Declares functions of a `WeightInfo` as the SDK's.
macro_rules! as_in_the_sdk {
	($($name:ident($($size:ident),*);)*) => {
		$(
			fn $name($($size: u32),*) -> Weight {
				<Sdk as pallet_collective::WeightInfo>::$name($($size),*)
			}
		)*
	};
}

/// Weights of `pallet-collective` with [`OneMotion`], which looks up the proposers of the open motions.
pub struct MotionWeight;

impl pallet_collective::WeightInfo for MotionWeight {
	as_in_the_sdk! {
		set_members(m, n, p);
		execute(b, m);
		propose_execute(b, m);
		vote(m);
		close_early_disapproved(m, p);
		close_early_approved(b, m, p);
		close_disapproved(m, p);
		close_approved(b, m, p);
		disapprove_proposal(p);
		kill(d, p);
		release_proposal_cost();
	}

	fn propose_proposed(b: u32, m: u32, p: u32) -> Weight {
		<Sdk as pallet_collective::WeightInfo>::propose_proposed(b, m, p)
			.saturating_add(<Runtime as frame_system::Config>::DbWeight::get().reads(p.into()))
	}
}
