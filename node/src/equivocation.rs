//! Reports validators that seal two blocks in one slot (CON-R21).
//!
//! The SDK's Aura logs a double seal and leaves it at that. Here every block that passes Aura's check
//! of the seal is noted on its way to the database, also one that the database then refuses because a
//! sibling is final already. A task in the background compares, and hands the report to the node's
//! own pool; only the node's own blocks can carry it from there, so every validator reports what it
//! sees and the chain counts it once.
//!
//! Nothing here can stop an import or the node: a note that finds no room is dropped, an error is
//! logged. The notes are in memory only: two blocks of which one came before a restart go unnoticed
//! by this node.

#[cfg(test)]
mod tests;

use crate::service::{Block, FullClient};
use gtos_runtime::opaque::Header;
use pallet_aura_equivocation_runtime_api::{AuraEquivocationApi, EquivocationProof};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use sc_consensus_aura::standalone::{find_pre_digest, slot_author};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, SyncOracle};
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair, AuthoritySignature},
	AuraApi, Slot,
};
use sp_runtime::traits::Header as _;
use std::{collections::BTreeMap, error::Error, sync::Arc};
use tokio::sync::mpsc;

const LOG_TARGET: &str = "equivocation";

/// Slots whose headers are remembered: more than any honest delay, and far less than the block
/// hashes that the chain checks a report against.
const MAX_SLOTS: usize = 256;
/// Headers remembered in a slot, one for each parent: the next on the same parent has the same author
/// and makes a pair with the first. More parents than a few, recent enough for their state to be
/// there, have only been seen where the network is falling apart.
const MAX_HEADERS_PER_SLOT: usize = 16;
/// Longest header that is remembered, in bytes: longer than that of any block that can be executed.
/// Without what the runtime adds it has at most 1,024 (CON-R1), and the runtime adds less than ten
/// thousand even if it replaces a hundred validators and disables as many.
const MAX_HEADER_BYTES: usize = 16_384;
/// Notes that wait for the task: a second's worth of a flood.
const MAX_WAITING: usize = 256;

/// A sealed header on its way into the database.
#[derive(Clone, Debug)]
pub struct Sighting {
	header: Header,
	slot: Slot,
	/// Hash of the header without its seal, by which headers are compared.
	content: gtos_runtime::Hash,
	/// Whether this very node sealed it.
	is_own: bool,
}

impl Sighting {
	/// What there is to note of a block; `None` for one that nobody can be reported for any more, or
	/// whose seal has not been checked.
	fn of(block: &BlockImportParams<Block>) -> Option<Self> {
		let is_recent = matches!(
			block.origin,
			BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast | BlockOrigin::Own
		);
		if !is_recent || block.with_state() || block.state_action.skip_execution_checks() {
			return None;
		}
		let is_own = block.origin == BlockOrigin::Own;
		Self::new(block.header.hash(), block.post_header(), is_own)
	}

	fn new(content: gtos_runtime::Hash, header: Header, is_own: bool) -> Option<Self> {
		let slot = find_pre_digest::<Block, AuthoritySignature>(&header).ok()?;
		let is_short = codec::Encode::encoded_size(&header) <= MAX_HEADER_BYTES;
		is_short.then_some(Self { header, slot, content, is_own })
	}
}

/// A block import that notes the headers that pass through it, and changes nothing.
#[derive(Clone)]
pub struct Watch<I> {
	inner: I,
	sightings: mpsc::Sender<Sighting>,
}

/// Has `inner` watched; what is seen comes out of the second half.
pub fn watch<I>(inner: I) -> (Watch<I>, mpsc::Receiver<Sighting>) {
	let (sightings, seen) = mpsc::channel(MAX_WAITING);
	(Watch { inner, sightings }, seen)
}

#[async_trait::async_trait]
impl<I: BlockImport<Block> + Send + Sync> BlockImport<Block> for Watch<I> {
	type Error = I::Error;

	async fn check_block(
		&self,
		block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.inner.check_block(block).await
	}

	async fn import_block(
		&self,
		block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		if let Some(sighting) = Sighting::of(&block) {
			// Without room or listener there is nothing to do: importing must not wait.
			let _ = self.sightings.try_send(sighting);
		}
		self.inner.import_block(block).await
	}
}

/// The headers of the last slots.
#[derive(Default)]
struct Seen {
	slots: BTreeMap<Slot, SeenInSlot>,
}

#[derive(Default)]
struct SeenInSlot {
	headers: Vec<Sighting>,
	/// Whom there is nothing more to say about.
	settled: Vec<AuthorityId>,
}

