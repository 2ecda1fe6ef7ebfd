//! Which reports are refused (CON-R21), and with which error (CON-R22).

use super::*;
use codec::Encode;
use sp_core::{Pair, H256};
use sp_runtime::{traits::Header as _, DigestItem};

fn assert_refused(proof: &Proof, owner: &MembershipProof, error: Error<Test>) {
	let error = sp_runtime::DispatchError::from(error);
	assert_noop!(report(proof, owner), error);
	assert_noop!(report_unsigned(proof, owner), error);
}

fn assert_invalid(proof: &Proof) {
	assert_refused(proof, &owner(2), Error::InvalidEquivocationProof);
}

/// CON-R21, 1: the headers have to differ.
#[test]
fn same_header_twice_is_refused() {
	on_chain(|| {
		go_to(8);
		let mut proof = equivocation(2, 101);
		proof.second_header = proof.first_header.clone();
		assert_invalid(&proof);
	})
}

/// CON-R21, 1: two seals of the same content are not an equivocation.
#[test]
fn same_content_sealed_twice_is_refused() {
	on_chain(|| {
		go_to(8);
		let mut proof = equivocation(2, 101);
		let mut again = proof.first_header.clone();
		let sealed = again.digest_mut().pop().expect("is sealed");
		// Signatures are randomised, so the second seal differs from the first.
		proof.second_header = seal(again, &key(2));
		assert_ne!(proof.second_header.digest().logs.last(), Some(&sealed));
		assert_ne!(proof.first_header.hash(), proof.second_header.hash());
		assert_invalid(&proof);
	})
}

/// CON-R21, 2: both headers have to be of the slot of the proof.
#[test]
fn different_slots_are_refused() {
	on_chain(|| {
		go_to(8);
		let mut proof = equivocation(2, 101);
		proof.second_header = on_parent(2, 105, 7, 2);
		assert_invalid(&proof);
		proof.slot = 105.into();
		assert_invalid(&proof);
	})
}

/// CON-R21, 2: the slot of the proof has to be the one that the headers claim.
#[test]
fn slot_that_the_headers_do_not_claim_is_refused() {
	on_chain(|| {
		go_to(8);
		let mut proof = equivocation(2, 101);
		proof.slot = 105.into();
		assert_invalid(&proof);
	})
}

/// CON-R21, 2: a header has to claim exactly one slot.
#[test]
fn header_with_no_or_two_slots_is_refused() {
	on_chain(|| {
		go_to(8);
		for slots in [vec![], vec![101, 101], vec![101, 105]] {
			let mut proof = equivocation(2, 101);
			let mut header = unsealed(101, 8, System::block_hash(7), 2);
			header.digest.logs = slots.into_iter().map(pre_digest).collect();
			proof.second_header = seal(header, &key(2));
			assert_invalid(&proof);
		}
	})
}

/// CON-R21, 3: the last digest item has to be a valid seal of Aura.
#[test]
fn forged_seal_is_refused() {
	on_chain(|| {
		go_to(8);
		let proof = equivocation(2, 101);
		let seal_of = |header: &Header| header.digest.logs.last().expect("is sealed").clone();
		let replaced = |item: Option<DigestItem>| {
			let mut proof = proof.clone();
			proof.second_header.digest_mut().pop();
			proof.second_header.digest_mut().logs.extend(item);
			proof
		};
		// The seal of the other header, a seal of no key, no seal, a seal of another engine, one
		// that is too long, and one that is not the last item.
		assert_invalid(&replaced(Some(seal_of(&proof.first_header))));
		assert_invalid(&replaced(Some(DigestItem::Seal(*b"aura", vec![0; 64]))));
		assert_invalid(&replaced(None));
		let DigestItem::Seal(engine, signature) = seal_of(&proof.second_header) else {
			panic!("is a seal")
		};
		assert_invalid(&replaced(Some(DigestItem::Seal(*b"BABE", signature.clone()))));
		let longer = [&signature[..], &[0]].concat();
		assert_invalid(&replaced(Some(DigestItem::Seal(engine, longer))));
		let mut proof = proof.clone();
		proof.second_header.digest_mut().push(DigestItem::Other(vec![]));
		assert_invalid(&proof);
	})
}

/// CON-R21, 3: both seals have to be signatures of the named key.
#[test]
fn seals_of_another_key_are_refused() {
	on_chain(|| {
		go_to(8);
		let mut proof = equivocation(3, 102);
		proof.offender = key(2).public();
		assert_invalid(&proof);
		let mut proof = equivocation(2, 101);
		proof.second_header = on_parent(3, 101, 7, 2);
		assert_invalid(&proof);
	})
}

