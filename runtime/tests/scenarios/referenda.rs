//! Referenda when agendas, track and queue are full: nothing that the chain has accepted is lost.

use crate::{
	ballots::{
		chain_with_hours_of, enacted_at, fill_agenda, info, is_marked, marker, nothing, ongoing,
		pay_root_deposits_of_eve, root, submit, submit_with_deposit, vote, vote_with_little,
	},
	block_limits::chain_with,
	common::{run_block, run_to},
};
use frame_support::{
	assert_ok,
	dispatch::GetDispatchInfo,
	traits::{
		schedule::{v3::Named, DispatchTime},
		Bounded, StorePreimage,
	},
};
use gtos_runtime::{
	configs::governance::{Agendas, ReferendaWeight, TracksInfo, VotingWeight},
	constants::{
		currency::TOS,
		governance::{
			AGENDA_SLOTS, AGENDA_TRIES, ALARM_SLOTS, MAX_CALL_LENGTH_BYTES, MAX_QUEUED,
			SUBMISSION_DEPOSIT,
		},
	},
	weights, BlockNumber, Hash, OriginCaller, Preimage, Referenda, Runtime, RuntimeCall,
	RuntimeOrigin, Scheduler, System,
};
use pallet_conviction_voting::{Call as Voting, WeightInfo as _};
use pallet_referenda::{
	DecidingCount, ReferendumInfo, TrackQueue, TracksInfo as _, WeightInfo as _,
};
use pallet_scheduler::{Agenda, IncompleteSince};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Eve};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Zero},
	DispatchError, DispatchResult, Perbill,
};

const ROOT: u16 = 0;
/// Periods of the root track in hours, and so in blocks of these chains.
const PREPARE: BlockNumber = 2;
const DECISION: BlockNumber = 336;
const CONFIRM: BlockNumber = 24;
const ENACTMENT: BlockNumber = 24;
/// How long a referendum may wait for its decision deposit.
const UNDECIDING_TIMEOUT: BlockNumber = 336;

/// Referenda that the root track decides at once.
fn root_max_deciding() -> u32 {
	TracksInfo::info(ROOT).expect("there is such a track").max_deciding
}

/// STA-R13: alarms that find their agenda full ring a few blocks later.
#[test]
fn submissions_of_one_block_have_alarms_and_time_out() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let due = System::block_number() + UNDECIDING_TIMEOUT;
		let count = ALARM_SLOTS * (AGENDA_TRIES - 1) + 1;
		let indices: Vec<_> = (0..count).map(|_| submit(Alice, root(), marker())).collect();
		assert!(indices.iter().all(|index| ongoing(*index).alarm.is_some()));
		for offset in 0..AGENDA_TRIES - 1 {
			assert_eq!(Agenda::<Runtime>::get(due + offset).len() as u32, ALARM_SLOTS);
		}
		run_to(due + AGENDA_TRIES - 1);
		for index in indices {
			assert!(matches!(info(index), ReferendumInfo::TimedOut(..)), "{index}");
		}
	});
}

/// STA-R13: what it costs to fill the agendas in which an alarm looks for a slot. The deposit of a referendum that
/// times out is not returned.
#[test]
fn agendas_full_of_alarms_cost_a_deposit_for_each_slot() {
	assert_eq!(u128::from(ALARM_SLOTS) * SUBMISSION_DEPOSIT, 9_600 * TOS);
	assert_eq!(u128::from(ALARM_SLOTS * AGENDA_TRIES) * SUBMISSION_DEPOSIT, 38_400 * TOS);
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let index = submit(Alice, root(), marker());
		run_to(1 + UNDECIDING_TIMEOUT);
		assert!(matches!(info(index), ReferendumInfo::TimedOut(..)));
		let refund = Referenda::refund_submission_deposit(
			RuntimeOrigin::signed(Alice.to_account_id()),
			index,
		);
		assert_eq!(refund, Err(pallet_referenda::Error::<Runtime>::BadStatus.into()));
	});
}

