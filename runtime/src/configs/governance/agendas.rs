//! The scheduler of referenda (STA-R13): a task whose agenda has no room takes the next one that has.
//!
//! `pallet-referenda` ignores the errors of its scheduler. What finds no slot is dropped without a trace: an
//! alarm, the call that lets the next referendum of a track be decided, or the enactment of an approved one.

use super::scheduled_calls::{can_be_scheduled, BoundedCall, Hashing};
use crate::{
	constants::governance::{AGENDA_SLOTS, AGENDA_TRIES, ALARM_SLOTS, PREIMAGES_RATIO},
	BlockNumber, OriginCaller, Preimage, Runtime, RuntimeCall, Scheduler, System,
};
use frame_support::{
	ensure,
	traits::{
		schedule::{
			v3::{Anon, Named, TaskName},
			DispatchTime, Period, Priority,
		},
		QueryPreimage,
	},
	weights::Weight,
};
use pallet_scheduler::{Agenda, TaskAddress, WeightInfo};
use sp_runtime::{traits::Zero, DispatchError};

type SchedulerWeight = <Runtime as pallet_scheduler::Config>::WeightInfo;
type MaximumWeight = <Runtime as pallet_scheduler::Config>::MaximumWeight;

/// Schedules like `pallet-scheduler`, but in the first of [`AGENDA_TRIES`] consecutive agendas that has
/// room.
///
/// Alarms may take [`ALARM_SLOTS`] slots of an agenda; the others are left to the tasks that nothing would
/// repeat. The preimages of an agenda together may weigh [`PREIMAGES_RATIO`] of what the scheduler has in a block.
pub struct Agendas;

/// Room that a task needs in an agenda.
#[derive(Clone, Copy)]
struct Room {
	/// Number of tasks that leave no slot for it.
	slots: u32,
	/// Weight of reading its preimage, zero if it has none.
	preimage: Weight,
}

impl Room {
	/// Room for a task that is moved. Referenda move none.
	const UNKNOWN: Self = Self { slots: AGENDA_SLOTS, preimage: Weight::zero() };

	/// Room for a task in any slot that makes `call`.
	///
	/// # Errors
	///
	/// `Exhausted` if the call cannot be scheduled. The call filter refuses the submission of such a referendum, but
	/// root can dispatch calls without the filter. It is better that its call is not made than that none is any more.
	fn of(call: &BoundedCall) -> Result<Self, DispatchError> {
		ensure!(can_be_scheduled(call), DispatchError::Exhausted);
		Ok(Self { slots: AGENDA_SLOTS, preimage: preimage_weight(call) })
	}

	fn is_in_agenda_of(&self, block: BlockNumber) -> bool {
		// The length includes tasks that were cancelled, so an agenda that is short enough need not be decoded.
		let length = Agenda::<Runtime>::decode_len(block).unwrap_or_default();
		if length < ALARM_SLOTS as usize && self.preimage.is_zero() {
			return true;
		}
		let agenda = Agenda::<Runtime>::get(block);
		let tasks = || agenda.iter().flatten();
		// Cannot saturate: an agenda has at most `AGENDA_SLOTS` entries.
		let count = u32::try_from(tasks().count()).unwrap_or(u32::MAX);
		if count >= self.slots {
			return false;
		}
		self.preimage.is_zero()
			|| tasks()
				.map(|task| preimage_weight(&task.call))
				.fold(self.preimage, Weight::saturating_add)
				.all_lte(PREIMAGES_RATIO * MaximumWeight::get())
	}
}

/// Weight that the scheduler declares for reading the preimage of a task, zero if it needs none.
fn preimage_weight(call: &BoundedCall) -> Weight {
	call.lookup_len().map_or(Weight::zero(), |length| {
		SchedulerWeight::service_task_fetched(length)
			.saturating_add(SchedulerWeight::service_task_named())
	})
}

