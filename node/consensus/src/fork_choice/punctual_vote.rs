//! The GRANDPA voting rule that waits for the decision between siblings.

use super::best_arrival::BestArrival;
use gtos_node_types::Block;
use gtos_runtime::opaque::Header;
use sc_consensus_grandpa::{VotingRule, VotingRuleResult};
use sp_blockchain::HeaderBackend;
use std::{future, sync::Arc};

/// A voting rule that votes for the parent of the best block if the best block was not punctual.
///
/// Once the block has a child, it can no longer be replaced, and it gets the vote. Without this rule a
/// late block could become final before its punctual sibling arrives.
#[derive(Clone)]
pub struct PunctualVote {
	best: Arc<BestArrival>,
}

impl PunctualVote {
	/// Votes by what `best` knows.
	pub fn new(best: Arc<BestArrival>) -> Self {
		Self { best }
	}
}

impl<C: HeaderBackend<Block>> VotingRule<Block, C> for PunctualVote {
	fn restrict_vote(
		&self,
		_backend: Arc<C>,
		_base: &Header,
		_best_target: &Header,
		current_target: &Header,
	) -> VotingRuleResult<Block> {
		// The parent of genesis does not matter: the voter ignores targets below its base.
		let parent = (current_target.parent_hash, current_target.number.saturating_sub(1));
		let is_open = self.best.is_unpunctual_best(current_target.hash());
		Box::pin(future::ready(is_open.then_some(parent)))
	}
}
