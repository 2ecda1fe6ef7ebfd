//! Tests by theme; doc comments name the rules they show.

mod configuration;
mod counting;
mod encoding;
mod invariants;
mod judging;
mod model;
mod offenders;
mod rotation;

use crate::{mock::*, *};
use frame_support::assert_ok;

/// What the validators of the current session produced, missed and are excused for.
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

/// Validators that this block's judgement chilled, in order.
fn chilled() -> Vec<AccountId> {
	let offline = |event| match event {
		Event::ValidatorOffline { validator, .. } => Some(validator),
		_ => None,
	};
	events().into_iter().filter_map(offline).collect()
}

/// How many this block's judgement spared.
fn spared() -> u32 {
	let spared = |event| match event {
		Event::OffendersSpared { spared, .. } => Some(spared),
		_ => None,
	};
	events().into_iter().find_map(spared).unwrap_or_default()
}

/// Who stands for election.
fn candidates() -> Vec<AccountId> {
	let mut candidates =
		pallet_staking::Validators::<Test>::iter_keys().collect::<Vec<AccountId>>();
	candidates.sort();
	candidates
}

/// Ends the first session of a chain as if its validators had these counts.
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
