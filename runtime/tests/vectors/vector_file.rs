//! Reads a file of vectors: what all kinds have in common, and the notation of values.

use serde::{de::DeserializeOwned, Deserialize, Deserializer};
use serde_json::{Map, Value};
use sp_core::H256;
use sp_runtime::AccountId32;
use std::{
	collections::BTreeSet,
	fs,
	panic::{catch_unwind, AssertUnwindSafe},
	path::PathBuf,
};

/// The folder `vectors/`, from that of the crate, in which cargo runs tests.
pub fn vectors_folder() -> PathBuf {
	PathBuf::from("../vectors")
}

/// A case of one kind, without its name and its rules.
pub trait Check: DeserializeOwned {
	/// What all cases of a file share.
	type Shared: DeserializeOwned;

	/// Panics unless the runtime does what the case expects.
	fn check(self, shared: &Self::Shared);
}

/// Cases that share nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

pub struct VectorFile {
	/// Below `vectors/`.
	pub path: String,
	pub kind: String,
	rules: BTreeSet<String>,
	shared: Value,
	cases: Vec<Case>,
}

struct Case {
	name: String,
	rules: BTreeSet<String>,
	body: Value,
}

impl VectorFile {
	/// Every file of `conformance/` and `encoding/`.
	pub fn read_all() -> impl Iterator<Item = Self> {
		["conformance", "encoding"].into_iter().flat_map(Self::read_folder)
	}

	/// Every file in `folder` and below. Panics on a file that is not a vector.
	pub fn read_folder(folder: &str) -> Vec<Self> {
		let mut entries: Vec<PathBuf> = fs::read_dir(vectors_folder().join(folder))
			.unwrap_or_else(|error| panic!("vectors/{folder}: {error}"))
			.map(|entry| entry.expect("the folder can be read").path())
			.collect();
		entries.sort();
		entries
			.iter()
			.flat_map(|entry| {
				let name = entry.file_name().expect("it has a name").to_string_lossy();
				let below = format!("{folder}/{name}");
				if entry.is_dir() {
					Self::read_folder(&below)
				} else {
					vec![Self::read(below)]
				}
			})
			.collect()
	}

	fn read(path: String) -> Self {
		assert!(path.ends_with(".json"), "vectors/{path} is not a vector");
		let text = fs::read_to_string(vectors_folder().join(&path))
			.unwrap_or_else(|error| panic!("vectors/{path}: {error}"));
		let mut content: Map<String, Value> =
			serde_json::from_str(&text).unwrap_or_else(|error| panic!("vectors/{path}: {error}"));
		let kind = required(&mut content, "kind", &path);
		let _title: String = required(&mut content, "title", &path);
		let rules = required(&mut content, "rules", &path);
		let cases: Vec<Map<String, Value>> = required(&mut content, "cases", &path);
		assert!(!cases.is_empty(), "vectors/{path} has no cases");
		let cases = cases
			.into_iter()
			.map(|mut case| Case {
				name: required(&mut case, "name", &path),
				rules: if case.contains_key("rules") {
					required(&mut case, "rules", &path)
				} else {
					BTreeSet::new()
				},
				body: Value::Object(case),
			})
			.collect();
		Self { path, kind, rules, shared: Value::Object(content), cases }
	}

	/// The folder that holds the file, below `vectors/`.
	pub fn folder(&self) -> String {
		self.path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).expect("it is in a folder")
	}

	pub fn carried_rules(&self) -> BTreeSet<String> {
		self.cases.iter().flat_map(|case| &case.rules).chain(&self.rules).cloned().collect()
	}

	/// Reads and runs every case. Returns a message for each case that fails.
	pub fn run<C: Check>(&self) -> Vec<String> {
		let shared: C::Shared = serde_json::from_value(self.shared.clone())
			.unwrap_or_else(|error| panic!("vectors/{}: {error}", self.path));
		let mut failures = Vec::new();
		for case in &self.cases {
			let at = |reason: &str| format!("{}: {}: {reason}", self.path, case.name);
			match serde_json::from_value::<C>(case.body.clone()) {
				Err(error) => failures.push(at(&error.to_string())),
				Ok(body) => {
					if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body.check(&shared))) {
						failures.push(at(&message(&*panic)));
					}
				},
			}
		}
		failures
	}
}

/// Takes a member out of an object, so that an unknown member that is left can be refused.
fn required<T: DeserializeOwned>(object: &mut Map<String, Value>, name: &str, path: &str) -> T {
	let value = object.remove(name).unwrap_or_else(|| panic!("vectors/{path} lacks {name}"));
	serde_json::from_value(value).unwrap_or_else(|error| panic!("vectors/{path}: {name}: {error}"))
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
	panic
		.downcast_ref::<String>()
		.cloned()
		.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
		.unwrap_or_else(|| "panicked".into())
}

/// Bytes: `0x` and hexadecimal digits, or a list of such pieces and of repetitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Bytes(pub Vec<u8>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Piece {
	Plain(String),
	Run(Run),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
	repeat: String,
	count: usize,
}

impl<'de> Deserialize<'de> for Bytes {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let plain = |text: &str| {
			text.strip_prefix("0x")
				.and_then(|_| sp_core::bytes::from_hex(text).ok())
				.ok_or_else(|| serde::de::Error::custom(format!("{text} is not hexadecimal")))
		};
		#[derive(Deserialize)]
		#[serde(untagged)]
		enum Form {
			Plain(String),
			Pieces(Vec<Piece>),
		}
		Ok(Self(match Form::deserialize(deserializer)? {
			Form::Plain(text) => plain(&text)?,
			Form::Pieces(pieces) => {
				let mut bytes = Vec::new();
				for piece in pieces {
					match piece {
						Piece::Plain(text) => bytes.extend(plain(&text)?),
						Piece::Run(run) => bytes.extend(plain(&run.repeat)?.repeat(run.count)),
					}
				}
				bytes
			},
		}))
	}
}

impl Bytes {
	/// The bytes, which must be as many as the array.
	pub fn array<const N: usize>(&self) -> [u8; N] {
		self.0
			.as_slice()
			.try_into()
			.unwrap_or_else(|_| panic!("{} bytes instead of {N}", self.0.len()))
	}

	pub fn hash(&self) -> H256 {
		H256(self.array())
	}

	pub fn account(&self) -> AccountId32 {
		AccountId32::new(self.array())
	}
}

/// An integer as decimal text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal(pub u128);

impl<'de> Deserialize<'de> for Decimal {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = String::deserialize(deserializer)?;
		let number: u128 = text.parse().map_err(serde::de::Error::custom)?;
		if number.to_string() != text {
			return Err(serde::de::Error::custom(format!("{text} is not in its shortest form")));
		}
		Ok(Self(number))
	}
}

impl Decimal {
	pub fn u64(self) -> u64 {
		self.0.try_into().expect("it fits 64 bits")
	}

	pub fn u32(self) -> u32 {
		self.0.try_into().expect("it fits 32 bits")
	}
}
