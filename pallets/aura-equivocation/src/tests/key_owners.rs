//! Proofs of the owners of the keys in force. Keys that are registered for a later session do not
//! affect them (CON-R6, CON-R14, CON-R22).

use super::*;
use crate::key_owners::{prove, trie_of};
use codec::{Decode, Encode};
use frame_support::traits::KeyOwnerProofSystem;
use pallet_session::historical::{HistoricalSessions, StoredRange};
use pallet_staking::Forcing;
use proptest::prelude::*;
use sp_consensus_aura::sr25519::AuthorityId;
use sp_core::{
	crypto::{key_types, KeyTypeId},
	Pair, H256,
};
use sp_staking::SessionIndex;
use sp_trie::{trie_types::TrieDBMutBuilderV0, MemoryDB, RandomState, TrieMut};

fn aura(seed: u64) -> (KeyTypeId, AuthorityId) {
	(key_types::AURA, key(seed).public())
}

/// Registers the key of the seed for `validator`, as `session.set_keys` does.
fn register(validator: u64, seed: u64) {
	let keys = SessionKeys { aura: key(seed).public() };
	pallet_session::NextKeys::<Test>::insert(validator, keys);
}

/// Removes the keys of `validator`, as `session.purge_keys` does.
fn purge(validator: u64) {
	pallet_session::NextKeys::<Test>::remove(validator);
}

/// The validators and the keys with which they author.
fn in_force() -> Vec<(u64, AuthorityId)> {
	let authorities = pallet_aura::Authorities::<Test>::get().into_inner();
	let validators = Session::validators();
	assert_eq!(validators.len(), authorities.len());
	validators.into_iter().zip(authorities).collect()
}

/// Checks that there is a valid proof of ownership for the key of every author. Returns the proofs.
fn prove_all_authors() -> Vec<(u64, AuthorityId, MembershipProof)> {
	let show = |(validator, key): (u64, AuthorityId)| {
		let proof = owner_of(key.clone()).expect("the key is in force");
		assert_eq!(proof.session, Session::current_index());
		assert_eq!(proof.validator_count as usize, Session::validators().len());
		(validator, key, proof)
	};
	let proofs: Vec<_> = in_force().into_iter().map(show).collect();
	for (position, (validator, key, proof)) in (0..).zip(&proofs) {
		// Aura gives the slots to the same positions.
		let owner = KeyOwners::<Test>::check_owner((key_types::AURA, key), proof.clone());
		assert_eq!(owner, Some((position, (*validator, ()))));
	}
	proofs
}

/// The owner that the proof shows for the key.
fn checked(key: &AuthorityId, proof: &MembershipProof) -> Option<u64> {
	let key = (key_types::AURA, key);
	KeyOwners::<Test>::check_proof(key, proof.clone()).map(|(validator, ())| validator)
}

/// If keys do not change, the proofs are the same as those of `pallet-session`.
#[test]
fn proof_of_an_unchanged_key_is_that_of_the_sdk() {
	on_chain(|| {
		for block in [1, 4, 5, 8, 16, 31, 45] {
			go_to(block);
			for validator in 1..=VALIDATORS {
				let proof = owner(validator);
				assert_eq!(Historical::prove(aura(validator)), Some(proof.clone()), "{block}");
				assert_eq!(
					KeyOwners::<Test>::check_proof(aura(validator), proof),
					Some((validator, ()))
				);
			}
		}
	})
}

/// A validator that registers new keys remains accountable for the keys in force.
#[test]
fn keys_registered_for_later_do_not_hide_those_in_force() {
	on_chain(|| {
		go_to(8);
		register(2, 7);
		// In sessions 1 and 2 the old key is in force, and the SDK no longer knows its owner.
		for block in [8, 9, 11, 14] {
			go_to(block);
			let unproven = Historical::prove(aura(2)).expect("always answers");
			assert_eq!(Historical::check_proof(aura(2), unproven), None, "{block}");
			let slot = 101 + 4 * u64::from(block);
			assert_ok!(report(&equivocation(2, slot), &owner(2)));
		}
		// In session 3 the new key is in force.
		go_to(17);
		assert_eq!(AuraEquivocation::key_ownership_proof(key(2).public()), None);
		assert!(AuraEquivocation::key_ownership_proof(key(7).public()).is_some());
	})
}

/// Session 4 begins in the middle of an era, without an election and with other keys than session 3.
#[test]
fn keys_that_change_within_an_era_are_provable() {
	on_chain(|| {
		go_to(11);
		register(2, 7);
		go_to(22);
		assert_eq!(in_force()[1], (2, key(7).public()));
		// Keys that another validator has registered for later do not affect the proof.
		register(3, 8);
		let with_new_key = {
			let parent = System::block_hash(21);
			let [first_header, second_header] =
				[1, 2].map(|content| seal(unsealed(101, 22, parent, content), &key(7)));
			Proof { offender: key(7).public(), slot: 101.into(), first_header, second_header }
		};
		let proofs = [
			(with_new_key, owner_of(key(7).public()).expect("is in force")),
			(equivocation(1, 104), owner(1)),
			(equivocation(3, 102), owner(3)),
		];
		// In session 4, in session 5 and in the next era.
		for ((proof, owner), block) in proofs.into_iter().zip([23, 26, 31]) {
			assert_eq!(owner.session, 4);
			go_to(block);
			assert_ok!(report(&proof, &owner));
		}
	})
}

