//! The owners of the session keys in force, and proofs of ownership.
//!
//! For every session, `pallet-session` stores the root of a trie. A membership proof under that root
//! shows which validator owns a key. `pallet-session` alone has three gaps, which would let a validator
//! that changes its keys equivocate unpunished in every session:
//!
//! - A session without an election gets a copy of the previous root, although keys can change with any
//!   session.
//! - In the current session, the owner of a key is looked up among the keys that were registered last.
//!   These come into force up to two sessions later.
//! - Validators that have removed their keys leave the set, but Aura and GRANDPA are not notified if all
//!   others keep their indices and keys.
//!
//! [`NoteQueuedKeys`] closes the first and the third gap, [`KeyOwners`] the second. If no validator of a set has
//! keys left, [`KeepLastSet`] keeps the set, whose keys then stay provable.

use crate::Config;
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::marker::PhantomData;
use frame_support::{
	defensive,
	traits::{Get, KeyOwnerProofSystem},
};
use pallet_session::{
	historical::{self, HistoricalSessions, IdentificationTuple},
	Pallet as Session, QueuedChanged, QueuedKeys, SessionHandler, SessionManager,
};
use sp_runtime::{traits::OpaqueKeys, KeyTypeId};
use sp_session::{MembershipProof, ValidatorCount};
use sp_staking::SessionIndex;
use sp_trie::{
	accessed_nodes_tracker::AccessedNodesTracker,
	recorder_ext::RecorderExt,
	trie_types::{TrieDBBuilder, TrieDBMutBuilderV0},
	LayoutV0, MemoryDB, RandomState, Recorder, StorageProof, Trie, TrieMut, TrieRecorder,
};

/// Maximum number of trie nodes in a proof of ownership.
///
/// A proof has the paths to a key and to its owner. A path has at most one node for each nibble that
/// it shares with another entry; the trie of the largest set has 300 entries. The number of nodes is
/// bounded in addition to their bytes, because every node costs a search and a hash, however short
/// it is.
pub const MAX_PROOF_NODES: usize = 64;

/// Maximum length of a trie node in a proof of ownership, in bytes.
///
/// The longest node is a branch: 16 hashes of 33 bytes with their lengths, the part of a key of at most 37 bytes, an
/// owner of 33, and four bytes of headers, which are 602 bytes.
pub const MAX_NODE_BYTES: usize = 640;

/// The nodes of a trie, and what the chain stores of it: the root and the number of validators.
type TrieOf<T> = (
	MemoryDB<<T as frame_system::Config>::Hashing>,
	(<T as frame_system::Config>::Hash, ValidatorCount),
);

/// A trie that maps each key to the index of its owner, and each index to the owner. Its layout is
/// that of [`historical::ProvingTrie`]. Never `None`, because a trie in memory takes every entry.
pub(crate) fn trie_of<T>(
	validators: impl IntoIterator<Item = (T::ValidatorId, T::Keys)>,
) -> Option<TrieOf<T>>
where
	T: historical::Config<FullIdentification = ()>,
{
	let mut nodes = MemoryDB::with_hasher(RandomState::default());
	let mut root = T::Hash::default();
	let mut count: ValidatorCount = 0;
	let mut trie = TrieDBMutBuilderV0::new(&mut nodes, &mut root).build();
	for (validator, keys) in validators {
		let index = count.encode();
		for key_type in T::Keys::key_ids() {
			trie.insert(&(key_type, keys.get_raw(*key_type)).encode(), &index).ok()?;
		}
		let owner: IdentificationTuple<T> = (validator, ());
		trie.insert(&index, &owner.encode()).ok()?;
		count = count.checked_add(1)?;
	}
	// Dropping the trie writes the nodes and the root.
	drop(trie);
	Some((nodes, (root, count)))
}