/// STA-R13: an alarm for which there was no slot is set again by any vote.
#[test]
#[cfg_attr(debug_assertions, ignore = "the pallet panics in debug builds")]
fn alarm_that_was_lost_is_set_by_a_vote() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let due = System::block_number() + UNDECIDING_TIMEOUT;
		for offset in 0..AGENDA_TRIES {
			fill_agenda(due + offset, ALARM_SLOTS);
		}
		let index = submit(Alice, root(), marker());
		assert_eq!(ongoing(index).alarm, None);
		run_to(due + AGENDA_TRIES);
		vote_with_little(Bob, index);
		run_block(0, vec![]);
		assert!(matches!(info(index), ReferendumInfo::TimedOut(..)));
	});
}

/// STA-R13: a vote moves the alarm to the next block, or to the one after if that is full.
#[test]
fn vote_moves_the_alarm_to_the_next_agenda_with_a_free_slot() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let next = System::block_number() + 1;
		let index = submit(Alice, root(), marker());
		fill_agenda(next, AGENDA_SLOTS);
		fill_agenda(next + 1, ALARM_SLOTS);
		vote_with_little(Bob, index);
		let (_, (block, _)) = ongoing(index).alarm.expect("it has one");
		assert_eq!(block, next + 2);
	});
}

/// STA-R13: cancelling an alarm that has rung stores no empty agenda.
#[test]
fn vote_on_a_queued_referendum_leaves_no_agenda_behind() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		pay_root_deposits_of_eve(root_max_deciding());
		for _ in 0..root_max_deciding() {
			submit_with_deposit(Eve, root(), marker());
		}
		let queued = submit_with_deposit(Alice, root(), marker());
		run_to(1 + PREPARE);
		assert!(ongoing(queued).in_queue);
		for _ in 0..3 {
			vote_with_little(Bob, queued);
			run_block(0, vec![]);
		}
		vote_with_little(Bob, queued);
		let now = System::block_number();
		assert!((1..=now).all(|block| !Agenda::<Runtime>::contains_key(block)));
	});
}

/// STA-R13: slots that alarms cannot take are left to the call that lets the next referendum be decided.
#[test]
fn next_referendum_is_decided_although_the_agendas_are_full_of_alarms() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		pay_root_deposits_of_eve(root_max_deciding());
		let deciding: Vec<_> =
			(0..root_max_deciding()).map(|_| submit_with_deposit(Eve, root(), marker())).collect();
		let queued = submit_with_deposit(Alice, root(), marker());
		run_to(1 + PREPARE);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), root_max_deciding());
		assert!(ongoing(queued).in_queue);

		let next = System::block_number() + 1;
		fill_agenda(next, AGENDA_SLOTS);
		for offset in 1..AGENDA_TRIES {
			fill_agenda(next + offset, ALARM_SLOTS);
		}
		assert_ok!(Referenda::cancel(RuntimeOrigin::root(), deciding[0]));
		run_to(next + 1);
		assert!(ongoing(queued).deciding.is_some());
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), root_max_deciding());
		assert!(TrackQueue::<Runtime>::get(ROOT).is_empty());
	});
}

/// STA-R13: an enactment whose agenda is full takes place in the next block.
#[test]
fn approved_referendum_is_enacted_although_its_agenda_is_full() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let index = submit_with_deposit(Alice, root(), marker());
		vote(index, Perbill::zero());
		let due = System::block_number() + PREPARE + CONFIRM + ENACTMENT;
		fill_agenda(due, AGENDA_SLOTS);
		fill_agenda(due + 1, ALARM_SLOTS);
		run_to(due);
		assert!(matches!(info(index), ReferendumInfo::Approved(..)));
		assert!(!is_marked());
		assert_eq!(enacted_at(index, due + AGENDA_TRIES), Some(due + 1));
		assert!(is_marked());
	});
}