impl Agendas {
	/// First block, from `when` on and after the current one, whose agenda has `room`.
	///
	/// # Errors
	///
	/// `Exhausted` if [`AGENDA_TRIES`] agendas in a row have not.
	fn free(
		when: DispatchTime<BlockNumber>,
		room: Room,
	) -> Result<DispatchTime<BlockNumber>, DispatchError> {
		let next = System::block_number().saturating_add(1);
		let wanted = match when {
			DispatchTime::At(block) => block,
			// As `pallet-scheduler` counts.
			DispatchTime::After(blocks) => next.saturating_add(blocks),
		};
		// `pallet-referenda` asks for the current block if the curve that it inverts has rounded: the next one
		// is then right.
		let first = wanted.max(next);
		(0..AGENDA_TRIES)
			.map(|offset| first.saturating_add(offset))
			.find(|block| room.is_in_agenda_of(*block))
			.map(DispatchTime::At)
			.ok_or(DispatchError::Exhausted)
	}
}

fn is_alarm(call: &BoundedCall) -> bool {
	matches!(
		Preimage::peek(call),
		Ok((RuntimeCall::Referenda(pallet_referenda::Call::nudge_referendum { .. }), _))
	)
}

impl Anon<BlockNumber, RuntimeCall, OriginCaller> for Agendas {
	type Address = TaskAddress<BlockNumber>;
	type Hasher = Hashing;

	fn schedule(
		when: DispatchTime<BlockNumber>,
		maybe_periodic: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: BoundedCall,
	) -> Result<Self::Address, DispatchError> {
		let mut room = Room::of(&call)?;
		if is_alarm(&call) {
			room.slots = ALARM_SLOTS;
		}
		let when = Self::free(when, room)?;
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::schedule(
			when,
			maybe_periodic,
			priority,
			origin,
			call,
		)
	}

	fn cancel(address: Self::Address) -> Result<(), DispatchError> {
		// A referendum that waits in the queue keeps the address of an alarm that has rung. For such an
		// address the scheduler would store an empty agenda, for ever.
		if !Agenda::<Runtime>::contains_key(address.0) {
			return Err(DispatchError::Unavailable);
		}
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::cancel(address)
	}

	fn reschedule(
		address: Self::Address,
		when: DispatchTime<BlockNumber>,
	) -> Result<Self::Address, DispatchError> {
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::reschedule(
			address,
			Self::free(when, Room::UNKNOWN)?,
		)
	}

	fn next_dispatch_time(address: Self::Address) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::next_dispatch_time(address)
	}
}

impl Named<BlockNumber, RuntimeCall, OriginCaller> for Agendas {
	type Address = TaskAddress<BlockNumber>;
	type Hasher = Hashing;

	fn schedule_named(
		id: TaskName,
		when: DispatchTime<BlockNumber>,
		maybe_periodic: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: BoundedCall,
	) -> Result<Self::Address, DispatchError> {
		let when = Self::free(when, Room::of(&call)?)?;
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::schedule_named(
			id,
			when,
			maybe_periodic,
			priority,
			origin,
			call,
		)
	}

	fn cancel_named(id: TaskName) -> Result<(), DispatchError> {
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::cancel_named(id)
	}

	fn reschedule_named(
		id: TaskName,
		when: DispatchTime<BlockNumber>,
	) -> Result<Self::Address, DispatchError> {
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::reschedule_named(
			id,
			Self::free(when, Room::UNKNOWN)?,
		)
	}

	fn next_dispatch_time(id: TaskName) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::next_dispatch_time(id)
	}
}

/// What `scheduled` tasks cost beyond a task in an empty agenda: full agendas are read to find a free slot,
/// and a nearly full one is written.
///
/// Both are the scheduler's measured weights for agendas of this size. That of reading one also contains a write.
pub(super) fn search_weight(scheduled: u64) -> Weight {
	let read = SchedulerWeight::service_agenda_base(AGENDA_SLOTS);
	let write =
		SchedulerWeight::schedule(AGENDA_SLOTS).saturating_sub(SchedulerWeight::schedule(0));
	read.saturating_mul(AGENDA_TRIES.into()).saturating_add(write).saturating_mul(scheduled)
}

/// What it costs to cancel a task of a full agenda, beyond one that is alone in its agenda.
pub(super) fn cancel_weight() -> Weight {
	SchedulerWeight::cancel(AGENDA_SLOTS).saturating_sub(SchedulerWeight::cancel(0))
}