/// Looks up the owner of a key, and its index in the set.
fn owner<T: historical::Config>(
	nodes: &MemoryDB<T::Hashing>,
	root: &T::Hash,
	(key_type, key): (KeyTypeId, &[u8]),
	recorder: &mut dyn TrieRecorder<T::Hash>,
) -> Option<(ValidatorCount, IdentificationTuple<T>)> {
	let trie = TrieDBBuilder::new(nodes, root).with_recorder(recorder).build();
	let index = trie.get(&(key_type, key).encode()).ok()??;
	let index = ValidatorCount::decode(&mut &index[..]).ok()?;
	let owner = trie.get(&index.encode()).ok()??;
	Some((index, Decode::decode(&mut &owner[..]).ok()?))
}

/// The nodes that prove the owner of a key. `None` if the key has no owner.
pub(crate) fn prove<T: historical::Config>(
	nodes: &MemoryDB<T::Hashing>,
	root: &T::Hash,
	key: (KeyTypeId, &[u8]),
) -> Option<Vec<Vec<u8>>> {
	let mut recorder = Recorder::<LayoutV0<T::Hashing>>::new();
	owner::<T>(nodes, root, key, &mut recorder)?;
	Some(recorder.into_raw_storage_proof())
}

/// Session manager that stores, for each planned session, the root of the keys queued for it.
///
/// It has to wrap [`historical::NoteHistoricalRoot`] directly: it replaces the root that the
/// wrapped manager stores, and relies on the wrapped manager to prune old roots.
pub struct NoteQueuedKeys<T, Inner>(PhantomData<(T, Inner)>);

impl<T, Inner> SessionManager<T::ValidatorId> for NoteQueuedKeys<T, Inner>
where
	T: historical::Config<FullIdentification = ()>,
	Inner: SessionManager<T::ValidatorId>,
{
	fn new_session(new_index: SessionIndex) -> Option<Vec<T::ValidatorId>> {
		let elected = Inner::new_session(new_index);
		// The validators that `pallet-session` is about to queue. It leaves out those without keys.
		let planned = elected.clone().unwrap_or_else(Session::<T>::validators);
		let queued: Vec<_> = planned
			.iter()
			.filter_map(|validator| Some((validator.clone(), Session::<T>::load_keys(validator)?)))
			.collect();
		let any_left_out = queued.len() < planned.len();
		let any_left = !queued.is_empty();
		// If no validator has keys left, the set that this rotation installs stays, with its keys (CON-R12).
		let queued = if any_left { queued } else { QueuedKeys::<T>::get() };
		if let Some((_, commitment)) = trie_of::<T>(queued) {
			HistoricalSessions::<T>::insert(new_index, commitment);
		} else {
			defensive!("a trie in memory takes every entry");
		}
		// If the validators that left were the last ones of a set that is otherwise unchanged,
		// `pallet-session` notices only if the set is returned again (CON-R12). If no validator has keys
		// left, the set is not returned, and Aura and GRANDPA continue with the old one.
		elected.or_else(|| (any_left_out && any_left).then_some(planned))
	}

	/// Adds nothing: sessions 0 and 1 have the same keys, and `Inner` stores their root.
	fn new_session_genesis(new_index: SessionIndex) -> Option<Vec<T::ValidatorId>> {
		Inner::new_session_genesis(new_index)
	}

	fn end_session(end_index: SessionIndex) {
		Inner::end_session(end_index)
	}

	fn start_session(start_index: SessionIndex) {
		Inner::start_session(start_index)
	}
}

/// Session handler that passes sessions on to `Inner`, and keeps a set of which no validator has keys left
/// (CON-R12).
///
/// `pallet-session` would queue an empty set. Aura and GRANDPA ignore an empty set and go on with the old
/// one, so blocks would be made by authors that the session does not know, and counted for nobody.
pub struct KeepLastSet<T, Inner>(PhantomData<(T, Inner)>);

