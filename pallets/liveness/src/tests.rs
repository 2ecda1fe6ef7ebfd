//! Tests, one file for each subject. Doc comments name the rules that a test checks.

mod counting;
mod encoding;
mod evaluation;
mod integrity;
mod invariants;
mod model;
mod offenders;
mod rotation;
mod slashes;
mod suspension;

use crate::{mock::*, *};
use frame_support::assert_ok;

/// Produced, missed and excused slots of the validators of the current session.
fn counts() -> Vec<(u32, u64, u64)> {
	CurrentCounts::<Test>::get().iter().copied().map(numbers).collect()
}

fn numbers(count: SlotCount) -> (u32, u64, u64) {
	(count.produced, count.missed, count.excused)
}

/// The pallet's own events of this block, in order.
fn events() -> Vec<Event<Test>> {
	System::read_events_for_pallet::<Event<Test>>()
}

/// Validators that the evaluation in this block suspended, in order.
fn suspended() -> Vec<AccountId> {
	let offline = |event| match event {
		Event::ValidatorOffline { validator, .. } => Some(validator),
		_ => None,
	};
	events().into_iter().filter_map(offline).collect()
}

/// Number of offenders that the evaluation in this block did not suspend.
fn not_suspended() -> u32 {
	let not_suspended = |event| match event {
		Event::OffendersNotSuspended { count, .. } => Some(count),
		_ => None,
	};
	events().into_iter().find_map(not_suspended).unwrap_or_default()
}

/// Candidates that the next election can elect, sorted.
fn candidates() -> Vec<AccountId> {
	let mut candidates = pallet_staking::Validators::<Test>::iter_keys()
		.filter(|who| !Liveness::is_suspended(who))
		.collect::<Vec<AccountId>>();
	candidates.sort();
	candidates
}

/// Makes the session that ends next the last one of an outage, so that it suspends the worst.
fn make_outage_last() {
	SparedSessions::<Test>::put(OUTAGE_SESSIONS - 1);
}

/// Ends the first session of a chain after giving its validators these counts.
fn end_session_with(counts: &[(u32, u64, u64)]) {
	let rows = counts.iter().map(|(produced, missed, excused)| SlotCount {
		produced: *produced,
		missed: *missed,
		excused: *excused,
	});
	CurrentCounts::<Test>::put(CountsOf::<Test>::truncate_from(rows.collect()));
	// There are no events at genesis.
	System::set_block_number(1);
	System::reset_events();
	Liveness::do_end_session(0);
}
