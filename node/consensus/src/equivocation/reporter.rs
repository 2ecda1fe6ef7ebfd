//! The background task that compares observed headers and reports equivocations.

use super::{observed_header::ObservedHeader, recent_headers::RecentHeaders};
use gtos_node_types::{Block, FullClient};
use pallet_aura_equivocation_runtime_api::{AuraEquivocationApi, EquivocationProof};
use sc_consensus_aura::standalone::slot_author;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair},
	AuraApi,
};
use sp_runtime::traits::Header as _;
use std::{error::Error, sync::Arc};
use tokio::sync::mpsc;

const LOG_TARGET: &str = "equivocation";

/// Compares the headers that a [`HeaderObserver`](super::HeaderObserver) passes on, and reports.
pub struct Reporter {
	client: Arc<FullClient>,
	sync: Arc<dyn SyncOracle + Send + Sync>,
	/// `None` in a node that does not author blocks: only the node's own blocks could include its
	/// report.
	pool: Option<OffchainTransactionPoolFactory<Block>>,
	recent: RecentHeaders,
}

impl Reporter {
	/// A reporter that submits to `pool`; without a pool it only logs what it finds.
	pub fn new(
		client: Arc<FullClient>,
		sync: Arc<dyn SyncOracle + Send + Sync>,
		pool: Option<OffchainTransactionPoolFactory<Block>>,
	) -> Self {
		Self { client, sync, pool, recent: RecentHeaders::default() }
	}

	/// Runs until the observer is dropped, which happens when the node stops.
	pub async fn run(mut self, mut observed: mpsc::Receiver<ObservedHeader>) {
		while let Some(header) = observed.recv().await {
			// During a major sync the blocks are old: validators that were online reported them
			// then.
			if self.sync.is_major_syncing() {
				continue;
			}
			for other in self.recent.insert(&header) {
				if let Err(error) = self.compare(&other, &header) {
					tracing::warn!(
						target: LOG_TARGET,
						"Two blocks of slot {} cannot be compared or reported: {error}",
						header.slot,
					);
				}
			}
		}
	}

	/// Reports the author of two different headers of one slot, if one author sealed both.
	fn compare(
		&mut self,
		first: &ObservedHeader,
		second: &ObservedHeader,
	) -> Result<(), Box<dyn Error + Send + Sync>> {
		let slot = second.slot;
		let Some(offender) = self.author(second)? else { return Ok(()) };
		if self.recent.is_handled(slot, &offender)
			|| self.author(first)?.as_ref() != Some(&offender)
		{
			return Ok(());
		}
		let (one, two) = (first.header.hash(), second.header.hash());
		if first.is_own || second.is_own {
			tracing::error!(
				target: LOG_TARGET,
				"Another node seals blocks with this node's Aura key {offender}: slot {slot} has {one:?} \
				and {two:?}. Stop one of the two at once: the validator is slashed for it",
			);
			self.recent.mark_handled(slot, offender);
			return Ok(());
		}
		tracing::info!(
			target: LOG_TARGET,
			"Aura key {offender} has sealed two blocks in slot {slot}: {one:?} and {two:?}",
		);
		// If the chain does not accept this pair, it may accept the next one.
		if self.report(offender.clone(), first, second)? {
			self.recent.mark_handled(slot, offender);
		}
		Ok(())
	}

	/// The authority that sealed the block. It is the authority of the slot, because Aura has
	/// checked the seal.
	fn author(
		&self,
		header: &ObservedHeader,
	) -> Result<Option<AuthorityId>, Box<dyn Error + Send + Sync>> {
		let parent = *header.header.parent_hash();
		let authorities: Vec<AuthorityId> = self.client.runtime_api().authorities(parent)?;
		Ok(slot_author::<AuthorityPair>(header.slot, &authorities).cloned())
	}

	/// Submits the report to the pool. Returns whether this equivocation needs no further work.
	fn report(
		&self,
		offender: AuthorityId,
		first: &ObservedHeader,
		second: &ObservedHeader,
	) -> Result<bool, Box<dyn Error + Send + Sync>> {
		let Some(pool) = &self.pool else { return Ok(true) };
		let slot = second.slot;
		let best = self.client.info().best_hash;
		let mut api = self.client.runtime_api();
		if !api.has_api::<dyn AuraEquivocationApi<Block>>(best)? {
			tracing::debug!(
				target: LOG_TARGET,
				"The runtime does not accept reports of Aura equivocations"
			);
			return Ok(true);
		}

		// The report has to name the session of the later parent.
		let later = [first, second].into_iter().max_by_key(|header| *header.header.number());
		let parent = *later.unwrap_or(second).header.parent_hash();
		let proof = self.client.runtime_api().generate_key_ownership_proof(
			parent,
			slot,
			offender.clone(),
		)?;
		let Some(key_owner_proof) = proof else {
			return Err(
				format!("no proof that {offender} belongs to a validator at {parent:?}").into()
			);
		};

		api.register_extension(pool.offchain_transaction_pool(best));
		let equivocation_proof = EquivocationProof {
			offender: offender.clone(),
			slot,
			first_header: first.header.clone(),
			second_header: second.header.clone(),
		};
		let submitted = api.submit_report_equivocation_unsigned_extrinsic(
			best,
			equivocation_proof,
			key_owner_proof,
		)?;
		if submitted.is_some() {
			tracing::info!(
				target: LOG_TARGET,
				"Reported Aura key {offender} for two blocks in slot {slot}",
			);
		} else {
			// Either another validator has already reported it, or a parent is not on this chain.
			tracing::debug!(
				target: LOG_TARGET,
				"The chain does not accept the report of Aura key {offender} for slot {slot}",
			);
		}
		Ok(submitted.is_some())
	}
}
