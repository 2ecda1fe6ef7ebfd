//! A keystore that makes checks before it passes calls on to the one that it wraps.

use sp_core::{
	crypto::{CryptoTypeId, KeyTypeId},
	ecdsa, ed25519, sr25519, H256,
};
use sp_keystore::{Error, Keystore, KeystorePtr};
use std::sync::Arc;

/// What a [`CheckedKeystore`] checks. Calls for keys that are neither sr25519 nor ed25519 are passed on
/// unchecked.
pub(crate) trait Checks: Send + Sync + 'static {
	/// Fails if the key may not sign `message`.
	fn permit(&self, _key: &Key, _message: &[u8]) -> Result<(), Error> {
		Ok(())
	}

	/// Notes a key that was generated without a seed.
	fn note_generated(&self, _key: &Key) {}

	/// Whether the keystore says that it holds these keys, with which `inner` may be able to sign.
	fn has_keys(&self, inner: &dyn Keystore, public_keys: &[(Vec<u8>, KeyTypeId)]) -> bool;
}

/// A key of sr25519 or ed25519.
pub(crate) struct Key {
	pub(crate) key_type: KeyTypeId,
	pub(crate) crypto: CryptoTypeId,
	pub(crate) public: H256,
}

impl Key {
	fn sr25519(key_type: KeyTypeId, public: &sr25519::Public) -> Self {
		Self { key_type, crypto: sr25519::CRYPTO_ID, public: H256(public.0) }
	}

	fn ed25519(key_type: KeyTypeId, public: &ed25519::Public) -> Self {
		Self { key_type, crypto: ed25519::CRYPTO_ID, public: H256(public.0) }
	}
}

/// Wraps a keystore with checks.
pub(crate) struct CheckedKeystore<C> {
	inner: KeystorePtr,
	checks: C,
}

impl<C: Checks> CheckedKeystore<C> {
	/// Wraps `inner`.
	pub(crate) fn wrap(inner: KeystorePtr, checks: C) -> KeystorePtr {
		Arc::new(Self { inner, checks })
	}
}

// `sign_with` stays the one of the trait, which leads to the methods below.
impl<C: Checks> Keystore for CheckedKeystore<C> {
	fn sr25519_public_keys(&self, key_type: KeyTypeId) -> Vec<sr25519::Public> {
		self.inner.sr25519_public_keys(key_type)
	}

	fn sr25519_generate_new(
		&self,
		key_type: KeyTypeId,
		seed: Option<&str>,
	) -> Result<sr25519::Public, Error> {
		let public = self.inner.sr25519_generate_new(key_type, seed)?;
		if seed.is_none() {
			self.checks.note_generated(&Key::sr25519(key_type, &public));
		}
		Ok(public)
	}

	fn sr25519_sign(
		&self,
		key_type: KeyTypeId,
		public: &sr25519::Public,
		msg: &[u8],
	) -> Result<Option<sr25519::Signature>, Error> {
		self.checks.permit(&Key::sr25519(key_type, public), msg)?;
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
		if seed.is_none() {
			self.checks.note_generated(&Key::ed25519(key_type, &public));
		}
		Ok(public)
	}

	fn ed25519_sign(
		&self,
		key_type: KeyTypeId,
		public: &ed25519::Public,
		msg: &[u8],
	) -> Result<Option<ed25519::Signature>, Error> {
		self.checks.permit(&Key::ed25519(key_type, public), msg)?;
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
		self.checks.has_keys(&*self.inner, public_keys)
	}
}
