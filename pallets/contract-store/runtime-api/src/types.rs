//! What a contract is, and how its hash and address come about.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// First bytes of what an address is the hash of: they keep it apart from every other hash, and their
/// number leaves room for another scheme (CTR-R2).
pub const ADDRESS_TAG: [u8; 15] = *b"gtos/contract/1";

/// What is known of a contract besides its code.
///
/// Field order is load-bearing: it is that of the state (CTR-R4), pinned by the pallet's test
/// `contract_record_encoding_is_pinned`.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct ContractRecord<AccountId, BlockNumber> {
	/// BLAKE2b-256 of the code.
	pub code_hash: H256,
	/// Length of the code, in bytes.
	pub code_len: u32,
	/// Who deployed it.
	pub deployer: AccountId,
	/// Block that holds the deployment.
	pub block_number: BlockNumber,
	/// Timestamp of that block, in milliseconds since the Unix epoch.
	pub timestamp: u64,
}

/// Part of a deployer's contracts, in the order of deployment. Field order is part of the API's
/// encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct ContractPage {
	/// Addresses.
	pub items: Vec<H256>,
	/// Index that the next page starts with. `None` if the deployer has no more.
	pub next: Option<u32>,
}

/// What identifies `code`: its BLAKE2b-256 (CTR-R1).
pub fn code_hash(code: &[u8]) -> H256 {
	BlakeTwo256::hash(code)
}

/// Where `deployer` deploys the code of `code_hash` with `salt` (CTR-R2).
pub fn contract_address<AccountId: Encode>(
	deployer: &AccountId,
	salt: H256,
	code_hash: H256,
) -> H256 {
	// Every part has a fixed length, so SCALE adds nothing to its bytes.
	BlakeTwo256::hash_of(&(ADDRESS_TAG, deployer, salt, code_hash))
}
