//! Checks a contract against a block's state root, without a node and without its runtime.
//!
//! The check derives the storage keys from the specification, because its result must not depend on
//! keys that a prover claims.

use crate::{code_hash, ContractRecord};
use alloc::vec::Vec;
use codec::{Decode, DecodeAll};
use core::fmt;
use sp_core::H256;
use sp_io::hashing::twox_128;
use sp_runtime::{traits::BlakeTwo256, AccountId32};
use sp_trie::{LayoutV1, MemoryDB, StorageProof};

/// Record as it is stored in the state (CTR-R4).
pub type ProvenRecord = ContractRecord<AccountId32, u32>;

/// What a proof shows about an address that holds a contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvenContract {
	/// Record of the contract.
	pub record: ProvenRecord,
	/// Code that the record names.
	pub code: Vec<u8>,
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofError {
	/// The nodes prove neither a record nor its absence under the state root: some are missing, or they
	/// belong to another block.
	RecordNotProven,
	/// The value at the address is not a record of 80 bytes: the chain has another storage layout.
	RecordMalformed,
	/// The nodes do not prove the code that the record names.
	CodeNotProven,
	/// The value at the key of the code is not a byte vector: the chain has another storage layout.
	CodeMalformed,
	/// The hash or the length of the code differs from the record.
	CodeMismatch,
}

impl fmt::Display for ProofError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::RecordNotProven => {
				"the nodes prove neither a record at the address nor its absence"
			},
			Self::RecordMalformed => "the value at the address is not a contract record",
			Self::CodeNotProven => "the nodes do not prove the code that the record names",
			Self::CodeMalformed => "the value at the hash of the code is not code",
			Self::CodeMismatch => {
				"the code does not have the hash and length that the record names"
			},
		})
	}
}

impl core::error::Error for ProofError {}

/// Reads the contract at `address` under `state_root` from the trie nodes of a proof, in any order.
/// `None` means that the nodes prove that no contract is deployed there.
///
/// The caller has to trust only `state_root`, for example because a finalised header contains it.
/// Additional nodes do not change the result. A caller that knows the salt can check the address
/// itself with [`contract_address`](crate::contract_address).
pub fn verify_proof(
	state_root: H256,
	nodes: impl IntoIterator<Item = Vec<u8>>,
	address: H256,
) -> Result<Option<ProvenContract>, ProofError> {
	// Keyed by the hash of each node, so a node that the root does not lead to is never read.
	let nodes = StorageProof::new(nodes).into_memory_db::<BlakeTwo256>();
	let read = |key: &[u8]| read(&nodes, state_root, key);

	let record = read(&record_key(address)).map_err(|_| ProofError::RecordNotProven)?;
	let Some(record) = record else { return Ok(None) };
	let record: ProvenRecord = decode(&record).ok_or(ProofError::RecordMalformed)?;

	let code = read(&code_key(record.code_hash)).ok().flatten().ok_or(ProofError::CodeNotProven)?;
	let code: Vec<u8> = decode(&code).ok_or(ProofError::CodeMalformed)?;
	let length_matches = u32::try_from(code.len()) == Ok(record.code_len);
	if !length_matches || code_hash(&code) != record.code_hash {
		return Err(ProofError::CodeMismatch);
	}
	Ok(Some(ProvenContract { record, code }))
}

/// Keys whose proof shows the contract at `address`, if its code hashes to `code_hash` (CTR-R3).
pub fn proof_keys(address: H256, code_hash: H256) -> [Vec<u8>; 2] {
	[record_key(address), code_key(code_hash)]
}

fn record_key(address: H256) -> Vec<u8> {
	storage_key(b"Contracts", address)
}

fn code_key(code_hash: H256) -> Vec<u8> {
	storage_key(b"Codes", code_hash)
}

fn storage_key(item: &[u8], hash: H256) -> Vec<u8> {
	[&twox_128(b"ContractStore")[..], &twox_128(item), hash.as_bytes()].concat()
}

/// The value at `key`, `None` if there is none, or an error if a node on the path is missing.
fn read(nodes: &MemoryDB<BlakeTwo256>, root: H256, key: &[u8]) -> Result<Option<Vec<u8>>, ()> {
	sp_trie::read_trie_value::<LayoutV1<BlakeTwo256>, _>(nodes, &root, key, None, None)
		.map_err(drop)
}

/// Decodes all of `bytes`.
fn decode<T: Decode>(bytes: &[u8]) -> Option<T> {
	T::decode_all(&mut &*bytes).ok()
}
