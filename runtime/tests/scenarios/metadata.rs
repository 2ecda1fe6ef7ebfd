//! The metadata, from which clients generate code: it does not change from block to block, and clients
//! that sign for a stock chain can sign for this one.

use crate::common::{chain, run_block};
use codec::Decode;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use frame_system::AccountInfo;
use gtos_runtime::{
	check_weight::CheckWeight, genesis_config_presets::LOCAL, weight_reclaim::WeightReclaim,
	AccountId, Balance, Nonce, Runtime, System,
};
use pallet_balances::AccountData;
use scale_info::{form::PortableForm, PortableRegistry, TypeDef, TypeInfo};
use sp_core::OpaqueMetadata;

/// The versions of the metadata format that clients read.
const VERSIONS: [u32; 3] = [14, 15, 16];

fn encoded(version: u32) -> Vec<u8> {
	let opaque: OpaqueMetadata =
		Runtime::metadata_at_version(version).expect("the runtime has the version");
	opaque.to_vec()
}

fn decoded(version: u32) -> RuntimeMetadata {
	RuntimeMetadataPrefixed::decode(&mut &encoded(version)[..]).expect("it decodes").1
}

/// Identifier, type and type of the implicit part of each transaction extension, and the types.
fn extensions(version: u32) -> (Vec<(String, u32, u32)>, PortableRegistry) {
	match decoded(version) {
		RuntimeMetadata::V14(metadata) => {
			let extensions = metadata.extrinsic.signed_extensions.into_iter();
			(
				extensions.map(|e| (e.identifier, e.ty.id, e.additional_signed.id)).collect(),
				metadata.types,
			)
		},
		RuntimeMetadata::V15(metadata) => {
			let extensions = metadata.extrinsic.signed_extensions.into_iter();
			(
				extensions.map(|e| (e.identifier, e.ty.id, e.additional_signed.id)).collect(),
				metadata.types,
			)
		},
		RuntimeMetadata::V16(metadata) => {
			let extensions = metadata.extrinsic.transaction_extensions.into_iter();
			(extensions.map(|e| (e.identifier, e.ty.id, e.implicit.id)).collect(), metadata.types)
		},
		_ => panic!("version {version} is not read here"),
	}
}

fn type_def(types: &PortableRegistry, id: u32) -> &TypeDef<PortableForm> {
	&types.resolve(id).expect("the type is known").type_def
}

/// Whether every value of the type encodes to nothing.
fn encodes_to_nothing(types: &PortableRegistry, id: u32) -> bool {
	match type_def(types, id) {
		TypeDef::Composite(composite) => {
			composite.fields.iter().all(|field| encodes_to_nothing(types, field.ty.id))
		},
		TypeDef::Tuple(tuple) => tuple.fields.iter().all(|ty| encodes_to_nothing(types, ty.id)),
		TypeDef::Array(array) => array.len == 0 || encodes_to_nothing(types, array.type_param.id),
		_ => false,
	}
}

/// Whether the type itself has no fields, not even some that encode to nothing.
fn is_empty(types: &PortableRegistry, id: u32) -> bool {
	match type_def(types, id) {
		TypeDef::Composite(composite) => composite.fields.is_empty(),
		TypeDef::Tuple(tuple) => tuple.fields.is_empty(),
		_ => false,
	}
}

#[test]
fn metadata_has_the_same_bytes_at_every_height() {
	let metadata = || VERSIONS.map(encoded);
	// Tools read it from a runtime without a state, too.
	let without_state = metadata();
	chain(LOCAL).execute_with(|| {
		let at_genesis = metadata();
		// The timing that genesis chose is in the constants, so this one may differ from the first.
		assert_eq!(
			without_state.each_ref().map(|bytes| bytes.len()),
			at_genesis.each_ref().map(|bytes| bytes.len())
		);
		let active_era = || pallet_staking::ActiveEra::<Runtime>::get().expect("eras began").index;
		run_block(0, vec![]);
		let first_era = active_era();
		while active_era() < first_era + 2 {
			run_block(0, vec![]);
			let height = System::block_number();
			for (version, (now, then)) in VERSIONS.iter().zip(metadata().iter().zip(&at_genesis)) {
				assert!(now == then, "V{version} at height {height}");
			}
		}
		assert!(System::block_number() > 100);
	});
}

/// STA-R5: the default account in the metadata is the one that the node returns for an account
/// without a record.
#[test]
fn default_account_in_the_metadata_is_what_the_state_reads() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let RuntimeMetadata::V14(metadata) = decoded(14) else {
			panic!("version 14 was asked for")
		};
		let system = metadata.pallets.iter().find(|pallet| pallet.name == "System");
		let storage = system.and_then(|system| system.storage.as_ref()).expect("it has storage");
		let account = storage.entries.iter().find(|entry| entry.name == "Account");
		let default = &account.expect("it has accounts").default;
		let default = AccountInfo::<Nonce, AccountData<Balance>>::decode(&mut &default[..])
			.expect("it is an account");
		assert_eq!(default, AccountInfo::default());
		assert_eq!(default.nonce, 0);
		assert_eq!(default, System::account(AccountId::new([9; 32])));
	});
}

/// Clients ask the user for the value of an extension whose type has fields, even if it has no bytes.
#[test]
fn extension_that_encodes_to_nothing_has_an_empty_type() {
	for version in VERSIONS {
		let (extensions, types) = extensions(version);
		let mut without_bytes = Vec::new();
		for (identifier, explicit, implicit) in &extensions {
			for ty in [*explicit, *implicit] {
				if encodes_to_nothing(&types, ty) {
					assert!(is_empty(&types, ty), "{identifier} in V{version}");
				}
			}
			if encodes_to_nothing(&types, *explicit) {
				without_bytes.push(identifier.as_str());
			}
		}
		assert_eq!(
			without_bytes,
			[
				"CheckNonZeroSender",
				"CheckSpecVersion",
				"CheckTxVersion",
				"CheckGenesis",
				"CheckWeight",
				"WeightReclaim",
			]
		);
	}
}

#[test]
fn extensions_of_our_own_have_the_types_of_those_of_the_sdk() {
	assert_eq!(CheckWeight::type_info(), frame_system::CheckWeight::<Runtime>::type_info());
	assert!(codec::Encode::encode(&CheckWeight::default()).is_empty());
	assert_eq!(WeightReclaim::type_info(), frame_system::WeightReclaim::<Runtime>::type_info());
	assert!(codec::Encode::encode(&WeightReclaim::default()).is_empty());
}
