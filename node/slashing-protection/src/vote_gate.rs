//! Withholds GRANDPA votes while the node may not vote.

use crate::{
	database::VoterState,
	protection::{Phase, SlashingProtection, Standing},
	pulse::Moment,
	record::RoundId,
	LOG_TARGET,
};
use futures::future;
use gtos_node_types::Block;
use gtos_runtime::opaque::Header;
use sc_client_api::AuxStore;
use sc_consensus_grandpa::{VotingRule, VotingRuleResult};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;

/// A voting rule that answers when the node may vote, and until then keeps the voter waiting.
///
/// The voter asks its rule before it prevotes, and it precommits only where it has prevoted. It waits
/// without being blocked: it follows the votes of others, finalises what they finalise, and catches up
/// with them when they are some rounds ahead. Two things have to be true before it gets an answer:
///
/// - The node signs. A round that asked meanwhile gets its answer when it is still the present one:
///   in an earlier one the keys may have been in use elsewhere.
/// - The record permits what the voter will cast in this round. If it holds votes of the round that
///   the voter does not know, or no longer holds those that there were, this round has no answer, and
///   the next one asks again.
///
/// The alternative, to say that the keys are not held, would leave the node out of the round for
/// good. If all validators start at once, nobody would vote in that round, and no other one follows.
#[derive(Clone)]
pub struct VoteGate<R> {
	inner: R,
	protection: Option<Arc<SlashingProtection>>,
}

impl<R> VoteGate<R> {
	/// Wraps the rule `inner`. Without a protection it changes nothing.
	pub fn new(inner: R, protection: Option<Arc<SlashingProtection>>) -> Self {
		Self { inner, protection }
	}
}

/// The round that the voter works on, and whether it may vote there.
fn present(
	database: &impl AuxStore,
	protection: &SlashingProtection,
) -> Option<(RoundId, Standing)> {
	match VoterState::load(database) {
		Ok(voter) => voter.map(|voter| (voter.present(), protection.standing(&voter))),
		Err(error) => {
			tracing::error!(target: LOG_TARGET, "No vote is cast: {error}");
			None
		},
	}
}

impl<R, C> VotingRule<Block, C> for VoteGate<R>
where
	R: VotingRule<Block, C> + Clone,
	C: HeaderBackend<Block> + AuxStore + 'static,
{
	fn restrict_vote(
		&self,
		backend: Arc<C>,
		base: &Header,
		best_target: &Header,
		current_target: &Header,
	) -> VotingRuleResult<Block> {
		let inner = &self.inner;
		let restricted = inner.restrict_vote(backend.clone(), base, best_target, current_target);
		let Some(protection) = self.protection.clone() else { return restricted };
		protection.notice_pause(Moment::now());
		let mut phases = protection.phases();
		// The voter enters a round into its state before the round asks.
		let asked = present(&*backend, &protection);
		Box::pin(async move {
			let is_open = phases.wait_for(|phase| *phase == Phase::Signing).await.is_ok();
			let now = present(&*backend, &protection);
			let is_present = asked.map(|(round, _)| round) == now.map(|(round, _)| round);
			let may_vote = matches!(now, Some((_, Standing::Open)));
			if is_open && is_present && may_vote {
				restricted.await
			} else {
				future::pending().await
			}
		})
	}
}