impl Seen {
	/// Remembers a header, and answers the different ones of the same slot that it met before.
	fn note(&mut self, sighting: &Sighting) -> Vec<Sighting> {
		let seen = self.slots.entry(sighting.slot).or_default();
		let others = seen
			.headers
			.iter()
			.filter(|other| other.content != sighting.content)
			.cloned()
			.collect();
		let has_parent = seen
			.headers
			.iter()
			.any(|other| other.header.parent_hash() == sighting.header.parent_hash());
		if !has_parent && seen.headers.len() < MAX_HEADERS_PER_SLOT {
			seen.headers.push(sighting.clone());
		}
		// An entry older than all the others goes at once.
		while self.slots.len() > MAX_SLOTS {
			self.slots.pop_first();
		}
		others
	}

	fn is_settled(&self, slot: Slot, author: &AuthorityId) -> bool {
		self.slots.get(&slot).is_some_and(|seen| seen.settled.contains(author))
	}

	fn settle(&mut self, slot: Slot, author: AuthorityId) {
		if let Some(seen) = self.slots.get_mut(&slot) {
			seen.settled.push(author);
		}
	}
}

/// Compares what a [`Watch`] notes, and reports.
pub struct Reporter {
	client: Arc<FullClient>,
	sync: Arc<dyn SyncOracle + Send + Sync>,
	/// `None` in a node that does not author: its report could get nowhere.
	pool: Option<OffchainTransactionPoolFactory<Block>>,
	seen: Seen,
}

impl Reporter {
	/// A reporter that hands its reports to `pool`, or only logs what it sees.
	pub fn new(
		client: Arc<FullClient>,
		sync: Arc<dyn SyncOracle + Send + Sync>,
		pool: Option<OffchainTransactionPoolFactory<Block>>,
	) -> Self {
		Self { client, sync, pool, seen: Seen::default() }
	}

	/// Works until the other half is gone, which is when the node ends.
	pub async fn run(mut self, mut sightings: mpsc::Receiver<Sighting>) {
		while let Some(sighting) = sightings.recv().await {
			// What is that old has been reported long since by those who were there.
			if self.sync.is_major_syncing() {
				continue;
			}
			for other in self.seen.note(&sighting) {
				if let Err(error) = self.compare(&other, &sighting) {
					tracing::warn!(
						target: LOG_TARGET,
						"Two blocks of slot {} cannot be compared or reported: {error}",
						sighting.slot,
					);
				}
			}
		}
	}

	/// Reports the author of two different headers of one slot, if they have one author.
	fn compare(
		&mut self,
		first: &Sighting,
		second: &Sighting,
	) -> Result<(), Box<dyn Error + Send + Sync>> {
		let slot = second.slot;
		let Some(offender) = self.author(second)? else { return Ok(()) };
		if self.seen.is_settled(slot, &offender) || self.author(first)?.as_ref() != Some(&offender)
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
			self.seen.settle(slot, offender);
			return Ok(());
		}
		tracing::info!(
			target: LOG_TARGET,
			"Aura key {offender} has sealed two blocks in slot {slot}: {one:?} and {two:?}",
		);
		// If this pair leads nowhere, the next one may.
		if self.report(offender.clone(), first, second)? {
			self.seen.settle(slot, offender);
		}
		Ok(())
	}

	/// The authority that sealed a block: Aura has checked that the seal is that of the slot's.
	fn author(
		&self,
		sighting: &Sighting,
	) -> Result<Option<AuthorityId>, Box<dyn Error + Send + Sync>> {
		let parent = *sighting.header.parent_hash();
		let authorities: Vec<AuthorityId> = self.client.runtime_api().authorities(parent)?;
		Ok(slot_author::<AuthorityPair>(sighting.slot, &authorities).cloned())
	}

	/// Hands the report to the pool; answers whether nothing is left to do.
	fn report(
		&self,
		offender: AuthorityId,
		first: &Sighting,
		second: &Sighting,
	) -> Result<bool, Box<dyn Error + Send + Sync>> {
		let Some(pool) = &self.pool else { return Ok(true) };
		let slot = second.slot;
		let best = self.client.info().best_hash;
		let mut api = self.client.runtime_api();
		if !api.has_api::<dyn AuraEquivocationApi<Block>>(best)? {
			tracing::debug!(target: LOG_TARGET, "The chain's runtime takes no reports of double seals");
			return Ok(true);
		}

		// The session that the report has to name is that of the later parent.
		let later = [first, second].into_iter().max_by_key(|sighting| *sighting.header.number());
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
			// Another validator's report is in the chain already, or a parent is not on it.
			tracing::debug!(
				target: LOG_TARGET,
				"The chain takes no report of Aura key {offender} for slot {slot}",
			);
		}
		Ok(submitted.is_some())
	}
}
