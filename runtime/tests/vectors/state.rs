//! Pallets, storage keys, records, constants, the chain's timing and network, and the limits of a block
//! (specs/state.md).

use crate::{
	metadata,
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::{DecodeAll, Encode};
use frame_metadata::v14::StorageEntryType;
use frame_support::dispatch::DispatchClass;
use frame_system::AccountInfo;
use gtos_runtime::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	Balance, GenesisParameters, Nonce, Runtime,
};
use pallet_balances::AccountData;
use pallet_genesis_parameters::{ChainTiming, NetworkProfile};
use serde::Deserialize;
use serde_json::Value;
use sp_crypto_hashing::{blake2_128, twox_128, twox_64};
use sp_runtime::BuildStorage;

/// A pallet and its index (STA-R1).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PalletIndex {
	pallet: String,
	index: u8,
}

impl Check for PalletIndex {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(metadata::pallet(&self.pallet).index, self.index);
	}
}

/// The storage key of a value (STA-R2) or of an entry of a map (STA-R3).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StorageKey {
	pallet: String,
	item: String,
	keys: Vec<Key>,
	storage_key: Bytes,
}

/// SCALE of one key of a map, and the output of its hasher.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
	hasher: String,
	key: Bytes,
	hashed: Bytes,
}

impl Check for StorageKey {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let (prefix, entry) = metadata::storage(&self.pallet, &self.item);
		let hashers: Vec<String> = match &entry.ty {
			StorageEntryType::Plain(_) => Vec::new(),
			StorageEntryType::Map { hashers, .. } => {
				hashers.iter().map(|hasher| format!("{hasher:?}")).collect()
			},
		};
		let named: Vec<String> = self.keys.iter().map(|key| key.hasher.clone()).collect();
		assert_eq!(named, hashers);
		let mut expected = [twox_128(prefix.as_bytes()), twox_128(entry.name.as_bytes())].concat();
		for key in &self.keys {
			let hash = match key.hasher.as_str() {
				"Blake2_128Concat" => blake2_128(&key.key.0).to_vec(),
				"Twox64Concat" => twox_64(&key.key.0).to_vec(),
				"Identity" => Vec::new(),
				hasher => panic!("unknown hasher {hasher}"),
			};
			let hashed = [hash, key.key.0.clone()].concat();
			assert_eq!(hashed, key.hashed.0);
			expected.extend(hashed);
		}
		assert_eq!(expected, self.storage_key.0);
	}
}

/// A stored value, field by field; one type is the account record (STA-R5).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
	#[serde(rename = "type")]
	kind: String,
	fields: Vec<Field>,
	encoded: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
	#[serde(rename = "name")]
	_name: String,
	#[serde(rename = "type")]
	kind: String,
	value: Value,
}

impl Field {
	fn encode(&self) -> Vec<u8> {
		let value = self.value.clone();
		match self.kind.as_str() {
			"u32" => serde_json::from_value::<u32>(value).expect("it is a u32").encode(),
			"u64" => {
				serde_json::from_value::<Decimal>(value).expect("it is a number").u64().encode()
			},
			"u128" => serde_json::from_value::<Decimal>(value).expect("it is a number").0.encode(),
			"h256" => serde_json::from_value::<Bytes>(value).expect("it is a hash").hash().encode(),
			"bytes" => serde_json::from_value::<Bytes>(value).expect("it is bytes").0.encode(),
			kind => panic!("unknown type {kind}"),
		}
	}
}

impl Check for Record {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let fields: Vec<u8> = self.fields.iter().flat_map(Field::encode).collect();
		assert_eq!(fields, self.encoded.0);
		// The scenarios of the other pages show what the runtime stores for the other types.
		if self.kind == "AccountInfo" {
			let account =
				AccountInfo::<Nonce, AccountData<Balance>>::decode_all(&mut &self.encoded.0[..])
					.expect("it is an account");
			assert_eq!(account.encode(), self.encoded.0);
		}
	}
}

/// Timing that genesis accepts or refuses (STA-R9).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Timing {
	timing: ChainTiming,
	encoded: Bytes,
	is_accepted: bool,
}

impl Check for Timing {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(self.timing.encode(), self.encoded.0);
		let check = self.timing.check();
		assert_eq!(check.is_ok(), self.is_accepted, "{check:?}");
	}
}

/// What a block may cost for a slot and a network (STA-R12), or that genesis refuses them (STA-R11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Budgets {
	slot_duration_ms: u64,
	network: NetworkProfile,
	encoded_network: Bytes,
	budget: Option<Limits>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Limits {
	build_ms: u32,
	weight_ms: u32,
	length_bytes: u32,
	normal_weight: Decimal,
	normal_length_bytes: u32,
}

impl Check for Budgets {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(self.network.encode(), self.encoded_network.0);
		let timing =
			ChainTiming { slot_duration_ms: self.slot_duration_ms, ..ChainTiming::default() };
		let genesis = pallet_genesis_parameters::GenesisConfig::<Runtime> {
			timing,
			network: self.network,
			..Default::default()
		};
		assert_eq!(genesis.check_slot().is_ok(), self.budget.is_some());
		if self.budget.is_none() {
			return;
		}
		let mut state = sp_io::TestExternalities::new(
			genesis.build_storage().expect("the slot is long enough for the network"),
		);
		state.execute_with(|| {
			let budget = GenesisParameters::budget();
			let normal = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total;
			let limits = Limits {
				build_ms: budget.build_ms,
				weight_ms: budget.weight_ms,
				length_bytes: budget.length_bytes,
				normal_weight: Decimal(normal.expect("it is limited").ref_time().into()),
				normal_length_bytes: *RuntimeBlockLength::get().max.get(DispatchClass::Normal),
			};
			assert_eq!(Some(limits), self.budget);
		});
	}
}

/// A constant that the metadata states.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
	pallet: String,
	constant: String,
	#[serde(rename = "type")]
	kind: String,
	value: Decimal,
	encoded: Bytes,
}

impl Check for Constant {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let length = match self.kind.as_str() {
			"u16" => 2,
			"u32" => 4,
			"u128" => 16,
			kind => panic!("unknown type {kind}"),
		};
		assert_eq!(self.value.0.encode()[..length], self.encoded.0);
		assert_eq!(metadata::constant(&self.pallet, &self.constant), self.encoded.0);
	}
}
