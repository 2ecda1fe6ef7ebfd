//! Reads parameters in the forms of the specification, and formats accounts.

use crate::error::Error;
use gtos_runtime::{AccountId, Hash};
use serde_json::Value;
use sp_core::{
	bytes::from_hex,
	crypto::{Ss58AddressFormat, Ss58Codec},
};

/// Prefix of our addresses (HAS-R17).
///
/// It is fixed, because the process-wide default follows the chain spec file that the node was
/// given.
const SS58_PREFIX: u16 = gtos_runtime::configs::SS58Prefix::get() as u16;

/// Length of an address as text: 35 bytes in base 58. The time to decode it grows with its square.
const MAX_ADDRESS_LENGTH: usize = 48;

/// Reads with `read` a parameter that may be left out or `null`.
pub fn optional<T>(
	read: impl FnOnce(&'static str, &Value) -> Result<T, Error>,
	name: &'static str,
	value: Option<&Value>,
) -> Result<Option<T>, Error> {
	value.filter(|value| !value.is_null()).map(|value| read(name, value)).transpose()
}

/// Reads an account: an address with our prefix, or 32 bytes (RPC-R1).
pub fn account(name: &'static str, value: &Value) -> Result<AccountId, Error> {
	let text = value.as_str().unwrap_or_default();
	if text.starts_with("0x") {
		return Ok(hash(name, value)?.0.into());
	}
	if text.len() > MAX_ADDRESS_LENGTH {
		return Err(Error::Unreadable(name));
	}
	let (account, _) =
		AccountId::from_ss58check_with_version(text).map_err(|_| Error::Unreadable(name))?;
	// The address has another prefix or another form.
	if address(&account) != text {
		return Err(Error::Unreadable(name));
	}
	Ok(account)
}

/// Formats an account as results contain it.
pub fn address(account: &AccountId) -> String {
	account.to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX))
}

/// Reads bytes: `0x` and two hexadecimal digits per byte, in upper or lower case (RPC-R2).
pub fn bytes(name: &'static str, value: &Value) -> Result<Vec<u8>, Error> {
	bytes_of_text(name, value.as_str().unwrap_or_default())
}

/// Reads bytes from the text of a parameter, as [`bytes`] does.
pub fn bytes_of_text(name: &'static str, text: &str) -> Result<Vec<u8>, Error> {
	// The SDK's reader accepts text without `0x`, an odd number of digits, and blanks.
	let digits = text.strip_prefix("0x").ok_or(Error::Unreadable(name))?;
	if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
		return Err(Error::Unreadable(name));
	}
	from_hex(text).map_err(|_| Error::Unreadable(name))
}

/// Reads a hash: 32 bytes (RPC-R2).
pub fn hash(name: &'static str, value: &Value) -> Result<Hash, Error> {
	let bytes: [u8; 32] = bytes(name, value)?.try_into().map_err(|_| Error::Unreadable(name))?;
	Ok(bytes.into())
}

/// Reads a height, count, length or index (RPC-R3).
pub fn number(name: &'static str, value: &Value) -> Result<u32, Error> {
	let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
	number.ok_or(Error::Unreadable(name))
}

/// Reads the page size of a list, from 1 to `max` (RPC-R5).
pub fn limit(value: &Value, max: u32) -> Result<u32, Error> {
	let limit = number("limit", value)?;
	if limit == 0 || limit > max {
		return Err(Error::OutOfBounds("limit"));
	}
	Ok(limit)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::vectors::value_forms;
	use serde_json::json;
	use sp_core::bytes::to_hex;

	/// Balances and revisions occur only in results, and are skipped.
	#[test]
	fn parameters_of_the_vectors_are_read_or_refused() {
		let mut read = 0;
		for form in value_forms() {
			let given = &form.given;
			let answered = match form.kind.as_str() {
				"account" => account("it", given).map(|account| json!(address(&account))),
				"bytes" => bytes("it", given).map(|bytes| json!(to_hex(&bytes, false))),
				"hash" => hash("it", given).map(|hash| json!(hash)),
				"number" => number("it", given).map(|number| json!(number)),
				"balance" | "revision" => continue,
				other => panic!("no function reads a value of the kind {other}"),
			};
			assert_eq!(answered.ok(), form.answered, "{}", form.name);
			read += 1;
		}
		assert!(read >= 20, "{read}");
	}

	#[test]
	fn account_in_another_form_is_refused() {
		let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
		let read = |value: Value| account("it", &value).ok();
		let known = read(json!(alice)).unwrap();
		assert_eq!((alice.len(), address(&known)), (MAX_ADDRESS_LENGTH, alice.into()));
		let digits = to_hex(known.as_ref(), false);
		assert_eq!(read(json!(digits)), Some(known));
		for wrong in [
			json!(""),
			json!(format!(" {alice}")),
			json!(format!("{alice}//path")),
			json!("//Alice"),
			// Our prefix, encoded in two bytes.
			json!("Zp5wgt7iipcBBD8qrDbgQerUy6vWeg3np21675SE43SmZaPo9"),
			json!("1".repeat(48)),
			// Decoding this would take minutes.
			json!("5".repeat(10_000_000)),
			json!(format!("{digits}00")),
			json!(null),
		] {
			assert_eq!(read(wrong.clone()), None, "{:.60}", wrong.as_str().unwrap_or_default());
		}
	}

	#[test]
	fn bytes_in_either_case_are_read_and_anything_else_is_refused() {
		let read = |value| bytes("it", &value).ok();
		assert_eq!(read(json!("0x")), Some(vec![]));
		assert_eq!(read(json!("0xaBcd01")), Some(vec![0xab, 0xcd, 1]));
		for wrong in [
			json!(""),
			json!("abcd"),
			json!("0Xab"),
			json!("0xabc"),
			json!("0xag"),
			json!("0xa b "),
			json!("0x+1"),
			json!(7),
			json!(null),
			json!(["0xab"]),
		] {
			assert_eq!(read(wrong.clone()), None, "{wrong}");
		}
	}

	#[test]
	fn hash_of_another_length_is_refused() {
		let read = |length: usize| hash("it", &json!(format!("0x{}", "0a".repeat(length)))).ok();
		assert_eq!(read(32), Some(Hash::repeat_byte(10)));
		assert_eq!((read(31), read(33), read(0)), (None, None, None));
	}

	#[test]
	fn optional_parameter_is_none_if_null_and_refused_if_wrong() {
		let read = |value: Option<Value>| optional(number, "it", value.as_ref());
		assert!(matches!(read(None), Ok(None)));
		assert!(matches!(read(Some(json!(null))), Ok(None)));
		assert!(matches!(read(Some(json!(7))), Ok(Some(7))));
		assert!(matches!(read(Some(json!("7"))), Err(Error::Unreadable("it"))));
	}

	#[test]
	fn limit_out_of_bounds_and_limit_that_is_not_a_number_have_different_errors() {
		assert!(matches!(limit(&json!(1), 100), Ok(1)));
		assert!(matches!(limit(&json!(100), 100), Ok(100)));
		for beyond in [0, 101, u32::MAX] {
			assert!(matches!(limit(&json!(beyond), 100), Err(Error::OutOfBounds("limit"))));
		}
		for wrong in [json!(-1), json!(1.5), json!("1"), json!(1_u64 << 32), json!(null)] {
			assert!(matches!(limit(&wrong, 100), Err(Error::Unreadable("limit"))));
		}
	}
}
