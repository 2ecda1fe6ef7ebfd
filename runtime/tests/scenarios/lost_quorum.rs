//! The call of root that restores finality after a set has lost its quorum: it removes the validators that are gone,
//! and makes those that are left the new set (CON-R12; docs/operating.md, "A quorum is lost for good").
//!
//! These tests show what the chain announces. The drill `lost-quorum` shows what nodes do with it.

use crate::common::{chain, run_to};
use codec::{Decode, Encode};
use frame_support::assert_ok;
use frame_system::RawOrigin;
use gtos_runtime::{
	genesis_config_presets::{DEVELOPMENT_TIMING, LOCAL},
	AccountId, BlockNumber, Grandpa, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin, Scheduler,
	Session, System,
};
use pallet_grandpa::CurrentSetId;
use sp_consensus_grandpa::{
	AuthorityList, ConsensusLog, ScheduledChange, SetId, GRANDPA_ENGINE_ID,
};
use sp_runtime::DigestItem;

const SESSION_BLOCKS: BlockNumber = DEVELOPMENT_TIMING.session_length_blocks;
const ERA_BLOCKS: BlockNumber = DEVELOPMENT_TIMING.sessions_per_era * SESSION_BLOCKS;

/// Nothing after this block is final.
const LAST_FINAL: BlockNumber = 5;
/// Blocks from the announcement of the new set until it takes over.
const DELAY: BlockNumber = 4;

fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	RuntimeCall::Utility(pallet_utility::Call::batch_all { calls })
}

fn note_stalled() -> RuntimeCall {
	RuntimeCall::Grandpa(pallet_grandpa::Call::note_stalled {
		delay: DELAY,
		best_finalized_block_number: LAST_FINAL,
	})
}

/// Removes the keys of `gone`, and a session later notes the stall and sets the set id back to that of the nodes.
fn rescue(gone: &AccountId, set_id: SetId) -> RuntimeCall {
	let purge = RuntimeCall::Utility(pallet_utility::Call::dispatch_as_fallible {
		as_origin: Box::new(OriginCaller::system(RawOrigin::Signed(gone.clone()))),
		call: Box::new(RuntimeCall::Session(pallet_session::Call::purge_keys {})),
	});
	let set_back = RuntimeCall::System(frame_system::Call::set_storage {
		items: vec![(CurrentSetId::<Runtime>::hashed_key().to_vec(), set_id.encode())],
	});
	let later = RuntimeCall::Scheduler(pallet_scheduler::Call::schedule_after {
		after: SESSION_BLOCKS - 1,
		maybe_periodic: None,
		priority: 0,
		call: Box::new(batch(vec![set_back, note_stalled()])),
	});
	batch(vec![purge, later])
}

/// Has root make `call` in the block `when`, as an approved referendum does.
fn make(call: RuntimeCall, when: BlockNumber) {
	assert_ok!(Scheduler::schedule(RuntimeOrigin::root(), when, None, 0, Box::new(call)));
}

/// What the last block announces to GRANDPA.
fn announced() -> Option<ConsensusLog<BlockNumber>> {
	System::digest().logs.iter().find_map(|item| match item {
		DigestItem::Consensus(GRANDPA_ENGINE_ID, log) => ConsensusLog::decode(&mut &log[..]).ok(),
		_ => None,
	})
}

/// The GRANDPA keys of validators, as a set announces them.
fn keys_of(validators: &[AccountId]) -> AuthorityList {
	let keys = |who: &AccountId| Session::load_keys(who).expect("it has keys").grandpa;
	validators.iter().map(|who| (keys(who), 1)).collect()
}

fn forced(next_authorities: AuthorityList) -> Option<ConsensusLog<BlockNumber>> {
	let change = ScheduledChange { next_authorities, delay: DELAY };
	Some(ConsensusLog::ForcedChange(LAST_FINAL, change))
}

fn set_id() -> SetId {
	CurrentSetId::<Runtime>::get()
}

/// Makes the call in block `made_at`, for the validator at `position`, and expects the new set in block `new_set_at`.
fn assert_rescued(position: usize, made_at: BlockNumber, new_set_at: BlockNumber) {
	chain(LOCAL).execute_with(|| {
		run_to(LAST_FINAL);
		let (all, of_the_nodes) = (Session::validators(), set_id());
		let mut left = all.clone();
		let gone = left.remove(position);
		let (before, after) = (keys_of(&all), keys_of(&left));
		make(rescue(&gone, of_the_nodes), made_at);

		run_to(made_at - 1);
		assert!(set_id() > of_the_nodes, "an era has begun that no node counts");
		run_to(new_set_at - 1);
		assert_eq!(Session::validators(), all, "{made_at}");
		run_to(new_set_at);
		assert_eq!(announced(), forced(after.clone()), "{made_at}");
		assert_eq!((Session::validators(), set_id()), (left, of_the_nodes + 1), "{made_at}");

		run_to(new_set_at + DELAY - 1);
		assert_eq!(Grandpa::grandpa_authorities(), before, "{made_at}");
		run_to(new_set_at + DELAY);
		assert_eq!(Grandpa::grandpa_authorities(), after, "{made_at}");

		// The eras after it are announced as usual.
		run_to(3 * ERA_BLOCKS);
		let next = ScheduledChange { next_authorities: after, delay: 0 };
		assert_eq!(announced(), Some(ConsensusLog::ScheduledChange(next)), "{made_at}");
	});
}

#[test]
fn set_without_a_quorum_is_replaced_by_the_validators_that_are_left() {
	// A call in the block that begins a session is made before the rotation, and so counts for the session before.
	let session = ERA_BLOCKS + SESSION_BLOCKS;
	for position in [0, 2] {
		assert_rescued(position, session, session + SESSION_BLOCKS);
		for made_at in [session + 1, session + SESSION_BLOCKS - 1, session + SESSION_BLOCKS] {
			assert_rescued(position, made_at, session + 2 * SESSION_BLOCKS);
		}
	}
}

#[test]
fn note_of_a_stall_alone_announces_the_old_set() {
	chain(LOCAL).execute_with(|| {
		run_to(LAST_FINAL);
		let keys = keys_of(&Session::validators());
		make(note_stalled(), SESSION_BLOCKS - 1);
		run_to(SESSION_BLOCKS);
		assert_eq!(announced(), forced(keys));
	});
}
