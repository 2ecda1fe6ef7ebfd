//! SCALE.

use crate::vector_file::{Bytes, Check, Nothing};
use codec::{Compact, DecodeAll, Encode};
use serde::Deserialize;
use serde_json::Value;
use sp_core::H256;
use std::fmt::Debug;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
	#[serde(rename = "type")]
	kind: String,
	value: Option<Value>,
	encoded: Bytes,
	#[serde(default)]
	refused: bool,
}

impl Scale {
	/// Decodes as `T`, compares with the value as `show` writes it, and encodes again.
	fn run<T: DecodeAll + Encode + Debug>(&self, show: impl Fn(&T) -> Value) {
		match T::decode_all(&mut &self.encoded.0[..]) {
			Err(error) => assert!(self.refused, "{error}"),
			Ok(value) => {
				assert!(!self.refused, "decodes as {value:?}");
				assert_eq!(show(&value), self.value.clone().unwrap_or(Value::Null));
				assert_eq!(value.encode(), self.encoded.0);
			},
		}
	}
}

impl Check for Scale {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		match self.kind.as_str() {
			"compact" => self.run::<Compact<u128>>(|value| value.0.to_string().into()),
			"u32" => self.run::<u32>(|value| value.to_string().into()),
			"u64" => self.run::<u64>(|value| value.to_string().into()),
			"u128" => self.run::<u128>(|value| value.to_string().into()),
			"bool" => self.run::<bool>(|value| (*value).into()),
			"bytes" => self.run::<Vec<u8>>(|value| sp_core::bytes::to_hex(value, false).into()),
			"option-h256" => self.run::<Option<H256>>(|value| {
				value.map_or(Value::Null, |hash| sp_core::bytes::to_hex(&hash.0, false).into())
			}),
			kind => panic!("unknown type {kind}"),
		}
	}
}
