//! The keystore of a validator, which signs only what the record permits.

use crate::{
	checked_keystore::{CheckedKeystore, Checks, Key},
	protection::{SignError, SlashingProtection},
};
use sp_core::{
	crypto::{key_types, KeyTypeId},
	ed25519, sr25519, H256,
};
use sp_keystore::{Error, Keystore, KeystorePtr};
use std::sync::Arc;

/// What [`ProtectedKeystore::of_workers`] and [`ProtectedKeystore::of_operator`] add to a keystore. Keys other than
/// those of Aura and GRANDPA are not affected.
pub struct ProtectedKeystore {
	protection: Arc<SlashingProtection>,
	/// Whether keys that may not sign now are hidden.
	hides_keys: bool,
}

impl ProtectedKeystore {
	/// The keystore of the consensus workers. It says that it does not hold a key with which it would
	/// refuse to sign: Aura then leaves the slot to nobody, and GRANDPA follows a round without voting.
	pub fn of_workers(inner: KeystorePtr, protection: Arc<SlashingProtection>) -> KeystorePtr {
		CheckedKeystore::wrap(inner, Self { protection, hides_keys: true })
	}

	/// The keystore of JSON-RPC and the runtime's off-chain code: it says which keys there are.
	pub fn of_operator(inner: KeystorePtr, protection: Arc<SlashingProtection>) -> KeystorePtr {
		CheckedKeystore::wrap(inner, Self { protection, hides_keys: false })
	}

	fn is_hidden(&self, public: &[u8], key_type: KeyTypeId) -> bool {
		// Both kinds of keys have 32 bytes; another one is not held anyway.
		let Ok(key) = <[u8; 32]>::try_from(public).map(H256) else { return false };
		self.hides_keys
			&& match key_type {
				key_types::AURA => !self.protection.may_seal(key),
				key_types::GRANDPA => !self.protection.may_begin_round(key),
				_ => false,
			}
	}
}

fn refusal(error: SignError) -> Error {
	Error::Other(match error {
		SignError::NotSigning => {
			"slashing protection: this node does not sign before it has listened for its own keys"
				.into()
		},
		SignError::Unknown => {
			"slashing protection: this node has not proposed what it is asked to sign".into()
		},
		SignError::Refused(_) => {
			"slashing protection: the key has signed something else at this point, or later".into()
		},
		SignError::Record(error) => error.to_string(),
	})
}

impl Checks for ProtectedKeystore {
	fn permit(&self, key: &Key, message: &[u8]) -> Result<(), Error> {
		match (key.key_type, key.crypto) {
			(key_types::AURA, sr25519::CRYPTO_ID) => {
				self.protection.permit_seal(key.public, message).map_err(refusal)
			},
			(key_types::GRANDPA, ed25519::CRYPTO_ID) => {
				self.protection.permit_vote(key.public, message).map_err(refusal)
			},
			_ => Ok(()),
		}
	}

	fn note_generated(&self, key: &Key) {
		match (key.key_type, key.crypto) {
			(key_types::AURA, sr25519::CRYPTO_ID) => {
				self.protection.enter_new_key(key.public, |record| {
					record.seals.entry(key.public).or_default();
				})
			},
			(key_types::GRANDPA, ed25519::CRYPTO_ID) => {
				self.protection.enter_new_key(key.public, |record| {
					record.votes.entry(key.public).or_default();
				})
			},
			_ => {},
		}
	}

	fn has_keys(&self, inner: &dyn Keystore, public_keys: &[(Vec<u8>, KeyTypeId)]) -> bool {
		!public_keys.iter().any(|(public, key_type)| self.is_hidden(public, *key_type))
			&& inner.has_keys(public_keys)
	}
}
