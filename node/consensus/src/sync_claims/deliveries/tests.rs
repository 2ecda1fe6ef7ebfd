//! Who is blamed for blocks that cannot be imported, and when sync starts over.

use super::*;
use crate::sync_claims::tests::{made_up, wrong_body};
use sc_consensus::ImportedAux;
use std::slice;

const FINALIZED: BlockNumber = 100;
const AT_HEAD: bool = false;
const SYNCING: bool = true;

impl Deliveries {
	/// The import queue takes these blocks, and fails at the first one. Answers whether sync starts over.
	fn import(
		&mut self,
		blocks: &[IncomingBlock<Block>],
		error: BlockImportError,
		is_syncing: bool,
	) -> bool {
		self.note(blocks);
		self.fail_at(blocks[0].hash, error, is_syncing)
	}

	fn fail_at(&mut self, hash: Hash, error: BlockImportError, is_syncing: bool) -> bool {
		let passed = self.processed(vec![(Err(error), hash)], FINALIZED, is_syncing);
		let [(Err(error), of)] = &passed[..] else { panic!("{passed:?}") };
		assert_eq!(*of, hash);
		starts_over(error)
	}
}

fn verification_failed(peer: PeerId) -> BlockImportError {
	BlockImportError::VerificationFailed(Some(peer), "bad seal".into())
}

/// Peers on two forks whose ranges alternate: the block of each does not follow that of the other.
#[test]
fn peer_whose_blocks_are_imported_in_between_is_not_blamed() {
	let mut deliveries = Deliveries::default();
	let peer = PeerId::random();
	for i in 0..4 {
		assert!(deliveries.import(
			&[made_up(peer, 102, i)],
			BlockImportError::UnknownParent,
			SYNCING
		));
		let block = made_up(peer, 103, i);
		deliveries.note(slice::from_ref(&block));
		let imported = BlockImportStatus::ImportedUnknown(103, ImportedAux::default(), Some(peer));
		deliveries.processed(vec![(Ok(imported), block.hash)], FINALIZED, SYNCING);
	}
	assert!(deliveries.take_blamed().is_empty());
}

#[test]
fn node_at_the_head_starts_over_once_in_a_while_and_not_for_each_block() {
	let mut deliveries = Deliveries::default();
	let blocks: Vec<_> = (0..9).map(|i| made_up(PeerId::random(), 101, i)).collect();
	let mut import = |i: usize, error| {
		let restarts = deliveries.import(&blocks[i..=i], error, AT_HEAD);
		(restarts, deliveries.due_restart())
	};
	assert_eq!(import(0, BlockImportError::UnknownParent), (true, None));
	assert_eq!(import(1, BlockImportError::UnknownParent), (false, None));
	assert_eq!(import(2, wrong_body()), (false, None));
	// What it has not heard is made up for.
	deliveries.restarts = RateLimit::new(Duration::ZERO);
	assert_eq!(deliveries.due_restart(), Some(blocks[2].hash));
	assert_eq!(deliveries.due_restart(), None);
}

#[test]
fn node_that_syncs_starts_over_after_each_failure() {
	let mut deliveries = Deliveries::default();
	for i in 0..5 {
		let block = made_up(PeerId::random(), 101, i);
		assert!(deliveries.import(&[block], BlockImportError::UnknownParent, SYNCING));
	}
	deliveries.restarts = RateLimit::new(Duration::ZERO);
	assert_eq!(deliveries.due_restart(), None);
}

#[test]
fn results_other_than_failures_reach_sync_as_they_are() {
	let mut deliveries = Deliveries::default();
	let peer = PeerId::random();
	let known = BlockImportStatus::ImportedKnown(7, Some(peer));
	let results = vec![
		(Ok(known), Hash::zero()),
		(Err(BlockImportError::BadBlock(Some(peer))), Hash::zero()),
		(Err(BlockImportError::MissingState), Hash::zero()),
	];
	let passed = deliveries.processed(results, FINALIZED, AT_HEAD);
	assert!(matches!(
		&passed[..],
		[
			(Ok(BlockImportStatus::ImportedKnown(7, _)), _),
			(Err(BlockImportError::BadBlock(_)), _),
			(Err(BlockImportError::MissingState), _)
		]
	));
	assert!(deliveries.take_blamed().is_empty());
}

#[test]
fn peer_is_disconnected_for_its_third_block_that_cannot_be_imported_also_if_it_connects_again() {
	let mut deliveries = Deliveries::default();
	let [liar, honest] = [PeerId::random(), PeerId::random()];
	deliveries.import(&[made_up(liar, 101, 0)], BlockImportError::UnknownParent, SYNCING);
	deliveries.import(&[made_up(liar, 101, 1)], wrong_body(), AT_HEAD);
	deliveries.import(&[made_up(honest, 101, 2)], wrong_body(), AT_HEAD);
	assert!(deliveries.take_blamed().is_empty());
	deliveries.remove_peer(&liar);
	deliveries.import(&[made_up(liar, 101, 3)], wrong_body(), AT_HEAD);
	assert_eq!(deliveries.take_blamed(), [liar]);
	assert!(deliveries.take_blamed().is_empty());
}

#[test]
fn block_that_fails_after_another_one_in_the_queue_has_no_consequences() {
	let mut deliveries = Deliveries::default();
	let [liar, honest] = [PeerId::random(), PeerId::random()];
	for i in 0..5 {
		let [first, second] = [made_up(liar, 101, i), made_up(honest, 165, 100 + i)];
		let hashes = [first.hash, second.hash];
		deliveries.note(&[first]);
		deliveries.note(&[second]);
		let restarts =
			hashes.map(|hash| deliveries.fail_at(hash, BlockImportError::UnknownParent, SYNCING));
		assert_eq!(restarts, [true, false]);
		assert!(deliveries.doomed.is_empty() && deliveries.unreported.is_none());
	}
	assert_eq!(deliveries.take_blamed(), [liar]);
}

