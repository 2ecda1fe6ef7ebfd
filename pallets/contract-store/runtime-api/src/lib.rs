//! What a node and its clients ask about contracts, and how they check the answer without trusting
//! the node.
//!
//! The law is `specs/contract-store.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod proof;
#[cfg(test)]
mod tests;
mod types;

pub use proof::{proof_keys, verify_proof, ProofError, ProvenContract, ProvenRecord};
pub use types::*;

use alloc::vec::Vec;
use codec::Codec;
use sp_core::H256;

sp_api::decl_runtime_apis! {
	/// Answers about contracts, from the state of the block it is asked at (CTR-R15).
	#[api_version(1)]
	pub trait ContractStoreApi<AccountId, BlockNumber, Balance>
	where
		AccountId: Codec,
		BlockNumber: Codec,
		Balance: Codec,
	{
		/// Code of the contract at `address`.
		fn code(address: H256) -> Option<Vec<u8>>;

		/// Code that hashes to `code_hash`.
		fn code_by_hash(code_hash: H256) -> Option<Vec<u8>>;

		/// Record of the contract at `address`.
		fn metadata(address: H256) -> Option<ContractRecord<AccountId, BlockNumber>>;

		/// Where `deployer` deploys the code of `code_hash` with `salt`. Needs no state.
		fn address(deployer: AccountId, salt: H256, code_hash: H256) -> H256;

		/// Contracts of `deployer` from the index `start` on: at most `limit`, and at most
		/// `MaxPageSize`.
		fn contracts(deployer: AccountId, start: u32, limit: u32) -> ContractPage;

		/// Price of a record alone if `code_len` is 0, otherwise with new code of that length. `None`
		/// for code that is too long.
		fn quote(code_len: u32) -> Option<Balance>;

		/// Storage keys whose proof shows the contract at `address` to [`verify_proof`]: that of its
		/// record, and that of its code if there is a record.
		fn proof_keys(address: H256) -> Vec<Vec<u8>>;
	}
}