/// STA-R14: with the track, its queue and three of four agendas full, a root referendum with more ayes than the others
/// waits for one decision period at most.
#[test]
fn root_referendum_is_enacted_within_its_periods_and_one_decision_period() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let attackers = root_max_deciding() + MAX_QUEUED;
		pay_root_deposits_of_eve(attackers);
		for _ in 0..attackers {
			submit_with_deposit(Eve, root(), nothing());
		}
		run_to(1 + PREPARE + AGENDA_TRIES);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), root_max_deciding());
		assert_eq!(TrackQueue::<Runtime>::get(ROOT).len() as u32, MAX_QUEUED);

		let submitted = System::block_number();
		let index = submit_with_deposit(Alice, root(), marker());
		let own = PREPARE + CONFIRM + ENACTMENT;
		// Each of the referendum's steps may wait for a slot: to be ready, to be queued, the end of another, to be
		// decided, to be confirmed and to be enacted.
		let last = submitted + own + DECISION + 6 * AGENDA_TRIES;
		for block in submitted + 1..=last {
			if block % AGENDA_TRIES != 0 {
				fill_agenda(block, AGENDA_SLOTS);
			}
		}
		run_to(submitted + PREPARE + AGENDA_TRIES);
		assert!(ongoing(index).in_queue);
		vote(index, Perbill::zero());
		let enacted = enacted_at(index, last);
		assert!(enacted.is_some(), "{:?}", info(index));
		assert!(is_marked());
	});
}

/// STA-R14: a referendum that the full queue has dropped, and that nobody is behind, is decided after a vote.
#[test]
fn referendum_that_the_queue_dropped_is_decided_after_a_vote() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let count = root_max_deciding() + MAX_QUEUED + 1;
		pay_root_deposits_of_eve(count);
		let all: Vec<_> = (0..count).map(|_| submit_with_deposit(Eve, root(), nothing())).collect();
		run_to(1 + PREPARE + AGENDA_TRIES);
		let queue = TrackQueue::<Runtime>::get(ROOT);
		let is_queued = |index| queue.iter().any(|(queued, _)| *queued == index);
		let (dropped, others): (Vec<_>, Vec<_>) =
			all.into_iter().partition(|index| ongoing(*index).in_queue && !is_queued(*index));
		let [dropped] = dropped.try_into().expect("one is too many");

		// Those in the queue first, so that the track finds nothing to decide.
		for other in others.iter().rev() {
			assert_ok!(Referenda::cancel(RuntimeOrigin::root(), *other));
		}
		run_block(0, vec![]);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 0);
		assert!(ongoing(dropped).deciding.is_none());

		vote_with_little(Bob, dropped);
		run_block(0, vec![]);
		assert!(ongoing(dropped).deciding.is_some());
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 1);
		assert!(TrackQueue::<Runtime>::get(ROOT).iter().all(|(queued, _)| *queued != dropped));
	});
}

/// STA-R13: the calls that let the next referenda be decided cannot be more than the slots that alarms leave free in
/// the agendas that are tried.
#[test]
fn slots_without_alarms_hold_the_ends_of_all_decisions() {
	chain_with_hours_of(1).execute_with(|| {
		let deciding: u32 = TracksInfo::tracks().map(|track| track.info.max_deciding).sum();
		assert!(deciding <= AGENDA_TRIES * (AGENDA_SLOTS - ALARM_SLOTS), "{deciding}");
	});
}

