//! A keystore that holds a key only if it can sign with it.
//!
//! The SDK's keystore says that it has a key if it has a file of that name. With another password, or
//! if the file holds another key, it cannot sign, and the GRANDPA voter ends at its first vote. A key of
//! this kind counts as absent here, and the log names it.

use parking_lot::Mutex;
use sp_core::{
	bytes::to_hex,
	crypto::{key_types, KeyTypeId},
	ecdsa, ed25519, sr25519, Pair,
};
use sp_keystore::{Error, Keystore, KeystorePtr};
use std::{
	collections::HashMap,
	sync::Arc,
	time::{Duration, Instant},
};

/// What is signed to find out whether a key can sign. It has the length of no seal and no vote.
const PROBE: &[u8] = b"can this session key sign?";

/// How often the log names the same key.
const REPORT_PERIOD: Duration = Duration::from_secs(60);

/// Wraps a keystore. Keys other than those of Aura and GRANDPA are not affected.
pub struct SigningKeystore {
	inner: KeystorePtr,
	/// When a key that cannot sign was last reported.
	reported: Mutex<HashMap<String, Instant>>,
}

/// Why the keystore cannot sign with a session key; `None` if it can, or if this is no session key.
fn obstacle(keystore: &dyn Keystore, public: &[u8], key_type: KeyTypeId) -> Option<String> {
	let signed = match key_type {
		key_types::AURA => {
			let public = sr25519::Public::try_from(public).ok()?;
			let signature = keystore.sr25519_sign(key_type, &public, PROBE);
			signature.map(|made| made.map(|made| sr25519::Pair::verify(&made, PROBE, &public)))
		},
		key_types::GRANDPA => {
			let public = ed25519::Public::try_from(public).ok()?;
			let signature = keystore.ed25519_sign(key_type, &public, PROBE);
			signature.map(|made| made.map(|made| ed25519::Pair::verify(&made, PROBE, &public)))
		},
		_ => return None,
	};
	let reason = match signed {
		Ok(Some(true)) => return None,
		Ok(Some(false)) => "its signature is not valid".into(),
		Ok(None) => "the keystore does not hold it".into(),
		Err(error) => error.to_string(),
	};
	let kind = if key_type == key_types::AURA { "Aura" } else { "GRANDPA" };
	Some(format!("the {kind} key {}: {reason}", to_hex(public, false)))
}

/// Fails if the keystore has session keys with which it cannot sign. Names all of them.
pub fn ensure_usable(keystore: &dyn Keystore) -> Result<(), String> {
	let mut obstacles = Vec::new();
	for key_type in [key_types::AURA, key_types::GRANDPA] {
		let keys = keystore.keys(key_type);
		let keys = keys.map_err(|error| format!("the keystore cannot be read: {error}"))?;
		obstacles.extend(keys.iter().filter_map(|public| obstacle(keystore, public, key_type)));
	}
	if obstacles.is_empty() {
		return Ok(());
	}
	Err(format!(
		"this node cannot sign with {}. Give the password with which the key was inserted, or remove the \
		key's file from the keystore",
		obstacles.join("; with ")
	))
}

impl SigningKeystore {
	/// Wraps `inner`.
	pub fn wrap(inner: KeystorePtr) -> KeystorePtr {
		Arc::new(Self { inner, reported: Default::default() })
	}

	fn can_sign(&self, public: &[u8], key_type: KeyTypeId) -> bool {
		let Some(obstacle) = obstacle(&*self.inner, public, key_type) else { return true };
		let now = Instant::now();
		let mut reported = self.reported.lock();
		let last = reported.get(&obstacle);
		if last.is_none_or(|last| now.duration_since(*last) >= REPORT_PERIOD) {
			tracing::error!("This node cannot sign with {obstacle}");
			reported.insert(obstacle, now);
		}
		false
	}
}

// `sign_with` stays the one of the trait, which leads to the methods below.
impl Keystore for SigningKeystore {
	fn sr25519_public_keys(&self, key_type: KeyTypeId) -> Vec<sr25519::Public> {
		self.inner.sr25519_public_keys(key_type)
	}

	fn sr25519_generate_new(
		&self,
		key_type: KeyTypeId,
		seed: Option<&str>,
	) -> Result<sr25519::Public, Error> {
		self.inner.sr25519_generate_new(key_type, seed)
	}

	fn sr25519_sign(
		&self,
		key_type: KeyTypeId,
		public: &sr25519::Public,
		msg: &[u8],
	) -> Result<Option<sr25519::Signature>, Error> {
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
		self.inner.ed25519_generate_new(key_type, seed)
	}

	fn ed25519_sign(
		&self,
		key_type: KeyTypeId,
		public: &ed25519::Public,
		msg: &[u8],
	) -> Result<Option<ed25519::Signature>, Error> {
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
		self.inner.has_keys(public_keys)
			&& public_keys.iter().all(|(public, key_type)| self.can_sign(public, *key_type))
	}
}
