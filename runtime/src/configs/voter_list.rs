//! Who may be in the list of voters, and what its calls weigh.

use crate::{AccountId, Runtime, Staking};
use frame_election_provider_support::{ScoreProvider, VoteWeight};
use frame_support::weights::Weight;
use pallet_bags_list::WeightInfo;
use pallet_staking::{Nominators, Validators};

/// Tells the voter list how many votes an account has, or that it is no voter (CON-R24).
///
/// `pallet-staking` alone tells the votes of every account that has bonded, and the list adds an account with votes
/// that it does not hold: if anybody names it in `rebag`, or if it left the list while it was the next that the list
/// would look at. Accounts that neither validate nor nominate would then be counted and read by every election, and
/// break invariants of `pallet-staking`.
pub struct Voters;

impl ScoreProvider<AccountId> for Voters {
	type Score = VoteWeight;

	fn score(who: &AccountId) -> Option<VoteWeight> {
		let is_voter =
			Nominators::<Runtime>::contains_key(who) || Validators::<Runtime>::contains_key(who);
		if is_voter {
			<Staking as ScoreProvider<AccountId>>::score(who)
		} else {
			None
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_score_of(who: &AccountId, score: VoteWeight) {
		<Staking as ScoreProvider<AccountId>>::set_score_of(who, score);
		Validators::<Runtime>::insert(who, pallet_staking::ValidatorPrefs::default());
	}
}

/// Weights of the voter list: those of the SDK, and what [`Voters`] reads in addition.
pub struct VoterListWeights;

type SdkWeights = pallet_bags_list::weights::SubstrateWeight<Runtime>;

/// Weight of finding out whether this number of accounts are voters.
fn is_voter_weight(accounts: u64) -> Weight {
	<Runtime as frame_system::Config>::DbWeight::get().reads(accounts.saturating_mul(2))
}

impl WeightInfo for VoterListWeights {
	fn rebag_non_terminal() -> Weight {
		SdkWeights::rebag_non_terminal().saturating_add(is_voter_weight(1))
	}

	fn rebag_terminal() -> Weight {
		SdkWeights::rebag_terminal().saturating_add(is_voter_weight(1))
	}

	fn put_in_front_of() -> Weight {
		SdkWeights::put_in_front_of().saturating_add(is_voter_weight(2))
	}

	fn on_idle_rebag() -> Weight {
		SdkWeights::on_idle_rebag().saturating_add(is_voter_weight(1))
	}
}
