//! Attempts to get a wrong answer out of the memory.

use crate::VerifiedSignatures;
use sp_core::{ecdsa, ed25519, sr25519, Pair};
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
