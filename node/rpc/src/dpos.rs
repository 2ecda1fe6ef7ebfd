//! The `dpos` namespace: queries about validators and epochs (RPC-R26 to RPC-R29).

mod response;

use crate::{
	error::Error,
	parameter,
	query::{self, RequiredApi, RuntimeApi},
};
use gtos_dpos_api::DposApi;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::proc_macros::rpc;
use response::{Epoch, Snapshot, Validator, ValidatorDetails};
use serde_json::Value;
use sp_api::ApiError;
use std::sync::Arc;

/// The methods of the `dpos` namespace.
///
/// Parameters are plain JSON values, so that a parameter that cannot be read has its own error
/// code.
#[rpc(server)]
pub trait DposRpc {
	/// Returns the current validator set (RPC-R26).
	#[method(name = "dpos_getValidators", blocking)]
	fn validators(&self, at: Option<Value>) -> Result<Vec<Validator>, Error>;

	/// Returns one validator with its rewards; `null` for an account that is not a validator
	/// (RPC-R27).
	#[method(name = "dpos_getValidator", blocking)]
	fn validator(
		&self,
		account: Value,
		at: Option<Value>,
	) -> Result<Option<ValidatorDetails>, Error>;

	/// Returns session and era, and when they change (RPC-R28).
	#[method(name = "dpos_getEpochInfo", blocking)]
	fn epoch_info(&self, at: Option<Value>) -> Result<Epoch, Error>;

	/// Returns the validator set with its block, session, era and set id (RPC-R29).
	#[method(name = "dpos_getSnapshot", blocking)]
	fn snapshot(&self, at: Option<Value>) -> Result<Snapshot, Error>;
}

/// Serves the methods.
pub struct Dpos {
	client: Arc<FullClient>,
}

impl Dpos {
	/// Creates the methods. They call the runtimes of the client's blocks.
	pub fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	/// Calls the runtime of block `at`.
	fn call<T>(
		&self,
		at: Hash,
		api_call: impl FnOnce(&RuntimeApi) -> Result<T, ApiError>,
	) -> Result<T, Error> {
		query::call::<dyn DposApi<Block, AccountId, Balance, BlockNumber>, T>(
			&self.client,
			at,
			RequiredApi { name: "DposApi", version: 1 },
			api_call,
		)
	}
}

impl DposRpcServer for Dpos {
	fn validators(&self, at: Option<Value>) -> Result<Vec<Validator>, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		let validators = self.call(at, |api| api.validators(at))?;
		Ok(validators.into_iter().map(Validator::from).collect())
	}

	fn validator(
		&self,
		account: Value,
		at: Option<Value>,
	) -> Result<Option<ValidatorDetails>, Error> {
		let account = parameter::account("account", &account)?;
		let at = query::block(&self.client, at.as_ref())?;
		let details = self.call(at, |api| api.validator(at, account))?;
		Ok(details.map(ValidatorDetails::from))
	}

	fn epoch_info(&self, at: Option<Value>) -> Result<Epoch, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		let info = self.call(at, |api| api.epoch_info(at))?;
		Ok(info.into())
	}

	fn snapshot(&self, at: Option<Value>) -> Result<Snapshot, Error> {
		let at = query::block(&self.client, at.as_ref())?;
		let snapshot = self.call(at, |api| api.snapshot(at))?;
		Ok(Snapshot::new(at, snapshot))
	}
}
