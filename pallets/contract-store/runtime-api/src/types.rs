//! Records and pages, and the computation of code hashes and addresses.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// First bytes of the input of an address hash. They separate address hashes from all other hashes. The
/// number in them allows for another way to derive addresses later (CTR-R2).
pub const ADDRESS_TAG: [u8; 15] = *b"gtos/contract/1";

/// Everything about a contract except its code.
///
/// Field order is load-bearing, because the state stores this encoding (CTR-R4). The pallet's test
/// `contract_record_encoding_is_pinned` pins it.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct ContractRecord<AccountId, BlockNumber> {
	/// BLAKE2b-256 of the code.
	pub code_hash: H256,
	/// Length of the code, in bytes.
	pub code_len: u32,
	/// Account that deployed it.
	pub deployer: AccountId,
	/// Height of the block that contains the deployment.
	pub block_number: BlockNumber,
	/// Timestamp of that block, in milliseconds since the Unix epoch.
	pub timestamp: u64,
}

/// Part of a deployer's contracts, in the order of deployment. Field order is part of the API's
/// encoding.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct ContractPage {
	/// Addresses of the contracts.
	pub items: Vec<H256>,
	/// Index to pass as `start` for the next page; `None` if the deployer has no more contracts.
	pub next: Option<u32>,
}

/// BLAKE2b-256 of `code`, which identifies it (CTR-R1).
pub fn code_hash(code: &[u8]) -> H256 {
	BlakeTwo256::hash(code)
}

/// Address at which `deployer` deploys the code of `code_hash` with `salt` (CTR-R2).
pub fn contract_address<AccountId: Encode>(
	deployer: &AccountId,
	salt: H256,
	code_hash: H256,
) -> H256 {
	// Every part has a fixed length, so SCALE adds no bytes.
	BlakeTwo256::hash_of(&(ADDRESS_TAG, deployer, salt, code_hash))
}
