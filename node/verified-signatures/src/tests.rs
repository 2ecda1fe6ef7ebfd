//! Attempts to get a wrong answer out of the memory.

use crate::VerifiedSignatures;
use hex_literal::hex;
use sp_core::{ecdsa, ed25519, sr25519, Pair};
use sp_io::EcdsaVerifyError;
use std::{
	num::NonZeroU32,
	sync::atomic::{AtomicUsize, Ordering::Relaxed},
	thread,
};

const MESSAGE: &[u8] = b"pay 5 TOS to Bob";

fn memory(entries: u32) -> VerifiedSignatures {
	VerifiedSignatures::new(NonZeroU32::new(entries).expect("it is not zero"))
}

/// The bytes with each of their bits flipped in turn.
fn with_one_bit_flipped<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = [u8; N]> {
	(0..N * 8).map(move |bit| {
		let mut changed = bytes;
		changed[bit / 8] ^= 1 << (bit % 8);
		changed
	})
}

/// Messages that resemble [`MESSAGE`].
fn other_messages() -> Vec<Vec<u8>> {
	let mut messages = vec![vec![], MESSAGE[1..].to_vec(), MESSAGE[..MESSAGE.len() - 1].to_vec()];
	messages.push([MESSAGE, &[0][..]].concat());
	messages.push([&[0][..], MESSAGE].concat());
	messages.push(MESSAGE.repeat(2));
	for bit in 0..MESSAGE.len() * 8 {
		let mut changed = MESSAGE.to_vec();
		changed[bit / 8] ^= 1 << (bit % 8);
		messages.push(changed);
	}
	messages
}

#[test]
fn mutations_of_a_remembered_sr25519_signature_are_verified() {
	let memory = memory(4_096);
	let pair = sr25519::Pair::from_seed(&[1; 32]);
	let (key, signature) = (pair.public(), pair.sign(MESSAGE));
	assert!(memory.sr25519(&signature, MESSAGE, &key));
	for changed in with_one_bit_flipped(signature.0) {
		assert!(!memory.sr25519(&sr25519::Signature::from_raw(changed), MESSAGE, &key));
	}
	for changed in with_one_bit_flipped(key.0) {
		assert!(!memory.sr25519(&signature, MESSAGE, &sr25519::Public::from_raw(changed)));
	}
	for changed in other_messages() {
		assert!(!memory.sr25519(&signature, &changed, &key));
	}
	assert_eq!((memory.hits(), memory.entries()), (0, 1));
	assert!(memory.sr25519(&signature, MESSAGE, &key));
	assert_eq!(memory.hits(), 1);
}

#[test]
fn mutations_of_a_remembered_ed25519_signature_are_verified() {
	let memory = memory(4_096);
	let pair = ed25519::Pair::from_seed(&[1; 32]);
	let (key, signature) = (pair.public(), pair.sign(MESSAGE));
	assert!(memory.ed25519(&signature, MESSAGE, &key));
	for changed in with_one_bit_flipped(signature.0) {
		assert!(!memory.ed25519(&ed25519::Signature::from_raw(changed), MESSAGE, &key));
	}
	for changed in with_one_bit_flipped(key.0) {
		assert!(!memory.ed25519(&signature, MESSAGE, &ed25519::Public::from_raw(changed)));
	}
	for changed in other_messages() {
		assert!(!memory.ed25519(&signature, &changed, &key));
	}
	assert_eq!((memory.hits(), memory.entries()), (0, 1));
	assert!(memory.ed25519(&signature, MESSAGE, &key));
	assert_eq!(memory.hits(), 1);
}

/// Recovery finds some key for most changed signatures, so the answers are compared with those of the SDK.
#[test]
fn mutations_of_a_remembered_ecdsa_signature_are_recovered_anew() {
	let memory = memory(4_096);
	let pair = ecdsa::Pair::from_seed(&[1; 32]);
	let hash = [3; 32];
	let signature = pair.sign_prehashed(&hash).0;
	let recover = |signature: &[u8; 65], hash: &[u8; 32]| {
		let expected = sp_io::crypto::secp256k1_ecdsa_recover_compressed(signature, hash).ok();
		assert_eq!(memory.ecdsa_key(signature, hash).ok(), expected);
		expected
	};
	let key = Some(pair.public().0);
	assert_eq!(recover(&signature, &hash), key);
	for changed in with_one_bit_flipped(signature) {
		assert_ne!(recover(&changed, &hash), key);
	}
	for changed in with_one_bit_flipped(hash) {
		assert_ne!(recover(&signature, &changed), key);
	}
	assert_eq!(memory.hits(), 0);
	assert_eq!(recover(&signature, &hash), key);
	assert_eq!(memory.hits(), 1);

	// The SDK accepts two values of the last byte for each parity. They are two statements.
	let mut other_form = signature;
	other_form[64] += 27;
	assert_eq!(recover(&other_form, &hash), key);
	assert_eq!(memory.hits(), 1);
}