#[test]
fn doomed_block_that_is_queued_again_counts() {
	let mut deliveries = Deliveries::default();
	let [first, second] = [1, 2].map(|i| made_up(PeerId::random(), 101, i));
	deliveries.note(slice::from_ref(&second));
	assert!(deliveries.import(&[first], BlockImportError::UnknownParent, SYNCING));
	assert!(!deliveries.import(slice::from_ref(&second), BlockImportError::UnknownParent, SYNCING));
	assert!(deliveries.fail_at(second.hash, BlockImportError::UnknownParent, SYNCING));
}

#[test]
fn unknown_parent_counts_only_if_sync_has_heard_of_each_failure() {
	let mut deliveries = Deliveries::default();
	let [liar, honest] = [PeerId::random(), PeerId::random()];
	for i in 0..2 {
		deliveries.import(&[made_up(liar, 101, i)], BlockImportError::UnknownParent, AT_HEAD);
	}
	for i in 10..15 {
		let block = made_up(honest, 102, i);
		assert!(!deliveries.import(&[block], BlockImportError::UnknownParent, AT_HEAD));
	}
	// What is in the queue when sync starts over does not count either.
	let blocks: Vec<_> = (20..25).map(|i| made_up(honest, 102, i)).collect();
	deliveries.note(&blocks);
	deliveries.restarts = RateLimit::new(Duration::ZERO);
	assert!(deliveries.due_restart().is_some());
	for block in &blocks {
		assert!(!deliveries.fail_at(block.hash, BlockImportError::UnknownParent, AT_HEAD));
	}
	assert!(deliveries.take_blamed().is_empty());
	deliveries.import(&[made_up(liar, 101, 30)], BlockImportError::UnknownParent, AT_HEAD);
	assert_eq!(deliveries.take_blamed(), [liar]);
}

#[test]
fn block_is_lost_if_sync_does_not_hear_of_a_failure_that_may_be_due_to_its_body() {
	let mut deliveries = Deliveries::default();
	let peer = PeerId::random();
	let mut is_lost = |i, number, error, is_syncing| {
		deliveries.import(&[made_up(peer, number, i)], error, is_syncing);
		deliveries.take_lost().len() == 1
	};
	assert!(!is_lost(0, 101, wrong_body(), SYNCING));
	assert!(!is_lost(1, 101, wrong_body(), AT_HEAD), "the first one is passed on");
	assert!(is_lost(2, 101, wrong_body(), AT_HEAD));
	assert!(is_lost(3, 101, verification_failed(peer), AT_HEAD));
	assert!(!is_lost(4, 101, BlockImportError::UnknownParent, AT_HEAD));
	assert!(!is_lost(5, FINALIZED, wrong_body(), AT_HEAD));
}

#[test]
fn answer_that_is_too_long_to_reach_the_last_final_block_is_not_blamed_on_its_peer() {
	let mut deliveries = Deliveries::default();
	let mut failures_of_cut_answers = |lowest, count| {
		let peer = PeerId::random();
		for round in 0..5 {
			let seed = round * 1_000;
			let block = |i: usize| made_up(peer, lowest, seed + i as u64);
			let blocks: Vec<_> = (0..count).map(block).collect();
			deliveries.import(&blocks, BlockImportError::UnknownParent, SYNCING);
		}
		deliveries.take_blamed().len()
	};
	assert_eq!(failures_of_cut_answers(FINALIZED + 2, MAX_ANSWER_BLOCKS), 0);
	assert_ne!(failures_of_cut_answers(FINALIZED + 2, MAX_ANSWER_BLOCKS - 1), 0);
	assert_ne!(failures_of_cut_answers(FINALIZED + 1, MAX_ANSWER_BLOCKS), 0);
}

#[test]
fn block_that_was_overtaken_by_a_final_one_is_not_blamed_on_its_peer() {
	let mut deliveries = Deliveries::default();
	let mut is_blamed = |number| {
		let peer = PeerId::random();
		for i in 0..5 {
			deliveries.import(&[made_up(peer, number, i)], wrong_body(), AT_HEAD);
		}
		!deliveries.take_blamed().is_empty()
	};
	assert!(!is_blamed(FINALIZED));
	assert!(is_blamed(FINALIZED + 1));
}

#[test]
fn peer_of_a_block_with_a_bad_seal_is_disconnected_once() {
	let mut deliveries = Deliveries::default();
	let [first, second] = [PeerId::random(), PeerId::random()];
	// Sync hears of the first one, and disconnects the peer itself.
	assert!(deliveries.import(&[made_up(first, 101, 1)], verification_failed(first), AT_HEAD));
	assert!(deliveries.take_blamed().is_empty());
	let block = made_up(second, 101, 2);
	assert!(!deliveries.import(&[block], verification_failed(second), AT_HEAD));
	assert_eq!(deliveries.take_blamed(), [second]);

	// Behind another failure.
	let third = PeerId::random();
	let [doomed, block] = [made_up(third, 101, 3), made_up(second, 101, 4)];
	deliveries.note(slice::from_ref(&doomed));
	assert!(deliveries.import(&[block], BlockImportError::UnknownParent, SYNCING));
	assert!(!deliveries.fail_at(doomed.hash, verification_failed(third), SYNCING));
	assert_eq!(deliveries.take_blamed(), [third]);
}
