//! What proves an equivocation, as it is kept until the offence is settled.

use super::metrics::Kind;
use codec::{Decode, Encode};
use gtos_runtime::{opaque::Header, BlockNumber};
use pallet_aura_equivocation_runtime_api::EquivocationProof;
use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_runtime::{traits::Header as _, OpaqueExtrinsic, OpaqueValue};

/// Two headers of one slot, and the key that sealed both.
pub(super) type HeaderPair = EquivocationProof<Header, AuthorityId>;

/// What proves an equivocation. The indices are part of the format on disk.
#[derive(Clone, Debug, Encode, Decode)]
pub(super) enum Evidence {
	/// Two blocks in one slot.
	#[codec(index = 0)]
	Aura {
		/// The two headers.
		pair: Box<HeaderPair>,
		/// Proof of the owner of the key, from the state of the later parent. `None` if that state
		/// was not available; then the proof is made with the report.
		key_owner: Option<OpaqueValue>,
	},
	/// Two votes in one round.
	#[codec(index = 1)]
	Grandpa {
		/// The report that the voter has made of them.
		report: OpaqueExtrinsic,
	},
}

impl Evidence {
	pub(super) fn kind(&self) -> Kind {
		match self {
			Self::Aura { .. } => Kind::Aura,
			Self::Grandpa { .. } => Kind::Grandpa,
		}
	}

	/// Key and slot of a double seal.
	pub(super) fn seal(&self) -> Option<(&AuthorityId, Slot)> {
		match self {
			Self::Aura { pair, .. } => Some((&pair.offender, pair.slot)),
			Self::Grandpa { .. } => None,
		}
	}

	/// Whether both are the same pair of headers or the same report.
	fn is_same(&self, other: &Self) -> bool {
		match (self, other) {
			(Self::Aura { pair: one, .. }, Self::Aura { pair: two, .. }) => one == two,
			(Self::Grandpa { report: one }, Self::Grandpa { report: two }) => one == two,
			_ => false,
		}
	}
}

/// An equivocation that is not settled yet.
#[derive(Clone, Debug, Encode, Decode)]
pub(super) struct UnsettledReport {
	pub(super) evidence: Evidence,
	/// Height from which on the answer of a final state is conclusive: a report that it calls
	/// invalid will never be valid.
	pub(super) conclusive_from: BlockNumber,
	/// How often the pool has accepted the report.
	pub(super) submissions: u32,
}

impl UnsettledReport {
	/// Two headers of one slot, without a proof of the owner of their key. A final state that is higher
	/// than their parents either has both parents or excludes them.
	pub(super) fn of_headers(pair: HeaderPair) -> Self {
		let conclusive_from = *pair.first_header.number().max(pair.second_header.number());
		let evidence = Evidence::Aura { pair: Box::new(pair), key_owner: None };
		Self { evidence, conclusive_from, submissions: 0 }
	}

	/// Adds the proof of the owner that `prove` makes for two headers.
	pub(super) fn prove_owner(&mut self, prove: impl FnOnce(&HeaderPair) -> Option<OpaqueValue>) {
		if let Evidence::Aura { pair, key_owner } = &mut self.evidence {
			*key_owner = prove(pair.as_ref());
		}
	}

	/// A report of GRANDPA's voter, made in the state of height `best`.
	pub(super) fn of_votes(report: OpaqueExtrinsic, best: BlockNumber) -> Self {
		Self { evidence: Evidence::Grandpa { report }, conclusive_from: best, submissions: 0 }
	}

	pub(super) fn is_same(&self, other: &Self) -> bool {
		self.evidence.is_same(&other.evidence)
	}
}
