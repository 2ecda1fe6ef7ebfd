//! The exclusion of suspended validators from elections (CON-R24).

use crate::*;
use alloc::vec::Vec;
use core::marker::PhantomData;
use frame_election_provider_support::{
	ElectionResult, NposSolver, VoteWeight, WeightInfo as ElectionWeightInfo,
};
use frame_support::{traits::Get, weights::Weight};

/// Elects like `Solver`, but nobody that is suspended, unless too few other candidates are left.
///
/// The candidates have to be those that can be elected, such as those with session keys, because they
/// are counted.
pub struct WithoutSuspended<T, Solver>(PhantomData<(T, Solver)>);

impl<T: Config, Solver: NposSolver<AccountId = T::AccountId>> NposSolver
	for WithoutSuspended<T, Solver>
{
	type AccountId = T::AccountId;
	type Accuracy = Solver::Accuracy;
	type Error = Solver::Error;

	fn solve(
		seats: usize,
		mut candidates: Vec<T::AccountId>,
		voters: Vec<(T::AccountId, VoteWeight, impl Clone + IntoIterator<Item = T::AccountId>)>,
	) -> Result<ElectionResult<T::AccountId, Solver::Accuracy>, Solver::Error> {
		let suspended = Pallet::<T>::suspended();
		let others = candidates.iter().filter(|who| !suspended.contains(who)).count();
		if others >= Pallet::<T>::least_electable() as usize {
			candidates.retain(|who| !suspended.contains(who));
		}
		Solver::solve(seats, candidates, voters)
	}

	fn weight<W: ElectionWeightInfo>(voters: u32, candidates: u32, votes: u32) -> Weight {
		// Reads the suspensions and the minimum.
		Solver::weight::<W>(voters, candidates, votes).saturating_add(T::DbWeight::get().reads(2))
	}
}
