//! The votes with which GRANDPA authorities finalise a block.

use crate::{
	hashing::ed25519_public,
	transactions::sign,
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::Encode;
use finality_grandpa::{Message, Precommit, Prevote, PrimaryPropose};
use gtos_runtime::BlockNumber;
use serde::Deserialize;
use sp_consensus_grandpa::AuthorityId as GrandpaId;

/// A vote and what its authority signs (CON-R11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Vote {
	vote: String,
	block_hash: Bytes,
	number: BlockNumber,
	round: Decimal,
	set_id: Decimal,
	payload: Bytes,
	seed: Bytes,
	public_key: Bytes,
	signature: Bytes,
}

impl Check for Vote {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let (target_hash, target_number) = (self.block_hash.hash(), self.number);
		let message = match self.vote.as_str() {
			"prevote" => Message::Prevote(Prevote { target_hash, target_number }),
			"precommit" => Message::Precommit(Precommit { target_hash, target_number }),
			"primaryPropose" => {
				Message::PrimaryPropose(PrimaryPropose { target_hash, target_number })
			},
			vote => panic!("unknown vote {vote}"),
		};
		let (round, set_id) = (self.round.u64(), self.set_id.u64());
		let payload = sp_consensus_grandpa::localized_payload(round, set_id, &message);
		assert_eq!(payload, self.payload.0);
		let (signer, signature) = sign("ed25519", &self.seed.0, &payload);
		let key: &[u8] = signer.as_ref();
		assert_eq!(key, self.public_key.0);
		// The first byte is the scheme.
		assert_eq!(signature.encode()[1..], self.signature.0);
		let authority = GrandpaId::from(ed25519_public(&self.public_key));
		let signature = sp_core::ed25519::Signature::from_raw(self.signature.array()).into();
		assert!(sp_consensus_grandpa::check_message_signature(
			&message, &authority, &signature, round, set_id,
		)
		.is_valid());
	}
}
