//! The equivocations that are not settled yet, bounded in number and kept on disk.

use super::{evidence::UnsettledReport, LOG_TARGET};
use codec::{Decode, Encode};
use sc_client_api::AuxStore;
use std::{collections::VecDeque, sync::Arc};

/// Maximum number of equivocations that are kept. If finality works, each is settled within a few
/// blocks. With the longest headers, all of them take 2 MiB.
pub(super) const MAX_UNSETTLED: usize = 64;

/// Maximum number of double seals of one key that are kept, so that one validator cannot crowd out the others.
/// One of them suffices to remove the validator.
pub(super) const MAX_SEALS_OF_KEY: usize = 16;

/// Key in the auxiliary store of the database.
const KEY: &[u8] = b"gtos/unsettled-equivocations";

/// Version of the format on disk.
const FORMAT: u8 = 1;

/// What became of an equivocation that was added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Added {
	Queued,
	AlreadyQueued,
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

	/// Adds an equivocation and writes it to disk, unless it is known or there is no room.
	pub(super) fn add(&mut self, report: UnsettledReport) -> Added {
		if self.reports.iter().any(|other| other.is_same(&report)) {
			return Added::AlreadyQueued;
		}
		if self.reports.len() >= MAX_UNSETTLED
			|| self.seals_of_same_key(&report) >= MAX_SEALS_OF_KEY
		{
			return Added::NoRoom;
		}
		self.reports.push_back(report);
		self.save();
		Added::Queued
	}

	fn seals_of_same_key(&self, report: &UnsettledReport) -> usize {
		let Some((key, _)) = report.evidence.seal() else { return 0 };
		let is_of_key = |other: &&UnsettledReport| {
			other.evidence.seal().is_some_and(|(other_key, _)| other_key == key)
		};
		self.reports.iter().filter(is_of_key).count()
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

fn decode(bytes: &[u8]) -> Option<VecDeque<UnsettledReport>> {
	let input = &mut &bytes[..];
	if u8::decode(input).ok()? != FORMAT {
		return None;
	}
	VecDeque::decode(input).ok()
}
