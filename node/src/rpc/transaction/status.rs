//! What `tx_status` and `tx_subscribe` answer (RPC-R8, RPC-R9).

use crate::transaction_index::Found;
use gtos_runtime::{Balance, BlockNumber, Hash};
use gtos_transaction_api::Outcome;
use serde::Serialize;
use sp_core::Bytes;

/// What became of a transaction.
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

/// Where a transaction is, and what came of it.
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

/// Why a call failed.
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
	/// That of a transaction in a block; without an outcome if the node does not know it.
	pub fn included(found: &Found, outcome: Option<Outcome<Balance>>, is_final: bool) -> Self {
		let success = outcome.as_ref().map(|outcome| outcome.failure.is_none());
		let (failure, payment) = outcome.map(|it| (it.failure, it.payment)).unwrap_or_default();
		let inclusion = Inclusion {
			block_hash: found.block,
			block_number: found.number,
			index: found.index,
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

	/// Whether the transaction is nowhere.
	pub fn is_unknown(&self) -> bool {
		matches!(self, Self::Unknown { .. })
	}

	/// Whether it will never change.
	pub fn is_last(&self) -> bool {
		matches!(self, Self::Finalized(_))
	}

	/// Whether a subscriber who knows `earlier` is told. That the window has moved on is no news.
	pub fn is_news_after(&self, earlier: &Self) -> bool {
		self != earlier && !(self.is_unknown() && earlier.is_unknown())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::rpc::{parameter, vectors::exchanges};
	use gtos_transaction_api::Payment;
	use jsonrpsee::types::ErrorObjectOwned;
	use serde_json::{json, Value};

	/// Reads an answer and writes it again: nothing may be missing, and nothing too much.
	fn status(answer: &Value) -> Status {
		let status: Status = serde_json::from_value(answer.clone()).unwrap();
		assert_eq!(&serde_json::to_value(&status).unwrap(), answer);
		status
	}

	#[test]
	fn answers_of_the_vectors_are_ours() {
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
	fn updates_of_the_vectors_are_news_and_end_with_what_is_final() {
		for exchange in exchanges("tx-subscribe.json") {
			assert_eq!(exchange.method, "tx_subscribe", "{}", exchange.name);
			let updates = exchange.updates.expect("a subscription has updates");
			let updates: Vec<Status> = updates.iter().map(status).collect();
			for pair in updates.windows(2) {
				assert!(pair[1].is_news_after(&pair[0]), "{}", exchange.name);
				assert!(!pair[0].is_last(), "{}", exchange.name);
			}
		}
	}

	#[test]
	fn outcome_of_the_runtime_is_told_in_full() {
		let found = Found { block: Hash::repeat_byte(1), number: 7, index: 2, outcome: None };
		let failure = gtos_transaction_api::Failure {
			kind: "Module".into(),
			pallet: Some("Balances".into()),
			name: Some("InsufficientBalance".into()),
			encoded: vec![3, 10, 2, 0, 0, 0],
		};
		let payment = Payment { fee: u128::MAX, tip: 5 };
		let outcome = Outcome { failure: Some(failure), payment: Some(payment) };
		let status = Status::included(&found, Some(outcome), false);
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
	fn block_is_told_without_an_outcome_if_nothing_else_is_known() {
		let found = Found { block: Hash::repeat_byte(1), number: 7, index: 2, outcome: None };
		let status = Status::included(&found, None, true);
		assert!(status.is_last());
		assert!(status.is_news_after(&Status::included(&found, None, false)));
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
	fn moved_window_is_no_news() {
		let [early, late] = [1, 2].map(|oldest_block| Status::Unknown { oldest_block });
		assert!(!late.is_news_after(&early));
		assert!(Status::Pending.is_news_after(&late));
		assert!(!Status::Pending.is_news_after(&Status::Pending));
	}
}
