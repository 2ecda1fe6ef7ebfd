//! Which candidates are elected.

use crate::{AccountId, Runtime};
use alloc::vec::Vec;
use frame_election_provider_support::{NposSolver, SequentialPhragmen, VoteWeight, WeightInfo};
use frame_support::weights::Weight;
use pallet_liveness::WithoutSuspended;
use sp_npos_elections::ElectionResult;
use sp_runtime::Perbill;

/// Sequential Phragmen (CON-R25) among the candidates that have session keys and are not suspended
/// (CON-R24).
///
/// `pallet-session` leaves a validator without keys out of the set. If such candidates were elected, the
/// set would be smaller than the minimum that the election had to reach, or empty.
pub struct PhragmenWithKeys;

/// Elects among candidates that all have session keys.
type Solver = WithoutSuspended<Runtime, SequentialPhragmen<AccountId, Perbill>>;

impl NposSolver for PhragmenWithKeys {
	type AccountId = AccountId;
	type Accuracy = Perbill;
	type Error = sp_npos_elections::Error;

	fn solve(
		seats: usize,
		mut candidates: Vec<AccountId>,
		voters: Vec<(AccountId, VoteWeight, impl Clone + IntoIterator<Item = AccountId>)>,
	) -> Result<ElectionResult<AccountId, Perbill>, Self::Error> {
		candidates.retain(|who| pallet_session::NextKeys::<Runtime>::contains_key(who));
		Solver::solve(seats, candidates, voters)
	}

	fn weight<W: WeightInfo>(voters: u32, candidates: u32, votes: u32) -> Weight {
		let keys = <Runtime as frame_system::Config>::DbWeight::get().reads(candidates.into());
		Solver::weight::<W>(voters, candidates, votes).saturating_add(keys)
	}
}
