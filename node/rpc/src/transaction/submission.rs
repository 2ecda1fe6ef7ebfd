//! Submission of extrinsics (RPC-R7, RPC-R31).

use crate::{error::Error, parameter, work_limiter::WorkLimiter};
use codec::{DecodeAll, Encode};
use futures::stream::{FuturesOrdered, StreamExt};
use gtos_node_types::{Block, FullClient, TransactionPool as Pool, MAX_SHALLOW_BYTES};
use gtos_runtime::{constants::block::MAX_LENGTH_BYTES, opaque::UncheckedExtrinsic, Balance, Hash};
use gtos_transaction_api::TransactionApi;
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoPoolError},
	TransactionPool, TransactionSource,
};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as Hashing},
	transaction_validity::InvalidTransaction,
};
use std::sync::Arc;

/// Longest extrinsic that is read, in bytes.
///
/// A longer extrinsic does not fit into a block. The runtime has a lower limit for most extrinsics
/// (TXN-R22).
const MAX_EXTRINSIC_BYTES: usize = MAX_LENGTH_BYTES as usize;

/// Reads an extrinsic from the text of a parameter, as far as possible without the runtime.
pub fn read_extrinsic(text: &str) -> Result<UncheckedExtrinsic, Error> {
	let bytes = parameter::bytes_of_text("extrinsic", text)?;
	if bytes.len() > MAX_EXTRINSIC_BYTES {
		return Err(Error::TooLong(MAX_EXTRINSIC_BYTES));
	}
	// Only the length prefix is decoded here; the runtime decodes what follows it.
	UncheckedExtrinsic::decode_all(&mut &bytes[..]).map_err(|_| Error::Undecodable)
}

/// Submits extrinsics to the pool.
pub struct Submitter {
	client: Arc<FullClient>,
	pool: Arc<Pool>,
	limiter: WorkLimiter,
}

impl Submitter {
	/// A submitter to `pool`; `limiter` bounds its calls of the runtime.
	pub fn new(client: Arc<FullClient>, pool: Arc<Pool>, limiter: WorkLimiter) -> Self {
		Self { client, pool, limiter }
	}

	/// Submits the extrinsic and returns its hash.
	pub async fn submit(&self, extrinsic: UncheckedExtrinsic) -> Result<Hash, Error> {
		let hash = BlakeTwo256::hash_of(&extrinsic);
		let best = self.client.info().best_hash;
		let source = TransactionSource::External;
		// Calls that are nested too deeply overflow the stack of the Wasm when the pool validates them.
		if extrinsic.encoded_size() > MAX_SHALLOW_BYTES
			&& !self.is_decodable(best, &extrinsic).await?
		{
			return Err(Error::Undecodable);
		}
		let submitted = self.pool.submit_one(best, source, extrinsic.clone()).await;
		let Err(error) = submitted else { return Ok(hash) };
		let error = error.into_pool_error();
		// The runtime fails if it cannot decode the bytes. If they are nested too deeply, it
		// returns `Call`, but it returns the same for calls that are not allowed in a transaction.
		let may_be_undecodable =
			matches!(error, Err(_) | Ok(PoolError::InvalidTransaction(InvalidTransaction::Call)));
		if may_be_undecodable && !self.is_decodable(best, &extrinsic).await? {
			return Err(Error::Undecodable);
		}
		Err(match error {
			Ok(error) => Error::Rejected(error, hash),
			Err(error) => Error::RuntimeFailed(error.to_string()),
		})
	}

	/// Submits the extrinsics of a batch, at the same time, so that the pool can validate them together.
	///
	/// The results are in the order of the extrinsics. One that could not be read keeps its error.
	pub async fn submit_all(
		&self,
		extrinsics: Vec<Result<UncheckedExtrinsic, Error>>,
	) -> Vec<Result<Hash, Error>> {
		// They go on in the order of their verdicts, so the pool gets each after those that it needs.
		let submissions: FuturesOrdered<_> =
			extrinsics.into_iter().map(|extrinsic| self.submit_if_read(extrinsic)).collect();
		submissions.collect().await
	}

	async fn submit_if_read(
		&self,
		extrinsic: Result<UncheckedExtrinsic, Error>,
	) -> Result<Hash, Error> {
		self.submit(extrinsic?).await
	}

	/// Whether the runtime of block `at` can decode the extrinsic; `true` if the runtime cannot tell.
	async fn is_decodable(&self, at: Hash, extrinsic: &UncheckedExtrinsic) -> Result<bool, Error> {
		let (client, extrinsic) = (self.client.clone(), extrinsic.clone());
		self.limiter.run(move || Ok(is_decodable(&client, at, &extrinsic))).await
	}
}

fn is_decodable(client: &FullClient, at: Hash, extrinsic: &UncheckedExtrinsic) -> bool {
	let api = client.runtime_api();
	let bytes = extrinsic.encode();
	TransactionApi::<Block, Balance>::is_extrinsic(&*api, at, bytes).unwrap_or(true)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::vectors::{exchanges, Failure};
	use jsonrpsee::types::ErrorObjectOwned;
	use serde_json::json;

	/// Vectors of `tx_submit` whose error needs a runtime are only read here.
	#[test]
	fn extrinsics_of_the_vectors_are_read_or_refused() {
		let mut refused = 0;
		for exchange in exchanges("tx-submit.json") {
			assert_eq!(exchange.method, "tx_submit", "{}", exchange.name);
			let read = read_extrinsic(exchange.params[0].as_str().unwrap());
			match (read, exchange.error) {
				(Err(error), Some(expected)) => {
					let error = ErrorObjectOwned::from(error);
					assert_eq!(Failure::from(error), expected, "{}", exchange.name);
					refused += 1;
				},
				(Err(error), None) => panic!("{}: {error}", exchange.name),
				(Ok(_), Some(expected)) => {
					assert!(expected.code < 1100, "{} is read", exchange.name)
				},
				(Ok(extrinsic), None) => {
					let hash = json!(BlakeTwo256::hash_of(&extrinsic));
					assert_eq!(Some(hash), exchange.result, "{}", exchange.name);
				},
			}
		}
		assert!(refused >= 4, "{refused}");
	}
}
