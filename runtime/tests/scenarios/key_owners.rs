//! Every key that authors or votes has a provable owner, although keys change within an era. Reports of
//! equivocations depend on it (CON-R6, CON-R12, CON-R14, CON-R22).

use crate::common::{chain, run_block, run_to};
use finality_grandpa::{Message, Prevote};
use frame_support::traits::KeyOwnerProofSystem;
use gtos_runtime::{
	configs::consensus::KeyOwners,
	genesis_config_presets::{DEVELOPMENT_TIMING, LOCAL},
	AccountId, BlockNumber, Hash, Runtime, RuntimeCall, Session, SessionKeys, UncheckedExtrinsic,
};
use pallet_session::NextKeys;
use sp_consensus_grandpa::{localized_payload, AuthorityId as GrandpaId, EquivocationProof};
use sp_core::crypto::{
	key_types::{AURA, GRANDPA},
	ByteArray, KeyTypeId,
};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_session::MembershipProof;

/// An era has three sessions.
const SESSION_BLOCKS: BlockNumber = DEVELOPMENT_TIMING.session_length_blocks;

/// The keys in force of each validator, as Aura and GRANDPA know them.
fn in_force() -> Vec<(AccountId, KeyTypeId, Vec<u8>)> {
	let validators = Session::validators();
	let aura = pallet_aura::Authorities::<Runtime>::get();
	let grandpa = gtos_runtime::Grandpa::grandpa_authorities();
	assert_eq!((aura.len(), grandpa.len()), (validators.len(), validators.len()));
	let aura = aura.iter().map(|key| (AURA, key.to_raw_vec()));
	let grandpa = grandpa.iter().map(|(key, _)| (GRANDPA, key.to_raw_vec()));
	let owners = validators.iter().chain(&validators);
	owners.zip(aura.chain(grandpa)).map(|(who, (kind, key))| (who.clone(), kind, key)).collect()
}

/// Proofs of ownership of all keys in force.
fn proofs() -> Vec<MembershipProof> {
	let keys = in_force().into_iter();
	keys.map(|(_, kind, key)| KeyOwners::prove((kind, key)).expect("it is in force")).collect()
}

fn assert_owners_proved(keys: &[(AccountId, KeyTypeId, Vec<u8>)], proofs: &[MembershipProof]) {
	for ((who, kind, key), proof) in keys.iter().zip(proofs) {
		let owner = KeyOwners::check_proof((*kind, key), proof.clone());
		assert_eq!(owner, Some((who.clone(), ())));
	}
}

/// Registers keys as `session.set_keys` does.
fn register(validator: &AccountId, aura: Sr25519Keyring, grandpa: Ed25519Keyring) {
	let keys = SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() };
	NextKeys::<Runtime>::insert(validator, keys);
}

/// A node's report that `voter` prevoted for two blocks in the current set.
fn grandpa_report(voter: Ed25519Keyring, key_owner_proof: MembershipProof) -> UncheckedExtrinsic {
	let set_id = pallet_grandpa::CurrentSetId::<Runtime>::get();
	let vote = |block: u8| {
		let prevote = Prevote { target_hash: Hash::repeat_byte(block), target_number: 1 };
		let payload = localized_payload(1, set_id, &Message::Prevote(prevote.clone()));
		(prevote, voter.sign(&payload).into())
	};
	let equivocation = finality_grandpa::Equivocation {
		round_number: 1,
		identity: GrandpaId::from(voter.public()),
		first: vote(1),
		second: vote(2),
	};
	let report = pallet_grandpa::Call::report_equivocation_unsigned {
		equivocation_proof: Box::new(EquivocationProof::new(set_id, equivocation.into())),
		key_owner_proof,
	};
	UncheckedExtrinsic::new_bare(RuntimeCall::Grandpa(report))
}

#[test]
fn keys_that_change_within_an_era_have_provable_owners() {
	chain(LOCAL).execute_with(|| {
		run_to(2 * SESSION_BLOCKS + 1);
		let validators = Session::validators();
		register(&validators[0], Sr25519Keyring::Dave, Ed25519Keyring::Dave);
		// Session 4 is the second of its era: other keys, and no election.
		run_to(4 * SESSION_BLOCKS);
		assert_eq!(in_force()[0].2, Sr25519Keyring::Dave.to_raw_public());
		run_to(4 * SESSION_BLOCKS + 1);
		register(&validators[1], Sr25519Keyring::Eve, Ed25519Keyring::Eve);
		let (keys, proofs) = (in_force(), proofs());
		assert_owners_proved(&keys, &proofs);

		run_to(5 * SESSION_BLOCKS + 1);
		assert_owners_proved(&keys, &proofs);
		let grandpa = proofs[validators.len()].clone();
		assert_eq!(run_block(0, vec![grandpa_report(Ed25519Keyring::Dave, grandpa)]), [Ok(Ok(()))]);
		run_to(6 * SESSION_BLOCKS + 1);
		assert_owners_proved(&keys, &proofs);
	});
}

#[test]
fn validator_that_removes_its_keys_neither_authors_nor_votes() {
	for gone in 0..3 {
		chain(LOCAL).execute_with(|| {
			// In the first session of an era, when the second is planned already.
			run_to(3 * SESSION_BLOCKS + 1);
			let mut validators = Session::validators();
			NextKeys::<Runtime>::remove(validators.remove(gone));
			run_to(5 * SESSION_BLOCKS);
			assert_eq!(Session::validators(), validators);
			assert_owners_proved(&in_force(), &proofs());
		});
	}
}
