//! JSON-RPC vectors, as far as they can be checked without a node: addresses, which the SDK decodes, and
//! the form of all others.

use crate::{
	hashing::account_of,
	vector_file::{vectors_folder, Check, Nothing},
};
use gtos_runtime::AccountId;
use serde::Deserialize;
use serde_json::Value;
use std::{fs, path::Path};

/// A value as a parameter may contain it, and as a result contains it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueForm {
	#[serde(rename = "type")]
	kind: String,
	given: Value,
	answered: Option<Value>,
	#[serde(default)]
	refused: bool,
}

fn account(text: &str) -> Option<AccountId> {
	match text.strip_prefix("0x") {
		Some(digits) if digits.len() == 64 => {
			let bytes = sp_core::bytes::from_hex(text).ok()?;
			AccountId::try_from(&bytes[..]).ok()
		},
		_ => account_of(text),
	}
}

impl Check for ValueForm {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(self.refused, self.answered.is_none());
		if self.kind == "account" {
			let given = self.given.as_str().and_then(account);
			let answered = self.answered.as_ref().and_then(Value::as_str).and_then(account_of);
			assert_eq!(given, answered);
		}
	}
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ErrorCode {
	code: u32,
	is_ours: bool,
}

impl Check for ErrorCode {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!((10_000..11_000).contains(&self.code), self.is_ours);
	}
}

/// A request and its answer: a result, an error, or the updates of a subscription.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
	method: String,
	params: Vec<Value>,
	#[serde(default, deserialize_with = "present")]
	result: Option<Value>,
	error: Option<Failure>,
	updates: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
	code: u32,
	#[serde(rename = "data")]
	_data: Option<Value>,
}

/// Distinguishes a result of `null` from a missing one.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
	Value::deserialize(deserializer).map(Some)
}

impl Check for Exchange {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert!(self.method.contains('_') && !self.params.is_empty());
		let answers = [self.result.is_some(), self.error.is_some(), self.updates.is_some()];
		assert_eq!(answers.iter().filter(|is_there| **is_there).count(), 1);
		if let Some(failure) = self.error {
			assert!(failure.code > 1_000);
		}
	}
}

/// Whether a source file of the node names the folder of these vectors.
pub fn node_reads_vectors() -> bool {
	fn names_them(path: &Path) -> bool {
		if path.is_dir() {
			let mut entries = fs::read_dir(path).expect("the folder can be read");
			entries.any(|entry| names_them(&entry.expect("it can be read").path()))
		} else {
			path.extension().is_some_and(|extension| extension == "rs")
				&& fs::read_to_string(path)
					.expect("it can be read")
					.contains("vectors/conformance/rpc")
		}
	}
	names_them(&vectors_folder().join("../node"))
}
