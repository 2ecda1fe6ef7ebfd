//! Validates transactions with the runtime of a block.

use super::{
	queue::{Request, Verdict},
	worker::{Answer, Validator},
};
use futures::future::BoxFuture;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{Balance, Hash};
use gtos_transaction_api::TransactionApi;
use sc_transaction_pool::{ChainApi, FullChainApi};
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_core::traits::SpawnEssentialNamed;
use sp_runtime::transaction_validity::TransactionSource;
use std::sync::Arc;

/// Version of `TransactionApi` that introduced `validate_transactions`.
const VALIDATES_SEVERAL: u32 = 2;

/// Asks the runtime.
pub(super) struct RuntimeValidator {
	client: Arc<FullClient>,
	/// What a pool asks about blocks and single transactions, as the SDK answers it.
	pub(super) chain: FullChainApi<FullClient, Block>,
}

impl RuntimeValidator {
	/// A validator on the chain of `client`.
	pub(super) fn new(client: Arc<FullClient>) -> Self {
		let chain = FullChainApi::new(client.clone(), None, &NoTasks);
		Self { client, chain }
	}
}

impl Validator for RuntimeValidator {
	fn validate_together(
		&self,
		at: Hash,
		source: TransactionSource,
		transactions: Vec<Vec<u8>>,
	) -> Answer {
		let api = self.client.runtime_api();
		match api.api_version::<dyn TransactionApi<Block, Balance>>(at) {
			Ok(Some(version)) if version >= VALIDATES_SEVERAL => (),
			// After an error, such as an unknown block, each transaction gets its own.
			Ok(_) | Err(_) => return Answer::Unsupported,
		}
		let verdicts = TransactionApi::<Block, Balance>::validate_transactions(
			&*api,
			at,
			source,
			transactions,
			at,
		);
		match verdicts {
			Ok(verdicts) => Answer::Verdicts(verdicts),
			Err(error) => Answer::Failed(error.to_string()),
		}
	}

	fn validate_alone(&self, request: &Request) -> Verdict {
		let Request { at, source, transaction } = request;
		self.chain.validate_transaction_blocking(*at, *source, transaction.clone())
	}
}

/// Drops the tasks in which the SDK would validate single transactions. The workers take their place.
#[derive(Clone)]
struct NoTasks;

impl SpawnEssentialNamed for NoTasks {
	fn spawn_essential_blocking(
		&self,
		_: &'static str,
		_: Option<&'static str>,
		_: BoxFuture<'static, ()>,
	) {
	}

	fn spawn_essential(&self, _: &'static str, _: Option<&'static str>, _: BoxFuture<'static, ()>) {
	}
}
