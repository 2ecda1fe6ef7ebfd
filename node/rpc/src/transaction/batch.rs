//! The parameter and the result of `tx_submitBatch` (RPC-R31).

use super::submission::read_extrinsic;
use crate::error::Error;
use gtos_runtime::{opaque::UncheckedExtrinsic, Hash};
use jsonrpsee::types::ErrorObjectOwned;
use serde::{
	de::{IgnoredAny, SeqAccess, Visitor},
	Deserialize, Deserializer, Serialize,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Name of the parameter.
const PARAMETER: &str = "extrinsics";

/// Most extrinsics of a batch.
///
/// The pool validates 32 transfers in one call of the runtime, so these are four calls. Their share of the
/// costs of a request is then small, and a larger batch would gain nothing.
pub const MAX_EXTRINSICS: usize = 128;

/// An extrinsic of a batch, or why it cannot be read.
type Read = Result<UncheckedExtrinsic, Error>;

/// The extrinsics of a batch, or why the parameter is refused.
///
/// They are decoded from the text of the request one by one. The text of an extrinsic is copied only if it
/// has escapes, and a list that is too long is not stored.
pub struct Batch(pub Result<Vec<Read>, Error>);

impl<'de> Deserialize<'de> for Batch {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		// Every JSON value can be read as its text.
		let text = <&RawValue>::deserialize(deserializer)?.get();
		let list = serde_json::Deserializer::from_str(text).deserialize_seq(List);
		Ok(Self(list.unwrap_or(Err(Error::Unreadable(PARAMETER)))))
	}
}

/// Reads a list of extrinsics.
struct List;

impl<'de> Visitor<'de> for List {
	type Value = Result<Vec<Read>, Error>;

	fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
		f.write_str("a list of extrinsics")
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
		let mut extrinsics = Vec::new();
		while let Some(item) = items.next_element::<&RawValue>()? {
			if extrinsics.len() == MAX_EXTRINSICS {
				// The reader of a list expects that it is read to its end.
				while items.next_element::<IgnoredAny>()?.is_some() {}
				return Ok(Err(Error::OutOfBounds(PARAMETER)));
			}
			extrinsics.push(read(item));
		}
		Ok(Ok(extrinsics))
	}
}

/// A JSON string.
#[derive(Default, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn read(item: &RawValue) -> Read {
	// Anything but a string is refused like an empty one.
	let text: Text<'_> = serde_json::from_str(item.get()).unwrap_or_default();
	read_extrinsic(&text.0)
}

/// The result for one extrinsic of a batch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Submission {
	/// The pool has accepted the extrinsic of this hash.
	Hash(Hash),
	/// It is refused, with the error of `tx_submit`.
	Error(ErrorObjectOwned),
}

impl From<Result<Hash, Error>> for Submission {
	fn from(result: Result<Hash, Error>) -> Self {
		match result {
			Ok(hash) => Self::Hash(hash),
			Err(error) => Self::Error(error.into()),
		}
	}
}

#[cfg(test)]
mod tests;