/// STA-R13: calls that set an alarm are charged for the search in full agendas.
#[test]
fn weights_contain_the_search_for_a_slot() {
	type Measured = weights::referenda::SubstrateWeight<Runtime>;
	type MeasuredVoting = weights::conviction_voting::SubstrateWeight<Runtime>;
	type SchedulerWeight = <Runtime as pallet_scheduler::Config>::WeightInfo;
	chain_with_hours_of(1).execute_with(|| {
		let reads = {
			use pallet_scheduler::WeightInfo as _;
			SchedulerWeight::service_agenda_base(AGENDA_SLOTS) * u64::from(AGENDA_TRIES)
		};
		assert!((ReferendaWeight::submit() - Measured::submit()).all_gte(reads));
		let approved =
			ReferendaWeight::nudge_referendum_approved() - Measured::nudge_referendum_approved();
		assert!(approved.all_gte(reads * 2_u64));
		// The vote moves an alarm, and the alarm sets the next one.
		let alarm = ReferendaWeight::nudge_referendum_begin_deciding_passing() + reads;
		assert!((VotingWeight::vote_new() - MeasuredVoting::vote_new()).all_gte(alarm));
		assert!((VotingWeight::vote_existing() - MeasuredVoting::vote_existing()).all_gte(alarm));
		assert!((VotingWeight::remove_vote() - MeasuredVoting::remove_vote()).all_gte(alarm));
		assert!((VotingWeight::remove_other_vote() - MeasuredVoting::remove_other_vote())
			.all_gte(alarm));
		let delegate = VotingWeight::delegate(10) - MeasuredVoting::delegate(10);
		assert!(delegate.all_gte(alarm * 10_u64));
		assert!((VotingWeight::unlock() - MeasuredVoting::unlock()).is_zero());
	});
}

/// STA-R13: an account that names itself removes a vote that moves an alarm, and pays for that.
#[test]
fn removal_of_an_own_vote_is_charged_the_same_by_either_call() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let index = submit(Alice, root(), nothing());
		let bob = Bob.to_account_id();
		let class = Some(ROOT);
		let calls = [
			RuntimeCall::ConvictionVoting(Voting::remove_vote { class, index }),
			RuntimeCall::ConvictionVoting(Voting::remove_other_vote {
				target: bob.clone().into(),
				class: ROOT,
				index,
			}),
		];
		let until_alarm = || {
			let (block, _) = ongoing(index).alarm.expect("it waits for a deposit");
			block - System::block_number()
		};
		for call in &calls {
			vote_with_little(Bob, index);
			run_block(0, vec![]);
			assert!(until_alarm() > 1);
			assert_ok!(call.clone().dispatch(RuntimeOrigin::signed(bob.clone())));
			assert_eq!(until_alarm(), 1);
		}
		let [own, other] = calls.map(|call| call.get_dispatch_info().call_weight);
		assert_eq!(own, other);
	});
}

/// A call whose preimage nobody has stored.
fn unknown(hash: u8, len: u32) -> Bounded<RuntimeCall, BlakeTwo256> {
	Bounded::Lookup { hash: Hash::repeat_byte(hash), len }
}

/// Alice submits a referendum of root about this call.
fn submission(proposal: Bounded<RuntimeCall, BlakeTwo256>) -> RuntimeCall {
	RuntimeCall::Referenda(pallet_referenda::Call::submit {
		proposal_origin: Box::new(root()),
		proposal,
		enactment_moment: DispatchTime::After(0),
	})
}

fn by_alice(call: RuntimeCall) -> DispatchResult {
	let alice = RuntimeOrigin::signed(Alice.to_account_id());
	call.dispatch(alice).map(|_| ()).map_err(|failure| failure.error)
}

fn schedule_named(
	name: u8,
	when: BlockNumber,
	call: Bounded<RuntimeCall, BlakeTwo256>,
) -> Result<BlockNumber, DispatchError> {
	let when = DispatchTime::At(when);
	<Agendas as Named<BlockNumber, RuntimeCall, OriginCaller>>::schedule_named(
		[name; 32],
		when,
		None,
		63,
		root(),
		call,
	)
	.map(|(block, _)| block)
}

