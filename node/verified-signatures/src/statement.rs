//! Statements about signatures, and the digests under which answers are remembered.

use blake2b_simd::Params;
use sp_core::{ed25519, sr25519};

const DIGEST_BYTES: usize = 32;

/// Secret key of a [`Hasher`].
pub type HashKey = [u8; 32];

/// Keyed hash of a statement.
pub type Digest = [u8; DIGEST_BYTES];

/// How a signature is verified. The number is hashed, so that no two schemes share an answer.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Scheme {
	Ed25519 = 0,
	Sr25519 = 1,
	/// Recovery of the key from the signature.
	Ecdsa = 2,
}

/// All that determines whether a signature is right.
///
/// The scheme determines the lengths of key and signature, so the concatenation of the fields is different for
/// different statements.
pub struct Statement<'a> {
	scheme: Scheme,
	/// Empty for ecdsa, where the key is the answer.
	key: &'a [u8],
	signature: &'a [u8],
	message: &'a [u8],
}

impl<'a> Statement<'a> {
	pub fn ed25519(
		signature: &'a ed25519::Signature,
		message: &'a [u8],
		key: &'a ed25519::Public,
	) -> Self {
		Self { scheme: Scheme::Ed25519, key: &key.0, signature: &signature.0, message }
	}

	pub fn sr25519(
		signature: &'a sr25519::Signature,
		message: &'a [u8],
		key: &'a sr25519::Public,
	) -> Self {
		Self { scheme: Scheme::Sr25519, key: &key.0, signature: &signature.0, message }
	}

	pub fn ecdsa(signature: &'a [u8; 65], message_hash: &'a [u8; 32]) -> Self {
		Self { scheme: Scheme::Ecdsa, key: &[], signature, message: message_hash }
	}
}

/// Keyed BLAKE2b of 256 bits.
///
/// Two statements with one digest would share an answer. Even somebody who knew the key would have to find a collision
/// of BLAKE2b-256, which takes about 2^128 attempts. The key is secret and different in every process, so a collision
/// cannot even be searched for outside of the node, and would deceive only one node.
pub struct Hasher(Params);

impl Hasher {
	pub fn new(key: &HashKey) -> Self {
		let mut params = Params::new();
		params.hash_length(DIGEST_BYTES).key(key);
		Self(params)
	}

	pub fn digest(&self, statement: &Statement) -> Digest {
		let hash = self
			.0
			.to_state()
			.update(&[statement.scheme as u8])
			.update(statement.key)
			.update(statement.signature)
			.update(statement.message)
			.finalize();
		let mut digest = Digest::default();
		digest.copy_from_slice(hash.as_bytes());
		digest
	}
}