/// A header of slot 101 with this number of bytes, to which its seal is added.
fn of_length(bytes: usize, content: u8) -> Header {
	let mut header = unsealed(101, 8, System::block_hash(7), content);
	// The variant of the item and its length have three bytes.
	let padding = vec![0; bytes - header.encoded_size() - 3];
	header.digest_mut().push(DigestItem::Other(padding));
	assert_eq!(header.encoded_size(), bytes);
	seal(header, &key(2))
}

/// CON-R21, 4: a padded report would make a block late.
#[test]
fn header_that_is_too_long_is_refused() {
	on_chain(|| {
		go_to(8);
		let longest = Proof {
			first_header: of_length(MAX_HEADER_BYTES, 1),
			second_header: of_length(MAX_HEADER_BYTES, 2),
			..equivocation(2, 101)
		};
		let too_long = of_length(MAX_HEADER_BYTES + 1, 3);
		assert_invalid(&Proof { first_header: too_long.clone(), ..longest.clone() });
		assert_invalid(&Proof { second_header: too_long, ..longest.clone() });

		let mut of_many_items = unsealed(101, 8, System::block_hash(7), 4);
		let items = vec![DigestItem::RuntimeEnvironmentUpdated; MAX_HEADER_BYTES];
		of_many_items.digest_mut().logs.extend(items);
		let second_header = seal(of_many_items, &key(2));
		assert_invalid(&Proof { second_header, ..longest.clone() });

		assert_ok!(report(&longest, &owner(2)));
	})
}

/// CON-R22, 1: a validator that reported itself for all its future slots would be slashed only once.
#[test]
fn slot_in_the_future_is_refused() {
	on_chain(|| {
		go_to(8);
		let now = *pallet_aura::CurrentSlot::<Test>::get();
		assert_invalid(&equivocation(2, now + 1));
		assert_invalid(&equivocation(2, u64::MAX));
		let author = now % VALIDATORS + 1;
		assert_ok!(report(&equivocation(author, now), &owner(author)));
	})
}

/// CON-R22, 2: headers of another chain with the same keys prove nothing.
#[test]
fn foreign_chain_is_refused() {
	on_chain(|| {
		go_to(8);
		let own = on_parent(2, 101, 7, 1);
		let foreign = seal(unsealed(101, 8, H256::repeat_byte(7), 2), &key(2));
		for (first_header, second_header) in
			[(own.clone(), foreign.clone()), (foreign.clone(), own), (foreign, another_foreign())]
		{
			let proof = Proof { first_header, second_header, ..equivocation(2, 101) };
			assert_refused(&proof, &owner(2), Error::UnknownParent);
		}
	})
}

fn another_foreign() -> Header {
	seal(unsealed(101, 8, H256::repeat_byte(8), 3), &key(2))
}

/// CON-R22, 2: the parent has to be the block at the height below the header.
#[test]
fn parent_at_another_height_is_refused() {
	on_chain(|| {
		go_to(8);
		for number in [0, 7, 9, u32::MAX] {
			let header = seal(unsealed(101, number, System::block_hash(7), 2), &key(2));
			let proof = Proof { second_header: header, ..equivocation(2, 101) };
			assert_refused(&proof, &owner(2), Error::UnknownParent);
		}
	})
}

/// CON-R22, 2: the chain stores no hash of a future block or of an old one, and zero is not a hash.
#[test]
fn unknown_parent_is_refused() {
	on_chain(|| {
		go_to(8);
		let (old, then) = (equivocation(2, 101), owner(2));
		let zero = |number| {
			let twice =
				[1, 2].map(|content| seal(unsealed(101, number, H256::zero(), content), &key(2)));
			let [first_header, second_header] = twice;
			Proof { first_header, second_header, ..old.clone() }
		};
		assert_refused(&zero(9), &owner(2), Error::UnknownParent);

		// The hash of block 7 is stored until block 7 + 40 + 1.
		go_to(7 + BLOCK_HASH_COUNT + 1);
		assert_ok!(AuraEquivocation::do_report(None, &old, then.clone()));
		next_block();
		assert_refused(&old, &then, Error::UnknownParent);
		assert_refused(&zero(8), &then, Error::UnknownParent);
	})
}

