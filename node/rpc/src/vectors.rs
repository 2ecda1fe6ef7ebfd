//! Reads the conformance vectors in `vectors/conformance/rpc`.

use jsonrpsee::types::ErrorObjectOwned;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// The method whose parameter is a list. In other parameters, a list is a long byte string.
const METHOD_OF_LISTS: &str = "tx_submitBatch";

/// A request and its response.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
	pub name: String,
	#[serde(default, rename = "rules")]
	_rules: Vec<String>,
	pub method: String,
	pub params: Vec<Value>,
	pub result: Option<Value>,
	pub error: Option<Failure>,
	pub updates: Option<Vec<Value>>,
}

/// The error of a response, without its message.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Failure {
	pub code: i32,
	pub data: Option<Value>,
}

impl From<ErrorObjectOwned> for Failure {
	fn from(error: ErrorObjectOwned) -> Self {
		let data = error.data().map(|data| serde_json::from_str(data.get()).unwrap());
		Self { code: error.code(), data }
	}
}

/// A value as a parameter and as a result.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueForm {
	pub name: String,
	#[serde(rename = "rules")]
	_rules: Vec<String>,
	#[serde(rename = "type")]
	pub kind: String,
	pub given: Value,
	pub answered: Option<Value>,
	#[serde(default, rename = "refused")]
	_refused: bool,
}

/// All forms of values.
pub fn value_forms() -> Vec<ValueForm> {
	cases("value.json").into_iter().map(|case| serde_json::from_value(case).unwrap()).collect()
}

/// Cases of a file of exchanges.
pub fn exchanges(file: &str) -> Vec<Exchange> {
	let exchange = |case| {
		let mut exchange: Exchange = serde_json::from_value(case).unwrap();
		let whole = |param: &Value| whole(param, exchange.method == METHOD_OF_LISTS);
		exchange.params = exchange.params.iter().map(whole).collect();
		exchange
	};
	cases(file).into_iter().map(exchange).collect()
}

/// All codes of the table.
pub fn error_codes() -> BTreeSet<i32> {
	let code = |case: &Value| i32::try_from(case["code"].as_i64().unwrap()).unwrap();
	cases("error.json").iter().map(code).collect()
}

fn cases(file: &str) -> Vec<Value> {
	// Cargo runs tests in the folder of their crate.
	let text = fs::read_to_string(format!("../../vectors/conformance/rpc/{file}")).unwrap();
	let content: Value = serde_json::from_str(&text).unwrap();
	content["cases"].as_array().unwrap().clone()
}

/// The parameter as a client sends it, with long byte strings joined.
fn whole(param: &Value, is_list: bool) -> Value {
	match param {
		Value::Array(items) if is_list => items.iter().map(|item| whole(item, false)).collect(),
		Value::Array(_) => joined(param),
		other => other.clone(),
	}
}

/// Joins a long byte string, which the files write as a list of pieces and repeated bytes.
fn joined(pieces: &Value) -> Value {
	let mut text = String::from("0x");
	for piece in pieces.as_array().unwrap() {
		let (digits, count) = match piece {
			Value::String(digits) => (digits.as_str(), 1),
			run => (run["repeat"].as_str().unwrap(), run["count"].as_u64().unwrap()),
		};
		let digits = digits.strip_prefix("0x").unwrap();
		text.push_str(&digits.repeat(usize::try_from(count).unwrap()));
	}
	text.into()
}
