//! What consensus keys are asked to sign.

use super::*;
use crate::payload::{decode_gossiped_vote, decode_vote, is_ownership_statement};
use codec::Encode;
use gtos_runtime::opaque::Header;
use sp_consensus_grandpa::{localized_payload, AuthorityId, Message, SignedMessage};
use sp_core::{proof_of_possession::statement_of_ownership, Pair};
use sp_keyring::Ed25519Keyring;

fn message(stage: Stage) -> Message<Header> {
	let (target_hash, target_number) = (hash(3), 3);
	match stage {
		Stage::PrimaryPropose => Message::<Header>::PrimaryPropose(
			sp_consensus_grandpa::PrimaryPropose::<Header> { target_hash, target_number },
		),
		Stage::Prevote => Message::<Header>::Prevote(sp_consensus_grandpa::Prevote::<Header> {
			target_hash,
			target_number,
		}),
		Stage::Precommit => Message::<Header>::Precommit(
			sp_consensus_grandpa::Precommit::<Header> { target_hash, target_number },
		),
	}
}

#[test]
fn payload_of_every_vote_is_decoded() {
	for stage in Stage::ALL {
		let payload = localized_payload(8, 2, &message(stage));
		assert_eq!(decode_vote(&payload), Some(vote(2, 8, stage, 3)));
		assert!(!is_ownership_statement(&payload));
		assert_eq!(decode_vote(&payload[1..]), None);
		assert_eq!(decode_vote(&[&payload[..], &[0]].concat()), None);
	}
}

#[test]
fn proof_of_ownership_is_neither_vote_nor_seal() {
	let statement = statement_of_ownership(&[1; 32]);
	assert!(is_ownership_statement(&statement));
	assert_eq!(decode_vote(&statement), None);
	// As long as the hash that a seal signs.
	assert!(!is_ownership_statement(&statement_of_ownership(&[1; 28])));
}

#[test]
fn vote_in_a_notification_is_decoded() {
	let pair = Ed25519Keyring::Alice.pair();
	let message = message(Stage::Precommit);
	let signature = pair.sign(&localized_payload(8, 2, &message)).into();
	let id = AuthorityId::from(pair.public());
	let signed: SignedMessage<Header> =
		sp_consensus_grandpa::SignedMessage::<Header> { message, signature, id };
	let notification = (0u8, 8u64, 2u64, &signed).encode();
	assert_eq!(decode_gossiped_vote(&notification), Some((signed, 8, 2)));
	assert_eq!(decode_gossiped_vote(&[&[1], &notification[1..]].concat()), None);
	assert_eq!(decode_gossiped_vote(&notification[..notification.len() - 1]), None);
	assert_eq!(decode_gossiped_vote(&[]), None);
}