/// CON-R22, 3: the proof of ownership has to be for the session of the later parent.
#[test]
fn proof_of_another_session_is_refused() {
	on_chain(|| {
		go_to(8);
		let proof = equivocation(2, 101);
		go_to(12);
		// The keys have not changed since genesis, so all sessions, including the planned one, have the
		// same root, and the same nodes prove membership in each of them.
		for session in [0, 2, 3, 4, u32::MAX] {
			let owner = MembershipProof { session, ..owner(2) };
			assert_refused(&proof, &owner, Error::InvalidKeyOwnershipProof);
		}
		assert_ok!(report(&proof, &MembershipProof { session: 1, ..owner(2) }));
	})
}

/// CON-R22, 3: the chain stores no root of a session for which no validator can still be slashed.
#[test]
fn session_before_the_bonded_eras_is_refused() {
	on_chain(|| {
		// The hash of the genesis is stored permanently, the root of session 0 is not.
		let (proof, owner) = (equivocation_on(2, 101, [0, 0]), owner(2));
		go_to(100);
		assert_eq!(Historical::historical_root(0), None);
		assert_refused(&proof, &owner, Error::InvalidKeyOwnershipProof);
	})
}

/// CON-R22, 3: the proof has to show that the validator owns the key.
#[test]
fn proof_that_does_not_show_the_key_is_refused() {
	on_chain(|| {
		go_to(8);
		let proof = equivocation(2, 101);
		let good = owner(2);
		let bad = [
			owner(3),
			MembershipProof { validator_count: 3, ..good.clone() },
			MembershipProof { validator_count: 5, ..good.clone() },
			MembershipProof { trie_nodes: vec![], ..good.clone() },
			MembershipProof {
				trie_nodes: [&good.trie_nodes[..], &[vec![0]]].concat(),
				..good.clone()
			},
			MembershipProof {
				trie_nodes: [&good.trie_nodes[..], &good.trie_nodes[..1]].concat(),
				..good.clone()
			},
		];
		for owner in bad {
			assert_refused(&proof, &owner, Error::InvalidKeyOwnershipProof);
		}
		assert!(good.trie_nodes.len() < crate::key_owners::MAX_PROOF_NODES);
		assert_ok!(report(&proof, &good));
	})
}

/// CON-R22, 3: two headers sealed with a key that belongs to no validator are not an offence.
#[test]
fn key_of_no_validator_is_refused() {
	on_chain(|| {
		go_to(8);
		assert_refused(&equivocation(9, 100), &owner(2), Error::InvalidKeyOwnershipProof);
		assert_eq!(AuraEquivocation::key_ownership_proof(key(9).public()), None);
		assert_eq!(AuraEquivocation::key_ownership_proof(key(2).public()), Some(owner(2)));
	})
}

/// CON-R22, 3: a validator can seal headers of any slot, but only those of its own turns are an offence.
#[test]
fn slot_of_another_validator_is_refused() {
	on_chain(|| {
		go_to(8);
		for slot in [100, 102, 103, 104] {
			let proof = equivocation(2, slot);
			assert_refused(&proof, &owner(2), Error::InvalidKeyOwnershipProof);
		}
		assert_ok!(report(&equivocation(2, 101), &owner(2)));
	})
}

/// CON-R22, 4: a second report of an offender, session and slot is a duplicate, also with other headers.
#[test]
fn duplicate_with_any_headers_is_refused() {
	on_chain(|| {
		go_to(8);
		assert_ok!(report(&equivocation(2, 101), &owner(2)));
		assert_refused(&equivocation(2, 101), &owner(2), Error::DuplicateOffenceReport);
		let other = equivocation_on(2, 101, [6, 7]);
		assert_refused(&other, &owner(2), Error::DuplicateOffenceReport);
		assert_eq!(offences(), 1);
	})
}

/// CON-R22: the signed form needs a signature, and the unsigned form none.
#[test]
fn report_of_another_origin_is_refused() {
	on_chain(|| {
		go_to(8);
		let (proof, owner) = (Box::new(equivocation(2, 101)), owner(2));
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_err!(
				AuraEquivocation::report_equivocation(origin, proof.clone(), owner.clone()),
				sp_runtime::DispatchError::BadOrigin
			);
		}
		for origin in [RuntimeOrigin::signed(WITNESS), RuntimeOrigin::root()] {
			assert_err!(
				AuraEquivocation::report_equivocation_unsigned(
					origin,
					proof.clone(),
					owner.clone()
				),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	})
}