/// The SDK's version 1 of the function accepts it, and is not replaced. The signature is one of the SDK's own tests.
#[test]
fn sr25519_signature_of_the_old_format_is_refused_as_by_version_2() {
	let memory = memory(64);
	let key = sr25519::Public::from_raw(hex!(
		"b4bfa1f7a5166695eb75299fd1c4c03ea212871c342f2c5dfea0902b2c246918"
	));
	let signature = sr25519::Signature::from_raw(hex!(
		"5a9755f069939f45d96aaf125cf5ce7ba1db998686f87f2fb3cbdea922078741"
		"a73891ba265f70c31436e18a9acd14d189d73c12317ab6c313285cd938453202"
	));
	let message =
		b"Verifying that I am the owner of 5G9hQLdsKQswNPgB499DeA5PkFBbgkLPJWkkS6FAM6xGQ8xD. \
		Hash: 221455a3\n";
	assert!(sr25519::Pair::verify_deprecated(&signature, message, &key));
	assert!(!memory.sr25519(&signature, message, &key));
	assert_eq!(memory.entries(), 0);
}

/// Why recovery fails. The SDK's error can be neither compared nor printed.
fn recovered(result: Result<[u8; 33], EcdsaVerifyError>) -> Result<[u8; 33], &'static str> {
	result.map_err(|error| match error {
		EcdsaVerifyError::BadRS => "R or S",
		EcdsaVerifyError::BadV => "V",
		EcdsaVerifyError::BadSignature => "signature",
	})
}

#[test]
fn recovery_is_judged_as_by_the_sdk_each_time() {
	let memory = memory(4_096);
	let hash = [3; 32];
	let signature = ecdsa::Pair::from_seed(&[1; 32]).sign_prehashed(&hash).0;
	let accepts = |signature: &[u8; 65]| {
		let sdk = || sp_io::crypto::secp256k1_ecdsa_recover_compressed(signature, &hash);
		let expected = recovered(sdk());
		for _ in 0..2 {
			assert_eq!(recovered(memory.ecdsa_key(signature, &hash)), expected);
		}
		expected.is_ok()
	};
	let mut overflowing = [255; 65];
	overflowing[64] = 0;
	for wrong in [[0; 65], overflowing] {
		assert!(!accepts(&wrong));
	}
	// The last byte has two forms for each parity.
	let with_last = |last: u8| {
		let mut changed = signature;
		changed[64] = last;
		changed
	};
	let accepted: Vec<u8> = (0..=u8::MAX).filter(|last| accepts(&with_last(*last))).collect();
	assert_eq!(accepted, [0, 1, 27, 28]);
	assert_eq!((memory.hits(), memory.entries()), (4, 4));
}

/// Libraries disagree on signatures with such keys. All nodes have to take the SDK's side, with and without a memory.
#[test]
fn ed25519_signatures_of_keys_of_small_order_are_judged_as_by_the_sdk() {
	// Encodings of points of the orders 4, 1 and 2, and one of the order 1 that is not canonical.
	let first_and_last = |first: u8, between: u8, last: u8| {
		let mut point = [between; 32];
		(point[0], point[31]) = (first, last);
		point
	};
	let points = [
		first_and_last(0, 0, 0),
		first_and_last(1, 0, 0),
		first_and_last(0xec, 0xff, 0x7f),
		first_and_last(1, 0, 0x80),
	];
	let memory = memory(4_096);
	for (key, r) in points.into_iter().flat_map(|key| points.map(|r| (key, r))) {
		let mut signature = [0; 64];
		signature[..32].copy_from_slice(&r);
		let (key, signature) =
			(ed25519::Public::from_raw(key), ed25519::Signature::from_raw(signature));
		for _ in 0..2 {
			// Such a signature is right for every message.
			assert!(memory.ed25519(&signature, MESSAGE, &key));
			assert!(sp_io::crypto::ed25519_verify(&signature, MESSAGE, &key));
		}
		// Not canonical, for which the SDK's function refuses it.
		let mut changed = signature.0;
		changed[63] = 0xff;
		let changed = ed25519::Signature::from_raw(changed);
		assert!(!memory.ed25519(&changed, MESSAGE, &key));
	}
	assert_eq!((memory.hits(), memory.entries()), (16, 16));
}

