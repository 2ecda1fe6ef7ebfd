//! What the database knows of the node's votes: the state that GRANDPA's voter stores in it.
//!
//! The voter stores a vote before it signs it, and after a restart it casts a stored vote again. But
//! the database may lose its last writes if the machine stops, and it may have been restored from an
//! old copy. Before the voter starts, [`VoterState::restore`] therefore enters the votes of the
//! record.

use crate::record::{Record, RoundId, RoundVotes, Stage, Target, Vote, Votes};
use codec::{Decode, DecodeAll, Encode};
use gtos_runtime::{opaque::Header, BlockNumber, Hash};
use sc_client_api::AuxStore;
use sp_consensus_grandpa::{AuthorityId, SignedMessage};
use sp_core::{ed25519, H256};
use std::collections::{BTreeMap, BTreeSet};

/// Key of the state, as in `sc-consensus-grandpa`, whose type is private.
const VOTER_STATE_KEY: &[u8] = b"grandpa_completed_round";

/// `VoterSetState` of `sc-consensus-grandpa`. The order of fields and variants is that of its
/// encoding.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum VoterState {
	/// The voter takes part in rounds.
	Live { completed: CompletedRounds, current: BTreeMap<u64, HasVoted> },
	/// The voter waits for an authority set that is forced upon it.
	Paused { completed: CompletedRounds },
}

/// The last completed rounds, the last one first, and the set they belong to.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CompletedRounds {
	pub rounds: Vec<CompletedRound>,
	pub set_id: u64,
	pub voters: Vec<AuthorityId>,
}

/// A completed round.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CompletedRound {
	pub number: u64,
	pub state: RoundState,
	pub base: Block,
	pub votes: Vec<SignedMessage<Header>>,
}

/// The outcome of a round.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RoundState {
	pub prevote_ghost: Option<Block>,
	pub finalized: Option<Block>,
	pub estimate: Option<Block>,
	pub completable: bool,
}

type Block = (Hash, BlockNumber);

/// What the node has voted in a round that is not completed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum HasVoted {
	No,
	Yes(AuthorityId, StoredVotes),
}

/// The votes of the node in one round, each with those before it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum StoredVotes {
	Propose(Block),
	Prevote(Option<Block>, Block),
	Precommit(Option<Block>, Block, Block),
}

impl StoredVotes {
	/// `None` without a vote, and with a precommit but no prevote, for which the voter has no place: the
	/// node does not vote in such a round, see [`Votes::is_incomplete`].
	fn new(votes: &RoundVotes) -> Option<Self> {
		let [propose, prevote, precommit] = [votes.primary_propose, votes.prevote, votes.precommit]
			.map(|target| target.map(|Target { hash, number }| (hash, number)));
		match (prevote, precommit) {
			(Some(prevote), Some(precommit)) => Some(Self::Precommit(propose, prevote, precommit)),
			(Some(prevote), None) => Some(Self::Prevote(propose, prevote)),
			(None, None) => propose.map(Self::Propose),
			(None, Some(_)) => None,
		}
	}

	fn votes(&self) -> RoundVotes {
		let (propose, prevote, precommit) = match *self {
			Self::Propose(propose) => (Some(propose), None, None),
			Self::Prevote(propose, prevote) => (propose, Some(prevote), None),
			Self::Precommit(propose, prevote, precommit) => {
				(propose, Some(prevote), Some(precommit))
			},
		};
		let [primary_propose, prevote, precommit] = [propose, prevote, precommit]
			.map(|block| block.map(|(hash, number)| Target { hash, number }));
		RoundVotes { primary_propose, prevote, precommit }
	}
}

impl VoterState {
	/// Reads the state; `None` if the database is new.
	pub fn load(database: &impl AuxStore) -> Result<Option<Self>, String> {
		let bytes = database.get_aux(VOTER_STATE_KEY).map_err(|error| error.to_string())?;
		bytes
			.map(|bytes| Self::decode_all(&mut &bytes[..]))
			.transpose()
			.map_err(|error| format!("the state of GRANDPA's voter cannot be decoded: {error}"))
	}

	/// Writes the state.
	pub fn store(&self, database: &impl AuxStore) -> Result<(), String> {
		database
			.insert_aux(&[(VOTER_STATE_KEY, &self.encode()[..])], &[])
			.map_err(|error| error.to_string())
	}

	fn completed(&self) -> &CompletedRounds {
		match self {
			Self::Live { completed, .. } | Self::Paused { completed } => completed,
		}
	}

	/// Whether this GRANDPA key is an authority of the set.
	pub fn has_voter(&self, authority: H256) -> bool {
		self.completed().voters.iter().any(|id| key(id) == authority)
	}

	/// Number of authorities in the set.
	pub fn authorities(&self) -> usize {
		self.completed().voters.len()
	}

