//! Checks an entry against a block's state root, without a node and without its runtime.
//!
//! The check derives the storage key from the specification, because its result must not depend on
//! a key that a prover claims.

use alloc::vec::Vec;
use codec::{Decode, DecodeAll, Encode};
use core::fmt;
use sp_core::H256;
use sp_io::hashing::{blake2_128, twox_128};
use sp_runtime::{traits::BlakeTwo256, AccountId32};
use sp_trie::{LayoutV1, StorageProof};

/// Entry as it is stored in the state (TTL-R2).
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct StoredEntry {
	/// First height at which the entry is dead.
	pub expires_at: u32,
	/// Height of the put that created the entry.
	pub created_at: u32,
	/// Revision of the last put.
	pub revision: u64,
	/// Bytes that the owner stored.
	pub value: Vec<u8>,
}

/// What a proof shows about a key of an owner at a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proven {
	/// Nothing is stored.
	Absent,
	/// An entry is stored that has ended and that the sweep has not removed yet. Queries do not find it.
	Expired(StoredEntry),
	/// An entry is live.
	Live(StoredEntry),
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofError {
	/// The nodes prove neither an entry nor its absence under the state root: some are missing, or they
	/// belong to another block.
	NotProven,
	/// The value at the key is not an entry: the chain has another storage layout.
	Malformed,
}

impl fmt::Display for ProofError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::NotProven => "the nodes prove neither an entry under the key nor its absence",
			Self::Malformed => "the value under the key is not an entry",
		})
	}
}

impl core::error::Error for ProofError {}

/// Reads the entry of `owner` under `key` at block `number` from the trie nodes of a proof, in any
/// order.
///
/// The caller has to trust only `number` and `state_root`, for example because a finalised header
/// contains both. Additional nodes do not change the result.
pub fn verify_proof(
	state_root: H256,
	number: u32,
	nodes: impl IntoIterator<Item = Vec<u8>>,
	owner: &AccountId32,
	key: &[u8],
) -> Result<Proven, ProofError> {
	// Keyed by the hash of each node, so a node that the root does not lead to is never read.
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
