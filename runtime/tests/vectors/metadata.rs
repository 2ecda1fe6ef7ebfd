//! Names, indices, hashers, constants and errors from the runtime's metadata.
//!
//! They are looked up by name, so that vectors of another pallet need no new Rust.

use frame_metadata::{
	v14::{PalletMetadata, RuntimeMetadataV14, StorageEntryMetadata},
	RuntimeMetadata,
};
use gtos_runtime::Runtime;
use scale_info::{form::PortableForm, TypeDef};
use std::sync::LazyLock;

static METADATA: LazyLock<RuntimeMetadataV14> = LazyLock::new(|| match Runtime::metadata().1 {
	RuntimeMetadata::V14(metadata) => metadata,
	_ => panic!("the runtime's default metadata is V14"),
});

pub fn pallet(name: &str) -> &'static PalletMetadata<PortableForm> {
	METADATA
		.pallets
		.iter()
		.find(|pallet| pallet.name == name)
		.unwrap_or_else(|| panic!("the runtime has no pallet {name}"))
}

/// Prefix of a pallet's storage, and one of its items.
pub fn storage(
	pallet_name: &str,
	item: &str,
) -> (&'static str, &'static StorageEntryMetadata<PortableForm>) {
	let storage = pallet(pallet_name).storage.as_ref().expect("the pallet has storage");
	let entry = storage
		.entries
		.iter()
		.find(|entry| entry.name == item)
		.unwrap_or_else(|| panic!("{pallet_name} has no item {item}"));
	(storage.prefix.as_str(), entry)
}

/// SCALE of a constant.
pub fn constant(pallet_name: &str, name: &str) -> &'static [u8] {
	&pallet(pallet_name)
		.constants
		.iter()
		.find(|constant| constant.name == name)
		.unwrap_or_else(|| panic!("{pallet_name} has no constant {name}"))
		.value
}

/// Index of a pallet, and of one of its errors.
pub fn error(pallet_name: &str, name: &str) -> (u8, u8) {
	let pallet = pallet(pallet_name);
	let id = pallet.error.as_ref().expect("the pallet has errors").ty.id;
	let TypeDef::Variant(errors) = &METADATA.types.resolve(id).expect("the type is known").type_def
	else {
		panic!("errors are an enumeration")
	};
	let error = errors
		.variants
		.iter()
		.find(|variant| variant.name == name)
		.unwrap_or_else(|| panic!("{pallet_name} has no error {name}"));
	(pallet.index, error.index)
}
