//! Pins of the bytes that nodes and clients depend on. Changing one of them changes the protocol.

use super::*;
use codec::Encode;
use sp_core::Pair;
use sp_runtime::{traits::Header as _, DispatchError, ModuleError};
use sp_staking::offence::Offence;

/// CON-R21, CON-R14: a call has offender, slot and both headers, then session, trie nodes and number of
/// validators.
#[test]
fn calls_are_pinned() {
	on_chain(|| {
		go_to(8);
		let (proof, owner) = (equivocation(2, 101), owner(2));
		let arguments = [
			key(2).public().encode(),
			101_u64.to_le_bytes().to_vec(),
			proof.first_header.encode(),
			proof.second_header.encode(),
			1_u32.to_le_bytes().to_vec(),
			owner.trie_nodes.encode(),
			4_u32.to_le_bytes().to_vec(),
		]
		.concat();
		let (equivocation_proof, key_owner_proof) = (Box::new(proof), owner);
		let signed = RuntimeCall::from(Call::report_equivocation {
			equivocation_proof: equivocation_proof.clone(),
			key_owner_proof: key_owner_proof.clone(),
		});
		assert_eq!(signed.encode(), [&[28, 0][..], &arguments].concat());
		let unsigned = RuntimeCall::from(Call::report_equivocation_unsigned {
			equivocation_proof,
			key_owner_proof,
		});
		assert_eq!(unsigned.encode(), [&[28, 1][..], &arguments].concat());
	})
}

/// CON-R22: clients decode an error by its index.
#[test]
fn errors_are_pinned() {
	for (index, error) in [
		Error::<Test>::InvalidEquivocationProof,
		Error::UnknownParent,
		Error::InvalidKeyOwnershipProof,
		Error::DuplicateOffenceReport,
	]
	.into_iter()
	.enumerate()
	{
		let DispatchError::Module(ModuleError { index: pallet, error, .. }) = error.into() else {
			panic!("an error of a pallet")
		};
		assert_eq!((pallet, error), (28, [index as u8, 0, 0, 0]));
	}
}

/// CON-R23: the kind under which offences are recorded.
#[test]
fn kind_is_pinned() {
	assert_eq!(&<EquivocationOffence<u64> as Offence<u64>>::ID, b"aura:equivocatio");
}

/// CON-R21, 3: a seal signs the BLAKE2b-256 of the encoded header without the seal.
#[test]
fn seal_signs_the_header_without_itself() {
	on_chain(|| {
		go_to(8);
		let mut header = on_parent(2, 101, 7, 1);
		let sealed = header.digest_mut().pop().expect("is sealed");
		let sp_runtime::DigestItem::Seal(engine, signature) = sealed else { panic!("is a seal") };
		assert_eq!((&engine, signature.len()), (b"aura", 64));
		let signature = sp_core::sr25519::Signature::try_from(&signature[..]).expect("64 bytes");
		let message = sp_io::hashing::blake2_256(&header.encode());
		let public = sp_core::sr25519::Public::from(key(2).public());
		assert!(sp_core::sr25519::Pair::verify(&signature, message, &public));
	})
}
