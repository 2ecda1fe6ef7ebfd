//! Reports an equivocation again and again until it is settled.

use super::{
	evidence::{Evidence, UnsettledReport},
	metrics::{Metrics, Step},
	unsettled::{Added, Unsettled},
	LOG_TARGET,
};
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::AuxStore;
use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_runtime::OpaqueExtrinsic;
use std::{error::Error, sync::Arc};

/// Maximum number of equivocations that are tried in one pass. A pass follows each new block, so it must take
/// far less than a slot; one attempt calls the runtime about five times.
pub(super) const MAX_ATTEMPTS_PER_PASS: usize = 16;

/// How often the pool may accept a report of one equivocation. More than one acceptance is needed
/// only if a block with the report loses a fork. A report that is included and fails would
/// otherwise be made for ever.
pub(super) const MAX_SUBMISSIONS: u32 = 16;

/// Blocks after which an equivocation is dropped if no report can be made of it: the number of
/// block hashes that the chain stores, and against which it checks a report (CON-R22).
pub(super) const MAX_UNCLEAR_BLOCKS: BlockNumber = 4_096;

/// The chain as the settlement sees it.
pub(super) trait Chain {
	fn heads(&self) -> Heads;

	/// The report of an equivocation, made by the runtime of `best`.
	fn report(
		&self,
		evidence: &Evidence,
		best: Hash,
	) -> Result<OpaqueExtrinsic, Box<dyn Error + Send + Sync>>;

	/// Whether the best chain has the blocks that a report needs. If it has not, the runtime need not be asked.
	fn has_parents(&self, evidence: &Evidence) -> bool;

	/// What the state after block `at` says of a report.
	fn validity(&self, at: Hash, report: &OpaqueExtrinsic) -> Validity;

	/// Submits a report to the node's own pool. An error if the pool has one of the same offence.
	fn submit(
		&self,
		best: Hash,
		report: OpaqueExtrinsic,
	) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// The best block and the last final one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads {
	pub(super) best: Hash,
	pub(super) best_number: BlockNumber,
	pub(super) last_final: Hash,
	pub(super) last_final_number: BlockNumber,
}

/// What a state says of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Validity {
	Valid,
	/// The offence is already known.
	Known,
	Invalid,
	/// The state is not available, or gives no answer.
	Unclear,
}

/// What to do with an equivocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
	Settle,
	Drop,
	Submit,
	Wait,
}

/// Decides by the answers of the last final state and of the best one. `final_blocks_past` is the
/// number of final blocks since the final state became conclusive; `None` if it is not yet.
pub(super) fn decide(
	at_final: Validity,
	at_best: Validity,
	final_blocks_past: Option<BlockNumber>,
) -> Action {
	match (at_final, at_best, final_blocks_past) {
		(Validity::Known, ..) => Action::Settle,
		(_, Validity::Valid, _) => Action::Submit,
		// A fork can still lose the block with the report.
		(_, Validity::Known, _) => Action::Wait,
		(Validity::Invalid, _, Some(_)) => Action::Drop,
		(_, _, Some(past)) if past > MAX_UNCLEAR_BLOCKS => Action::Drop,
		_ => Action::Wait,
	}
}

/// The unsettled equivocations and the chain on which they are reported.
pub(super) struct Settlement<C, S> {
	pub(super) chain: C,
	unsettled: Unsettled<S>,
	metrics: Metrics,
}

impl<C: Chain, S: AuxStore> Settlement<C, S> {
	/// Continues with the equivocations that an earlier run has left in `store`.
	pub(super) fn new(chain: C, store: Arc<S>, metrics: Metrics) -> Self {
		let unsettled = Unsettled::load(store);
		if unsettled.len() > 0 {
			tracing::info!(
				target: LOG_TARGET,
				"{} equivocations from before the restart are not settled yet",
				unsettled.len(),
			);
		}
		metrics.set_unsettled(unsettled.len());
		Self { chain, unsettled, metrics }
	}

	pub(super) fn is_empty(&self) -> bool {
		self.unsettled.len() == 0
	}

	/// Whether [`Self::add`] reports or keeps an equivocation. If not, it needs no proof of the owner of the key.
	pub(super) fn has_use_for(&self, report: &UnsettledReport) -> bool {
		!self.unsettled.contains(report)
			&& (self.unsettled.has_room_for(report) || self.chain.has_parents(&report.evidence))
	}

