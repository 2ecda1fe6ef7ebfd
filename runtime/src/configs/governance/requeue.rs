//! A vote brings a referendum that its track has lost back to the track (STA-R14).

use super::TracksInfo;
use crate::{AccountId, Balance, BlockNumber, Referenda, Runtime};
use frame_support::dispatch::DispatchResult;
use pallet_conviction_voting::{AccountVote, Status, VotingHooks};
use pallet_referenda::{
	DecidingCount, ReferendumIndex, ReferendumInfo, ReferendumInfoFor, TrackQueue,
};

/// Before a vote on a referendum that waits in vain, clears the mark that it is queued.
///
/// The alarm that the vote sets then treats it like any other referendum that is ready: it is decided or queued.
/// `pallet-referenda` marks a referendum as queued even if the queue is full of others with more ayes and drops it.
/// Once nothing is queued behind it, it would never be decided and never time out. The pallet also takes nothing from
/// the queue while the track has room, which happens if those that it took had been cancelled.
pub struct ReturnToTrack;

impl VotingHooks<AccountId, ReferendumIndex, Balance> for ReturnToTrack {
	fn on_before_vote(
		_who: &AccountId,
		index: ReferendumIndex,
		_vote: AccountVote<Balance>,
	) -> DispatchResult {
		// A vote on any other poll fails in the pallet.
		let Ok(mut status) = Referenda::ensure_ongoing(index) else { return Ok(()) };
		if !status.in_queue {
			return Ok(());
		}
		let mut queue = TrackQueue::<Runtime>::get(status.track);
		let is_queued = queue.iter().any(|(queued, _)| *queued == index);
		let has_room = DecidingCount::<Runtime>::get(status.track) < max_deciding(status.track);
		// In a full queue the pallet itself inserts the referendum once it has more ayes than another.
		if has_room || (!is_queued && !queue.is_full()) {
			// What stays in the queue would begin to be decided a second time.
			queue.retain(|(queued, _)| *queued != index);
			TrackQueue::<Runtime>::insert(status.track, queue);
			status.in_queue = false;
			ReferendumInfoFor::<Runtime>::insert(index, ReferendumInfo::Ongoing(status));
		}
		Ok(())
	}

	fn on_remove_vote(_who: &AccountId, _index: ReferendumIndex, _status: Status) {}

	fn lock_balance_on_unsuccessful_vote(
		_who: &AccountId,
		_index: ReferendumIndex,
	) -> Option<Balance> {
		None
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn on_vote_worst_case(_who: &AccountId) {}

	#[cfg(feature = "runtime-benchmarks")]
	fn on_remove_vote_worst_case(_who: &AccountId) {}
}

/// Referenda of `track` that can be decided at once.
fn max_deciding(track: u16) -> u32 {
	<TracksInfo as pallet_referenda::TracksInfo<Balance, BlockNumber>>::info(track)
		.map_or(0, |info| info.max_deciding)
}
