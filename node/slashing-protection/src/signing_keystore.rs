//! A keystore that holds a key only if it can sign with it.
//!
//! The SDK's keystore says that it has a key if it has a file of that name. With another password, or
//! if the file holds another key, it cannot sign, and the GRANDPA voter ends at its first vote. A key of
//! this kind counts as absent here, and the log names it.

use crate::checked_keystore::{CheckedKeystore, Checks};
use parking_lot::Mutex;
use sp_core::{
	bytes::to_hex,
	crypto::{key_types, KeyTypeId},
	ed25519, sr25519, Pair,
};
use sp_keystore::{Keystore, KeystorePtr};
use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

/// What is signed to find out whether a key can sign. It has the length of no seal and no vote.
const PROBE: &[u8] = b"can this session key sign?";

/// How often the log names the same key.
const REPORT_PERIOD: Duration = Duration::from_secs(60);

/// What [`SigningKeystore::wrap`] adds to a keystore. Keys other than those of Aura and GRANDPA are not affected.
pub struct SigningKeystore {
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
		CheckedKeystore::wrap(inner, Self { reported: Default::default() })
	}

	fn can_sign(&self, inner: &dyn Keystore, public: &[u8], key_type: KeyTypeId) -> bool {
		let Some(obstacle) = obstacle(inner, public, key_type) else { return true };
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

impl Checks for SigningKeystore {
	fn has_keys(&self, inner: &dyn Keystore, public_keys: &[(Vec<u8>, KeyTypeId)]) -> bool {
		let can_sign =
			|(public, key_type): &(Vec<u8>, KeyTypeId)| self.can_sign(inner, public, *key_type);
		inner.has_keys(public_keys) && public_keys.iter().all(can_sign)
	}
}
