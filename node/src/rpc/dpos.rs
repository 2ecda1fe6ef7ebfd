//! `dpos_getValidators`, `dpos_getValidator`, `dpos_getEpochInfo` and `dpos_getSnapshot` (RPC-R26 to
//! RPC-R29).

mod answer;

use super::{error::Error, parameter, query};
use crate::service::{Block, FullClient};
use answer::{Epoch, Snapshot, Validator, ValidatorDetails};
use gtos_dpos_api::DposApi;
use gtos_runtime::{AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::proc_macros::rpc;
use serde_json::Value;
use sp_api::ApiError;
use std::sync::Arc;

/// The methods.
///
/// Parameters are plain JSON, because what cannot be read has a code of its own.
#[rpc(server)]
pub trait DposRpc {
	/// Answers the current set.
	#[method(name = "dpos_getValidators", blocking)]
	fn validators(&self, at: Option<Value>) -> Result<Vec<Validator>, Error>;

	/// Answers one validator with its rewards; `null` for an account that is none.
	#[method(name = "dpos_getValidator", blocking)]
	fn validator(
		&self,
		account: Value,
		at: Option<Value>,
	) -> Result<Option<ValidatorDetails>, Error>;

	/// Answers session and era, and when they change.
	#[method(name = "dpos_getEpochInfo", blocking)]
	fn epoch_info(&self, at: Option<Value>) -> Result<Epoch, Error>;

	/// Answers the set with its block, session, era and number.
	#[method(name = "dpos_getSnapshot", blocking)]
	fn snapshot(&self, at: Option<Value>) -> Result<Snapshot, Error>;
}

/// Answers from the runtime of the block in question.
pub struct Dpos {
	client: Arc<FullClient>,
}

impl Dpos {
	/// Answers from the chain of `client`.
	pub fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn ask<T>(
		&self,
		at: Hash,
		call: impl FnOnce(&query::RuntimeApi) -> Result<T, ApiError>,
	) -> Result<T, Error> {
		query::ask::<dyn DposApi<Block, AccountId, Balance, BlockNumber>, T>(
			&self.client,
			at,
			"DposApi",
			call,
		)
	}
}

impl DposRpcServer for Dpos {
	fn validators(&self, at: Option<Value>) -> Result<Vec<Validator>, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		let validators = self.ask(at, |api| api.validators(at))?;
		Ok(validators.into_iter().map(Validator::from).collect())
	}

	fn validator(
		&self,
		account: Value,
		at: Option<Value>,
	) -> Result<Option<ValidatorDetails>, Error> {
		let account = parameter::account("account", &account)?;
		let at = query::block(&self.client, at.as_ref())?;
		let details = self.ask(at, |api| api.validator(at, account))?;
		Ok(details.map(ValidatorDetails::from))
	}

	fn epoch_info(&self, at: Option<Value>) -> Result<Epoch, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		let info = self.ask(at, |api| api.epoch_info(at))?;
		Ok(info.into())
	}

	fn snapshot(&self, at: Option<Value>) -> Result<Snapshot, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		let snapshot = self.ask(at, |api| api.snapshot(at))?;
		Ok(Snapshot::new(at, snapshot))
	}
}
