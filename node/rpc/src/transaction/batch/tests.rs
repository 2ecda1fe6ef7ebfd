use super::*;
use crate::vectors::{exchanges, Exchange, Failure};
use jsonrpsee::types::Params;
use serde_json::{json, Value};
use sp_runtime::traits::{BlakeTwo256, Hash as Hashing};

/// Reads a parameter as the server does: from its text.
fn read_batch(text: &str) -> Result<Vec<Read>, Error> {
	serde_json::from_str::<Batch>(text).unwrap().0
}

/// An extrinsic of the longest length that has a prefix of one byte.
fn extrinsic() -> String {
	format!("0xfc{}", "00".repeat(63))
}

/// The result for an extrinsic as JSON, without the message of an error.
fn result_of(result: Result<Hash, Error>) -> Value {
	let mut result = serde_json::to_value(Submission::from(result)).unwrap();
	if let Some(error) = result.get_mut("error").and_then(Value::as_object_mut) {
		let message = error.remove("message").unwrap();
		assert!(!message.as_str().unwrap().is_empty());
	}
	result
}

/// Compares what can be told without a runtime. Returns whether the extrinsic is refused.
fn check_item(read: Read, expected: &Value, name: &str) -> bool {
	let code = expected["error"]["code"].as_i64();
	match read {
		Err(error) => assert_eq!(&result_of(Err(error)), expected, "{name}"),
		Ok(_) if code.is_some_and(|code| code < 1100) => return false,
		Ok(extrinsic) => {
			let hash = BlakeTwo256::hash_of(&extrinsic);
			assert_eq!(&result_of(Ok(hash)), expected, "{name}");
			return false;
		},
	}
	true
}

/// Returns how many extrinsics are refused.
fn check_exchange(exchange: Exchange) -> usize {
	let name = &exchange.name;
	assert_eq!(exchange.method, "tx_submitBatch", "{name}");
	let batch = read_batch(&exchange.params[0].to_string());
	match (batch, exchange.result, exchange.error) {
		(Err(error), None, Some(expected)) => {
			assert_eq!(Failure::from(ErrorObjectOwned::from(error)), expected, "{name}");
			0
		},
		(Ok(extrinsics), Some(Value::Array(expected)), None) => {
			assert_eq!(extrinsics.len(), expected.len(), "{name}");
			let items = extrinsics.into_iter().zip(&expected);
			items.map(|(read, expected)| usize::from(check_item(read, expected, name))).sum()
		},
		_ => panic!("{name}: the parameter is read and should not be, or the other way round"),
	}
}

/// RPC-R31: results that need a runtime are only read here.
#[test]
fn batches_of_the_vectors_are_read_or_refused() {
	let exchanges = exchanges("tx-submit-batch.json");
	assert!(exchanges.len() >= 5, "{}", exchanges.len());
	let refused: usize = exchanges.into_iter().map(check_exchange).sum();
	assert!(refused >= 5, "{refused}");
}

#[test]
fn parameter_that_is_not_a_list_is_unreadable() {
	let text = json!(extrinsic()).to_string();
	for wrong in ["null", "7", "1.5", "true", "\"\"", "{}", r#"{"0": []}"#, text.as_str()] {
		assert!(matches!(read_batch(wrong), Err(Error::Unreadable(PARAMETER))), "{wrong}");
	}
}

#[test]
fn list_up_to_the_limit_is_read_and_a_longer_one_is_refused() {
	assert!(read_batch("[]").is_ok_and(|batch| batch.is_empty()));
	let list = |length| json!(vec![extrinsic(); length]).to_string();
	let batch = read_batch(&list(MAX_EXTRINSICS)).unwrap();
	assert_eq!(batch.into_iter().filter(Result::is_ok).count(), MAX_EXTRINSICS);
	for length in [MAX_EXTRINSICS + 1, MAX_EXTRINSICS + 2, 10 * MAX_EXTRINSICS] {
		let refused = read_batch(&list(length));
		assert!(matches!(refused, Err(Error::OutOfBounds(PARAMETER))), "{length}");
	}
}

#[test]
fn item_that_is_no_extrinsic_does_not_affect_the_others() {
	let good = extrinsic();
	let wrong =
		[json!(7), json!(null), json!({}), json!([good]), json!(""), json!("fc"), json!("0xf")];
	for wrong in wrong {
		let batch = read_batch(&json!([good, wrong, good]).to_string()).unwrap();
		let [Ok(_), Err(Error::Unreadable("extrinsic")), Ok(_)] = &batch[..] else {
			panic!("{wrong}")
		};
	}
	// Deeper than the reader of JSON values goes.
	let deep = format!("[{}{}, {}]", "[".repeat(1000), "]".repeat(1000), json!(good));
	let batch = read_batch(&deep).unwrap();
	assert!(matches!(&batch[..], [Err(Error::Unreadable("extrinsic")), Ok(_)]));
}

#[test]
fn extrinsic_is_the_same_with_blanks_escapes_and_upper_case() {
	let good = extrinsic();
	let escaped = good.replacen("0x", r"\u0030\u0078", 1);
	let text = format!(" [ \"{good}\" ,\n\"{escaped}\", \"0xFC{}\" ] ", &good[4..]);
	let batch: Vec<_> = read_batch(&text).unwrap().into_iter().map(Result::unwrap).collect();
	assert_eq!(batch.len(), 3);
	assert!(batch.iter().all(|extrinsic| extrinsic == &batch[0]));
}

#[test]
fn parameter_of_a_request_is_read_by_position_and_by_name() {
	#[derive(Deserialize)]
	struct Named<T> {
		extrinsics: T,
	}
	let list = format!("[\"{}\", 7]", extrinsic());
	let (by_position, by_name) = (format!("[{list}]"), format!("{{\"extrinsics\": {list}}}"));

	let batch: Batch = Params::new(Some(by_position.as_str())).sequence().next().unwrap();
	assert_eq!(batch.0.unwrap().len(), 2);
	let params = Params::new(Some(by_name.as_str()));
	let named: Named<Batch> = params.parse().unwrap();
	assert_eq!(named.extrinsics.0.unwrap().len(), 2);
}
