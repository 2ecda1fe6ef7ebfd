//! Queries about contracts (CTR-R15), and the check of an answer by a client that does not trust the
//! node.
//!
//! The rules are in `specs/contract-store.md`.

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
	/// Queries about contracts, answered from the state of the queried block (CTR-R15).
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

		/// Address at which `deployer` deploys the code of `code_hash` with `salt`. Reads no state.
		fn address(deployer: AccountId, salt: H256, code_hash: H256) -> H256;

		/// Contracts of `deployer` from the index `start` on: at most `limit`, and at most
		/// `MaxPageSize`.
		fn contracts(deployer: AccountId, start: u32, limit: u32) -> ContractPage;

		/// Price of a record and of `code_len` bytes of new code. With 0, the price of a record alone.
		/// `None` for code that is too long.
		fn quote(code_len: u32) -> Option<Balance>;

		/// Storage keys whose proof shows the contract at `address` to [`verify_proof`]: the key of its
		/// record and, if there is a record, the key of its code.
		fn proof_keys(address: H256) -> Vec<Vec<u8>>;
	}
}
