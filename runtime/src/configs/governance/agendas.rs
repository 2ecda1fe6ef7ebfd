//! The scheduler of referenda (STA-R13): a task whose agenda is full takes the next one with a free slot.
//!
//! `pallet-referenda` ignores the errors of its scheduler. What finds no slot is dropped without a trace: an
//! alarm, the call that lets the next referendum of a track be decided, or the enactment of an approved one.

use crate::{
	constants::governance::{AGENDA_SLOTS, AGENDA_TRIES, ALARM_SLOTS},
	BlockNumber, OriginCaller, Preimage, Runtime, RuntimeCall, Scheduler, System,
};
use frame_support::{
	traits::{
		schedule::{
			v3::{Anon, Named, TaskName},
			DispatchTime, Period, Priority,
		},
		Bounded, QueryPreimage,
	},
	weights::Weight,
};
use pallet_scheduler::{Agenda, TaskAddress, WeightInfo};
use sp_runtime::DispatchError;

type Hashing = <Runtime as frame_system::Config>::Hashing;
type BoundedCall = Bounded<RuntimeCall, Hashing>;
type SchedulerWeight = <Runtime as pallet_scheduler::Config>::WeightInfo;

/// Schedules like `pallet-scheduler`, but in the first of [`AGENDA_TRIES`] consecutive agendas that has a
/// free slot.
///
/// Alarms may take [`ALARM_SLOTS`] slots of an agenda; the others are left to the tasks that nothing would
/// repeat.
pub struct Agendas;

impl Agendas {
	/// First block, from `when` on and after the current one, whose agenda has less than `slots` tasks.
	///
	/// # Errors
	///
	/// `Exhausted` if [`AGENDA_TRIES`] agendas in a row are full.
	fn free(
		when: DispatchTime<BlockNumber>,
		slots: u32,
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
			.find(|block| tasks(*block) < slots)
			.map(DispatchTime::At)
			.ok_or(DispatchError::Exhausted)
	}
}

/// Number of tasks in the agenda of `block`.
fn tasks(block: BlockNumber) -> u32 {
	// The length includes tasks that were cancelled, so an agenda that is short enough need not be decoded.
	let length = Agenda::<Runtime>::decode_len(block).unwrap_or_default();
	let count = if length < ALARM_SLOTS as usize {
		length
	} else {
		Agenda::<Runtime>::get(block).iter().flatten().count()
	};
	// Cannot saturate: an agenda has at most `AGENDA_SLOTS` entries.
	u32::try_from(count).unwrap_or(u32::MAX)
}

/// Slots of an agenda that `call` may use.
fn slots_for(call: &BoundedCall) -> u32 {
	let is_alarm = matches!(
		Preimage::peek(call),
		Ok((RuntimeCall::Referenda(pallet_referenda::Call::nudge_referendum { .. }), _))
	);
	if is_alarm {
		ALARM_SLOTS
	} else {
		AGENDA_SLOTS
	}
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
		let when = Self::free(when, slots_for(&call))?;
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
			Self::free(when, AGENDA_SLOTS)?,
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
		let when = Self::free(when, AGENDA_SLOTS)?;
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
			Self::free(when, AGENDA_SLOTS)?,
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
