//! Weights of referenda and votes, with the search for a free slot (STA-R13).
//!
//! The benchmarks of the SDK run with empty agendas. Each call that schedules a task or cancels one is
//! therefore charged for full agendas in addition.

use super::agendas::{cancel_weight, search_weight};
use crate::{weights as measured, Runtime};
use frame_support::weights::Weight;
use pallet_referenda::WeightInfo as _;
use pallet_scheduler::WeightInfo as _;

/// Declares functions of a `WeightInfo` as the measured weight plus a number of tasks scheduled and cancelled.
macro_rules! weights {
	($measured:ty: $($name:ident => $scheduled:literal, $cancelled:literal;)*) => {
		$(
			fn $name() -> Weight {
				<$measured>::$name()
					.saturating_add(search_weight($scheduled))
					.saturating_add(cancel_weight().saturating_mul($cancelled))
			}
		)*
	};
}

type MeasuredReferenda = measured::referenda::SubstrateWeight<Runtime>;

/// Weights of `pallet-referenda` on [`super::Agendas`].
pub struct ReferendaWeight;

impl pallet_referenda::WeightInfo for ReferendaWeight {
	weights! {
		MeasuredReferenda:
		submit => 1, 0;
		place_decision_deposit_preparing => 1, 1;
		place_decision_deposit_queued => 0, 1;
		place_decision_deposit_not_queued => 0, 1;
		place_decision_deposit_passing => 1, 1;
		place_decision_deposit_failing => 1, 1;
		refund_decision_deposit => 0, 0;
		refund_submission_deposit => 0, 0;
		cancel => 1, 1;
		kill => 1, 1;
		one_fewer_deciding_queue_empty => 0, 0;
		one_fewer_deciding_failing => 1, 1;
		one_fewer_deciding_passing => 1, 1;
		nudge_referendum_requeued_insertion => 0, 0;
		nudge_referendum_requeued_slide => 0, 0;
		nudge_referendum_queued => 0, 0;
		nudge_referendum_not_queued => 0, 0;
		nudge_referendum_no_deposit => 1, 0;
		nudge_referendum_preparing => 1, 0;
		nudge_referendum_timed_out => 0, 0;
		nudge_referendum_begin_deciding_failing => 1, 0;
		nudge_referendum_begin_deciding_passing => 1, 0;
		nudge_referendum_begin_confirming => 1, 0;
		nudge_referendum_end_confirming => 1, 0;
		nudge_referendum_continue_not_confirming => 1, 0;
		nudge_referendum_continue_confirming => 1, 0;
		nudge_referendum_approved => 2, 0;
		nudge_referendum_rejected => 1, 0;
		set_some_metadata => 0, 0;
		clear_metadata => 0, 0;
	}
}

type MeasuredVoting = measured::conviction_voting::SubstrateWeight<Runtime>;

/// Weights of `pallet-conviction-voting` on [`super::Agendas`] and with [`super::ReturnToTrack`].
pub struct VotingWeight;

impl VotingWeight {
	/// A vote moves the alarm of its referendum to the next block, where it rings: the voter pays for that, too.
	fn moved_alarms(count: u32) -> Weight {
		search_weight(1)
			.saturating_add(cancel_weight())
			.saturating_add(Self::alarm())
			.saturating_mul(count.into())
	}

	/// What the scheduler executes for an alarm: the heaviest of the steps that a referendum can take again and again.
	/// Each referendum is approved once at most, and its own alarm rings for that.
	fn alarm() -> Weight {
		type Scheduler = <Runtime as pallet_scheduler::Config>::WeightInfo;
		ReferendaWeight::nudge_referendum_begin_deciding_passing()
			.saturating_add(Scheduler::service_task_base())
			.saturating_add(Scheduler::execute_dispatch_unsigned())
	}

	/// What [`super::ReturnToTrack`] reads and writes beyond what a vote does anyway: the queue of the track and
	/// the number of referenda that it decides.
	fn return_to_track() -> Weight {
		<Runtime as frame_system::Config>::DbWeight::get().reads_writes(2, 1)
	}
}

impl pallet_conviction_voting::WeightInfo for VotingWeight {
	weights! {
		MeasuredVoting:
		unlock => 0, 0;
	}

	fn vote_new() -> Weight {
		MeasuredVoting::vote_new()
			.saturating_add(Self::moved_alarms(1))
			.saturating_add(Self::return_to_track())
	}

	fn vote_existing() -> Weight {
		MeasuredVoting::vote_existing()
			.saturating_add(Self::moved_alarms(1))
			.saturating_add(Self::return_to_track())
	}

	fn remove_vote() -> Weight {
		MeasuredVoting::remove_vote().saturating_add(Self::moved_alarms(1))
	}

	/// The benchmark of the SDK removes the vote of another account, whose referendum has to have ended. An account
	/// that names itself removes a vote on a referendum that has not ended, as `remove_vote` does.
	fn remove_other_vote() -> Weight {
		Self::remove_vote()
	}

	fn delegate(votes: u32) -> Weight {
		MeasuredVoting::delegate(votes).saturating_add(Self::moved_alarms(votes))
	}

	fn undelegate(votes: u32) -> Weight {
		MeasuredVoting::undelegate(votes).saturating_add(Self::moved_alarms(votes))
	}
}
