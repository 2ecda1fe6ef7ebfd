//! Signed extrinsics, for tests.

use codec::{Compact, Encode};
use gtos_runtime::{opaque::UncheckedExtrinsic, Balance, Hash, Nonce, VERSION};
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::{BlakeTwo256, Hash as _};

/// What `System.remark` begins with in a call (STA-R1).
const REMARK: [u8; 2] = [0, 0];

/// A remark of so many bytes.
pub(crate) fn remark(length: usize) -> Vec<u8> {
	[&REMARK[..], &vec![0u8; length].encode()[..]].concat()
}

/// The extrinsic of `call`, immortal and signed by `signer` (TXN-R3, HAS-R10).
pub(crate) fn sign(
	genesis: Hash,
	signer: Sr25519Keyring,
	nonce: Nonce,
	tip: Balance,
	call: &[u8],
) -> UncheckedExtrinsic {
	let (immortal, no_metadata_hash) = (0u8, 0u8);
	let extensions = (immortal, Compact(nonce), Compact(tip), no_metadata_hash).encode();
	let versions = (VERSION.spec_version, VERSION.transaction_version);
	let implicit = (versions, genesis, genesis, None::<Hash>).encode();
	let mut payload = [call, &extensions[..], &implicit[..]].concat();
	if payload.len() > 256 {
		payload = BlakeTwo256::hash(&payload).as_bytes().to_vec();
	}
	let (signed_version_4, id, sr25519) = (0x84u8, 0u8, 1u8);
	let signature = signer.sign(&payload);
	let head = (signed_version_4, id, signer.to_account_id(), sr25519, signature).encode();
	UncheckedExtrinsic::from_blob([&head[..], &extensions[..], call].concat())
}
