//! Measures what a signature costs that is verified, one that is not in the memory, and one that is.
//!
//! `cargo bench --bench verification`. The message is as long as that of a transfer; longer ones than 256 bytes do not
//! occur, because the runtime signs the hash of those.

use criterion::{criterion_group, criterion_main, BatchSize, Criterion};
use gtos_node_verified_signatures::VerifiedSignatures;
use sp_core::{ecdsa, ed25519, sr25519, Pair};
use std::num::NonZeroU32;

const MESSAGE: [u8; 120] = [5; 120];
const HASH: [u8; 32] = [5; 32];
/// Default of the node.
const ENTRIES: NonZeroU32 = NonZeroU32::new(65_536).expect("it is not zero; qed");

/// Measures `verified`, and `remembered` on a memory without and with the answer.
fn compare(
	criterion: &mut Criterion,
	scheme: &str,
	verified: impl Fn() -> bool,
	remembered: impl Fn(&VerifiedSignatures) -> bool,
) {
	let mut group = criterion.benchmark_group(scheme);
	group.bench_function("verified", |bencher| bencher.iter(&verified));
	group.bench_function("miss", |bencher| {
		bencher.iter_batched_ref(
			|| VerifiedSignatures::new(NonZeroU32::MIN),
			|memory| remembered(memory),
			BatchSize::SmallInput,
		);
	});
	let memory = VerifiedSignatures::new(ENTRIES);
	assert!(remembered(&memory), "the signature is right");
	group.bench_function("hit", |bencher| bencher.iter(|| remembered(&memory)));
	group.finish();
}

fn sr25519(criterion: &mut Criterion) {
	let pair = sr25519::Pair::from_seed(&[1; 32]);
	let (key, signature) = (pair.public(), pair.sign(&MESSAGE));
	compare(
		criterion,
		"sr25519",
		|| sp_io::crypto::sr25519_verify(&signature, &MESSAGE, &key),
		|memory| memory.sr25519(&signature, &MESSAGE, &key),
	);
}

fn ed25519(criterion: &mut Criterion) {
	let pair = ed25519::Pair::from_seed(&[1; 32]);
	let (key, signature) = (pair.public(), pair.sign(&MESSAGE));
	compare(
		criterion,
		"ed25519",
		|| sp_io::crypto::ed25519_verify(&signature, &MESSAGE, &key),
		|memory| memory.ed25519(&signature, &MESSAGE, &key),
	);
}

fn ecdsa(criterion: &mut Criterion) {
	let signature = ecdsa::Pair::from_seed(&[1; 32]).sign_prehashed(&HASH).0;
	compare(
		criterion,
		"ecdsa",
		|| sp_io::crypto::secp256k1_ecdsa_recover_compressed(&signature, &HASH).is_ok(),
		|memory| memory.ecdsa_key(&signature, &HASH).is_ok(),
	);
}

criterion_group!(benches, sr25519, ed25519, ecdsa);
criterion_main!(benches);
