//! Which heights of peers keep a node from signing.

use crate::peer_claims::{Claims, FreshClaims, Inquiry, Peer, MAX_SLOTS_AT_HEAD, PATIENCE};
use futures::{channel::oneshot, FutureExt};
use std::{
	collections::VecDeque,
	sync::Mutex,
	time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);

/// The age of a best block that is old, in slots.
const OLD: Option<u64> = Some(1_000);

fn strangers(heights: &[u32]) -> Vec<Peer> {
	heights.iter().map(|height| Peer { height: *height, is_reserved: false }).collect()
}

fn reserved(heights: &[u32]) -> Vec<Peer> {
	heights.iter().map(|height| Peer { height: *height, is_reserved: true }).collect()
}

/// Seconds for which these claims keep a fresh node without a block from signing; `None` if for ever.
fn held_up(peers: &[Peer]) -> Option<u64> {
	let mut fresh = FreshClaims::default();
	let claims = Claims::new(peers.to_vec());
	(0..10_000).find(|_| !fresh.are_above(0, &claims, SECOND))
}

#[test]
fn one_stranger_does_not_hold_up_a_new_chain_for_ever() {
	let last_second = PATIENCE.as_secs() - 1;
	for height in [1, 5_000, u32::MAX] {
		assert_eq!(held_up(&strangers(&[0, 0, height])), Some(last_second), "{height}");
	}
	assert_eq!(held_up(&strangers(&[0, 0])), Some(0));
	assert_eq!(held_up(&[]), Some(0));
}

// The peers of a validator whose disk is lost may be unable to deliver old blocks.
#[test]
fn half_of_the_peers_hold_up_a_fresh_node_until_it_has_their_blocks() {
	for heights in [&[1][..], &[0, 1], &[0, 900, 901]] {
		assert_eq!(held_up(&strangers(heights)), None, "{heights:?}");
	}
}

#[test]
fn strangers_that_take_turns_do_not_hold_up_a_new_chain_for_ever() {
	let mut fresh = FreshClaims::default();
	let (honest, attacked) = (Claims::new(strangers(&[0, 0])), Claims::new(strangers(&[0, 0, 7])));
	for _ in 1..PATIENCE.as_secs() {
		assert!(fresh.are_above(0, &attacked, SECOND));
		assert!(!fresh.are_above(0, &honest, SECOND));
	}
	assert!(!fresh.are_above(0, &attacked, SECOND));
}

#[test]
fn strangers_do_not_count_beside_a_reserved_peer_and_one_reserved_peer_is_enough() {
	let with = |mut peers: Vec<Peer>, heights: &[u32]| {
		peers.extend(strangers(heights));
		peers
	};
	let launch = with(reserved(&[0]), &[7; 20]);
	assert_eq!(held_up(&launch), Some(0));
	assert_eq!(Claims::new(launch).highest(), Some(0));
	assert_eq!(held_up(&with(reserved(&[0, 0, 7]), &[0; 20])), None);

	let deaf = |peers| Claims::new(peers).show_deafness(100, OLD);
	assert!(!deaf(with(reserved(&[100]), &[900; 20])));
	assert!(deaf(with(reserved(&[100, 100, 900]), &[100; 20])));
}

// Silence says nothing to a node whose sync stands still: it hears seals only in blocks that it imports.
#[test]
fn node_whose_old_best_block_is_below_those_of_its_peers_is_deaf_for_as_long() {
	let deaf = |heights: &[u32], slots| Claims::new(strangers(heights)).show_deafness(100, slots);
	assert!(deaf(&[900, 901, 100], OLD));
	assert!(deaf(&[900, 100], OLD));
	assert!(deaf(&[900], None), "the genesis has no slot");
	assert!(deaf(&[900], Some(MAX_SLOTS_AT_HEAD + 1)));
	assert!(!deaf(&[900, 901, 902], Some(MAX_SLOTS_AT_HEAD)), "no chain can have these");
	assert!(!deaf(&[900, 100, 100], OLD), "one stranger");
	assert!(!deaf(&[105, 105], OLD), "blocks on their way");
	assert!(!deaf(&[], OLD), "the listener looks itself whether there are peers");
}

// Sync may be busy for longer than the listener may wait.
#[test]
fn last_answer_of_sync_counts_for_a_while_and_a_late_one_is_not_lost() {
	let channels = (0..3).map(|_| oneshot::channel::<Vec<Peer>>());
	let (mut answers, questions): (VecDeque<_>, VecDeque<_>) = channels.unzip();
	let questions = Mutex::new(questions);
	let mut inquiry = Inquiry::new(Box::new(move || {
		let question = questions.lock().unwrap().pop_front().expect("asked too often");
		question.map(|answer| answer.unwrap_or_default()).boxed()
	}));
	let mut answer =
		|heights: &[u32]| answers.pop_front().unwrap().send(strangers(heights)).unwrap();

	let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
	let (start, max_age) = (Instant::now(), 10 * SECOND);
	let mut highest = |seconds: u32, max_age| {
		let claims = inquiry.claims(start + seconds * SECOND, Duration::ZERO, max_age);
		runtime.block_on(claims).and_then(|claims| claims.highest())
	};
	assert_eq!(highest(0, max_age), None);
	answer(&[7]);
	assert_eq!(highest(1, Duration::ZERO), Some(7));
	assert_eq!(highest(11, max_age), Some(7));
	assert_eq!(highest(11, Duration::ZERO), None);
	assert_eq!(highest(12, max_age), None);
	// One question at a time.
	answer(&[8]);
	assert_eq!(highest(13, Duration::ZERO), Some(8));
	assert_eq!(highest(14, max_age), Some(8));
	assert_eq!(highest(15, max_age), Some(8));
}
