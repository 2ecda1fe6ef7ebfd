//! In which rounds of GRANDPA the keys may vote.

use super::{Phase, SlashingProtection, State};
use crate::{database::VoterState, record::RoundId};
use sp_core::H256;

/// Whether the voter may vote in its present round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
	/// Whatever the record holds of this round, the voter casts again.
	Open,
	/// The record holds a vote of this round or of a later one of this set that the voter does not know.
	/// After a restart it does.
	Unrestored,
	/// The record does not hold all votes of this round: it has forgotten them, or the precommit was
	/// heard and the prevote was not. A restart does not change that.
	Behind,
}

impl SlashingProtection {
	/// Whether the keystore may say that it holds this GRANDPA key.
	///
	/// A round asks once, when it begins. [`VoteGate`](crate::VoteGate) withholds the votes of a node
	/// that listens: a round of which this node has no part may be the last one if every vote is
	/// needed. A key that has been copied to a node that signs has no part until the node has
	/// listened for it.
	pub fn may_begin_round(&self, key: H256) -> bool {
		match self.phase() {
			Phase::Signing => self.state.lock().trusted_keys.contains(&key),
			Phase::Fresh | Phase::Listening(_) => true,
			Phase::Stopped => false,
		}
	}

	/// Whether the voter may vote in its present round.
	pub(crate) fn standing(&self, voter: &VoterState) -> Standing {
		let present = voter.present();
		let state = self.state.lock();
		let mut standing = Standing::Open;
		let may_vote = |key: &&H256| state.trusted_keys.contains(*key) && voter.has_voter(**key);
		for key in state.grandpa_keys.iter().filter(may_vote) {
			if state.record.votes.get(key).is_some_and(|votes| votes.is_incomplete(present)) {
				return Standing::Behind;
			}
			if state.is_unrestored(*key, present) {
				standing = Standing::Unrestored;
			}
		}
		standing
	}

	/// Notes that the record holds votes of a key, up to this round of its set, that the voter does not
	/// know.
	pub(crate) fn note_unrestored(&self, key: H256, last: RoundId) {
		self.state.lock().note_unrestored(key, last);
	}

	/// Whether the key casts no prevote and no precommit in this round.
	pub(super) fn withholds_votes(&self, key: H256, at: RoundId) -> bool {
		let state = self.state.lock();
		self.phase() != Phase::Signing
			|| state.record.votes.get(&key).is_some_and(|votes| votes.is_incomplete(at))
			|| state.is_unrestored(key, at)
	}
}

impl State {
	pub(super) fn note_unrestored(&mut self, key: H256, at: RoundId) {
		let last = self.unrestored.entry((key, at.set_id)).or_insert(at.round);
		*last = at.round.max(*last);
	}

	fn is_unrestored(&self, key: H256, at: RoundId) -> bool {
		self.unrestored.get(&(key, at.set_id)).is_some_and(|last| at.round <= *last)
	}
}
