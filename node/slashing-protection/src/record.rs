//! What the keys of a validator have signed, and the rules by which they may sign more.

use gtos_runtime::{BlockNumber, Hash};
use serde::{Deserialize, Serialize};
use sp_core::H256;
use std::collections::BTreeMap;

/// Most rounds of a key whose votes are kept.
///
/// A voter works on two or three rounds at a time. The others are kept because a database may have
/// lost its last rounds: the voter then goes through them again, and casts the votes of the record. A
/// round takes half a second at least, so these are the rounds of more than a minute, by which the
/// record may be ahead of a database without a doubt about either (`LOST_WRITES_MS`).
pub const MAX_ROUNDS: usize = 150;

/// What each key of a node has signed on one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
	/// Hash of block 0 of the chain.
	pub genesis_hash: Hash,
	/// The last seal of each Aura key.
	pub seals: BTreeMap<H256, Seal>,
	/// The last votes of each GRANDPA key.
	pub votes: BTreeMap<H256, Votes>,
}

/// The seal with the highest slot. Slot 0 stands for a key that has sealed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seal {
	/// Slot of the block.
	pub slot: u64,
	/// Hash of the block's header without the seal, which is what the key signs.
	pub pre_seal_hash: Hash,
}

/// The votes of the last rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Votes {
	/// Votes in earlier rounds are refused, because they are not kept. From this round on, `rounds`
	/// holds every vote.
	pub first: RoundId,
	/// Votes by round; at most [`MAX_ROUNDS`] rounds, which may be of several sets.
	#[serde(with = "as_list")]
	pub rounds: BTreeMap<RoundId, RoundVotes>,
}

/// A round of GRANDPA. Rounds of a later set are later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoundId {
	/// Authority set.
	pub set_id: u64,
	/// Number of the round in the set.
	pub round: u64,
}

/// The votes of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundVotes {
	/// The hint that the primary of the round gives.
	pub primary_propose: Option<Target>,
	/// The first vote.
	pub prevote: Option<Target>,
	/// The second vote.
	pub precommit: Option<Target>,
}

/// The block that a vote is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
	/// Hash of the block.
	pub hash: Hash,
	/// Height of the block.
	pub number: BlockNumber,
}

/// The three votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
	/// See [`RoundVotes::primary_propose`].
	PrimaryPropose,
	/// See [`RoundVotes::prevote`].
	Prevote,
	/// See [`RoundVotes::precommit`].
	Precommit,
}

/// A vote, as GRANDPA signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
	/// The round.
	pub at: RoundId,
	/// Which vote of the round.
	pub stage: Stage,
	/// The block voted for.
	pub target: Target,
}

/// Whether a permitted signature changes the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
	/// The same was signed before.
	Repeated,
	/// The record now contains it, and has to be stored before the signature leaves the node.
	New,
}

/// The record forbids a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal;

impl Stage {
	/// In the order of a round.
	pub const ALL: [Self; 3] = [Self::PrimaryPropose, Self::Prevote, Self::Precommit];
}

impl RoundVotes {
	/// The vote of this stage.
	pub fn at(&self, stage: Stage) -> Option<Target> {
		match stage {
			Stage::PrimaryPropose => self.primary_propose,
			Stage::Prevote => self.prevote,
			Stage::Precommit => self.precommit,
		}
	}

	fn at_mut(&mut self, stage: Stage) -> &mut Option<Target> {
		match stage {
			Stage::PrimaryPropose => &mut self.primary_propose,
			Stage::Prevote => &mut self.prevote,
			Stage::Precommit => &mut self.precommit,
		}
	}
}

impl Votes {
	/// The last round with a vote; the earliest of all rounds without one.
	pub fn last(&self) -> RoundId {
		self.rounds.keys().next_back().copied().unwrap_or_default()
	}

	/// Whether votes of this round may have been cast that are not kept: the round is too early, or its
	/// precommit was heard and its prevote was not.
	// The voter casts a precommit only after a prevote, and could cast another prevote here.
	pub fn is_incomplete(&self, at: RoundId) -> bool {
		let votes = self.rounds.get(&at);
		at < self.first
			|| votes.is_some_and(|votes| votes.precommit.is_some() && votes.prevote.is_none())
	}

	/// The last round with a vote in each set.
	pub fn last_of_sets(&self) -> impl Iterator<Item = RoundId> + '_ {
		let sets: BTreeMap<u64, u64> = self.rounds.keys().map(|at| (at.set_id, at.round)).collect();
		sets.into_iter().map(|(set_id, round)| RoundId { set_id, round })
	}

	/// Whether the record contains this vote, or is too far on to have kept it.
	pub fn covers(&self, vote: &Vote) -> bool {
		let kept = self.rounds.get(&vote.at).and_then(|votes| votes.at(vote.stage));
		vote.at < self.first || kept == Some(vote.target)
	}

	fn sign(&mut self, vote: &Vote) -> Result<Permit, Refusal> {
		if vote.at < self.first {
			return Err(Refusal);
		}
		let kept = self.rounds.entry(vote.at).or_default().at_mut(vote.stage);
		match kept {
			Some(target) if *target == vote.target => Ok(Permit::Repeated),
			Some(_) => Err(Refusal),
			None => {
				*kept = Some(vote.target);
				self.prune();
				Ok(Permit::New)
			},
		}
	}

	/// Says that votes before `first` may have been cast that are not kept.
	fn start_at(&mut self, first: RoundId) {
		let first = self.first.max(first);
		self.first = first;
		self.rounds.retain(|at, _| *at >= first);
	}

	fn merge(&mut self, other: Self) {
		for (at, votes) in other.rounds {
			let merged = self.rounds.entry(at).or_default();
			for stage in Stage::ALL {
				let kept = merged.at_mut(stage);
				*kept = kept.or(votes.at(stage));
			}
		}
		self.start_at(other.first);
		self.prune();
	}

	fn prune(&mut self) {
		while self.rounds.len() > MAX_ROUNDS {
			if let Some((RoundId { set_id, round }, _)) = self.rounds.pop_first() {
				self.first = RoundId { set_id, round: round.saturating_add(1) };
			}
		}
	}
}

