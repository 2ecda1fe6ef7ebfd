//! The background task that compares observed headers and reports equivocations.

use super::{
	evidence::{HeaderPair, UnsettledReport},
	metrics::{Kind, Metrics, Step},
	observed_header::ObservedHeader,
	recent_headers::RecentHeaders,
	reporting_client::{has_parent, ReportingClient},
	settlement::{Chain, Settlement},
	LOG_TARGET,
};
use futures::{future, stream, Stream, StreamExt};
use gtos_node_types::{FullClient, TransactionPool};
use sc_client_api::BlockchainEvents;
use sc_consensus_aura::standalone::slot_author;
use sp_api::ProvideRuntimeApi;
use sp_consensus::SyncOracle;
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair},
	AuraApi,
};
use sp_runtime::{traits::Header as _, OpaqueExtrinsic};
use std::{error::Error, pin::pin, sync::Arc};
use tokio::sync::mpsc;

/// Maximum number of events that are handled before equivocations are reported.
const EVENTS_PER_PASS: usize = 64;

/// Compares the headers that a [`header_observer`](super::header_observer) passes on, and reports.
pub struct Reporter {
	client: Arc<FullClient>,
	sync: Arc<dyn SyncOracle + Send + Sync>,
	metrics: Metrics,
	/// `None` in a node that does not author blocks: only the node's own blocks could include its
	/// report.
	settlement: Option<Settlement<ReportingClient, FullClient>>,
	recent: RecentHeaders,
}

/// What wakes the reporter.
enum Event {
	Header(ObservedHeader),
	/// GRANDPA's voter has made a report.
	Votes(OpaqueExtrinsic),
	/// There is a new best block or a new final one.
	Head,
}

impl Reporter {
	/// A reporter that submits to `pool`; without a pool it only logs what it finds.
	pub fn new(
		client: Arc<FullClient>,
		sync: Arc<dyn SyncOracle + Send + Sync>,
		pool: Option<Arc<TransactionPool>>,
		metrics: Metrics,
	) -> Self {
		let settlement = pool.map(|pool| {
			let chain = ReportingClient { client: client.clone(), pool };
			Settlement::new(chain, client.clone(), metrics.clone())
		});
		Self { client, sync, metrics, settlement, recent: RecentHeaders::default() }
	}

	/// Runs until the node stops. `votes` are the reports of GRANDPA's voter.
	pub async fn run(
		mut self,
		headers: mpsc::Receiver<ObservedHeader>,
		votes: mpsc::Receiver<OpaqueExtrinsic>,
	) {
		let received = stream::select(
			stream_of(headers).map(Event::Header),
			stream_of(votes).map(Event::Votes),
		);
		let events = stream::select(received, self.heads());
		let mut events = pin!(events.ready_chunks(EVENTS_PER_PASS));
		while let Some(events) = events.next().await {
			for event in events {
				match event {
					Event::Header(header) => self.take_header(&header),
					Event::Votes(report) => self.take_votes(report),
					Event::Head => (),
				}
			}
			self.report();
		}
	}

	/// An event for each new best or final block.
	fn heads(&self) -> impl Stream<Item = Event> {
		let best = self.client.import_notification_stream();
		let best = best.filter(|imported| future::ready(imported.is_new_best));
		let last_final = self.client.finality_notification_stream();
		stream::select(best.map(|_| Event::Head), last_final.map(|_| Event::Head))
	}

	fn take_header(&mut self, header: &ObservedHeader) {
		let client = self.client.clone();
		let others = self.recent.insert(header, |kept| has_parent(&client, &kept.header));
		for other in others {
			if let Err(error) = self.compare(&other, header) {
				tracing::warn!(
					target: LOG_TARGET,
					"Two blocks of slot {} cannot be compared: {error}",
					header.slot,
				);
			}
		}
	}

	fn take_votes(&mut self, report: OpaqueExtrinsic) {
		self.metrics.count(Kind::Grandpa, Step::Seen);
		if let Some(settlement) = &mut self.settlement {
			let best_number = settlement.chain.heads().best_number;
			settlement.add(UnsettledReport::of_votes(report, best_number));
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
		self.metrics.count(Kind::Aura, Step::Seen);
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
		let Some(settlement) = &mut self.settlement else {
			self.recent.mark_handled(slot, offender);
			return Ok(());
		};
		// If the chain does not accept this pair, it may accept the next one. So the slot counts as
		// handled only once a report of it is accepted.
		let pair = HeaderPair {
			offender,
			slot,
			first_header: first.header.clone(),
			second_header: second.header.clone(),
		};
		let mut report = UnsettledReport::of_headers(pair);
		// The proof is made now, while the state of the parent is certainly stored. Making it takes
		// a call of the runtime, which a flood of pairs for which there is no place is not worth.
		if settlement.has_use_for(&report) {
			report.prove_owner(|pair| settlement.chain.key_owner(pair).ok());
		}
		if let Some((author, slot)) = settlement.add(report) {
			self.recent.mark_handled(slot, author);
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

	/// Reports the equivocations that are not settled. During a major sync they wait, because the
	/// best block is old.
	fn report(&mut self) {
		let Some(settlement) = &mut self.settlement else { return };
		if settlement.is_empty() || self.sync.is_major_syncing() {
			return;
		}
		for (author, slot) in settlement.try_next() {
			self.recent.mark_handled(slot, author);
		}
	}
}

fn stream_of<T>(mut receiver: mpsc::Receiver<T>) -> impl Stream<Item = T> {
	stream::poll_fn(move |context| receiver.poll_recv(context))
}
