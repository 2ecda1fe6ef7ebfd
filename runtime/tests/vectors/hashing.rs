//! Hashes, headers, tries, accounts and addresses (specs/hashing-and-signing.md).

use crate::{
	transactions::sign,
	vector_file::{Bytes, Check, Nothing},
};
use codec::Encode;
use frame_support::PalletId;
use gtos_runtime::{AccountId, BlockNumber, Header, Runtime, Treasury};
use serde::Deserialize;
use sp_consensus_aura::AURA_ENGINE_ID;
use sp_consensus_grandpa::{AuthorityId, ConsensusLog, ScheduledChange, GRANDPA_ENGINE_ID};
use sp_core::{
	crypto::{Ss58AddressFormat, Ss58Codec},
	sr25519,
	storage::StateVersion,
	Pair, H256,
};
use sp_crypto_hashing::{blake2_128, blake2_256, keccak_256, twox_128, twox_64};
use sp_runtime::{
	generic::{Digest, DigestItem},
	traits::{AccountIdConversion, BlakeTwo256, Hash, IdentifyAccount},
};

/// A hash function by name, with input and output (HAS-R1).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashFunction {
	function: String,
	input: Bytes,
	output: Bytes,
}

impl Check for HashFunction {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let input = &self.input.0;
		let output = match self.function.as_str() {
			"blake2_128" => blake2_128(input).to_vec(),
			"blake2_256" => blake2_256(input).to_vec(),
			"keccak_256" => keccak_256(input).to_vec(),
			"twox_64" => twox_64(input).to_vec(),
			"twox_128" => twox_128(input).to_vec(),
			function => panic!("unknown function {function}"),
		};
		assert_eq!(output, self.output.0);
	}
}

/// A header, field by field, with its encoding (HAS-R3) and its hash (HAS-R5).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Headers {
	parent_hash: Bytes,
	number: BlockNumber,
	state_root: Bytes,
	extrinsics_root: Bytes,
	digest: Vec<Item>,
	encoded: Bytes,
	hash: Bytes,
	/// Key whose seal is the last item (HAS-R6).
	author: Option<Bytes>,
	unsealed_hash: Option<Bytes>,
	/// GRANDPA keys that the last item announces.
	scheduled_change: Option<Vec<Bytes>>,
}

/// An item of the digest (HAS-R4).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
	kind: String,
	engine: Option<String>,
	payload: Option<Bytes>,
}

impl Item {
	fn digest_item(&self) -> DigestItem {
		let engine = || match self.engine.as_deref() {
			Some("aura") => AURA_ENGINE_ID,
			Some("FRNK") => GRANDPA_ENGINE_ID,
			engine => panic!("unknown engine {engine:?}"),
		};
		let payload = || self.payload.clone().expect("the item has a payload").0;
		match self.kind.as_str() {
			"other" => DigestItem::Other(payload()),
			"consensus" => DigestItem::Consensus(engine(), payload()),
			"seal" => DigestItem::Seal(engine(), payload()),
			"preRuntime" => DigestItem::PreRuntime(engine(), payload()),
			"runtimeEnvironmentUpdated" => DigestItem::RuntimeEnvironmentUpdated,
			kind => panic!("unknown item {kind}"),
		}
	}
}

impl Check for Headers {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let mut header = Header {
			parent_hash: self.parent_hash.hash(),
			number: self.number,
			state_root: self.state_root.hash(),
			extrinsics_root: self.extrinsics_root.hash(),
			digest: Digest { logs: self.digest.iter().map(Item::digest_item).collect() },
		};
		assert_eq!(header.encode(), self.encoded.0);
		assert_eq!(header.hash(), self.hash.hash());
		if let Some(keys) = self.scheduled_change {
			let change = ScheduledChange::<BlockNumber> {
				next_authorities: keys
					.iter()
					.map(|key| (AuthorityId::from(ed25519_public(key)), 1))
					.collect(),
				delay: 0,
			};
			let log = ConsensusLog::ScheduledChange(change).encode();
			let expected = DigestItem::Consensus(GRANDPA_ENGINE_ID, log);
			assert_eq!(header.digest.logs.last(), Some(&expected));
		}
		assert_eq!(self.author.is_some(), self.unsealed_hash.is_some());
		if let (Some(author), Some(unsealed_hash)) = (self.author, self.unsealed_hash) {
			let Some(DigestItem::Seal(AURA_ENGINE_ID, seal)) = header.digest.pop() else {
				panic!("the last item is a seal of Aura")
			};
			assert_eq!(header.hash(), unsealed_hash.hash());
			let signature = sr25519::Signature::try_from(&seal[..]).expect("it has 64 bytes");
			let author = sr25519::Public::from_raw(author.array());
			assert!(sr25519::Pair::verify(&signature, header.hash(), &author));
		}
	}
}

