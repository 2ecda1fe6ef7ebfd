//! The `contract` namespace: queries about contracts (RPC-R11 to RPC-R17).

use crate::{
	error::Error,
	parameter,
	query::{self, Proof, RequiredApi, RuntimeApi},
};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{constants::storage::MAX_PAGE_SIZE, AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::proc_macros::rpc;
use pallet_contract_store_runtime_api::{ContractPage, ContractRecord, ContractStoreApi};
use serde::Serialize;
use serde_json::Value;
use sp_api::ApiError;
use sp_core::Bytes;
use std::sync::Arc;

/// The methods of the `contract` namespace.
///
/// Parameters are plain JSON values, so that a parameter that cannot be read has its own error
/// code.
#[rpc(server)]
pub trait ContractRpc {
	/// Returns the code of the contract at an address, or `null` if there is none (RPC-R11).
	#[method(name = "contract_getCode", blocking)]
	fn code(&self, address: Value, at: Option<Value>) -> Result<Option<Bytes>, Error>;

	/// Returns the code with a hash, or `null` if the chain does not hold it (RPC-R12).
	#[method(name = "contract_getCodeByHash", blocking)]
	fn code_by_hash(&self, code_hash: Value, at: Option<Value>) -> Result<Option<Bytes>, Error>;

	/// Returns the record of the contract at an address, or `null` if there is none (RPC-R13).
	#[method(name = "contract_getMetadata", blocking)]
	fn metadata(&self, address: Value, at: Option<Value>) -> Result<Option<Metadata>, Error>;

	/// Returns the address that a deployment has or would have (RPC-R14).
	#[method(name = "contract_getAddress", blocking)]
	fn address(&self, deployer: Value, salt: Value, code_hash: Value) -> Result<Hash, Error>;

	/// Returns the addresses of a deployer's contracts, in the order of deployment (RPC-R15).
	#[method(name = "contract_list", blocking)]
	fn list(
		&self,
		deployer: Value,
		start: Option<Value>,
		limit: Value,
		at: Option<Value>,
	) -> Result<Page, Error>;

	/// Returns the price of a deployment, without the transaction fee (RPC-R16).
	#[method(name = "contract_quote", blocking)]
	fn quote(&self, code_len: Value, at: Option<Value>) -> Result<String, Error>;

	/// Returns a proof of the contract at an address, or of its absence (RPC-R17).
	#[method(name = "contract_getProof", blocking)]
	fn proof(&self, address: Value, at: Option<Value>) -> Result<Proof, Error>;
}

/// The record of a contract, without its code.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
	code_hash: Hash,
	code_len: u32,
	deployer: String,
	block_number: BlockNumber,
	timestamp: u64,
}

impl From<ContractRecord<AccountId, BlockNumber>> for Metadata {
	fn from(record: ContractRecord<AccountId, BlockNumber>) -> Self {
		let ContractRecord { code_hash, code_len, deployer, block_number, timestamp } = record;
		let deployer = parameter::address(&deployer);
		Self { code_hash, code_len, deployer, block_number, timestamp }
	}
}

/// Addresses of contracts, and the index of the next one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Page {
	items: Vec<Hash>,
	next: Option<u32>,
}

impl From<ContractPage> for Page {
	fn from(page: ContractPage) -> Self {
		let ContractPage { items, next } = page;
		Self { items, next }
	}
}

/// Serves the methods.
pub struct Contracts {
	client: Arc<FullClient>,
}

impl Contracts {
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
		query::call::<dyn ContractStoreApi<Block, AccountId, BlockNumber, Balance>, T>(
			&self.client,
			at,
			RequiredApi { name: "ContractStoreApi", version: 1 },
			api_call,
		)
	}
}

impl ContractRpcServer for Contracts {
	fn code(&self, address: Value, at: Option<Value>) -> Result<Option<Bytes>, Error> {
		let address = parameter::hash("address", &address)?;
		let at = query::block(&self.client, at.as_ref())?;
		Ok(self.call(at, |api| api.code(at, address))?.map(Bytes::from))
	}

	fn code_by_hash(&self, code_hash: Value, at: Option<Value>) -> Result<Option<Bytes>, Error> {
		let code_hash = parameter::hash("codeHash", &code_hash)?;
		let at = query::block(&self.client, at.as_ref())?;
		Ok(self.call(at, |api| api.code_by_hash(at, code_hash))?.map(Bytes::from))
	}

	fn metadata(&self, address: Value, at: Option<Value>) -> Result<Option<Metadata>, Error> {
		let address = parameter::hash("address", &address)?;
		let at = query::block(&self.client, at.as_ref())?;
		Ok(self.call(at, |api| api.metadata(at, address))?.map(Metadata::from))
	}

	fn address(&self, deployer: Value, salt: Value, code_hash: Value) -> Result<Hash, Error> {
		let deployer = parameter::account("deployer", &deployer)?;
		let salt = parameter::hash("salt", &salt)?;
		let code_hash = parameter::hash("codeHash", &code_hash)?;
		let at = query::block(&self.client, None)?;
		self.call(at, |api| api.address(at, deployer, salt, code_hash))
	}

	fn list(
		&self,
		deployer: Value,
		start: Option<Value>,
		limit: Value,
		at: Option<Value>,
	) -> Result<Page, Error> {
		let (deployer, start, limit) = read_page(&deployer, start.as_ref(), &limit)?;
		let at = query::block(&self.client, at.as_ref())?;
		Ok(self.call(at, |api| api.contracts(at, deployer, start, limit))?.into())
	}