	/// The round that the voter works on: the one after the last completed round.
	pub fn present(&self) -> RoundId {
		let completed = self.completed();
		let last = completed.rounds.first().map(|round| round.number).unwrap_or_default();
		RoundId { set_id: completed.set_id, round: last.saturating_add(1) }
	}

	/// Votes in the last completed rounds, with the keys that signed them.
	pub fn signed_votes(&self) -> impl Iterator<Item = (H256, Vote)> + '_ {
		let set_id = self.completed().set_id;
		self.completed().rounds.iter().flat_map(move |round| {
			round.votes.iter().map(move |signed| {
				(key(&signed.id), crate::payload::vote(&signed.message, round.number, set_id))
			})
		})
	}

	/// Votes of this node in rounds that are not completed. The last one may not be signed yet.
	pub fn stored_votes(&self) -> Vec<(H256, Vote)> {
		let Self::Live { completed, current } = self else { return Vec::new() };
		let mut stored = Vec::new();
		for (round, has_voted) in current {
			let HasVoted::Yes(id, votes) = has_voted else { continue };
			let at = RoundId { set_id: completed.set_id, round: *round };
			for stage in Stage::ALL {
				if let Some(target) = votes.votes().at(stage) {
					stored.push((key(id), Vote { at, stage, target }));
				}
			}
		}
		stored
	}

	/// The blocks that these keys have voted for in the present round.
	pub fn present_targets(&self, keys: &BTreeSet<H256>) -> Vec<Hash> {
		let present = self.present();
		let stored = self.stored_votes().into_iter();
		stored
			.filter(|(key, vote)| vote.at == present && keys.contains(key))
			.map(|(_, vote)| vote.target.hash)
			.collect()
	}

	/// The last recorded round of each set whose votes [`VoterState::restore`] cannot enter: the voter
	/// forgets all rounds when a set begins.
	pub fn unrestored(&self, votes: &Votes) -> Vec<RoundId> {
		let first_set = match self {
			Self::Live { completed, .. } => completed.set_id.saturating_add(1),
			Self::Paused { completed } => completed.set_id,
		};
		votes.last_of_sets().filter(|last| last.set_id >= first_set).collect()
	}

	/// Drops what a node with other keys has voted in rounds in which the record has votes: the database
	/// is a copy of that node's. Returns whether that changed the state.
	pub fn forget_others(&mut self, record: &Record) -> bool {
		let Self::Live { completed, current } = self else { return false };
		let mut has_changed = false;
		for (round, has_voted) in current {
			let at = RoundId { set_id: completed.set_id, round: *round };
			let is_others =
				matches!(&*has_voted, HasVoted::Yes(id, _) if !record.votes.contains_key(&key(id)));
			if is_others && record.votes.values().any(|votes| votes.rounds.contains_key(&at)) {
				*has_voted = HasVoted::No;
				has_changed = true;
			}
		}
		has_changed
	}

	/// Enters the recorded votes of a key, so that the voter casts them again in their rounds.
	/// Returns whether that changed the state.
	///
	/// Votes that only the database holds stay, unless the record contradicts them.
	pub fn restore(&mut self, authority: H256, votes: &Votes) -> bool {
		let present = self.present();
		let Self::Live { completed, current } = self else { return false };
		let id = AuthorityId::from(ed25519::Public::from_raw(authority.0));
		if !completed.voters.contains(&id) {
			return false;
		}
		let end = RoundId { round: u64::MAX, ..present };
		let mut has_changed = false;
		for (at, recorded) in votes.rounds.range(present..=end) {
			let entry = current.entry(at.round).or_insert(HasVoted::No);
			let stored = match entry {
				HasVoted::Yes(other, _) if *other != id => continue,
				HasVoted::Yes(_, votes) => votes.votes(),
				HasVoted::No => RoundVotes::default(),
			};
			let Some(restored) = StoredVotes::new(&combined(recorded, &stored)) else { continue };
			let restored = HasVoted::Yes(id.clone(), restored);
			has_changed |= *entry != restored;
			*entry = restored;
		}
		has_changed
	}
}

/// The recorded votes, completed by those in the database if the two agree.
fn combined(recorded: &RoundVotes, stored: &RoundVotes) -> RoundVotes {
	let is_contradicted = Stage::ALL.into_iter().any(
		|stage| matches!((recorded.at(stage), stored.at(stage)), (Some(a), Some(b)) if a != b),
	);
	if is_contradicted {
		return *recorded;
	}
	RoundVotes {
		primary_propose: recorded.primary_propose.or(stored.primary_propose),
		prevote: recorded.prevote.or(stored.prevote),
		precommit: recorded.precommit.or(stored.precommit),
	}
}

fn key(id: &AuthorityId) -> H256 {
	let public: &ed25519::Public = id.as_ref();
	H256(public.0)
}