#[test]
fn signature_of_one_scheme_is_not_taken_for_one_of_another() {
	let memory = memory(64);
	let sr = sr25519::Pair::from_seed(&[1; 32]);
	let ed = ed25519::Pair::from_seed(&[1; 32]);
	let (sr_signature, ed_signature) = (sr.sign(MESSAGE), ed.sign(MESSAGE));
	assert!(memory.sr25519(&sr_signature, MESSAGE, &sr.public()));
	assert!(memory.ed25519(&ed_signature, MESSAGE, &ed.public()));
	let as_ed = ed25519::Signature::from_raw(sr_signature.0);
	assert!(!memory.ed25519(&as_ed, MESSAGE, &ed25519::Public::from_raw(sr.public().0)));
	let as_sr = sr25519::Signature::from_raw(ed_signature.0);
	assert!(!memory.sr25519(&as_sr, MESSAGE, &sr25519::Public::from_raw(ed.public().0)));
	assert_eq!((memory.hits(), memory.misses()), (0, 4));
}

#[test]
fn wrong_signature_stays_wrong_before_and_after_the_right_one() {
	let memory = memory(64);
	let pair = sr25519::Pair::from_seed(&[1; 32]);
	let wrong = sr25519::Pair::from_seed(&[2; 32]).sign(MESSAGE);
	let right = pair.sign(MESSAGE);
	for _ in 0..2 {
		assert!(!memory.sr25519(&wrong, MESSAGE, &pair.public()));
		assert!(memory.sr25519(&right, MESSAGE, &pair.public()));
	}
	assert_eq!((memory.hits(), memory.misses(), memory.entries()), (1, 3, 1));
}

/// Somebody who signs a lot can only make the node verify again.
#[test]
fn forgotten_signatures_are_verified_again() {
	let memory = memory(8);
	let pair = sr25519::Pair::from_seed(&[1; 32]);
	let key = pair.public();
	let victim = pair.sign(MESSAGE);
	assert!(memory.sr25519(&victim, MESSAGE, &key));
	for number in 0..8_u32 {
		let message = number.to_le_bytes();
		assert!(memory.sr25519(&pair.sign(&message), &message, &key));
	}
	assert_eq!(memory.entries(), 8);
	assert!(!memory.sr25519(&victim, b"pay 9 TOS to Eve", &key));
	assert!(memory.sr25519(&victim, MESSAGE, &key));
	assert_eq!(memory.hits(), 0);
}

#[test]
fn answers_of_many_threads_on_a_full_memory_are_right() {
	const THREADS: usize = 8;
	const ROUNDS: usize = 40;
	let memory = memory(16);
	let pair = sr25519::Pair::from_seed(&[1; 32]);
	let key = pair.public();
	// More right signatures than the memory holds, each followed by a wrong one over the same message.
	let signatures: Vec<_> = (0..24_u32)
		.flat_map(|number| {
			let message = number.to_le_bytes();
			let right = pair.sign(&message);
			let mut wrong = right;
			wrong.0[number as usize] ^= 1;
			[(right, message, true), (wrong, message, false)]
		})
		.collect();
	let mistakes = AtomicUsize::new(0);
	thread::scope(|scope| {
		for thread in 0..THREADS {
			let (memory, signatures, mistakes) = (&memory, &signatures, &mistakes);
			scope.spawn(move || {
				for round in 0..ROUNDS {
					// Threads begin at different signatures and meet at others.
					let (signature, message, is_right) =
						&signatures[(thread * 5 + round) % signatures.len()];
					if memory.sr25519(signature, message, &key) != *is_right {
						mistakes.fetch_add(1, Relaxed);
					}
				}
			});
		}
	});
	assert_eq!(mistakes.load(Relaxed), 0);
	assert_eq!(memory.hits() + memory.misses(), (THREADS * ROUNDS) as u64);
	assert!(memory.entries() <= 16, "{}", memory.entries());
}
