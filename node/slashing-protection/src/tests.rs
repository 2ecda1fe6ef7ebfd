//! Tests of the crate, one file a subject.

mod database;
mod database_log;
mod file;
mod keystore;
mod listener;
mod new_chain;
mod observer;
mod payload;
mod peer_claims;
mod pulse;
mod record;
mod restarts;
mod signing_keystore;
mod start;
mod vote_gate;

use crate::record::{RoundId, Seal, Stage, Target, Vote};
use gtos_runtime::{opaque::Header, Hash};
use sp_consensus_grandpa::Message;
use sp_core::H256;

const KEY: H256 = H256([7; 32]);

fn hash(byte: u8) -> Hash {
	Hash::repeat_byte(byte)
}

fn seal(slot: u64, block: u8) -> Seal {
	Seal { slot, pre_seal_hash: hash(block) }
}

fn target(block: u8) -> Target {
	Target { hash: hash(block), number: block.into() }
}

fn at(set_id: u64, round: u64) -> RoundId {
	RoundId { set_id, round }
}

fn vote(set_id: u64, round: u64, stage: Stage, block: u8) -> Vote {
	Vote { at: at(set_id, round), stage, target: target(block) }
}

fn prevote(set_id: u64, round: u64, block: u8) -> Vote {
	vote(set_id, round, Stage::Prevote, block)
}

/// The message of a vote, as GRANDPA encodes it.
fn message(stage: Stage, block: u8) -> Message<Header> {
	let Target { hash: target_hash, number: target_number } = target(block);
	match stage {
		Stage::PrimaryPropose => {
			Message::<Header>::PrimaryPropose(sp_consensus_grandpa::PrimaryPropose::<Header> {
				target_hash,
				target_number,
			})
		},
		Stage::Prevote => Message::<Header>::Prevote(sp_consensus_grandpa::Prevote::<Header> {
			target_hash,
			target_number,
		}),
		Stage::Precommit => {
			Message::<Header>::Precommit(sp_consensus_grandpa::Precommit::<Header> {
				target_hash,
				target_number,
			})
		},
	}
}
