//! When a node may sign, and when it must stop.

use super::*;
use crate::{
	listener::{
		listening_time, Patience, Sight, Step, CATCH_UP_TIME, DISCOVERY_TIME, MAX_TURNS_TIME,
	},
	new_chain::NewChain,
	protection::{Phase, Standing},
	start::Doubt,
};
use std::{collections::BTreeSet, time::Duration};

const SLOT: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const START_SLOT: u64 = 10_000;

fn patience() -> Patience {
	Patience::new(NewChain::new(START_SLOT, SLOT))
}

fn silence() -> Sight {
	Sight {
		passed: SECOND,
		pauses: 0,
		heard: None,
		untrusted: BTreeSet::from([KEY]),
		voter_keys: BTreeSet::from([KEY]),
		voters: BTreeSet::from([KEY]),
		can_hear: true,
		is_chain_old: false,
		listening_time: listening_time(4, SLOT),
		present: Some((at(2, 8), Standing::Open)),
		unknown_target: None,
		first_block: None,
	}
}

/// A node that signs with keys that it trusts.
fn peace() -> Sight {
	Sight { untrusted: BTreeSet::new(), ..silence() }
}

fn in_round(round: u64, standing: Standing) -> Sight {
	Sight { present: Some((at(2, round), standing)), ..peace() }
}

/// Seconds until something happens, and what.
fn wait(patience: &mut Patience, phase: Phase, sight: impl Fn() -> Sight) -> (u64, Step) {
	for seconds in 1..10_000 {
		match patience.look(phase, sight()) {
			Step::Wait => {},
			step => return (seconds, step),
		}
	}
	panic!("it waits for ever");
}

#[test]
fn listening_lasts_a_minute_and_two_turns_of_the_set_or_another_minute() {
	assert_eq!(listening_time(4, SLOT), DISCOVERY_TIME + 8 * SLOT);
	assert_eq!(listening_time(60, SLOT), DISCOVERY_TIME + MAX_TURNS_TIME);
	assert_eq!(listening_time(100, 2 * SLOT), DISCOVERY_TIME + MAX_TURNS_TIME);
}

// Validators that all start at once see no block and no round.
#[test]
fn silence_ends_in_signing_after_a_fixed_time() {
	for doubt in [Doubt::Missing, Doubt::Older, Doubt::Newer, Doubt::Stale, Doubt::Suspended] {
		let listened = wait(&mut patience(), Phase::Listening(doubt), silence);
		assert_eq!(listened, (64, Step::Sign), "{doubt:?}");
	}
}

#[test]
fn node_whose_keys_were_never_elsewhere_does_not_listen() {
	let sight = || Sight { can_hear: false, ..peace() };
	assert_eq!(patience().look(Phase::Listening(Doubt::Missing), sight()), Step::Sign);
	assert_eq!(patience().look(Phase::Listening(Doubt::Older), sight()), Step::Wait);
}

#[test]
fn time_of_a_sync_or_without_peers_does_not_count() {
	for phase in [Phase::Fresh, Phase::Listening(Doubt::Older)] {
		let mut patience = patience();
		for _ in 0..1_000 {
			let sight = Sight { can_hear: false, ..silence() };
			assert_eq!(patience.look(phase, sight), Step::Wait);
		}
		assert_eq!(wait(&mut patience, phase, silence), (64, Step::Sign));
	}
}

#[test]
fn time_before_a_key_appeared_or_the_phase_began_does_not_count() {
	let mut patience = patience();
	let phase = Phase::Listening(Doubt::Older);
	for _ in 0..60 {
		assert_eq!(patience.look(phase, silence()), Step::Wait);
	}
	let more = || Sight { untrusted: BTreeSet::from([KEY, H256([8; 32])]), ..silence() };
	assert_eq!(wait(&mut patience, phase, more), (64, Step::Sign));
	let suspended = Phase::Listening(Doubt::Suspended);
	assert_eq!(wait(&mut patience, suspended, more), (64, Step::Sign));
}

