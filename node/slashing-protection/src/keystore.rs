//! The keystore of a validator, which signs only what the record permits.

use crate::protection::{SignError, SlashingProtection};
use sp_core::{
	crypto::{key_types, KeyTypeId},
	ecdsa, ed25519, sr25519, H256,
};
use sp_keystore::{Error, Keystore, KeystorePtr};
use std::sync::Arc;

/// Wraps a keystore. Keys other than those of Aura and GRANDPA are not affected.
pub struct ProtectedKeystore {
	inner: KeystorePtr,
	protection: Arc<SlashingProtection>,
	/// Whether keys that may not sign now are hidden.
	hides_keys: bool,
}

impl ProtectedKeystore {
	/// The keystore of the consensus workers. It says that it does not hold a key with which it would
	/// refuse to sign: Aura then leaves the slot to nobody, and GRANDPA follows a round without voting.
	pub fn of_workers(inner: KeystorePtr, protection: Arc<SlashingProtection>) -> KeystorePtr {
		Arc::new(Self { inner, protection, hides_keys: true })
	}

	/// The keystore of JSON-RPC and the runtime's off-chain code: it says which keys there are.
	pub fn of_operator(inner: KeystorePtr, protection: Arc<SlashingProtection>) -> KeystorePtr {
		Arc::new(Self { inner, protection, hides_keys: false })
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

// `sign_with` stays the one of the trait, which leads to the methods below.
impl Keystore for ProtectedKeystore {
	fn sr25519_public_keys(&self, key_type: KeyTypeId) -> Vec<sr25519::Public> {
		self.inner.sr25519_public_keys(key_type)
	}

	fn sr25519_generate_new(
		&self,
		key_type: KeyTypeId,
		seed: Option<&str>,
	) -> Result<sr25519::Public, Error> {
		let public = self.inner.sr25519_generate_new(key_type, seed)?;
		if key_type == key_types::AURA && seed.is_none() {
			self.protection.enter_new_key(H256(public.0), |record| {
				record.seals.entry(H256(public.0)).or_default();
			});
		}
		Ok(public)
	}

	fn sr25519_sign(
		&self,
		key_type: KeyTypeId,
		public: &sr25519::Public,
		msg: &[u8],
	) -> Result<Option<sr25519::Signature>, Error> {
		if key_type == key_types::AURA {
			self.protection.permit_seal(H256(public.0), msg).map_err(refusal)?;
		}
		self.inner.sr25519_sign(key_type, public, msg)
	}

	fn sr25519_vrf_sign(
		&self,
		key_type: KeyTypeId,
		public: &sr25519::Public,
		data: &sr25519::vrf::VrfSignData,
	) -> Result<Option<sr25519::vrf::VrfSignature>, Error> {
		self.inner.sr25519_vrf_sign(key_type, public, data)
	}

	fn sr25519_vrf_pre_output(
		&self,
		key_type: KeyTypeId,
		public: &sr25519::Public,
		input: &sr25519::vrf::VrfInput,
	) -> Result<Option<sr25519::vrf::VrfPreOutput>, Error> {
		self.inner.sr25519_vrf_pre_output(key_type, public, input)
	}

	fn ed25519_public_keys(&self, key_type: KeyTypeId) -> Vec<ed25519::Public> {
		self.inner.ed25519_public_keys(key_type)
	}

	fn ed25519_generate_new(
		&self,
		key_type: KeyTypeId,
		seed: Option<&str>,
	) -> Result<ed25519::Public, Error> {
		let public = self.inner.ed25519_generate_new(key_type, seed)?;
		if key_type == key_types::GRANDPA && seed.is_none() {
			self.protection.enter_new_key(H256(public.0), |record| {
				record.votes.entry(H256(public.0)).or_default();
			});
		}
		Ok(public)
	}

	fn ed25519_sign(
		&self,
		key_type: KeyTypeId,
		public: &ed25519::Public,
		msg: &[u8],
	) -> Result<Option<ed25519::Signature>, Error> {
		if key_type == key_types::GRANDPA {
			self.protection.permit_vote(H256(public.0), msg).map_err(refusal)?;
		}
		self.inner.ed25519_sign(key_type, public, msg)
	}

	fn ecdsa_public_keys(&self, key_type: KeyTypeId) -> Vec<ecdsa::Public> {
		self.inner.ecdsa_public_keys(key_type)
	}

	fn ecdsa_generate_new(
		&self,
		key_type: KeyTypeId,
		seed: Option<&str>,
	) -> Result<ecdsa::Public, Error> {
		self.inner.ecdsa_generate_new(key_type, seed)
	}

	fn ecdsa_sign(
		&self,
		key_type: KeyTypeId,
		public: &ecdsa::Public,
		msg: &[u8],
	) -> Result<Option<ecdsa::Signature>, Error> {
		self.inner.ecdsa_sign(key_type, public, msg)
	}

	fn ecdsa_sign_prehashed(
		&self,
		key_type: KeyTypeId,
		public: &ecdsa::Public,
		msg: &[u8; 32],
	) -> Result<Option<ecdsa::Signature>, Error> {
		self.inner.ecdsa_sign_prehashed(key_type, public, msg)
	}

	fn insert(&self, key_type: KeyTypeId, suri: &str, public: &[u8]) -> Result<(), ()> {
		self.inner.insert(key_type, suri, public)
	}

	fn keys(&self, key_type: KeyTypeId) -> Result<Vec<Vec<u8>>, Error> {
		self.inner.keys(key_type)
	}

	fn has_keys(&self, public_keys: &[(Vec<u8>, KeyTypeId)]) -> bool {
		!public_keys.iter().any(|(public, key_type)| self.is_hidden(public, *key_type))
			&& self.inner.has_keys(public_keys)
	}
}