impl<T, Inner> SessionHandler<T::ValidatorId> for KeepLastSet<T, Inner>
where
	T: pallet_session::Config,
	Inner: SessionHandler<T::ValidatorId>,
{
	const KEY_TYPE_IDS: &'static [KeyTypeId] = Inner::KEY_TYPE_IDS;

	fn on_genesis_session<Ks: OpaqueKeys>(validators: &[(T::ValidatorId, Ks)]) {
		Inner::on_genesis_session(validators);
	}

	fn on_new_session<Ks: OpaqueKeys>(
		changed: bool,
		validators: &[(T::ValidatorId, Ks)],
		queued: &[(T::ValidatorId, Ks)],
	) {
		let queued = if queued.is_empty() {
			let kept = validators
				.iter()
				.filter_map(|(validator, keys)| Some((validator.clone(), typed::<T>(keys)?)))
				.collect::<Vec<_>>();
			QueuedKeys::<T>::put(kept);
			QueuedChanged::<T>::put(false);
			validators
		} else {
			queued
		};
		Inner::on_new_session(changed, validators, queued);
	}

	fn on_before_session_ending() {
		Inner::on_before_session_ending();
	}

	fn on_disabled(validator_index: u32) {
		Inner::on_disabled(validator_index);
	}
}

/// The keys of a validator, whose type `pallet-session` hides from its handler. They are encoded as one key after
/// the other.
fn typed<T: pallet_session::Config>(keys: &impl OpaqueKeys) -> Option<T::Keys> {
	let parts: Vec<_> = T::Keys::key_ids().iter().map(|id| keys.get_raw(*id)).collect();
	T::Keys::decode(&mut &parts.concat()[..]).ok()
}

/// Proves the owners of the keys in force, and checks such proofs by the stored root of their
/// session (CON-R14, step 2), as long as that root is stored.
///
/// Relies on [`NoteQueuedKeys`] for the roots.
pub struct KeyOwners<T>(PhantomData<T>);

impl<T: Config> KeyOwners<T> {
	/// Trie of the keys in force.
	fn in_force() -> Option<TrieOf<T>> {
		trie_of::<T>(Session::<T>::validators().into_iter().zip(T::KeysInForce::get()))
	}

	/// The owner that the proof shows for the key, and its index among the validators of the session.
	pub(crate) fn check_owner(
		(key_type, key): (KeyTypeId, impl AsRef<[u8]>),
		proof: MembershipProof,
	) -> Option<(ValidatorCount, IdentificationTuple<T>)> {
		if proof.trie_nodes.len() > MAX_PROOF_NODES
			|| proof.trie_nodes.iter().any(|node| node.len() > MAX_NODE_BYTES)
		{
			return None;
		}
		let (root, validator_count) = HistoricalSessions::<T>::get(proof.session)?;
		if proof.validator_count != validator_count {
			return None;
		}
		let nodes = StorageProof::new_with_duplicate_nodes_check(proof.trie_nodes).ok()?;
		let mut accessed = AccessedNodesTracker::<T::Hash>::new(nodes.len());
		let nodes = nodes.into_memory_db();
		let owner = owner::<T>(&nodes, &root, (key_type, key.as_ref()), &mut accessed)?;
		accessed.ensure_no_unused_nodes().ok()?;
		Some(owner)
	}

	/// Whether the stored root of the current session is that of the keys in force.
	#[cfg(any(test, feature = "try-runtime"))]
	pub(crate) fn is_root_in_force() -> bool {
		let stored = HistoricalSessions::<T>::get(Session::<T>::current_index());
		stored.is_some() && stored == Self::in_force().map(|(_, commitment)| commitment)
	}
}

impl<T: Config, Key: AsRef<[u8]>> KeyOwnerProofSystem<(KeyTypeId, Key)> for KeyOwners<T> {
	type IdentificationTuple = IdentificationTuple<T>;
	type Proof = MembershipProof;

	/// Proves that the key is in force in the current session; `None` if it is not.
	fn prove((key_type, key): (KeyTypeId, Key)) -> Option<MembershipProof> {
		let session = Session::<T>::current_index();
		let (nodes, (root, validator_count)) = Self::in_force()?;
		if HistoricalSessions::<T>::get(session)? != (root, validator_count) {
			return None;
		}
		let trie_nodes = prove::<T>(&nodes, &root, (key_type, key.as_ref()))?;
		Some(MembershipProof { session, trie_nodes, validator_count })
	}

	fn check_proof(
		key: (KeyTypeId, Key),
		proof: MembershipProof,
	) -> Option<IdentificationTuple<T>> {
		Self::check_owner(key, proof).map(|(_, owner)| owner)
	}
}