#[test]
fn proof_of_a_replaced_key_outlives_its_session() {
	on_chain(|| {
		go_to(8);
		register(2, 7);
		go_to(13);
		let (proof, owner) = (equivocation(2, 101), owner(2));
		assert_eq!(owner.session, 2);
		go_to(22);
		assert_ok!(report(&proof, &owner));
	})
}

/// A key that is registered but not in force yet has no owner.
#[test]
fn key_that_is_not_in_force_yet_has_no_proof() {
	on_chain(|| {
		go_to(8);
		register(2, 7);
		let of_the_sdk = Historical::prove(aura(7)).expect("always answers");
		assert!(Historical::check_proof(aura(7), of_the_sdk.clone()).is_some());
		assert_eq!(owner_of(key(7).public()), None);
		assert_eq!(checked(&key(7).public(), &of_the_sdk), None);
	})
}

/// CON-R12, CON-R26: a validator without keys leaves the set, at any index.
#[test]
fn validator_that_removes_its_keys_stops_authoring() {
	for (gone, left) in [(1, [2, 3, 4]), (2, [1, 3, 4]), (4, [1, 2, 3])] {
		on_chain(|| {
			// In the first session of an era, when the second session is already planned.
			go_to(16);
			purge(gone);
			go_to(24);
			assert_eq!(in_force().len(), 4);
			let before = prove_all_authors();
			go_to(25);
			let validators: Vec<_> =
				in_force().into_iter().map(|(validator, _)| validator).collect();
			assert_eq!(validators, left);
			prove_all_authors();
			for (validator, key, proof) in before {
				assert_eq!(checked(&key, &proof), Some(validator));
			}
		})
	}
}

/// CON-R12: if no validator has keys left, the set stays in force, in the session and in the proofs, until a
/// validator has keys again.
#[test]
fn last_keys_stay_in_force() {
	on_chain(|| {
		go_to(16);
		let before = in_force();
		(1..=VALIDATORS).for_each(purge);
		// Over two elections.
		for block in 17..=40 {
			go_to(block);
			assert_eq!(in_force(), before, "{block}");
			prove_all_authors();
		}
		register(2, 7);
		go_to(50);
		assert_eq!(in_force(), [(2, key(7).public())]);
		prove_all_authors();
	})
}

#[test]
fn proof_without_the_stored_root_or_count_is_refused() {
	on_chain(|| {
		go_to(8);
		register(2, 7);
		let good = owner(2);
		let key = key(2).public();
		assert_eq!(checked(&key, &good), Some(2));
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
			// The sessions before and after have the same root, because the keys were the same.
			let is_neighbour = bad.session != good.session;
			assert_eq!(checked(&key, &bad).is_some(), is_neighbour);
		}
		assert_eq!(KeyOwners::<Test>::check_proof(aura(3), good.clone()), None);
		let root = HistoricalSessions::<Test>::take(1);
		assert_eq!((checked(&key, &good), owner_of(key)), (None, None));
		assert!(AuraEquivocation::do_try_state().is_err());
		HistoricalSessions::<Test>::set(1, root);
	})
}

/// A proof for session 1 and a long, made-up key whose path has at least `branches` nodes, and whose value has
/// `value_bytes`, of which the index of the owner are the first.
fn long_proof(branches: usize, value_bytes: usize) -> (Vec<u8>, MembershipProof) {
	let made_up = vec![0x55; MAX_PROOF_NODES];
	let entry = (key_types::AURA, &made_up[..]).encode();
	let mut nodes = MemoryDB::with_hasher(RandomState::default());
	let mut root = H256::default();
	let index = 0_u32.encode();
	let mut trie = TrieDBMutBuilderV0::new(&mut nodes, &mut root).build();
	let mut value = index.clone();
	value.resize(value_bytes, 0);
	trie.insert(&entry, &value).expect("is new");
	trie.insert(&index, &(2_u64, ()).encode()).expect("is new");
	// At each nibble after those of the type and the length, another entry branches off the path.
	for nibble in 16..16 + branches {
		let mut other = entry.clone();
		other[nibble / 2] ^= if nibble % 2 == 0 { 0xf0 } else { 0x0f };
		trie.insert(&other, &index).expect("is new");
	}
	drop(trie);
	HistoricalSessions::<Test>::insert(1, (root, 4));
	let trie_nodes = prove::<Test>(&nodes, &root, (key_types::AURA, &made_up)).expect("is in");
	(made_up, MembershipProof { session: 1, trie_nodes, validator_count: 4 })
}

