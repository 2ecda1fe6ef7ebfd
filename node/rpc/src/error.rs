//! The one table of errors that our methods return (RPC-R6).

mod rejection;

use codec::Encode;
use gtos_runtime::Hash;
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};
use sc_transaction_pool_api::error::Error as PoolError;
use serde_json::{json, Value};
use sp_core::bytes::to_hex;
use sp_runtime::transaction_validity::TransactionValidityError;
use std::fmt;

/// Why a method returns no result.
///
/// An item that does not exist or has expired is not an error: its result is `null` (RPC-R4).
#[derive(Debug)]
pub enum Error {
	/// The parameter of this name cannot be read.
	Unreadable(&'static str),
	/// The parameter of this name is out of its bounds.
	OutOfBounds(&'static str),
	/// The node does not have the block.
	UnknownBlock(Hash),
	/// The node has pruned the state of the block.
	PrunedState(Hash),
	/// The runtime of the block does not have the API of this name, or only a version without the
	/// function that is called.
	NoSuchQuery(&'static str),
	/// The runtime failed, for this reason.
	RuntimeFailed(String),
	/// The node cannot answer now, for this reason.
	Unavailable(String),
	/// The bytes cannot be decoded as an extrinsic.
	Undecodable,
	/// The extrinsic is longer than this many bytes.
	TooLong(usize),
	/// The connection or the node already has this many subscriptions, which is the limit.
	TooManySubscriptions(usize),
	/// The pool rejected the extrinsic of this hash.
	Rejected(PoolError, Hash),
}

impl Error {
	/// Code and data of the error, as in the table of the specification.
	fn code_and_data(&self) -> (i32, Option<Value>) {
		match self {
			Self::Unreadable(parameter) => (10001, Some(json!(parameter))),
			Self::OutOfBounds(parameter) => (10002, Some(json!(parameter))),
			Self::UnknownBlock(block) => (10003, Some(json!(block))),
			Self::PrunedState(block) => (10004, Some(json!(block))),
			Self::NoSuchQuery(api) => (10005, Some(json!(api))),
			Self::RuntimeFailed(_) => (10006, None),
			Self::Unavailable(_) => (10007, None),
			Self::Undecodable => (10101, None),
			Self::TooLong(limit) => (10102, Some(json!(limit))),
			Self::TooManySubscriptions(limit) => (10103, Some(json!(limit))),
			Self::Rejected(error, transaction) => match error {
				PoolError::InvalidTransaction(error) => {
					(1010, Some(validity(error, &TransactionValidityError::Invalid(*error))))
				},
				PoolError::UnknownTransaction(error) => {
					(1011, Some(validity(error, &TransactionValidityError::Unknown(*error))))
				},
				PoolError::TemporarilyBanned => (1012, None),
				PoolError::AlreadyImported(_) => (1013, Some(json!(transaction))),
				PoolError::TooLowPriority { .. } => (1014, None),
				PoolError::CycleDetected => (1015, None),
				PoolError::ImmediatelyDropped => (1016, None),
				PoolError::Unactionable => (1018, None),
				PoolError::NoTagsProvided => (1019, None),
				PoolError::RejectedFutureTransaction => (1021, None),
				// The pool does not know the best block yet.
				PoolError::InvalidBlockId(_) => (10007, None),
			},
		}
	}
}

/// A validity error as data: the name of its variant, and its bytes (TXN-R23).
fn validity(variant: &impl fmt::Debug, error: &TransactionValidityError) -> Value {
	let text = format!("{variant:?}");
	let name = text.split('(').next().unwrap_or_default();
	json!({ "error": name, "encoded": to_hex(&error.encode(), false) })
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		match self {
			Self::Unreadable(parameter) => write!(f, "The parameter {parameter} cannot be read"),
			Self::OutOfBounds(parameter) => {
				write!(f, "The parameter {parameter} is out of its bounds")
			},
			Self::UnknownBlock(_) => f.write_str("This node does not have the block"),
			Self::PrunedState(_) => f.write_str("This node has pruned the state of the block"),
			Self::NoSuchQuery(api) => {
				write!(f, "The runtime of the block does not have this query of {api}")
			},
			Self::RuntimeFailed(reason) => write!(f, "The runtime failed: {reason}"),
			Self::Unavailable(reason) => write!(f, "The node cannot answer now: {reason}"),
			Self::Undecodable => f.write_str("The bytes are not an extrinsic"),
			Self::TooLong(limit) => write!(f, "The extrinsic is longer than {limit} bytes"),
			Self::TooManySubscriptions(limit) => {
				write!(f, "There are {limit} subscriptions of this kind already")
			},
			Self::Rejected(error, _) => f.write_str(&rejection::message(error)),
		}
	}
}

impl From<Error> for ErrorObjectOwned {
	fn from(error: Error) -> Self {
		let (code, data) = error.code_and_data();
		ErrorObject::owned(code, error.to_string(), data)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_runtime::transaction_validity::{InvalidTransaction, UnknownTransaction};
	use std::collections::BTreeSet;

	/// Every error, once for each code that it can have.
	fn all() -> Vec<Error> {
		let rejected = |error| Error::Rejected(error, Hash::zero());
		vec![
			Error::Unreadable("hash"),
			Error::OutOfBounds("limit"),
			Error::UnknownBlock(Hash::zero()),
			Error::PrunedState(Hash::zero()),
			Error::NoSuchQuery("TransactionApi"),
			Error::RuntimeFailed("it trapped".into()),
			Error::Unavailable("it is being rebuilt".into()),
			Error::Undecodable,
			Error::TooLong(7),
			Error::TooManySubscriptions(7),
			rejected(PoolError::InvalidTransaction(InvalidTransaction::Stale)),
			rejected(PoolError::UnknownTransaction(UnknownTransaction::CannotLookup)),
			rejected(PoolError::TemporarilyBanned),
			rejected(PoolError::AlreadyImported(Box::new(()))),
			rejected(PoolError::TooLowPriority { old: 1, new: 0 }),
			rejected(PoolError::CycleDetected),
			rejected(PoolError::ImmediatelyDropped),
			rejected(PoolError::Unactionable),
			rejected(PoolError::NoTagsProvided),
			rejected(PoolError::RejectedFutureTransaction),
		]
	}

	#[test]
	fn codes_are_those_of_the_table_and_each_has_one_cause() {
		let codes: Vec<i32> = all().iter().map(|error| error.code_and_data().0).collect();
		let distinct: BTreeSet<i32> = codes.iter().copied().collect();
		assert_eq!(codes.len(), distinct.len());
		let table = crate::vectors::error_codes();
		let unlisted: Vec<&i32> = distinct.difference(&table).collect();
		assert!(unlisted.is_empty(), "{unlisted:?}");
	}

	#[test]
	fn rejection_by_the_pool_carries_variant_and_bytes() {
		let data = |error| Error::Rejected(error, Hash::zero()).code_and_data().1;
		assert_eq!(
			data(PoolError::InvalidTransaction(InvalidTransaction::Custom(9))),
			Some(json!({ "error": "Custom", "encoded": "0x000709" }))
		);
		assert_eq!(
			data(PoolError::UnknownTransaction(UnknownTransaction::NoUnsignedValidator)),
			Some(json!({ "error": "NoUnsignedValidator", "encoded": "0x0101" }))
		);
	}
}
