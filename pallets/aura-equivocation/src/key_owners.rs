//! Proofs of ownership of the keys that are in force, where the SDK knows only those that come next.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::marker::PhantomData;
use frame_support::traits::{Get, KeyOwnerProofSystem, ValidatorSet};
use pallet_session::{
	historical::{self, HistoricalSessions, IdentificationTuple, Pallet as Historical},
	Pallet as Session,
};
use sp_runtime::{
	traits::{Convert, OpaqueKeys},
	KeyTypeId,
};
use sp_session::MembershipProof;
use sp_staking::SessionIndex;
use sp_trie::{
	accessed_nodes_tracker::AccessedNodesTracker,
	recorder_ext::RecorderExt,
	trie_types::{TrieDBBuilder, TrieDBMutBuilderV0},
	LayoutV0, MemoryDB, RandomState, Recorder, StorageProof, Trie, TrieMut, TrieRecorder,
};

/// `pallet-session`'s historical proofs, and those of keys in force that are about to be replaced.
///
/// In the current session the SDK proves and checks the *next* keys of each validator. Who registers
/// new keys could thus contradict himself with the old ones, which stay in force for up to two
/// sessions, and nobody could show whose they are; by doing so every session, for ever. So here the
/// current session is proved from `KeysInForce`, which answers the keys of `Session::validators()` in
/// their order. The nodes are those under the root that `pallet-session` stored when it planned the
/// session, so the proofs stay valid after its end.
pub struct KeyOwners<T, KeysInForce>(PhantomData<(T, KeysInForce)>);

impl<T: historical::Config, KeysInForce: Get<Vec<T::Keys>>> KeyOwners<T, KeysInForce> {
	/// The trie of the current session, as [`historical::ProvingTrie`] lays it out, with its root and
	/// the number of validators. `None` where the keys in force cannot be told.
	fn current_trie() -> Option<(MemoryDB<T::Hashing>, T::Hash, u32)> {
		let validators = Session::<T>::validators();
		let keys_in_force = KeysInForce::get();
		if validators.len() != keys_in_force.len() {
			return None;
		}
		let count = u32::try_from(validators.len()).ok()?;
		let mut db = MemoryDB::with_hasher(RandomState::default());
		let mut root = T::Hash::default();
		let mut trie = TrieDBMutBuilderV0::new(&mut db, &mut root).build();
		for (index, (validator, keys)) in (0_u32..).zip(validators.into_iter().zip(keys_in_force)) {
			for key_type in T::Keys::key_ids() {
				let entry = (key_type, keys.get_raw(*key_type)).encode();
				trie.insert(&entry, &index.encode()).ok()?;
			}
			let identification = T::FullIdentificationOf::convert(validator.clone())?;
			trie.insert(&index.encode(), &(validator, identification).encode()).ok()?;
		}
		// Its end writes the nodes and the root.
		drop(trie);
		Some((db, root, count))
	}

	fn owner(
		db: &MemoryDB<T::Hashing>,
		root: &T::Hash,
		(key_type, key): (KeyTypeId, &[u8]),
		recorder: &mut dyn TrieRecorder<T::Hash>,
	) -> Option<IdentificationTuple<T>> {
		let trie = TrieDBBuilder::new(db, root).with_recorder(recorder).build();
		let index = trie.get(&(key_type, key).encode()).ok()??;
		let index = u32::decode(&mut &index[..]).ok()?;
		let owner = trie.get(&index.encode()).ok()??;
		Decode::decode(&mut &owner[..]).ok()
	}

	/// Proves that the key is in force in the current session.
	fn prove_in_force(key: (KeyTypeId, &[u8])) -> Option<MembershipProof> {
		let (db, root, validator_count) = Self::current_trie()?;
		let mut recorder = Recorder::<LayoutV0<T::Hashing>>::new();
		Self::owner(&db, &root, key, &mut recorder)?;
		Some(MembershipProof {
			session: Session::<T>::current_index(),
			trie_nodes: recorder.into_raw_storage_proof(),
			validator_count,
		})
	}

	fn check_in_force(
		key: (KeyTypeId, &[u8]),
		proof: MembershipProof,
	) -> Option<IdentificationTuple<T>> {
		if proof.session != Session::<T>::current_index() {
			return None;
		}
		let (root, count) = HistoricalSessions::<T>::get(proof.session)?;
		if count != proof.validator_count {
			return None;
		}
		let nodes = StorageProof::new_with_duplicate_nodes_check(proof.trie_nodes).ok()?;
		let mut accessed = AccessedNodesTracker::<T::Hash>::new(nodes.len());
		let owner = Self::owner(&nodes.into_memory_db(), &root, key, &mut accessed)?;
		accessed.ensure_no_unused_nodes().ok()?;
		Some(owner)
	}
}

impl<T, KeysInForce, Key> KeyOwnerProofSystem<(KeyTypeId, Key)> for KeyOwners<T, KeysInForce>
where
	T: historical::Config,
	KeysInForce: Get<Vec<T::Keys>>,
	Key: AsRef<[u8]>,
{
	type IdentificationTuple = IdentificationTuple<T>;
	type Proof = MembershipProof;

	fn prove((key_type, key): (KeyTypeId, Key)) -> Option<Self::Proof> {
		let key = (key_type, key.as_ref());
		Self::prove_in_force(key).or_else(|| Historical::<T>::prove(key))
	}

	/// What the SDK accepts, and in the current session what its stored root proves.
	fn check_proof(
		(key_type, key): (KeyTypeId, Key),
		proof: Self::Proof,
	) -> Option<Self::IdentificationTuple> {
		let key = (key_type, key.as_ref());
		Self::check_in_force(key, proof.clone())
			.or_else(|| Historical::<T>::check_proof(key, proof))
	}
}

impl<T: historical::Config, KeysInForce> ValidatorSet<T::AccountId> for KeyOwners<T, KeysInForce> {
	type ValidatorId = T::ValidatorId;
	type ValidatorIdOf = T::ValidatorIdOf;

	fn session_index() -> SessionIndex {
		Session::<T>::current_index()
	}

	fn validators() -> Vec<Self::ValidatorId> {
		Session::<T>::validators()
	}
}