/// Writes the rounds as a list, because JSON has no keys of two numbers.
mod as_list {
	use super::{RoundId, RoundVotes, Target};
	use serde::{Deserialize, Deserializer, Serialize, Serializer};
	use std::collections::BTreeMap;

	#[derive(Serialize, Deserialize)]
	#[serde(rename_all = "camelCase", deny_unknown_fields)]
	struct Entry {
		set_id: u64,
		round: u64,
		#[serde(default, skip_serializing_if = "Option::is_none")]
		primary_propose: Option<Target>,
		#[serde(default, skip_serializing_if = "Option::is_none")]
		prevote: Option<Target>,
		#[serde(default, skip_serializing_if = "Option::is_none")]
		precommit: Option<Target>,
	}

	pub fn serialize<S: Serializer>(
		rounds: &BTreeMap<RoundId, RoundVotes>,
		serializer: S,
	) -> Result<S::Ok, S::Error> {
		serializer.collect_seq(rounds.iter().map(|(at, votes)| {
			let RoundVotes { primary_propose, prevote, precommit } = *votes;
			Entry { set_id: at.set_id, round: at.round, primary_propose, prevote, precommit }
		}))
	}

	pub fn deserialize<'de, D: Deserializer<'de>>(
		deserializer: D,
	) -> Result<BTreeMap<RoundId, RoundVotes>, D::Error> {
		let entries = Vec::<Entry>::deserialize(deserializer)?;
		let rounds = entries.into_iter().map(|entry| {
			let Entry { set_id, round, primary_propose, prevote, precommit } = entry;
			(RoundId { set_id, round }, RoundVotes { primary_propose, prevote, precommit })
		});
		Ok(rounds.collect())
	}
}

impl Record {
	/// The record of keys that have signed nothing.
	pub fn new(genesis_hash: Hash) -> Self {
		Self { genesis_hash, seals: BTreeMap::new(), votes: BTreeMap::new() }
	}

	/// Whether no key has signed anything.
	pub fn is_blank(&self) -> bool {
		self.seals.values().all(|seal| seal.slot == 0)
			&& self.votes.values().all(|votes| *votes == Votes::default())
	}

	/// The highest slot of a seal; 0 without one.
	pub fn last_slot(&self) -> u64 {
		self.seals.values().map(|seal| seal.slot).max().unwrap_or_default()
	}

	/// Enters a seal, if this Aura key may sign it.
	///
	/// It may if the slot is later than that of the last seal, or if it is the last seal again.
	pub fn sign_seal(&mut self, key: H256, seal: Seal) -> Result<Permit, Refusal> {
		let last = self.seals.entry(key).or_default();
		if seal == *last {
			return Ok(Permit::Repeated);
		}
		if seal.slot <= last.slot {
			return Err(Refusal);
		}
		*last = seal;
		Ok(Permit::New)
	}

	/// Enters a vote, if this GRANDPA key may sign it.
	///
	/// It may if the round is not earlier than those the record keeps, and if the record holds no
	/// other vote of this round and stage.
	// A round below the last one is no reason to refuse: a voter may precommit in one round after
	// it has prevoted in the next.
	pub fn sign_vote(&mut self, key: H256, vote: &Vote) -> Result<Permit, Refusal> {
		self.votes.entry(key).or_default().sign(vote)
	}

	/// Enters these Aura and GRANDPA keys. Those that are new have signed nothing.
	pub fn know(&mut self, aura: &[H256], grandpa: &[H256]) {
		for key in aura {
			self.seals.entry(*key).or_default();
		}
		for key in grandpa {
			self.votes.entry(*key).or_default();
		}
	}

	/// Says that this GRANDPA key may have cast votes before the round `first` that are not kept. They
	/// are refused from here on.
	pub fn forget_votes_before(&mut self, key: H256, first: RoundId) {
		self.votes.entry(key).or_default().start_at(first);
	}

	/// Drops the votes of keys that have cast none in this set, in the one before it or in a later one,
	/// and refuses their rounds from here on.
	// A database does not lose a whole set, so these votes need not be repeated, and keys that were
	// replaced would stay in the record for good.
	pub fn retire_before(&mut self, present_set: u64) {
		for votes in self.votes.values_mut() {
			let RoundId { set_id, round } = votes.last();
			if !votes.rounds.is_empty() && set_id.saturating_add(1) < present_set {
				votes.start_at(RoundId { set_id, round: round.saturating_add(1) });
			}
		}
	}

	/// Takes over what `other` knows. The later seal counts and the later first round; both records'
	/// votes are kept, and this one's where they differ.
	pub fn merge(&mut self, other: Self) {
		for (key, seal) in other.seals {
			let last = self.seals.entry(key).or_default();
			if seal.slot > last.slot {
				*last = seal;
			}
		}
		for (key, votes) in other.votes {
			self.votes.entry(key).or_default().merge(votes);
		}
	}
}