	/// Reports an equivocation at once if the best chain accepts it, whether or not there is a place for it, and keeps
	/// it until it is settled. Returns the double seal if it needs no further headers.
	///
	/// An offender can fill the places with reports that no chain will ever accept, and nobody compares two headers or
	/// two votes a second time.
	pub(super) fn add(&mut self, mut report: UnsettledReport) -> Option<(AuthorityId, Slot)> {
		if self.unsettled.contains(&report) {
			return None;
		}
		let step = if self.chain.has_parents(&report.evidence) {
			self.attempt(&self.chain.heads(), &mut report)
		} else {
			None
		};
		let handled = self.note(step, &report);
		if !is_last(step) {
			self.keep(report);
		}
		handled
	}

	fn keep(&mut self, report: UnsettledReport) {
		let kind = report.evidence.kind();
		let added = self.unsettled.add(report);
		if matches!(added, Added::Queued | Added::InPlaceOfAnother) {
			self.metrics.count(kind, Step::Queued);
		}
		if matches!(added, Added::InPlaceOfAnother | Added::NoRoom) {
			self.metrics.count(kind, Step::Dropped);
			tracing::warn!(
				target: LOG_TARGET,
				"Too many equivocations ({}) are unsettled, so this node no longer tries to report one of them",
				kind.name(),
			);
		}
		self.metrics.set_unsettled(self.unsettled.len());
	}

	/// Tries the next equivocations. Returns the double seals that need no further headers, because
	/// the pool has accepted a report or the offence is settled.
	pub(super) fn try_next(&mut self) -> Vec<(AuthorityId, Slot)> {
		let heads = self.chain.heads();
		let mut handled = Vec::new();
		let mut is_changed = false;
		for _ in 0..self.unsettled.len().min(MAX_ATTEMPTS_PER_PASS) {
			let Some(mut report) = self.unsettled.take_next() else { break };
			let step = self.attempt(&heads, &mut report);
			is_changed |= step.is_some();
			handled.extend(self.note(step, &report));
			if !is_last(step) {
				self.unsettled.put_back(report);
			}
		}
		if is_changed {
			self.unsettled.save();
			self.metrics.set_unsettled(self.unsettled.len());
		}
		handled
	}

	/// Tries one equivocation; `None` if nothing has happened to it.
	fn attempt(&self, heads: &Heads, report: &mut UnsettledReport) -> Option<Step> {
		let final_blocks_past = heads.last_final_number.checked_sub(report.conclusive_from);
		let extrinsic = self.chain.report(&report.evidence, heads.best);
		let (at_final, at_best) = match &extrinsic {
			Ok(extrinsic) => (
				self.chain.validity(heads.last_final, extrinsic),
				self.chain.validity(heads.best, extrinsic),
			),
			Err(error) => {
				tracing::debug!(target: LOG_TARGET, "No report can be made yet: {error}");
				(Validity::Unclear, Validity::Unclear)
			},
		};
		match decide(at_final, at_best, final_blocks_past) {
			Action::Settle => Some(Step::Settled),
			Action::Drop => Some(Step::Dropped),
			Action::Wait => None,
			Action::Submit if report.submissions >= MAX_SUBMISSIONS => Some(Step::Dropped),
			Action::Submit => match self.chain.submit(heads.best, extrinsic.ok()?) {
				Ok(()) => {
					report.submissions = report.submissions.saturating_add(1);
					Some(Step::Reported)
				},
				Err(error) => {
					tracing::debug!(target: LOG_TARGET, "The pool does not take a report: {error}");
					None
				},
			},
		}
	}

	/// Tells of a step, and returns the double seal if the step makes further headers unnecessary.
	fn note(&self, step: Option<Step>, report: &UnsettledReport) -> Option<(AuthorityId, Slot)> {
		let step = step?;
		self.tell(step, report);
		let (key, slot) = report.evidence.seal().filter(|_| step != Step::Dropped)?;
		Some((key.clone(), slot))
	}

	fn tell(&self, step: Step, report: &UnsettledReport) {
		let kind = report.evidence.kind();
		self.metrics.count(kind, step);
		let what = match report.evidence.seal() {
			Some((key, slot)) => format!("Aura key {key} for two blocks in slot {slot}"),
			None => "a GRANDPA key for two votes in one round".into(),
		};
		match step {
			Step::Reported => tracing::info!(target: LOG_TARGET, "Reported {what}"),
			Step::Dropped => tracing::warn!(
				target: LOG_TARGET,
				"The chain does not accept a report of {what}: it is too old, or belongs to an \
				abandoned fork",
			),
			_ => tracing::info!(target: LOG_TARGET, "Settled: the final state knows {what}"),
		}
	}
}

/// Whether nothing follows this step.
fn is_last(step: Option<Step>) -> bool {
	matches!(step, Some(Step::Settled | Step::Dropped))
}