/// CON-R14, 2: no other check limits the number of nodes of the proofs in GRANDPA's reports.
#[test]
fn proof_of_too_many_nodes_is_refused() {
	new_test_ext().execute_with(|| {
		let mut lengths = vec![];
		for branches in 40..90 {
			let (key, proof) = long_proof(branches, 4);
			let nodes = proof.trie_nodes.len();
			lengths.push(nodes);
			let owner = KeyOwners::<Test>::check_proof((key_types::AURA, key), proof);
			assert_eq!(owner.is_some(), nodes <= MAX_PROOF_NODES, "{nodes}");
		}
		assert!(lengths.contains(&MAX_PROOF_NODES) && lengths.contains(&(MAX_PROOF_NODES + 1)));
	})
}

/// CON-R14, 2: a real node is always short enough, also one that has all branches.
#[test]
fn proof_of_too_long_nodes_is_refused() {
	new_test_ext().execute_with(|| {
		// Keys that differ in their last bytes only, so that the longest branch has most of a key and 16 children.
		let key = |last: u8| [[0x55_u8; 31].as_slice(), &[last]].concat();
		let keys = |last: u8| SessionKeys::decode(&mut &key(last)[..]).expect("any bytes are keys");
		let validators = (0..=u8::MAX).map(|last| (u64::from(last), keys(last)));
		let (nodes, (root, validator_count)) = trie_of::<Test>(validators).expect("takes all");
		HistoricalSessions::<Test>::insert(1, (root, validator_count));
		let searched = key(7);
		let searched = (key_types::AURA, &searched[..]);
		let trie_nodes = prove::<Test>(&nodes, &root, searched).expect("is in");
		let longest = trie_nodes.iter().map(Vec::len).max().unwrap_or_default();
		assert!((500..=MAX_NODE_BYTES).contains(&longest), "{longest}");
		let proof = MembershipProof { session: 1, trie_nodes, validator_count };
		assert!(KeyOwners::<Test>::check_proof(searched, proof).is_some());

		// A made-up trie, whose value goes on after the index.
		for (bytes, is_short) in [(500, true), (MAX_NODE_BYTES, false)] {
			let (key, proof) = long_proof(0, bytes);
			let owner = KeyOwners::<Test>::check_proof((key_types::AURA, key), proof);
			assert_eq!(owner.is_some(), is_short, "{bytes}");
		}
	})
}

/// CON-R14: the roots of sessions before the first bonded era are pruned.
#[test]
fn roots_of_old_sessions_are_pruned() {
	on_chain(|| {
		go_to(100);
		let (first, end) = StoredRange::<Test>::get().expect("some are stored");
		assert_eq!((first > 0, end), (true, Session::current_index() + 2));
		let mut stored: Vec<SessionIndex> = HistoricalSessions::<Test>::iter_keys().collect();
		stored.sort_unstable();
		assert_eq!(stored, (first..end).collect::<Vec<_>>());
	})
}

#[derive(Clone, Debug)]
enum Action {
	Nothing,
	Register(u64),
	Purge(u64),
	/// The last validator chills itself, or declares itself a candidate again.
	ToggleCandidacy,
	ForceEra(Forcing),
}

fn action() -> impl Strategy<Value = Action> {
	prop_oneof![
		3 => Just(Action::Nothing),
		3 => (1..=VALIDATORS).prop_map(Action::Register),
		2 => (1..=VALIDATORS).prop_map(Action::Purge),
		1 => Just(Action::ToggleCandidacy),
		1 => prop_oneof![
			Just(Forcing::NotForcing),
			Just(Forcing::ForceNew),
			Just(Forcing::ForceAlways),
			Just(Forcing::ForceNone),
		]
		.prop_map(Action::ForceEra),
	]
}

fn act(action: &Action, seed: u64) {
	match action {
		Action::Nothing => (),
		Action::Register(validator) => register(*validator, seed),
		Action::Purge(validator) => purge(*validator),
		Action::ToggleCandidacy => {
			let origin = RuntimeOrigin::signed(VALIDATORS);
			if pallet_staking::Validators::<Test>::contains_key(VALIDATORS) {
				assert_ok!(Staking::chill(origin));
			} else {
				assert_ok!(Staking::validate(origin, Default::default()));
			}
		},
		Action::ForceEra(forcing) => pallet_staking::ForceEra::<Test>::put(forcing),
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// CON-R14: after any changes of keys, candidates and eras, every author of a session has a
	/// valid proof, in every block of the session and as long as its root is stored.
	#[test]
	fn authors_after_any_actions_have_valid_proofs(actions in proptest::collection::vec(action(), 40)) {
		on_chain(|| {
			let mut shown = vec![];
			for (action, seed) in actions.iter().zip(100..) {
				act(action, seed);
				shown.extend(prove_all_authors());
				next_block();
				// Some actions happen in the block that begins a session, others in the one before.
				if seed % 3 == 0 {
					next_block();
				}
				assert_eq!(AuraEquivocation::do_try_state(), Ok(()));
			}
			for (validator, key, proof) in shown {
				let is_stored = HistoricalSessions::<Test>::contains_key(proof.session);
				assert_eq!(checked(&key, &proof), is_stored.then_some(validator));
			}
		})
	}
}
