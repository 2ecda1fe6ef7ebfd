//! Withholds GRANDPA votes while the node may not vote.

use crate::protection::{Phase, SlashingProtection};
use futures::future;
use gtos_node_types::Block;
use gtos_runtime::opaque::Header;
use sc_consensus_grandpa::{VotingRule, VotingRuleResult};
use sp_blockchain::HeaderBackend;
use std::sync::{
	atomic::{AtomicU64, Ordering},
	Arc,
};

/// A voting rule that answers when the node may vote, and until then keeps the voter waiting.
///
/// The voter asks its rule before it prevotes, and it precommits only where it has prevoted. It waits
/// without being blocked: it follows the votes of others, finalises what they finalise, and catches up
/// with them when they are three rounds ahead. When the wait is over only the round that asked last votes. An earlier round may
/// have begun before the node started, when the keys may have been in use elsewhere.
///
/// The alternative, to say that the keys are not held, would leave the node out of the round for
/// good. If all validators start at once, nobody would vote in that round, and no other one follows.
#[derive(Clone)]
pub struct VoteGate<R> {
	inner: R,
	protection: Option<Arc<SlashingProtection>>,
	/// Number of the round that asked last, counted by the gate.
	last: Arc<AtomicU64>,
}

impl<R> VoteGate<R> {
	/// Wraps the rule `inner`. Without a protection it changes nothing.
	pub fn new(inner: R, protection: Option<Arc<SlashingProtection>>) -> Self {
		Self { inner, protection, last: Arc::default() }
	}
}

impl<R, C> VotingRule<Block, C> for VoteGate<R>
where
	R: VotingRule<Block, C> + Clone,
	C: HeaderBackend<Block>,
{
	fn restrict_vote(
		&self,
		backend: Arc<C>,
		base: &Header,
		best_target: &Header,
		current_target: &Header,
	) -> VotingRuleResult<Block> {
		let restricted = self.inner.restrict_vote(backend, base, best_target, current_target);
		let Some(protection) = &self.protection else { return restricted };
		let number = self.last.fetch_add(1, Ordering::SeqCst).saturating_add(1);
		let mut phases = protection.phases();
		if *phases.borrow() == Phase::Signing {
			return restricted;
		}
		let last = self.last.clone();
		Box::pin(async move {
			let is_open = phases.wait_for(|phase| *phase == Phase::Signing).await.is_ok();
			if !is_open || last.load(Ordering::SeqCst) != number {
				return future::pending().await;
			}
			restricted.await
		})
	}
}