	fn quote(&self, code_len: Value, at: Option<Value>) -> Result<String, Error> {
		let code_len = parameter::number("codeLen", &code_len)?;
		let at = query::block(&self.client, at.as_ref())?;
		let price: Option<Balance> = self.call(at, |api| api.quote(at, code_len))?;
		price.map(|price| price.to_string()).ok_or(Error::OutOfBounds("codeLen"))
	}

	fn proof(&self, address: Value, at: Option<Value>) -> Result<Proof, Error> {
		let address = parameter::hash("address", &address)?;
		let at = query::block(&self.client, at.as_ref())?;
		let keys = self.call(at, |api| api.proof_keys(at, address))?;
		query::prove(&self.client, at, keys)
	}
}

/// Reads the parameters of a page: deployer, first index, and page size.
fn read_page(
	deployer: &Value,
	start: Option<&Value>,
	limit: &Value,
) -> Result<(AccountId, u32, u32), Error> {
	let deployer = parameter::account("deployer", deployer)?;
	let start = parameter::optional(parameter::number, "start", start)?;
	Ok((deployer, start.unwrap_or(0), parameter::limit(limit, MAX_PAGE_SIZE)?))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::vectors::exchanges;
	use jsonrpsee::types::ErrorObjectOwned;
	use pallet_contract_store_runtime_api::{code_hash, contract_address, verify_proof};
	use serde::de::DeserializeOwned;
	use serde_json::json;
	use std::collections::BTreeSet;

	/// Decodes a result and encodes it again: no field may be missing or unknown.
	fn round_trip<T: DeserializeOwned + Serialize>(result: &Value) -> T {
		let decoded: T = serde_json::from_value(result.clone()).unwrap();
		assert_eq!(&serde_json::to_value(&decoded).unwrap(), result);
		decoded
	}

	/// The results also agree with each other.
	#[test]
	fn results_of_the_vectors_have_our_form() {
		let mut methods = BTreeSet::new();
		for exchange in exchanges("contract.json").into_iter().filter(|it| it.error.is_none()) {
			let result = exchange.result.unwrap_or(Value::Null);
			let hash = |name, index: usize| parameter::hash(name, &exchange.params[index]).unwrap();
			match exchange.method.as_str() {
				"contract_getCode" => {
					round_trip::<Option<Bytes>>(&result);
				},
				"contract_getCodeByHash" => {
					if let Some(code) = round_trip::<Option<Bytes>>(&result) {
						assert_eq!(code_hash(&code), hash("codeHash", 0), "{}", exchange.name);
					}
				},
				"contract_getMetadata" => {
					round_trip::<Option<Metadata>>(&result);
				},
				"contract_getAddress" => {
					let deployer = parameter::account("deployer", &exchange.params[0]).unwrap();
					let address = contract_address(&deployer, hash("salt", 1), hash("codeHash", 2));
					assert_eq!(round_trip::<Hash>(&result), address, "{}", exchange.name);
				},
				"contract_list" => {
					let params = &exchange.params;
					let (_, _, limit) = read_page(&params[0], params.get(1), &params[2]).unwrap();
					assert!(round_trip::<Page>(&result).items.len() <= limit as usize);
				},
				"contract_quote" => {
					let price: Balance = round_trip::<String>(&result).parse().unwrap();
					assert_eq!(json!(price.to_string()), result, "{}", exchange.name);
				},
				"contract_getProof" => {
					let proof: Proof = round_trip(&result);
					let nodes = proof.nodes.into_iter().map(|node| node.0);
					let shown = verify_proof(proof.state_root, nodes, hash("address", 0)).unwrap();
					assert_eq!(shown.is_some(), proof.keys.len() == 2, "{}", exchange.name);
				},
				method => panic!("{method} has no check"),
			}
			methods.insert(exchange.method);
		}
		assert_eq!(methods.len(), 7, "{methods:?}");
	}

	/// Other parameters that the vectors refuse are tested in `parameter`.
	#[test]
	fn pages_that_the_vectors_refuse_are_refused() {
		let mut refusals = 0;
		let all = exchanges("contract.json").into_iter().chain(exchanges("absence.json"));
		for exchange in all.filter(|it| it.method == "contract_list") {
			let Some(expected) = exchange.error else { continue };
			let params = &exchange.params;
			let error = read_page(&params[0], params.get(1), &params[2]).unwrap_err();
			let error = ErrorObjectOwned::from(error);
			assert_eq!(error.code(), expected.code, "{}", exchange.name);
			let data = error.data().map(|data| serde_json::from_str(data.get()).unwrap());
			assert_eq!(data, expected.data, "{}", exchange.name);
			refusals += 1;
		}
		assert!(refusals >= 4, "{refusals}");
	}

	#[test]
	fn record_and_page_of_the_runtime_keep_all_their_fields() {
		let record = ContractRecord {
			code_hash: Hash::repeat_byte(1),
			code_len: 8,
			deployer: AccountId::new([2; 32]),
			block_number: 7,
			timestamp: 1_800_000_000_500,
		};
		assert_eq!(
			serde_json::to_value(Metadata::from(record)).unwrap(),
			json!({
				"codeHash": format!("0x{}", "01".repeat(32)),
				"codeLen": 8,
				"deployer": parameter::address(&AccountId::new([2; 32])),
				"blockNumber": 7,
				"timestamp": 1_800_000_000_500_u64,
			})
		);
		let page = Page::from(ContractPage { items: vec![Hash::zero()], next: None });
		let zero = format!("0x{}", "00".repeat(32));
		assert_eq!(serde_json::to_value(page).unwrap(), json!({ "items": [zero], "next": null }));
	}
}
