//! Skips encoded values whose type is known only from the metadata.

use crate::error::Result;
use codec::{Compact, Decode};
use scale_info::{form::PortableForm, Field, PortableRegistry, TypeDef, TypeDefPrimitive};

/// Moves `input` behind a value of the type.
pub fn skip(types: &PortableRegistry, id: u32, input: &mut &[u8]) -> Result<()> {
	let ty = types.resolve(id).ok_or("the chain's metadata lacks a type that it names")?;
	match &ty.type_def {
		TypeDef::Composite(composite) => skip_fields(types, &composite.fields, input),
		TypeDef::Variant(variants) => {
			let index = u8::decode(input)?;
			let variant = variants.variants.iter().find(|variant| variant.index == index);
			let variant = variant.ok_or("a value has a variant that the metadata lacks")?;
			skip_fields(types, &variant.fields, input)
		},
		TypeDef::Sequence(sequence) => {
			let Compact(length) = Compact::<u32>::decode(input)?;
			(0..length).try_for_each(|_| skip(types, sequence.type_param.id, input))
		},
		TypeDef::Array(array) => {
			(0..array.len).try_for_each(|_| skip(types, array.type_param.id, input))
		},
		TypeDef::Tuple(tuple) => {
			tuple.fields.iter().try_for_each(|field| skip(types, field.id, input))
		},
		TypeDef::Primitive(primitive) => skip_primitive(primitive, input),
		TypeDef::Compact(_) => {
			Compact::<u128>::decode(input)?;
			Ok(())
		},
		TypeDef::BitSequence(_) => Err("sequences of bits are not known here".into()),
	}
}

fn skip_fields(
	types: &PortableRegistry,
	fields: &[Field<PortableForm>],
	input: &mut &[u8],
) -> Result<()> {
	fields.iter().try_for_each(|field| skip(types, field.ty.id, input))
}

fn skip_primitive(primitive: &TypeDefPrimitive, input: &mut &[u8]) -> Result<()> {
	use TypeDefPrimitive::*;
	let length = match primitive {
		Bool | U8 | I8 => 1,
		U16 | I16 => 2,
		Char | U32 | I32 => 4,
		U64 | I64 => 8,
		U128 | I128 => 16,
		U256 | I256 => 32,
		Str => Compact::<u32>::decode(input)?.0 as usize,
	};
	*input = input.get(length..).ok_or("a value ends too early")?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use scale_info::{meta_type, Registry, TypeInfo};

	/// Skips `value` and returns how many bytes are left of it and of the two that follow.
	fn left<T: Encode + TypeInfo + 'static>(value: T) -> Result<usize> {
		let mut registry = Registry::new();
		let id = registry.register_type(&meta_type::<T>()).id;
		let types: PortableRegistry = registry.into();
		let bytes = (value, 0xaa_u8, 0xbb_u8).encode();
		let mut input = &bytes[..];
		skip(&types, id, &mut input)?;
		Ok(input.len())
	}

	#[test]
	fn values_of_all_shapes_are_skipped_exactly() {
		let values = (7_u8, [1_u16; 3], "text".to_string(), vec![Some(1_u64), None], true);
		assert_eq!(left(values).expect("all types are known"), 2);
		assert_eq!(left((Compact(1_u128 << 100), 5_i128)).expect("all types are known"), 2);
		assert_eq!(left(()).expect("all types are known"), 2);
	}

	#[test]
	fn value_that_ends_early_is_an_error() {
		let mut registry = Registry::new();
		let id = registry.register_type(&meta_type::<(u64, u64)>()).id;
		let types: PortableRegistry = registry.into();
		assert!(skip(&types, id, &mut &[0_u8; 15][..]).is_err());
	}
}
