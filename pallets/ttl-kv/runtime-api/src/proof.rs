//! Checks an entry against a block's state root, without a node and without its runtime.
//!
//! The layout of the state is derived here once more, from the specification and not from the
//! pallet: what a proof shows must not depend on what the prover says the key is.

use alloc::vec::Vec;
use codec::{Decode, DecodeAll, Encode};
use core::fmt;
use sp_core::H256;
use sp_io::hashing::{blake2_128, twox_128};
use sp_runtime::{traits::BlakeTwo256, AccountId32};
use sp_trie::{LayoutV1, StorageProof};

/// Entry as it lies in the state (TTL-R2).
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct StoredEntry {
	/// First height at which the entry is dead.
	pub expires_at: u32,
	/// Height of the put that found no entry.
	pub created_at: u32,
	/// Revision of the last put.
	pub revision: u64,
	/// The owner's bytes.
	pub value: Vec<u8>,
}

/// What a proof shows of an owner's key at a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proven {
	/// Nothing is stored.
	Absent,
	/// An entry is stored that had ended by then, and that the sweep had not yet come to: to every
	/// query it is absent.
	Expired(StoredEntry),
	/// An entry is live.
	Live(StoredEntry),
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofError {
	/// The nodes lead from the state root neither to an entry nor to its absence: some are missing,
	/// or they belong to another block.
	NotProven,
	/// What lies at the key is no entry: the chain has another layout.
	Malformed,
}

impl fmt::Display for ProofError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::NotProven => {
				"the nodes prove neither an entry under the key nor that there is none"
			},
			Self::Malformed => "what lies under the key is no entry",
		})
	}
}

impl core::error::Error for ProofError {}

/// Reads what `owner` has under `key` from `nodes`, the trie nodes of a proof in any order, as of
/// the block `number` that has `state_root`.
///
/// The caller trusts number and state root, for example since a finalised header holds them, and
/// nothing else. Nodes that are not needed do no harm.
pub fn verify_proof(
	state_root: H256,
	number: u32,
	nodes: impl IntoIterator<Item = Vec<u8>>,
	owner: &AccountId32,
	key: &[u8],
) -> Result<Proven, ProofError> {
	// Keyed by the hash of each node: one that the root does not lead to is never looked at.
	let nodes = StorageProof::new(nodes).into_memory_db::<BlakeTwo256>();
	let storage_key = proof_key(owner, key);
	let stored = sp_trie::read_trie_value::<LayoutV1<BlakeTwo256>, _>(
		&nodes,
		&state_root,
		&storage_key,
		None,
		None,
	)
	.map_err(|_| ProofError::NotProven)?;
	let Some(stored) = stored else { return Ok(Proven::Absent) };
	let entry = StoredEntry::decode_all(&mut &stored[..]).map_err(|_| ProofError::Malformed)?;
	Ok(if number < entry.expires_at { Proven::Live(entry) } else { Proven::Expired(entry) })
}

/// Storage key whose proof shows the entry (TTL-R1).
pub fn proof_key(owner: &AccountId32, key: &[u8]) -> Vec<u8> {
	let owner: &[u8] = owner.as_ref();
	let key = key.encode();
	[
		&twox_128(b"TtlKv")[..],
		&twox_128(b"Entries"),
		&blake2_128(owner),
		owner,
		&blake2_128(&key),
		&key,
	]
	.concat()
}
