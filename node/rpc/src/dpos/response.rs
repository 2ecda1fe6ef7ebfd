//! Results of the `dpos` methods (RPC-R26 to RPC-R29).

use crate::parameter;
use gtos_dpos_api as api;
use gtos_runtime::{AccountId, Balance, BlockNumber, Hash};
use serde::Serialize;

/// Status of a validator.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub enum Status {
	/// In the current set.
	Active,
	/// In the current set, but disabled: its slots stay empty.
	Disabled,
	/// Not in the current set, but a candidate in the next election.
	Waiting,
	/// Neither in the current set nor a candidate.
	Chilled,
}

impl From<api::Status> for Status {
	fn from(status: api::Status) -> Self {
		match status {
			api::Status::Active => Self::Active,
			api::Status::Disabled => Self::Disabled,
			api::Status::Waiting => Self::Waiting,
			api::Status::Chilled => Self::Chilled,
		}
	}
}

/// Public session keys.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Keys {
	aura: Hash,
	grandpa: Hash,
}

/// A validator.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Validator {
	account: String,
	status: Status,
	is_candidate: bool,
	own_stake: String,
	total_stake: String,
	commission: Option<u32>,
	keys: Option<Keys>,
	produced: u32,
	missed: u64,
	era_points: u32,
}

impl From<api::Validator<AccountId, Balance>> for Validator {
	fn from(validator: api::Validator<AccountId, Balance>) -> Self {
		Self {
			account: parameter::address(&validator.account),
			status: validator.status.into(),
			is_candidate: validator.is_candidate,
			own_stake: validator.own_stake.to_string(),
			total_stake: validator.total_stake.to_string(),
			commission: validator.commission,
			keys: validator
				.keys
				.map(|keys| Keys { aura: keys.aura.into(), grandpa: keys.grandpa.into() }),
			produced: validator.produced,
			missed: validator.missed,
			era_points: validator.era_points,
		}
	}
}

/// Rewards of a validator itself, without those of its nominators.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Rewards {
	from_era: u32,
	earned: String,
	claimed: String,
}

/// A validator with its rewards.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct ValidatorDetails {
	#[serde(flatten)]
	validator: Validator,
	rewards: Rewards,
}

impl From<api::ValidatorDetails<AccountId, Balance>> for ValidatorDetails {
	fn from(details: api::ValidatorDetails<AccountId, Balance>) -> Self {
		let api::Rewards { from_era, earned, claimed } = details.rewards;
		Self {
			validator: details.validator.into(),
			rewards: Rewards { from_era, earned: earned.to_string(), claimed: claimed.to_string() },
		}
	}
}

/// Session and era, and when they change.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Epoch {
	session: u32,
	session_progress: BlockNumber,
	session_length: BlockNumber,
	era: u32,
	era_progress: u32,
	sessions_per_era: u32,
	next_session_block: BlockNumber,
	next_era_session: Option<u32>,
	next_era_block: Option<BlockNumber>,
}

impl From<api::EpochInfo<BlockNumber>> for Epoch {
	fn from(info: api::EpochInfo<BlockNumber>) -> Self {
		Self {
			session: info.session,
			session_progress: info.session_progress,
			session_length: info.session_length,
			era: info.era,
			era_progress: info.era_progress,
			sessions_per_era: info.sessions_per_era,
			next_session_block: info.next_session_block,
			next_era_session: info.next_era_session,
			next_era_block: info.next_era_block,
		}
	}
}

/// The set of validators after a block.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
	block_hash: Hash,
	block_number: BlockNumber,
	session: u32,
	era: u32,
	set_id: u64,
	validators: Vec<Validator>,
}

