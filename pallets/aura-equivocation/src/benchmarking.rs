//! Worst cases of the check of a report. The weight of the offence is computed in `call_weights`.

use crate::{
	key_owners::{prove, trie_of},
	*,
};
use alloc::{vec, vec::Vec};
use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::traits::{Get, KeyOwnerProofSystem};
use frame_system::pallet_prelude::HeaderFor;
use pallet_session::historical::HistoricalSessions;
use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthoritySignature},
	Slot,
};
use sp_core::crypto::key_types;
use sp_runtime::{
	traits::{Hash, Header, One, OpaqueKeys},
	Digest, DigestItem, RuntimeAppPublic,
};
use sp_session::MembershipProof;

const SLOT: u64 = 7;

/// A sealed header with `length` bytes of empty digest items. Of all headers of a length, this one
/// takes the longest to decode, copy and encode.
fn header<T: Config>(author: &AuthorityId, length: u32, content: u8) -> HeaderFor<T> {
	let mut logs: Vec<DigestItem> =
		vec![CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(Slot::from(SLOT))];
	// The variant and the length of an empty item have one byte each.
	logs.extend((0..length / 2).map(|_| DigestItem::Other(Vec::new())));
	logs.push(DigestItem::Other(vec![content]));
	let mut header = HeaderFor::<T>::new(
		One::one(),
		Default::default(),
		Default::default(),
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::default(),
		),
		Digest { logs },
	);
	let seal = author.sign(&header.hash().as_ref()).expect("the key has just been generated");
	header.digest_mut().push(DigestItem::aura_seal(seal));
	header
}

/// A value decoded from bytes that are different for each index and distributed like keys.
fn arbitrary<T: Config, Value: Decode>(index: u32) -> Value {
	let bytes: Vec<u8> =
		(0_u32..8).flat_map(|part| T::Hashing::hash_of(&(index, part)).as_ref().to_vec()).collect();
	Value::decode(&mut &bytes[..]).expect("any bytes decode as keys or as an account")
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The check of two headers, of `l` bytes in total beside their fixed parts, and of their parents. Together they
	/// have at most twice `MAX_HEADER_BYTES`.
	#[benchmark]
	fn check_headers(l: Linear<0, 32_000>) {
		let offender = AuthorityId::generate_pair(None);
		let proof = sp_consensus_slots::EquivocationProof {
			slot: Slot::from(SLOT),
			first_header: header::<T>(&offender, l / 2, 1),
			second_header: header::<T>(&offender, l / 2, 2),
			offender,
		};
		let (shown, known);

		#[block]
		{
			shown = is_equivocation(&proof);
			known = Pallet::<T>::parents(&proof);
		}

		assert!(shown && known.is_some());
	}

	/// The check of a proof with the maximum number of nodes for the largest set. The proof has unused nodes,
	/// which only the last step of the check refuses.
	#[benchmark]
	fn check_membership() {
		let validators: Vec<(T::ValidatorId, T::Keys)> = (0..T::MaxValidators::get())
			.map(|index| (arbitrary::<T, _>(2 * index), arbitrary::<T, _>(2 * index + 1)))
			.collect();
		let key = validators[validators.len() / 2].1.get_raw(key_types::AURA).to_vec();
		let key = (key_types::AURA, &key[..]);
		let (nodes, (root, validator_count)) = trie_of::<T>(validators).expect("takes every entry");
		HistoricalSessions::<T>::insert(0, (root, validator_count));
		let mut trie_nodes = prove::<T>(&nodes, &root, key).expect("is in the trie");
		let proof = MembershipProof { session: 0, trie_nodes: trie_nodes.clone(), validator_count };
		assert!(KeyOwners::<T>::check_proof(key, proof).is_some());
		trie_nodes.extend((0..).map(|byte| vec![byte; MAX_NODE_BYTES]).take(MAX_PROOF_NODES));
		trie_nodes.truncate(MAX_PROOF_NODES);
		let proof = MembershipProof { session: 0, trie_nodes, validator_count };
		let owner;

		#[block]
		{
			owner = KeyOwners::<T>::check_proof(key, proof);
		}

		assert!(owner.is_none());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
