//! What the bytes are that a consensus key is asked to sign.

use crate::record::{RoundId, Stage, Target, Vote};
use codec::{Decode, DecodeAll};
use gtos_runtime::opaque::Header;
use sp_consensus_grandpa::Message;

/// First bytes of a statement of ownership, which `session.setKeys` requires.
///
/// The message of a vote starts with 0, 1 or 2 and the one of a seal is a hash of 32 bytes, so a
/// statement about an account, of 36 bytes, is neither.
const OWNERSHIP_PREFIX: &[u8] = b"POP_";

/// Length of the hash that a seal signs.
const HASH_BYTES: usize = 32;

/// Whether the bytes state that somebody owns the key.
pub fn is_ownership_statement(message: &[u8]) -> bool {
	message.starts_with(OWNERSHIP_PREFIX) && message.len() != HASH_BYTES
}

/// The vote that the bytes stand for: a message, a round and a set, as `localized_payload` of
/// `sp-consensus-grandpa` encodes them.
pub fn decode_vote(payload: &[u8]) -> Option<Vote> {
	let (message, round, set_id) =
		<(Message<Header>, u64, u64)>::decode_all(&mut &payload[..]).ok()?;
	Some(vote(&message, round, set_id))
}

/// The vote of a message.
pub fn vote(message: &Message<Header>, round: u64, set_id: u64) -> Vote {
	let stage = match message {
		Message::<Header>::PrimaryPropose(_) => Stage::PrimaryPropose,
		Message::<Header>::Prevote(_) => Stage::Prevote,
		Message::<Header>::Precommit(_) => Stage::Precommit,
	};
	let (hash, number) = message.target();
	Vote { at: RoundId { set_id, round }, stage, target: Target { hash: *hash, number } }
}

/// A vote that arrives in a notification of GRANDPA's protocol.
///
/// The SDK keeps the type of these messages to itself: variant 0 of an enum, with round, set and
/// signed message.
pub fn decode_gossiped_vote(
	notification: &[u8],
) -> Option<(sp_consensus_grandpa::SignedMessage<Header>, u64, u64)> {
	let (variant, mut rest) = notification.split_first()?;
	if *variant != 0 {
		return None;
	}
	let (round, set_id, signed) =
		<(u64, u64, sp_consensus_grandpa::SignedMessage<Header>)>::decode(&mut rest).ok()?;
	rest.is_empty().then_some((signed, round, set_id))
}
