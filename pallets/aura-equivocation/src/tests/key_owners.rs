//! Keys in force can be shown to be somebody's, whatever keys their owner has registered for later
//! (CON-R6, CON-R21 5).

use super::*;
use frame_support::traits::KeyOwnerProofSystem;
use pallet_session::historical::HistoricalSessions;
use sp_core::{crypto::key_types, Pair};

fn aura(seed: u64) -> (sp_core::crypto::KeyTypeId, sp_consensus_aura::sr25519::AuthorityId) {
	(key_types::AURA, key(seed).public())
}

/// What `session.set_keys` does: validator 2 registers the key of seed 7.
fn register_new_key() {
	let keys = TestSessionKeys { aura: key(7).public() };
	pallet_session::NextKeys::<Test>::insert(2, keys);
}

#[test]
fn proof_of_a_settled_key_is_the_one_of_the_sdk() {
	on_chain(|| {
		for block in [1, 4, 5, 8, 16, 31, 45] {
			go_to(block);
			for validator in 1..=VALIDATORS {
				let proof = owner(validator);
				assert_eq!(Historical::prove(aura(validator)), Some(proof.clone()), "{block}");
				assert_eq!(Owners::check_proof(aura(validator), proof), Some((validator, ())));
			}
		}
	})
}

/// Registering new keys every session would otherwise make a validator unaccountable.
#[test]
fn new_keys_do_not_hide_the_old_ones() {
	on_chain(|| {
		go_to(8);
		register_new_key();
		// Sessions 1 and 2: the old key is in force, and the SDK no longer knows whose it is.
		for block in [8, 9, 11, 14] {
			go_to(block);
			let unproven = Historical::prove(aura(2)).expect("always answers");
			assert_eq!(Historical::check_proof(aura(2), unproven), None, "{block}");
			let slot = 100 + 4 * u64::from(block);
			assert_ok!(report(&double_seal(2, slot), &owner(2)));
		}
		// Session 3: the new key.
		go_to(17);
		assert_eq!(AuraEquivocation::key_ownership_proof(key(2).public()), None);
		assert!(AuraEquivocation::key_ownership_proof(key(7).public()).is_some());
	})
}

#[test]
fn proof_of_a_replaced_key_outlives_its_session() {
	on_chain(|| {
		go_to(8);
		register_new_key();
		go_to(13);
		let (proof, owner) = (double_seal(2, 100), owner(2));
		assert_eq!(owner.session, 2);
		go_to(22);
		assert_ok!(report(&proof, &owner));
	})
}

#[test]
fn proof_needs_the_stored_root_and_its_count() {
	on_chain(|| {
		go_to(8);
		register_new_key();
		let good = owner(2);
		assert!(Owners::check_proof(aura(2), good.clone()).is_some());
		for bad in [
			MembershipProof { session: 2, ..good.clone() },
			MembershipProof { session: 0, ..good.clone() },
			MembershipProof { validator_count: 3, ..good.clone() },
			MembershipProof {
				trie_nodes: [&good.trie_nodes[..], &[vec![1]]].concat(),
				..good.clone()
			},
			MembershipProof {
				trie_nodes: [&good.trie_nodes[..], &good.trie_nodes[..1]].concat(),
				..good.clone()
			},
		] {
			// The roots of the sessions before and after are the same: the keys were.
			let is_neighbour = bad.session != good.session;
			assert_eq!(Owners::check_proof(aura(2), bad).is_some(), is_neighbour);
		}
		assert_eq!(Owners::check_proof(aura(3), good.clone()), None);
		HistoricalSessions::<Test>::remove(1);
		assert_eq!(Owners::check_proof(aura(2), good), None);
	})
}
