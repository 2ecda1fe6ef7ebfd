//! What the metadata says of a chain: calls, extensions, constants and events.

mod skip;

use crate::error::Result;
use codec::{Compact, Decode};
use frame_metadata::{
	v14::{PalletMetadata, RuntimeMetadataV14, StorageEntryType},
	RuntimeMetadata, RuntimeMetadataPrefixed,
};
use scale_info::{form::PortableForm, PortableRegistry, TypeDef, Variant};
use skip::skip;

/// Metadata of version 14, which all SDK chains answer.
pub struct Metadata(RuntimeMetadataV14);

/// A transaction extension: its name, and whether it adds bytes to a transaction or to the signed payload.
pub struct Extension<'a> {
	pub name: &'a str,
	pub is_empty: bool,
}

impl Metadata {
	/// Decodes the answer of `state_getMetadata`.
	pub fn decode(bytes: &[u8]) -> Result<Self> {
		let RuntimeMetadataPrefixed(_, metadata) =
			RuntimeMetadataPrefixed::decode(&mut &bytes[..])?;
		match metadata {
			RuntimeMetadata::V14(metadata) => Ok(Self(metadata)),
			other => Err(format!(
				"the chain's metadata has version {}; only version 14 is known here",
				other.version()
			)
			.into()),
		}
	}

	fn pallet(&self, name: &str) -> Result<&PalletMetadata<PortableForm>> {
		let pallet = self.0.pallets.iter().find(|pallet| pallet.name == name);
		Ok(pallet.ok_or_else(|| format!("the chain has no pallet {name}"))?)
	}

	/// The two bytes with which `pallet.call` begins. Fails if it does not have these arguments.
	pub fn call(&self, pallet: &str, call: &str, arguments: &[&str]) -> Result<[u8; 2]> {
		let pallet = self.pallet(pallet)?;
		let name = format!("{}.{call}", pallet.name);
		let calls = pallet.calls.as_ref().ok_or_else(|| format!("the chain has no {name}"))?;
		let variant = self
			.variants(calls.ty.id)
			.iter()
			.find(|variant| variant.name == call)
			.ok_or_else(|| format!("the chain has no {name}"))?;
		let names: Vec<&str> =
			variant.fields.iter().filter_map(|field| field.name.as_deref()).collect();
		if names != arguments {
			return Err(format!("{name} takes {names:?}; known here is {arguments:?}").into());
		}
		Ok([pallet.index, variant.index])
	}

	/// The encoded constant `pallet.name`.
	pub fn constant(&self, pallet: &str, name: &str) -> Result<&[u8]> {
		let constant = self.pallet(pallet)?.constants.iter().find(|constant| constant.name == name);
		let constant =
			constant.ok_or_else(|| format!("the chain has no constant {pallet}.{name}"))?;
		Ok(&constant.value)
	}

	/// The extensions of a transaction, in their order.
	pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
		let types = &self.0.types;
		self.0.extrinsic.signed_extensions.iter().map(move |extension| Extension {
			name: &extension.identifier,
			is_empty: is_empty(types, extension.ty.id)
				&& is_empty(types, extension.additional_signed.id),
		})
	}

	/// Positions of the transactions of a block that have failed, from the block's `System.Events`.
	pub fn failed(&self, mut events: &[u8]) -> Result<Vec<u32>> {
		let [phase, event, topics] = self.event_record()?;
		let failure = self.failure_event()?;
		let types = &self.0.types;
		let mut failed = Vec::new();
		let Compact(count) = Compact::<u32>::decode(&mut events)?;
		for _ in 0..count {
			let start = events;
			skip(types, phase, &mut events)?;
			// Phase 0 is the application of the transaction whose position follows.
			if let (true, [0, position @ ..]) = (events.starts_with(&failure), start) {
				failed.push(u32::decode(&mut &position[..])?);
			}
			skip(types, event, &mut events)?;
			skip(types, topics, &mut events)?;
		}
		Ok(failed)
	}

	/// The types of the fields of an event's record: phase, event and topics.
	fn event_record(&self) -> Result<[u32; 3]> {
		let unknown = "System.Events of the chain is not what is known here";
		let storage = self.pallet("System")?.storage.as_ref().ok_or(unknown)?;
		let entry = storage.entries.iter().find(|entry| entry.name == "Events").ok_or(unknown)?;
		let StorageEntryType::Plain(list) = &entry.ty else { return Err(unknown.into()) };
		let Some(TypeDef::Sequence(list)) = self.definition(list.id) else {
			return Err(unknown.into());
		};
		let Some(TypeDef::Composite(record)) = self.definition(list.type_param.id) else {
			return Err(unknown.into());
		};
		let fields: Vec<u32> = record.fields.iter().map(|field| field.ty.id).collect();
		Ok(fields.try_into().map_err(|_| unknown)?)
	}

	/// The two bytes with which the event `System.ExtrinsicFailed` begins.
	fn failure_event(&self) -> Result<[u8; 2]> {
		let system = self.pallet("System")?;
		let unknown = "the chain has no event System.ExtrinsicFailed";
		let events = self.variants(system.event.as_ref().ok_or(unknown)?.ty.id);
		let failed = events.iter().find(|event| event.name == "ExtrinsicFailed").ok_or(unknown)?;
		Ok([system.index, failed.index])
	}

	fn definition(&self, id: u32) -> Option<&TypeDef<PortableForm>> {
		Some(&self.0.types.resolve(id)?.type_def)
	}

	/// The variants of an enum; none of another type.
	fn variants(&self, id: u32) -> &[Variant<PortableForm>] {
		match self.definition(id) {
			Some(TypeDef::Variant(variants)) => &variants.variants,
			_ => &[],
		}
	}
}

/// Whether a value of the type has no bytes.
fn is_empty(types: &PortableRegistry, id: u32) -> bool {
	match types.resolve(id).map(|ty| &ty.type_def) {
		Some(TypeDef::Composite(fields)) => {
			fields.fields.iter().all(|field| is_empty(types, field.ty.id))
		},
		Some(TypeDef::Tuple(fields)) => fields.fields.iter().all(|field| is_empty(types, field.id)),
		_ => false,
	}
}