pub fn ed25519_public(key: &Bytes) -> sp_core::ed25519::Public {
	sp_core::ed25519::Public::from_raw(key.array())
}

/// The root of a trie (HAS-R8) in one of the two layouts (HAS-R9); a state root is one in layout 1
/// (STA-R4).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trie {
	layout: u8,
	entries: Vec<Entry>,
	root: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
	key: Bytes,
	value: Bytes,
}

impl Check for Trie {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let entries = self.entries.into_iter().map(|entry| (entry.key.0, entry.value.0)).collect();
		let layout = StateVersion::try_from(self.layout).expect("there is such a layout");
		assert_eq!(BlakeTwo256::trie_root(entries, layout), self.root.hash());
	}
}

/// The extrinsics root of a header, a trie in layout 0 (HAS-R7).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtrinsicsRoot {
	extrinsics: Vec<Bytes>,
	root: Bytes,
}

impl Check for ExtrinsicsRoot {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let extrinsics = self.extrinsics.into_iter().map(|extrinsic| extrinsic.0).collect();
		let layout = gtos_runtime::VERSION.extrinsics_root_state_version();
		let root: H256 = frame_system::extrinsics_data_root::<BlakeTwo256>(extrinsics, layout);
		assert_eq!(root, self.root.hash());
	}
}

/// The account of a public key (HAS-R16) and its address (HAS-R17).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Account {
	scheme: String,
	seed: Bytes,
	public_key: Bytes,
	account: Bytes,
	address: String,
}

fn address_format() -> Ss58AddressFormat {
	Ss58AddressFormat::custom(gtos_runtime::configs::SS58Prefix::get().into())
}

impl Check for Account {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let (signer, _) = sign(&self.scheme, &self.seed.0, &[]);
		let key: &[u8] = signer.as_ref();
		assert_eq!(key, self.public_key.0);
		let account = signer.into_account();
		assert_eq!(account, self.account.account());
		assert_eq!(account.to_ss58check_with_version(address_format()), self.address);
	}
}

/// A text that is an address of this chain (HAS-R17), or is refused as one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
	address: String,
	account: Option<Bytes>,
	#[serde(default)]
	refused: bool,
}

/// The account of an address of this chain.
pub fn account_of(address: &str) -> Option<AccountId> {
	AccountId::from_ss58check_with_version(address)
		.ok()
		.and_then(|(account, format)| (format == address_format()).then_some(account))
}

impl Check for Address {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(self.refused, self.account.is_none());
		let account = account_of(&self.address);
		assert_eq!(account, self.account.map(|bytes| bytes.account()));
	}
}

/// An account without a key (HAS-R18).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivedAccount {
	derivation: Derivation,
	account: Bytes,
	address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum Derivation {
	Multisig { signatories: Vec<Bytes>, threshold: u16 },
	Derivative { account: Bytes, index: u16 },
	Pallet { id: String },
}

impl Check for DerivedAccount {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let account: AccountId = match self.derivation {
			Derivation::Multisig { signatories, threshold } => {
				let mut signatories: Vec<AccountId> =
					signatories.iter().map(Bytes::account).collect();
				signatories.sort();
				pallet_multisig::Pallet::<Runtime>::multi_account_id(&signatories, threshold)
			},
			Derivation::Derivative { account, index } => {
				pallet_utility::derivative_account_id(account.account(), index)
			},
			Derivation::Pallet { id } => {
				let id = id.as_bytes().try_into().expect("an id has eight bytes");
				PalletId(id).into_account_truncating()
			},
		};
		assert_eq!(account, self.account.account());
		assert_eq!(account.to_ss58check_with_version(address_format()), self.address);
	}
}

/// HAS-R18, ECO-R8: the treasury's account is derived from its pallet's identifier.
#[test]
fn treasury_account_is_that_of_its_pallet_id() {
	let account: AccountId = PalletId(*b"py/trsry").into_account_truncating();
	assert_eq!(Treasury::account_id(), account);
}

/// The address of a contract (CTR-R2).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ContractAddress {
	deployer: Bytes,
	salt: Bytes,
	code: Bytes,
	code_hash: Bytes,
	address: Bytes,
}

impl Check for ContractAddress {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(blake2_256(&self.code.0), self.code_hash.array::<32>());
		let arguments = [&self.deployer.0[..], &self.salt.0, &self.code_hash.0].concat();
		let address = gtos_runtime::apis::api::dispatch("ContractStoreApi_address", &arguments);
		assert_eq!(address, Some(self.address.0));
	}
}
