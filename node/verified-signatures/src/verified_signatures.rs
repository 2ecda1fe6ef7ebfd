//! Signatures that are verified once.

use crate::{memory::Memory, statement::Statement};
use sp_core::{ed25519, sr25519};
use sp_io::EcdsaVerifyError;
use std::num::NonZeroU32;

/// Verifies signatures as the SDK's host functions do, and remembers the right ones.
///
/// Wrong signatures are not remembered: they cost a sender nothing, and would displace right ones.
///
/// An entry takes 32 bytes, or 65 for ecdsa, and a set of eight 32 bytes more. 65,536 entries take 2.3 MiB for ed25519
/// and sr25519 together, and 4.3 MiB for ecdsa. The memory for entries is allocated when they come.
pub struct VerifiedSignatures {
	/// Of ed25519 and sr25519.
	right: Memory<()>,
	/// Keys that were recovered from signatures of ecdsa.
	recovered: Memory<[u8; 33]>,
}

impl VerifiedSignatures {
	/// Remembers up to `entries` signatures of ed25519 and sr25519, and as many of ecdsa.
	pub fn new(entries: NonZeroU32) -> Self {
		let key = rand::random();
		Self { right: Memory::new(entries, &key), recovered: Memory::new(entries, &key) }
	}

	/// Whether `signature` is right, as `ext_crypto_ed25519_verify_version_1` says.
	pub fn ed25519(
		&self,
		signature: &ed25519::Signature,
		message: &[u8],
		key: &ed25519::Public,
	) -> bool {
		self.is_right(&Statement::ed25519(signature, message, key), || {
			sp_io::crypto::ed25519_verify(signature, message, key)
		})
	}

	/// Whether `signature` is right, as `ext_crypto_sr25519_verify_version_2` says.
	pub fn sr25519(
		&self,
		signature: &sr25519::Signature,
		message: &[u8],
		key: &sr25519::Public,
	) -> bool {
		self.is_right(&Statement::sr25519(signature, message, key), || {
			sp_io::crypto::sr25519_verify(signature, message, key)
		})
	}

	/// The key whose signature of `message_hash` is `signature`, as
	/// `ext_crypto_secp256k1_ecdsa_recover_compressed_version_2` says.
	pub fn ecdsa_key(
		&self,
		signature: &[u8; 65],
		message_hash: &[u8; 32],
	) -> Result<[u8; 33], EcdsaVerifyError> {
		self.recovered.answer(&Statement::ecdsa(signature, message_hash), || {
			sp_io::crypto::secp256k1_ecdsa_recover_compressed(signature, message_hash)
		})
	}

	/// How many signatures were found in the memory.
	pub fn hits(&self) -> u64 {
		self.right.hits().saturating_add(self.recovered.hits())
	}

	/// How many signatures were not in the memory, right or wrong.
	pub fn misses(&self) -> u64 {
		self.right.misses().saturating_add(self.recovered.misses())
	}

	fn is_right(&self, statement: &Statement, verify: impl FnOnce() -> bool) -> bool {
		self.right.answer(statement, || verify().then_some(()).ok_or(())).is_ok()
	}

	#[cfg(test)]
	pub(crate) fn entries(&self) -> usize {
		self.right.entries() + self.recovered.entries()
	}
}