// A copy may have signed while this process stood still.
#[test]
fn time_before_a_pause_does_not_count() {
	for phase in [Phase::Listening(Doubt::Suspended), Phase::Signing] {
		let mut patience = patience();
		for _ in 0..60 {
			assert_eq!(patience.look(phase, silence()), Step::Wait);
		}
		let after_pause = || Sight { pauses: 1, ..silence() };
		assert_eq!(wait(&mut patience, phase, after_pause), (64, Step::Sign), "{phase:?}");
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
	assert_eq!(look(Some((2, START_SLOT + 1))), Step::Listen);
	// A warp sync begins with a recent block of an old chain.
	assert_eq!(look(Some((5_000, START_SLOT + 1))), Step::Listen);
}

// The block can be forged, and reach the node before those of other peers.
#[test]
fn block_1_tells_nothing_if_a_peer_claims_more_blocks_than_a_new_chain_can_have() {
	let first_block = Some((1, START_SLOT + 1));
	let sight = Sight { first_block, is_chain_old: true, ..silence() };
	assert_eq!(patience().look(Phase::Fresh, sight), Step::Listen);
}

// It may be the only authority of a new chain, or the first one of an old chain that has found no peer yet.
#[test]
fn node_that_has_seen_no_block_listens_before_it_signs() {
	let only = || Sight { listening_time: listening_time(1, SLOT), ..silence() };
	assert_eq!(wait(&mut patience(), Phase::Fresh, only), (61, Step::Sign));
}

#[test]
fn key_that_appears_while_the_node_signs_is_listened_for() {
	let mut patience = patience();
	for _ in 0..1_000 {
		assert_eq!(patience.look(Phase::Signing, peace()), Step::Wait);
	}
	for _ in 0..60 {
		assert_eq!(patience.look(Phase::Signing, silence()), Step::Wait);
	}
	let heard = Sight { heard: Some("a block".into()), ..silence() };
	assert_eq!(patience.look(Phase::Signing, heard), Step::Wait);
	assert_eq!(wait(&mut patience, Phase::Signing, silence), (64, Step::Sign));
}

// Finality may wait for the vote, and GRANDPA has begun the round without the key.
#[test]
fn round_that_stays_the_one_that_began_without_the_key_stops_the_node() {
	let mut left = patience();
	assert_eq!(wait(&mut left, Phase::Signing, silence), (64, Step::Sign));
	let (seconds, step) = wait(&mut left, Phase::Signing, peace);
	assert_eq!(seconds, CATCH_UP_TIME.as_secs());
	let Step::Stop(reason) = step else { panic!("{step:?}") };
	assert!(reason.contains("Start the node again"), "{reason}");

	let mut joined = patience();
	assert_eq!(wait(&mut joined, Phase::Signing, silence), (64, Step::Sign));
	for _ in 0..1_000 {
		let later = in_round(9, Standing::Open);
		assert_eq!(joined.look(Phase::Signing, later), Step::Wait);
	}
}

// The voter has looked for its key when the round began, which was before the operator inserted it.
#[test]
fn key_that_appears_before_the_node_signs_has_no_part_in_the_round_that_has_begun() {
	let without_key = || Sight {
		untrusted: BTreeSet::new(),
		voter_keys: BTreeSet::new(),
		voters: BTreeSet::new(),
		can_hear: false,
		..silence()
	};
	for phase in [Phase::Fresh, Phase::Listening(Doubt::Older)] {
		let begin = || {
			let mut patience = patience();
			assert_eq!(patience.look(phase, without_key()), Step::Wait);
			assert_eq!(wait(&mut patience, phase, silence), (64, Step::Sign));
			patience
		};
		let (seconds, step) = wait(&mut begin(), Phase::Signing, peace);
		assert_eq!(seconds, CATCH_UP_TIME.as_secs(), "{phase:?}");
		let Step::Stop(reason) = step else { panic!("{step:?}") };
		assert!(reason.contains("Start the node again"), "{reason}");

		let mut joined = begin();
		for _ in 0..1_000 {
			let later = in_round(9, Standing::Open);
			assert_eq!(joined.look(Phase::Signing, later), Step::Wait);
		}
	}
}

#[test]
fn key_that_was_there_before_it_entered_the_set_has_a_part_in_its_rounds() {
	let mut patience = patience();
	let of_no_set = Sight { voters: BTreeSet::new(), ..peace() };
	assert_eq!(patience.look(Phase::Signing, of_no_set), Step::Wait);
	for _ in 0..1_000 {
		assert_eq!(patience.look(Phase::Signing, peace()), Step::Wait);
	}
}

#[test]
fn round_that_waits_for_a_vote_which_only_the_record_knows_stops_the_node() {
	let sight = || in_round(8, Standing::Unrestored);
	let (seconds, step) = wait(&mut patience(), Phase::Signing, sight);
	assert_eq!(seconds, CATCH_UP_TIME.as_secs());
	let Step::Stop(reason) = step else { panic!("{step:?}") };
	assert!(reason.contains("Start the node again"), "{reason}");
}

#[test]
fn rounds_that_pass_without_this_node_do_not_stop_it() {
	let mut patience = patience();
	for seconds in 0..1_000 {
		let sight = in_round(8 + seconds / 50, Standing::Unrestored);
		assert_eq!(patience.look(Phase::Signing, sight), Step::Wait);
	}
}

// All validators may have lost the block in a power failure. A restart would not bring it back.
#[test]
fn vote_that_is_repeated_for_a_block_that_nobody_has_is_complained_of() {
	let mut patience = patience();
	let lost = || Sight { unknown_target: Some(hash(3)), ..peace() };
	for _ in 0..3 {
		let complaint = wait(&mut patience, Phase::Signing, lost);
		assert_eq!(complaint, (CATCH_UP_TIME.as_secs(), Step::MissBlock(at(2, 8), hash(3))));
	}
	for _ in 0..1_000 {
		assert_eq!(patience.look(Phase::Signing, peace()), Step::Wait, "it was found");
	}
}

// A restart would not bring the votes back, so the node goes on, and seals.
#[test]
fn round_whose_votes_are_no_longer_recorded_is_complained_of() {
	let mut patience = patience();
	for _ in 0..3 {
		let sight = || in_round(8, Standing::Behind);
		let complaint = wait(&mut patience, Phase::Signing, sight);
		assert_eq!(complaint, (CATCH_UP_TIME.as_secs(), Step::LeaveRound(at(2, 8))));
	}
}
