//! A block that is being built on a block of the client, with the runtime of that block.

use super::open_block::{Applied, OpenBlock, Refusal};
use codec::Encode;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{
	opaque::{Header, UncheckedExtrinsic},
	Balance, Hash,
};
use gtos_transaction_api::{Application, TransactionApi};
use sp_api::{ApiExt, ApiRef, CallApiAt, Core, ProvideRuntimeApi, TransactionOutcome};
use sp_block_builder::BlockBuilder;
use sp_blockchain::{ApplyExtrinsicFailed, Error};
use sp_consensus::Proposal;
use sp_core::traits::CallContext;
use sp_inherents::InherentData;
use sp_runtime::{
	traits::{Block as _, Header as _},
	Digest, ExtrinsicInclusionMode,
};
use std::time::Duration;

/// Version of `TransactionApi` that introduced `apply_transactions`.
const APPLIES_SEVERAL: u32 = 3;

const PICOS_PER_NANO: u64 = 1_000;

/// The block, and the changes of the state so far.
pub(super) struct ClientBlock<'a> {
	client: &'a FullClient,
	api: ApiRef<'a, <FullClient as ProvideRuntimeApi<Block>>::Api>,
	parent: Hash,
	mode: ExtrinsicInclusionMode,
	applies_several: bool,
	extrinsics: Vec<UncheckedExtrinsic>,
}

impl<'a> ClientBlock<'a> {
	/// Begins the block after `parent`.
	pub(super) fn open(
		client: &'a FullClient,
		parent: &Header,
		digest: Digest,
	) -> Result<Self, Error> {
		let (number, parent) = (parent.number().saturating_add(1), parent.hash());
		let header = Header::new(number, Hash::zero(), Hash::zero(), parent, digest);
		let mut api = client.runtime_api();
		api.set_call_context(CallContext::Onchain { import: false });
		let mode = api.initialize_block(parent, &header)?;
		let version = api.api_version::<dyn TransactionApi<Block, Balance>>(parent)?;
		let applies_several = version.is_some_and(|version| version >= APPLIES_SEVERAL);
		Ok(Self { client, api, parent, mode, applies_several, extrinsics: Vec::new() })
	}

	/// Whether the block may have others than inherents.
	pub(super) fn takes_transactions(&self) -> bool {
		self.mode == ExtrinsicInclusionMode::AllExtrinsics
	}

	/// The inherents that the runtime makes of the data.
	pub(super) fn inherents(&self, data: InherentData) -> Result<Vec<UncheckedExtrinsic>, Error> {
		let parent = self.parent;
		let inherents = self.api.execute_in_transaction(|api| {
			TransactionOutcome::Rollback(api.inherent_extrinsics(parent, data))
		});
		Ok(inherents?)
	}

	/// Adds inherents. Those that are not mandatory may be refused.
	pub(super) fn add_inherents(
		&mut self,
		inherents: Vec<UncheckedExtrinsic>,
	) -> Result<(), Error> {
		for inherent in inherents {
			match self.apply_alone(&inherent) {
				Ok(()) => (),
				Err(Refusal::Invalid(Some(error))) if error.was_mandatory() => {
					return Err(ApplyExtrinsicFailed::Validity(error).into());
				},
				Err(refusal) => tracing::warn!("The block lacks an inherent: {refusal:?}"),
			}
		}
		Ok(())
	}

	/// Ends the block.
	pub(super) fn finish(self) -> Result<Proposal<Block>, Error> {
		let header = self.api.finalize_block(self.parent)?;
		let state = CallApiAt::<Block>::state_at(self.client, self.parent)?;
		let storage_changes =
			self.api.into_storage_changes(&state, self.parent).map_err(Error::StorageChanges)?;
		Ok(Proposal { block: Block::new(header, self.extrinsics), storage_changes })
	}

	/// Calls the runtime. Its changes are kept only if the answer makes sense for so many transactions.
	fn call_for(
		&self,
		transactions: &[UncheckedExtrinsic],
		time: Duration,
	) -> Result<Application, String> {
		let parent = self.parent;
		let encoded = transactions.iter().map(Encode::encode).collect();
		let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
		let weight = nanos.saturating_mul(PICOS_PER_NANO);
		self.api.execute_in_transaction(|api| {
			let answer =
				TransactionApi::<Block, Balance>::apply_transactions(api, parent, encoded, weight);
			match answer {
				Ok(answer) if is_sound(&answer, transactions.len()) => {
					TransactionOutcome::Commit(Ok(answer))
				},
				Ok(answer) => TransactionOutcome::Rollback(Err(format!("{answer:?}"))),
				Err(error) => TransactionOutcome::Rollback(Err(error.to_string())),
			}
		})
	}
}

/// Whether the runtime has done something, and not more than it was asked for.
fn is_sound(answer: &Application, transactions: usize) -> bool {
	let tried = u64::from(answer.applied) + u64::from(answer.refused.is_some());
	tried > 0 && usize::try_from(tried).is_ok_and(|tried| tried <= transactions)
}

impl OpenBlock for ClientBlock<'_> {
	fn apply_together(
		&mut self,
		transactions: &[UncheckedExtrinsic],
		time: Duration,
	) -> Option<Applied> {
		if !self.applies_several {
			return None;
		}
		let Application { applied, refused, is_full } = match self.call_for(transactions, time) {
			Ok(answer) => answer,
			Err(reason) => {
				let count = transactions.len();
				tracing::warn!("The runtime fails on {count} transactions, which are tried one by one: {reason}");
				return None;
			},
		};
		let added: Vec<_> = transactions.iter().take(applied as usize).cloned().collect();
		let count = added.len();
		self.extrinsics.extend(added);
		Some(Applied { count, refused: refused.map(|error| Refusal::new(error, is_full)) })
	}

	fn apply_alone(&mut self, transaction: &UncheckedExtrinsic) -> Result<(), Refusal> {
		let parent = self.parent;
		let result = self.api.execute_in_transaction(|api| {
			match api.apply_extrinsic(parent, transaction.clone()) {
				Ok(Ok(_)) => TransactionOutcome::Commit(Ok(())),
				Ok(Err(error)) => TransactionOutcome::Rollback(Err(Refusal::new(error, false))),
				Err(error) => {
					tracing::debug!("The runtime fails on a transaction for the block: {error}");
					TransactionOutcome::Rollback(Err(Refusal::Invalid(None)))
				},
			}
		});
		if result.is_ok() {
			self.extrinsics.push(transaction.clone());
		}
		result
	}
}

#[cfg(test)]
mod tests;