impl Snapshot {
	/// The snapshot that the runtime of block `at` returned.
	pub fn new(at: Hash, snapshot: api::Snapshot<AccountId, Balance, BlockNumber>) -> Self {
		Self {
			block_hash: at,
			block_number: snapshot.block_number,
			session: snapshot.session,
			era: snapshot.era,
			set_id: snapshot.set_id,
			validators: snapshot.validators.into_iter().map(Validator::from).collect(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		error::Error,
		vectors::{exchanges, Exchange},
	};
	use jsonrpsee::types::ErrorObjectOwned;
	use serde::de::DeserializeOwned;
	use serde_json::{json, Value};
	use std::fmt::Debug;

	/// Decodes a result and encodes it again: no field may be missing or unknown.
	fn round_trip<T: DeserializeOwned + Serialize>(result: &Value) {
		let decoded: T = serde_json::from_value(result.clone()).unwrap();
		assert_eq!(&serde_json::to_value(decoded).unwrap(), result);
	}

	/// Reads the parameters of a request as its method does, without looking up the block.
	fn read_parameters(exchange: &Exchange) -> Result<(), Error> {
		let mut parameters = exchange.params.iter();
		if exchange.method == "dpos_getValidator" {
			parameter::account("account", parameters.next().unwrap())?;
		}
		parameter::optional(parameter::hash, "at", parameters.next()).map(|_| ())
	}

	fn assert_refused(exchange: &Exchange, read: Result<impl Debug, Error>) {
		let expected = exchange.error.as_ref().expect("a result or an error");
		match read {
			Err(error) => {
				let error = ErrorObjectOwned::from(error);
				assert_eq!(error.code(), expected.code, "{}", exchange.name);
				let data = error.data().map(|data| serde_json::from_str(data.get()).unwrap());
				assert_eq!(data, expected.data, "{}", exchange.name);
			},
			// Only a running node can tell that it does not have the block.
			Ok(_) => assert_eq!(expected.code, 10003, "{} is read", exchange.name),
		}
	}

	#[test]
	fn results_of_the_vectors_have_our_form() {
		let mut results = 0;
		for exchange in exchanges("dpos.json") {
			let read = read_parameters(&exchange);
			let Some(result) = &exchange.result else {
				// A vector with neither result nor error expects the result `null`: the account is
				// not a validator.
				if exchange.error.is_some() {
					assert_refused(&exchange, read);
				}
				continue;
			};
			read.unwrap();
			match exchange.method.as_str() {
				"dpos_getValidators" => round_trip::<Vec<Validator>>(result),
				"dpos_getValidator" => round_trip::<ValidatorDetails>(result),
				"dpos_getEpochInfo" => round_trip::<Epoch>(result),
				"dpos_getSnapshot" => round_trip::<Snapshot>(result),
				other => panic!("{other} has no check"),
			}
			results += 1;
		}
		assert!(results >= 8, "{results}");
	}

	#[test]
	fn results_of_the_runtime_keep_all_their_fields() {
		let validator = api::Validator {
			account: AccountId::new([0; 32]),
			status: api::Status::Disabled,
			is_candidate: true,
			own_stake: u128::MAX,
			total_stake: 0,
			commission: Some(7),
			keys: Some(api::Keys { aura: [1; 32], grandpa: [2; 32] }),
			produced: 3,
			missed: 4,
			era_points: 5,
		};
		let rewards = api::Rewards { from_era: 6, earned: 9, claimed: 8 };
		let snapshot = api::Snapshot {
			block_number: 10,
			session: 11,
			era: 12,
			set_id: 13,
			validators: vec![validator.clone()],
		};
		let expected = json!({
			"account": "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM",
			"status": "disabled",
			"isCandidate": true,
			"ownStake": "340282366920938463463374607431768211455",
			"totalStake": "0",
			"commission": 7,
			"keys": {
				"aura": format!("0x{}", "01".repeat(32)),
				"grandpa": format!("0x{}", "02".repeat(32)),
			},
			"produced": 3,
			"missed": 4,
			"eraPoints": 5,
		});
		assert_eq!(
			serde_json::to_value(Snapshot::new(Hash::zero(), snapshot)).unwrap(),
			json!({
				"blockHash": format!("0x{}", "00".repeat(32)),
				"blockNumber": 10,
				"session": 11,
				"era": 12,
				"setId": 13,
				"validators": [expected.clone()],
			})
		);
		let details = ValidatorDetails::from(api::ValidatorDetails { validator, rewards });
		let mut expected = expected;
		expected["rewards"] = json!({ "fromEra": 6, "earned": "9", "claimed": "8" });
		assert_eq!(serde_json::to_value(details).unwrap(), expected);
	}
}
