//! The result of `tx_status` and the notification of `tx_subscribe` (RPC-R8, RPC-R9).

use gtos_node_transaction_index::IncludedTransaction;
use gtos_runtime::{Balance, BlockNumber, Hash};
use gtos_transaction_api::Outcome;
use serde::Serialize;
use sp_core::Bytes;

/// Status of a transaction.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Status {
	/// Neither in the pool nor in a block from `oldest_block` on.
	Unknown {
		/// Lowest height that the index covers.
		oldest_block: BlockNumber,
	},
	/// In the pool.
	Pending,
	/// In a block of the best chain.
	InBlock(Inclusion),
	/// In a final block.
	Finalized(Inclusion),
}

/// Block and outcome of a transaction.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Inclusion {
	block_hash: Hash,
	block_number: BlockNumber,
	index: u32,
	success: Option<bool>,
	error: Option<Failure>,
	fee: Option<String>,
	tip: Option<String>,
}

/// Why a call failed: the dispatch error (RPC-R9).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Failure {
	#[serde(rename = "type")]
	kind: String,
	pallet: Option<String>,
	name: Option<String>,
	encoded: Bytes,
}

impl From<gtos_transaction_api::Failure> for Failure {
	fn from(failure: gtos_transaction_api::Failure) -> Self {
		let gtos_transaction_api::Failure { kind, pallet, name, encoded } = failure;
		Self { kind, pallet, name, encoded: encoded.into() }
	}
}

impl Status {
	/// The status of a transaction in a block; `outcome` is `None` if the node does not know it.
	pub fn included(
		included: &IncludedTransaction,
		outcome: Option<Outcome<Balance>>,
		is_final: bool,
	) -> Self {
		let success = outcome.as_ref().map(|outcome| outcome.failure.is_none());
		let (failure, payment) = outcome.map(|it| (it.failure, it.payment)).unwrap_or_default();
		let inclusion = Inclusion {
			block_hash: included.block,
			block_number: included.number,
			index: included.index,
			success,
			error: failure.map(Failure::from),
			fee: payment.as_ref().map(|payment| payment.fee.to_string()),
			tip: payment.as_ref().map(|payment| payment.tip.to_string()),
		};
		if is_final {
			Self::Finalized(inclusion)
		} else {
			Self::InBlock(inclusion)
		}
	}

	/// Whether the transaction is neither in the pool nor in an indexed block.
	pub fn is_unknown(&self) -> bool {
		matches!(self, Self::Unknown { .. })
	}

	/// Whether this status never changes.
	pub fn is_last(&self) -> bool {
		matches!(self, Self::Finalized(_))
	}

	/// Whether a subscriber that has received `earlier` is notified of this status. It is not if only
	/// the window has moved.
	pub fn is_notified_after(&self, earlier: &Self) -> bool {
		self != earlier && !(self.is_unknown() && earlier.is_unknown())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{parameter, vectors::exchanges};
	use gtos_transaction_api::Payment;
	use jsonrpsee::types::ErrorObjectOwned;
	use serde_json::{json, Value};

	/// Decodes a result and encodes it again: no field may be missing or unknown.
	fn status(result: &Value) -> Status {
		let status: Status = serde_json::from_value(result.clone()).unwrap();
		assert_eq!(&serde_json::to_value(&status).unwrap(), result);
		status
	}

	#[test]
	fn results_of_the_vectors_have_our_form() {
		for exchange in exchanges("tx-status.json") {
			assert_eq!(exchange.method, "tx_status", "{}", exchange.name);
			let hash = parameter::hash("hash", &exchange.params[0]);
			match (exchange.result, exchange.error) {
				(Some(result), None) => {
					hash.unwrap();
					status(&result);
				},
				(None, Some(expected)) => {
					let error = ErrorObjectOwned::from(hash.unwrap_err());
					assert_eq!(error.code(), expected.code, "{}", exchange.name);
					let data = error.data().map(|data| serde_json::from_str(data.get()).unwrap());
					assert_eq!(data, expected.data, "{}", exchange.name);
				},
				_ => panic!("{}: a result or an error", exchange.name),
			}
		}
	}

	#[test]
	fn updates_of_the_vectors_differ_and_end_when_final() {
		for exchange in exchanges("tx-subscribe.json") {
			assert_eq!(exchange.method, "tx_subscribe", "{}", exchange.name);
			let updates = exchange.updates.expect("a subscription has updates");
			let updates: Vec<Status> = updates.iter().map(status).collect();
			for pair in updates.windows(2) {
				assert!(pair[1].is_notified_after(&pair[0]), "{}", exchange.name);
				assert!(!pair[0].is_last(), "{}", exchange.name);
			}
		}
	}

	#[test]
	fn outcome_of_the_runtime_keeps_all_its_fields() {
		let included =
			IncludedTransaction { block: Hash::repeat_byte(1), number: 7, index: 2, outcome: None };
		let failure = gtos_transaction_api::Failure {
			kind: "Module".into(),
			pallet: Some("Balances".into()),
			name: Some("InsufficientBalance".into()),
			encoded: vec![3, 10, 2, 0, 0, 0],
		};
		let payment = Payment { fee: u128::MAX, tip: 5 };
		let outcome = Outcome { failure: Some(failure), payment: Some(payment) };
		let status = Status::included(&included, Some(outcome), false);
		assert_eq!(
			serde_json::to_value(status).unwrap(),
			json!({
				"status": "inBlock",
				"blockHash": format!("0x{}", "01".repeat(32)),
				"blockNumber": 7,
				"index": 2,
				"success": false,
				"error": {
					"type": "Module",
					"pallet": "Balances",
					"name": "InsufficientBalance",
					"encoded": "0x030a02000000",
				},
				"fee": "340282366920938463463374607431768211455",
				"tip": "5",
			})
		);
	}

	#[test]
	fn status_without_an_outcome_still_has_the_block() {
		let included =
			IncludedTransaction { block: Hash::repeat_byte(1), number: 7, index: 2, outcome: None };
		let status = Status::included(&included, None, true);
		assert!(status.is_last());
		assert!(status.is_notified_after(&Status::included(&included, None, false)));
		assert_eq!(
			serde_json::to_value(status).unwrap(),
			json!({
				"status": "finalized",
				"blockHash": format!("0x{}", "01".repeat(32)),
				"blockNumber": 7,
				"index": 2,
				"success": null,
				"error": null,
				"fee": null,
				"tip": null,
			})
		);
	}

	#[test]
	fn window_that_moved_is_not_notified() {
		let [early, late] = [1, 2].map(|oldest_block| Status::Unknown { oldest_block });
		assert!(!late.is_notified_after(&early));
		assert!(Status::Pending.is_notified_after(&late));
		assert!(!Status::Pending.is_notified_after(&Status::Pending));
	}
}
