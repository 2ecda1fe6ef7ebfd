//! The node's client and pool, as the settlement uses them.

use super::{
	evidence::{Evidence, HeaderPair},
	report_sink::ReportSink,
	settlement::{Chain, Heads, Validity},
};
use gtos_node_types::{Block, FullClient, TransactionPool};
use gtos_runtime::{opaque::Header, Hash};
use pallet_aura_equivocation_runtime_api::AuraEquivocationApi;
use sc_transaction_pool_api::{LocalTransactionPool, OffchainTransactionPoolFactory};
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_runtime::{
	traits::Header as _,
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
	OpaqueExtrinsic, OpaqueValue,
};
use sp_transaction_pool::runtime_api::TaggedTransactionQueue;
use std::{error::Error, sync::Arc};

/// Makes, checks and submits reports.
pub(super) struct ReportingClient {
	pub(super) client: Arc<FullClient>,
	pub(super) pool: Arc<TransactionPool>,
}

impl ReportingClient {
	/// Proof of the owner of the key, from the state of the later parent: the report has to name
	/// the session of that parent.
	pub(super) fn key_owner(
		&self,
		pair: &HeaderPair,
	) -> Result<OpaqueValue, Box<dyn Error + Send + Sync>> {
		let (first, second) = (&pair.first_header, &pair.second_header);
		let later = if first.number() > second.number() { first } else { second };
		let parent = *later.parent_hash();
		let offender = pair.offender.clone();
		self.client
			.runtime_api()
			.generate_key_ownership_proof(parent, pair.slot, offender)?
			.ok_or_else(|| {
				let key = &pair.offender;
				format!("no proof that {key} belongs to a validator at {parent:?}").into()
			})
	}

	/// The report of two headers, as the runtime of `best` encodes it.
	fn header_report(
		&self,
		pair: &HeaderPair,
		key_owner: OpaqueValue,
		best: Hash,
	) -> Result<OpaqueExtrinsic, Box<dyn Error + Send + Sync>> {
		let mut api = self.client.runtime_api();
		if !api.has_api::<dyn AuraEquivocationApi<Block>>(best)? {
			return Err("the runtime does not accept reports of Aura equivocations".into());
		}
		// The runtime offers no function that returns the report, only one that submits it.
		let (sink, mut made) = ReportSink::new(1);
		let factory = OffchainTransactionPoolFactory::new(sink);
		api.register_extension(factory.offchain_transaction_pool(best));
		api.submit_report_equivocation_unsigned_extrinsic(best, pair.clone(), key_owner)?;
		made.try_recv().map_err(|_| "the runtime has made no report".into())
	}
}

impl Chain for ReportingClient {
	fn heads(&self) -> Heads {
		let info = self.client.info();
		Heads {
			best: info.best_hash,
			best_number: info.best_number,
			last_final: info.finalized_hash,
			last_final_number: info.finalized_number,
		}
	}

	fn report(
		&self,
		evidence: &Evidence,
		best: Hash,
	) -> Result<OpaqueExtrinsic, Box<dyn Error + Send + Sync>> {
		match evidence {
			Evidence::Aura { pair, key_owner } => {
				let key_owner = match key_owner {
					Some(key_owner) => key_owner.clone(),
					None => self.key_owner(pair)?,
				};
				self.header_report(pair, key_owner, best)
			},
			Evidence::Grandpa { report } => Ok(report.clone()),
		}
	}

	fn has_parents(&self, evidence: &Evidence) -> bool {
		match evidence {
			Evidence::Aura { pair, .. } => [&pair.first_header, &pair.second_header]
				.into_iter()
				.all(|header| has_parent(&self.client, header)),
			Evidence::Grandpa { .. } => true,
		}
	}

	fn validity(&self, at: Hash, report: &OpaqueExtrinsic) -> Validity {
		let source = TransactionSource::Local;
		let answer = self.client.runtime_api().validate_transaction(at, source, report.clone(), at);
		match answer {
			Ok(Ok(_)) => Validity::Valid,
			// Both kinds of report answer `Stale` for a known offence only.
			Ok(Err(TransactionValidityError::Invalid(InvalidTransaction::Stale))) => {
				Validity::Known
			},
			Ok(Err(TransactionValidityError::Invalid(_))) => Validity::Invalid,
			Ok(Err(TransactionValidityError::Unknown(_))) | Err(_) => Validity::Unclear,
		}
	}

	fn submit(
		&self,
		best: Hash,
		report: OpaqueExtrinsic,
	) -> Result<(), Box<dyn Error + Send + Sync>> {
		// Not the submission of JSON-RPC: a pool refuses for half an hour a transaction that it has
		// seen in a block or found invalid, and takes one from a lost block for a transaction of
		// another node.
		self.pool.submit_local(best, report).map_err(|error| error.to_string())?;
		Ok(())
	}
}

/// Whether the best chain has the parent of a header. The chain accepts no report of the header otherwise (CON-R22).
pub(super) fn has_parent(client: &FullClient, header: &Header) -> bool {
	let parent = header.number().saturating_sub(1);
	client.hash(parent).ok().flatten() == Some(*header.parent_hash())
}
