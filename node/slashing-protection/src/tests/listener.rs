//! When a node may sign, and when it must stop.

use super::{database::voter, *};
use crate::{
	listener::{
		has_caught_up, listening_time, Patience, Sight, Step, CATCH_UP_TIME, DISCOVERY_TIME,
	},
	protection::Phase,
	record::Record,
	start::Doubt,
};
use std::{collections::BTreeMap, time::Duration};

const SLOT: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const START_SLOT: u64 = 10_000;

fn patience() -> Patience {
	Patience::new(START_SLOT, SLOT)
}

fn silence() -> Sight {
	Sight {
		passed: SECOND,
		heard: None,
		trusts_keys: false,
		is_syncing: false,
		listening_time: listening_time(4, SLOT),
		has_caught_up: true,
		first_block: None,
	}
}

/// Seconds until something happens, and what.
fn wait(phase: Phase, sight: impl Fn() -> Sight) -> (u64, Step) {
	let mut patience = patience();
	for seconds in 1..10_000 {
		match patience.look(phase, sight()) {
			Step::Wait => {},
			step => return (seconds, step),
		}
	}
	panic!("it waits for ever");
}

#[test]
fn listening_lasts_a_minute_and_two_turns_of_the_set() {
	assert_eq!(listening_time(4, SLOT), DISCOVERY_TIME + 8 * SLOT);
	assert_eq!(listening_time(100, 2 * SLOT), Duration::from_secs(260));
}

// Validators that all start at once see no block and no round.
#[test]
fn silence_ends_in_signing_after_a_fixed_time() {
	for doubt in [Doubt::Missing, Doubt::Older, Doubt::Newer, Doubt::Stale] {
		assert_eq!(wait(Phase::Listening(doubt), silence), (64, Step::Sign), "{doubt:?}");
	}
}

#[test]
fn node_whose_keys_were_never_elsewhere_does_not_listen() {
	let sight = || Sight { trusts_keys: true, is_syncing: true, ..silence() };
	assert_eq!(wait(Phase::Listening(Doubt::Missing), sight), (1, Step::Sign));
	assert_eq!(patience().look(Phase::Listening(Doubt::Older), sight()), Step::Wait);
}

#[test]
fn time_of_a_sync_does_not_count() {
	let mut patience = patience();
	for _ in 0..1_000 {
		let sight = Sight { is_syncing: true, ..silence() };
		assert_eq!(patience.look(Phase::Listening(Doubt::Older), sight), Step::Wait);
	}
}

#[test]
fn own_key_that_is_heard_stops_the_node_until_it_signs() {
	let heard = || Sight { heard: Some("a block".into()), ..silence() };
	for phase in [Phase::Fresh, Phase::Listening(Doubt::Missing)] {
		let step = patience().look(phase, heard());
		let Step::Stop(reason) = step else { panic!("{step:?}") };
		assert!(reason.contains("Stop the other one"), "{reason}");
	}
	assert_eq!(patience().look(Phase::Signing, heard()), Step::Wait);
}

#[test]
fn first_block_tells_a_new_chain_from_an_old_one() {
	let look = |first_block| patience().look(Phase::Fresh, Sight { first_block, ..silence() });
	assert_eq!(look(None), Step::Wait);
	assert_eq!(look(Some((1, START_SLOT + 1))), Step::Sign);
	assert_eq!(look(Some((1, START_SLOT - 60))), Step::Sign);
	assert_eq!(look(Some((1, START_SLOT - 120))), Step::Listen);
	// A warp sync begins with a recent block of an old chain.
	assert_eq!(look(Some((5_000, START_SLOT + 1))), Step::Listen);
}

#[test]
fn voter_that_stays_behind_the_record_stops_the_node() {
	let behind = || Sight { has_caught_up: false, ..silence() };
	let (seconds, step) = wait(Phase::Listening(Doubt::Newer), behind);
	assert_eq!(seconds, 64 + CATCH_UP_TIME.as_secs());
	let Step::Stop(reason) = step else { panic!("{step:?}") };
	assert!(reason.contains("Start the node again"), "{reason}");
}

#[test]
fn voter_has_caught_up_in_the_last_round_of_the_record() {
	let voter = voter(BTreeMap::new());
	let is_so = |set_id, round| {
		let mut record = Record::new(hash(0));
		record.sign_vote(KEY, &prevote(set_id, round, 1)).expect("it is new");
		has_caught_up(&record, &voter)
	};
	assert!(is_so(1, 90));
	// A round asks for its keys when it begins: the next one to ask is 9.
	assert!(is_so(2, 8));
	assert!(!is_so(2, 9));
	assert!(!is_so(3, 1));
}
