//! The proposer of blocks, which tells the protection what will be sealed.
//!
//! Aura asks the keystore to sign a hash, from which no slot can be read. The wrapper around the
//! proposer knows both.

use crate::protection::SlashingProtection;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use gtos_node_types::Block;
use gtos_runtime::opaque::Header;
use sp_consensus::{Environment, Proposal, ProposeArgs, Proposer};
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_runtime::traits::Block as _;
use std::sync::Arc;

/// Notes the blocks that the proposers of `E` make.
pub struct NotingEnvironment<E> {
	inner: E,
	protection: Option<Arc<SlashingProtection>>,
}

impl<E> NotingEnvironment<E> {
	/// Wraps `inner`. Without a protection it changes nothing.
	pub fn new(inner: E, protection: Option<Arc<SlashingProtection>>) -> Self {
		Self { inner, protection }
	}
}

impl<E> Environment<Block> for NotingEnvironment<E>
where
	E: Environment<Block>,
{
	type Proposer = NotingProposer<E::Proposer>;
	type CreateProposer = BoxFuture<'static, Result<Self::Proposer, E::Error>>;
	type Error = E::Error;

	fn init(&mut self, parent: &Header) -> Self::CreateProposer {
		let protection = self.protection.clone();
		self.inner.init(parent).map_ok(|inner| NotingProposer { inner, protection }).boxed()
	}
}

/// A proposer of [`NotingEnvironment`].
pub struct NotingProposer<P> {
	inner: P,
	protection: Option<Arc<SlashingProtection>>,
}

impl<P> Proposer<Block> for NotingProposer<P>
where
	P: Proposer<Block>,
{
	type Error = P::Error;
	type Proposal = BoxFuture<'static, Result<Proposal<Block>, P::Error>>;

	fn propose(self, args: ProposeArgs<Block>) -> Self::Proposal {
		let Self { inner, protection } = self;
		let slot = args
			.inherent_digests
			.logs
			.iter()
			.find_map(CompatibleDigestItem::<AuthoritySignature>::as_aura_pre_digest);
		let noted = move |proposal: Proposal<Block>| {
			if let (Some(protection), Some(slot)) = (protection, slot) {
				let header = proposal.block.header();
				protection.note_proposal(*slot, header.number, header.hash());
			}
			proposal
		};
		inner.propose(args).map_ok(noted).boxed()
	}
}
