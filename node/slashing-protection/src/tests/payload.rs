//! What consensus keys are asked to sign.

use super::*;
use crate::payload::{decode_gossiped_vote, decode_vote, is_ownership_statement};
use codec::Encode;
use sp_consensus_grandpa::{localized_payload, AuthorityId, SignedMessage};
use sp_core::{proof_of_possession::statement_of_ownership, Pair};
use sp_keyring::Ed25519Keyring;

#[test]
fn payload_of_every_vote_is_decoded() {
	for stage in Stage::ALL {
		let payload = localized_payload(8, 2, &message(stage, 3));
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
	let message = message(Stage::Precommit, 3);
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
