//! The host functions with which the runtime verifies the signatures of transactions.

use crate::verified_signatures::VerifiedSignatures;
use sp_core::{ed25519, sr25519};
use sp_externalities::{with_externalities, ExternalitiesExt};
use sp_io::{EcdsaVerifyError, UseDalekExt};
use sp_runtime_interface::{
	pass_by::{AllocateAndReturnByCodec, PassFatPointerAndRead, PassPointerAndRead},
	runtime_interface,
};
use std::{num::NonZeroU32, sync::OnceLock};

// Host functions get nothing but their arguments, so what they remember is global.
static OF_PROCESS: OnceLock<VerifiedSignatures> = OnceLock::new();

/// Lets the host functions of this process remember up to `entries` signatures of ed25519 and sr25519, and as many of
/// ecdsa. Later calls change nothing.
pub fn switch_on(entries: NonZeroU32) -> &'static VerifiedSignatures {
	OF_PROCESS.get_or_init(|| VerifiedSignatures::new(entries))
}

/// What the host functions of this process remember; `None` until it is switched on.
pub fn of_process() -> Option<&'static VerifiedSignatures> {
	OF_PROCESS.get()
}

/// Host functions that replace those of the SDK with the same names and versions.
///
/// Each must answer as the SDK's does. The functions that it does not name stay those of the SDK.
#[runtime_interface]
pub trait Crypto {
	/// Whether an ed25519 signature is right.
	fn ed25519_verify(
		sig: PassPointerAndRead<&ed25519::Signature, 64>,
		msg: PassFatPointerAndRead<&[u8]>,
		pub_key: PassPointerAndRead<&ed25519::Public, 32>,
	) -> bool {
		match of_process() {
			Some(memory) if !is_verified_by_dalek() => memory.ed25519(sig, msg, pub_key),
			_ => sp_io::crypto::ed25519_verify(sig, msg, pub_key),
		}
	}

	/// Version 1 stays that of the SDK. It is never compiled; the macro only requires that versions begin with it.
	#[cfg(false)]
	fn sr25519_verify() {}

	/// Whether an sr25519 signature is right.
	#[version(2)]
	fn sr25519_verify(
		sig: PassPointerAndRead<&sr25519::Signature, 64>,
		msg: PassFatPointerAndRead<&[u8]>,
		pub_key: PassPointerAndRead<&sr25519::Public, 32>,
	) -> bool {
		match of_process() {
			Some(memory) => memory.sr25519(sig, msg, pub_key),
			None => sp_io::crypto::sr25519_verify(sig, msg, pub_key),
		}
	}

	/// Version 1 stays that of the SDK, as above.
	#[cfg(false)]
	fn secp256k1_ecdsa_recover_compressed() {}

	/// The key that has signed the message with the hash `msg`.
	#[version(2)]
	fn secp256k1_ecdsa_recover_compressed(
		sig: PassPointerAndRead<&[u8; 65], 65>,
		msg: PassPointerAndRead<&[u8; 32], 32>,
	) -> AllocateAndReturnByCodec<Result<[u8; 33], EcdsaVerifyError>> {
		match of_process() {
			Some(memory) => memory.ecdsa_key(sig, msg),
			None => sp_io::crypto::secp256k1_ecdsa_recover_compressed(sig, msg),
		}
	}
}

/// Whether the SDK has been told to verify ed25519 signatures in another way, which accepts fewer. The answer then
/// depends on more than the arguments, and is not remembered. This node never tells the SDK so.
fn is_verified_by_dalek() -> bool {
	with_externalities(|mut state| state.extension::<UseDalekExt>().is_some()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::Pair;
	use sp_io::{SubstrateHostFunctions, TestExternalities};
	use sp_runtime_interface::sp_wasm_interface::HostFunctions;

	/// Name without the version, and the version.
	const REPLACED: [(&str, u32); 3] = [
		("ext_crypto_ed25519_verify_version_", 1),
		("ext_crypto_sr25519_verify_version_", 2),
		("ext_crypto_secp256k1_ecdsa_recover_compressed_version_", 2),
	];

	#[test]
	fn three_functions_of_the_sdk_are_replaced_by_functions_of_the_same_signature() {
		let ours = crypto::HostFunctions::host_functions();
		assert_eq!(ours.len(), REPLACED.len());
		let theirs = SubstrateHostFunctions::host_functions();
		for (base, version) in REPLACED {
			let name = format!("{base}{version}");
			let ours = ours.iter().find(|function| function.name() == name);
			let theirs = theirs.iter().find(|function| function.name() == name);
			let signatures = [ours, theirs].map(|function| function.map(|found| found.signature()));
			assert!(signatures[0].is_some(), "{name}");
			assert_eq!(signatures[0], signatures[1], "{name}");
		}
	}

	/// What verifies natively is always the latest version of the SDK's function, so it must be the one that is
	/// replaced.
	#[test]
	fn sdk_has_no_later_version_of_a_replaced_function() {
		let names: Vec<&str> = SubstrateHostFunctions::host_functions()
			.into_iter()
			.map(|found| found.name())
			.collect();
		for (base, version) in REPLACED {
			let later = format!("{base}{}", version + 1);
			assert!(!names.contains(&later.as_str()), "the SDK has {later}: replace this one");
		}
	}

	// One test for the memory of the process, because it stays on for those that run later.
	#[test]
	fn functions_answer_alike_before_and_after_they_remember() {
		let sr = sr25519::Pair::from_seed(&[1; 32]);
		let ed = ed25519::Pair::from_seed(&[1; 32]);
		let ecdsa = sp_core::ecdsa::Pair::from_seed(&[1; 32]);
		let hash = [3; 32];
		let (sr_signature, ed_signature) = (sr.sign(b"right"), ed.sign(b"right"));
		let ecdsa_signature = ecdsa.sign_prehashed(&hash).0;
		let answers = || {
			let messages: [&[u8]; 2] = [b"right", b"wrong"];
			(
				messages
					.map(|message| crypto::sr25519_verify(&sr_signature, message, &sr.public())),
				messages
					.map(|message| crypto::ed25519_verify(&ed_signature, message, &ed.public())),
				crypto::secp256k1_ecdsa_recover_compressed(&ecdsa_signature, &hash).ok(),
				crypto::secp256k1_ecdsa_recover_compressed(&[255; 65], &hash).is_err(),
			)
		};
		let expected = ([true, false], [true, false], Some(ecdsa.public().0), true);

		assert!(of_process().is_none());
		assert_eq!(answers(), expected);
		let memory = switch_on(NonZeroU32::new(64).expect("it is not zero"));
		assert_eq!(answers(), expected);
		assert_eq!((memory.hits(), memory.misses()), (0, 6));
		assert_eq!(answers(), expected);
		assert_eq!((memory.hits(), memory.misses()), (3, 9));
		assert_eq!(of_process().map(VerifiedSignatures::hits), Some(3));

		// A signature on which the two ways to verify ed25519 signatures disagree.
		let is_right = || {
			let key = ed25519::Public::from_raw([0; 32]);
			crypto::ed25519_verify(&ed25519::Signature::from_raw([0; 64]), b"", &key)
		};
		let mut by_dalek = TestExternalities::default();
		by_dalek.register_extension(UseDalekExt);
		for _ in 0..2 {
			assert!(TestExternalities::default().execute_with(is_right));
			assert!(!by_dalek.execute_with(is_right));
		}
		assert_eq!((memory.hits(), memory.misses()), (4, 10));
	}
}
