//! The equivocations that are not settled yet, bounded in number and kept on disk.

use super::{evidence::UnsettledReport, metrics::Kind, LOG_TARGET};
use codec::{Decode, Encode};
use sc_client_api::AuxStore;
use std::{collections::VecDeque, sync::Arc};

/// Maximum number of double seals that are kept. If finality works, each is settled within a few blocks. With the
/// longest headers, all of them take 2 MiB.
pub(super) const MAX_SEALS: usize = 64;

/// Maximum number of double seals of one key that are kept. One of them suffices to remove the validator.
pub(super) const MAX_SEALS_OF_KEY: usize = 16;

/// Maximum number of double votes that are kept. They have places of their own, because GRANDPA's voter reports each
/// only once. A report is opaque, so those of one key are not counted.
pub(super) const MAX_VOTES: usize = 64;

/// Key in the auxiliary store of the database.
const KEY: &[u8] = b"gtos/unsettled-equivocations";

/// Version of the format on disk.
const FORMAT: u8 = 1;

/// What became of an equivocation that was added.
pub(super) enum Added {
	Queued,
	/// It has taken the place of another one, which is no longer kept.
	InPlaceOfAnother,
	NoRoom,
}

/// The unsettled equivocations, in the order in which they are tried next.
pub(super) struct Unsettled<S> {
	store: Arc<S>,
	reports: VecDeque<UnsettledReport>,
}

impl<S: AuxStore> Unsettled<S> {
	/// Reads what an earlier run has left on disk. What cannot be read is lost, with a warning.
	pub(super) fn load(store: Arc<S>) -> Self {
		let reports = match store.get_aux(KEY) {
			Ok(None) => VecDeque::new(),
			Ok(Some(bytes)) => decode(&bytes).unwrap_or_else(|| {
				tracing::warn!(
					target: LOG_TARGET,
					"The unsettled equivocations in the database cannot be decoded and are discarded",
				);
				VecDeque::new()
			}),
			Err(error) => {
				tracing::warn!(
					target: LOG_TARGET,
					"The unsettled equivocations cannot be read from the database: {error}",
				);
				VecDeque::new()
			},
		};
		Self { store, reports }
	}

	pub(super) fn len(&self) -> usize {
		self.reports.len()
	}

	/// Whether the same pair of headers or the same report is kept.
	pub(super) fn contains(&self, report: &UnsettledReport) -> bool {
		self.reports.iter().any(|other| other.is_same(report))
	}

	/// Adds an equivocation that is not kept yet, and writes it to disk, if there is a place or it may take that of
	/// another one.
	pub(super) fn add(&mut self, report: UnsettledReport) -> Added {
		let mut added = Added::Queued;
		if !self.has_place_for(&report) {
			let Some(displaced) = self.displaced_by(&report) else { return Added::NoRoom };
			self.reports.remove(displaced);
			added = Added::InPlaceOfAnother;
		}
		self.reports.push_back(report);
		self.save();
		added
	}

	/// Whether there is a place for an equivocation, or it may take that of another one.
	pub(super) fn has_room_for(&self, report: &UnsettledReport) -> bool {
		self.has_place_for(report) || self.displaced_by(report).is_some()
	}

	fn has_place_for(&self, report: &UnsettledReport) -> bool {
		let own = self.count_of_same_offender(report);
		match report.evidence.kind() {
			Kind::Aura => own < MAX_SEALS_OF_KEY && self.count_of_kind(Kind::Aura) < MAX_SEALS,
			Kind::Grandpa => own < MAX_VOTES,
		}
	}

	/// Position of the equivocation whose place `report` takes.
	///
	/// The key with the most double seals gives one to a key that has at least two fewer, so no validator can crowd
	/// out the others. Otherwise a report that the pool has accepted takes the place of one of the same key that it
	/// never has: the blocks of that one may be on a fork that has lost, and then no report of it will ever be valid.
	fn displaced_by(&self, report: &UnsettledReport) -> Option<usize> {
		let of_kind = || {
			let kind = report.evidence.kind();
			self.reports.iter().enumerate().filter(move |(_, other)| other.evidence.kind() == kind)
		};
		let own = self.count_of_same_offender(report);
		let most = of_kind().map(|(_, other)| self.count_of_same_offender(other)).max()?;
		let displaced = if most > own.saturating_add(1) {
			of_kind()
				.filter(|(_, other)| self.count_of_same_offender(other) == most)
				.min_by_key(|(_, other)| is_accepted(other))
		} else if is_accepted(report) {
			of_kind().find(|(_, other)| is_of_same_offender(other, report) && !is_accepted(other))
		} else {
			None
		};
		displaced.map(|(position, _)| position)
	}

	fn count_of_kind(&self, kind: Kind) -> usize {
		self.reports.iter().filter(|other| other.evidence.kind() == kind).count()
	}

	fn count_of_same_offender(&self, report: &UnsettledReport) -> usize {
		self.reports.iter().filter(|other| is_of_same_offender(other, report)).count()
	}

	/// Takes the equivocation whose turn it is. It stays on disk until [`Self::save`].
	pub(super) fn take_next(&mut self) -> Option<UnsettledReport> {
		self.reports.pop_front()
	}

	/// Puts an equivocation back, to be tried after the others.
	pub(super) fn put_back(&mut self, report: UnsettledReport) {
		self.reports.push_back(report);
	}

	/// Writes all equivocations to disk.
	pub(super) fn save(&self) {
		let bytes = (FORMAT, &self.reports).encode();
		if let Err(error) = self.store.insert_aux(&[(KEY, bytes.as_slice())], &[]) {
			tracing::warn!(
				target: LOG_TARGET,
				"The unsettled equivocations cannot be written to the database, so a restart would \
				lose them: {error}",
			);
		}
	}
}

/// Whether one key has sealed both. Double votes count as those of one key, because their keys are not known.
fn is_of_same_offender(one: &UnsettledReport, two: &UnsettledReport) -> bool {
	one.evidence.seal().map(|(key, _)| key) == two.evidence.seal().map(|(key, _)| key)
}

/// Whether the pool has ever accepted the report.
fn is_accepted(report: &UnsettledReport) -> bool {
	report.submissions > 0
}

fn decode(bytes: &[u8]) -> Option<VecDeque<UnsettledReport>> {
	let input = &mut &bytes[..];
	if u8::decode(input).ok()? != FORMAT {
		return None;
	}
	VecDeque::decode(input).ok()
}