/// STA-R13: with a long enough preimage, which need not exist, the scheduler would never end an agenda again.
#[test]
fn referendum_about_a_call_that_is_too_long_is_refused() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let filtered: DispatchResult = Err(frame_system::Error::<Runtime>::CallFiltered.into());
		for len in [MAX_CALL_LENGTH_BYTES + 1, u32::MAX] {
			assert_eq!(by_alice(submission(unknown(7, len))), filtered, "{len}");
			let calls = vec![submission(unknown(7, len))];
			let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls });
			assert_eq!(by_alice(batch), filtered, "{len}");
		}
		// The scheduler would declare a million bytes for it.
		let legacy =
			Bounded::Legacy { hash: Hash::repeat_byte(7), dummy: core::marker::PhantomData };
		assert_eq!(by_alice(submission(legacy)), filtered);
		assert_ok!(by_alice(submission(unknown(7, MAX_CALL_LENGTH_BYTES))));
		assert_ok!(by_alice(submission(Preimage::bound(nothing()).expect("it is short"))));
	});
}

/// STA-R13: neither does root get such a call into an agenda.
#[test]
fn root_cannot_schedule_a_call_that_is_too_long() {
	chain_with_hours_of(1).execute_with(|| {
		run_block(0, vec![]);
		let remark = |length: u32| {
			let remark = vec![7; length as usize];
			Box::new(RuntimeCall::System(frame_system::Call::remark { remark }))
		};
		let too_long = remark(MAX_CALL_LENGTH_BYTES);
		let scheduled = Scheduler::schedule(RuntimeOrigin::root(), 9, None, 0, too_long.clone());
		assert_eq!(scheduled, Err(DispatchError::Exhausted));
		let named = Scheduler::schedule_named(RuntimeOrigin::root(), [7; 32], 9, None, 0, too_long);
		assert_eq!(named, Err(DispatchError::Exhausted));
		for len in [MAX_CALL_LENGTH_BYTES + 1, u32::MAX] {
			let enactment = schedule_named(7, 9, unknown(7, len));
			assert_eq!(enactment, Err(DispatchError::Exhausted), "{len}");
		}
		assert!(!Agenda::<Runtime>::contains_key(9));
		// Two bytes name the call, four more encode the length.
		let longest = remark(MAX_CALL_LENGTH_BYTES - 6);
		assert_ok!(Scheduler::schedule(RuntimeOrigin::root(), 9, None, 0, longest));
	});
}

/// STA-R13: tasks without their preimages stay in their agenda. If all were in one, the scheduler would read them in each
/// block until it has nothing left, and never come to the task behind them.
#[test]
fn missing_preimages_do_not_stop_the_scheduler() {
	for (slot, network) in [(775, "wan"), (100, "lan")] {
		chain_with(slot, network).execute_with(|| {
			run_block(0, vec![]);
			let due = System::block_number() + 2;
			let results: Vec<_> = (0..200)
				.map(|name| schedule_named(name, due, unknown(name, MAX_CALL_LENGTH_BYTES)))
				.collect();
			let in_an_agenda = results.iter().filter(|result| **result == Ok(due)).count();
			assert!((1..AGENDA_SLOTS as usize / 2).contains(&in_an_agenda), "{in_an_agenda}");
			let mut expected: Vec<_> =
				(0..AGENDA_TRIES).flat_map(|offset| vec![Ok(due + offset); in_an_agenda]).collect();
			expected.resize(results.len(), Err(DispatchError::Exhausted));
			assert_eq!(results, expected, "{slot} ms, {network}");
			// A task without a preimage has room beside them.
			let marker = Preimage::bound(marker()).expect("it is short");
			assert_eq!(schedule_named(u8::MAX, due, marker), Ok(due));
			run_to(due);
			assert!(is_marked());
			run_to(due + AGENDA_TRIES);
			let now = System::block_number();
			assert_eq!(IncompleteSince::<Runtime>::get(), Some(now + 1), "{slot} ms, {network}");
		});
	}
}
