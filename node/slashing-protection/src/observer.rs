//! Sees what the keys of this node have signed in blocks that are imported and votes that arrive.

use crate::{
	payload,
	protection::{Imported, SlashingProtection},
};
use gtos_node_types::Block;
use gtos_runtime::opaque::Header;
use sc_consensus::BlockImportParams;
use sc_consensus_aura::standalone::find_pre_digest;
use sc_network::{
	error,
	service::traits::{MessageSink, NotificationEvent, NotificationService},
	types::ProtocolName,
	PeerId,
};
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_core::sr25519;
use sp_runtime::{traits::Header as _, DigestItem};
use std::{fmt, sync::Arc};

/// Shows a block that is imported to the protection, whether its seal has been separated or not.
pub fn observe_block(protection: &SlashingProtection, block: &BlockImportParams<Block>) {
	let slot = find_pre_digest::<Block, AuthoritySignature>(&block.header);
	let slot = slot.map(|slot| *slot).unwrap_or_default();
	let is_own = block.origin == BlockOrigin::Own;
	protection.observe_import(&Imported {
		number: block.header.number,
		slot,
		hash: block.post_hash(),
		parent_hash: block.header.parent_hash,
		is_own,
	});
	if is_own {
		return;
	}
	if let Some((header, seal)) = unsealed(block) {
		protection.observe_seal(&header, slot, &seal);
	}
}

/// The header without its seal, and the seal. Aura's verifier separates the two, but not for a block
/// that comes with its state or is not executed.
fn unsealed(block: &BlockImportParams<Block>) -> Option<(Header, sr25519::Signature)> {
	let mut header = block.header.clone();
	let seal = block.post_digests.iter().find_map(seal).or_else(|| {
		let last = header.digest_mut().pop();
		last.as_ref().and_then(seal)
	})?;
	Some((header, seal))
}

fn seal(item: &DigestItem) -> Option<sr25519::Signature> {
	let seal: Option<AuthoritySignature> = item.as_aura_seal();
	seal.map(|seal| seal.into_inner())
}

/// GRANDPA's notifications, of which votes are shown to the protection.
pub struct VoteObserver {
	inner: Box<dyn NotificationService>,
	protection: Arc<SlashingProtection>,
}

impl VoteObserver {
	/// Wraps `inner`, if there is a protection.
	pub fn wrap(
		inner: Box<dyn NotificationService>,
		protection: Option<Arc<SlashingProtection>>,
	) -> Box<dyn NotificationService> {
		match protection {
			Some(protection) => Box::new(Self { inner, protection }),
			None => inner,
		}
	}
}

impl fmt::Debug for VoteObserver {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		f.debug_tuple("VoteObserver").field(&self.inner).finish()
	}
}

#[async_trait::async_trait]
impl NotificationService for VoteObserver {
	async fn open_substream(&mut self, peer: PeerId) -> Result<(), ()> {
		self.inner.open_substream(peer).await
	}

	async fn close_substream(&mut self, peer: PeerId) -> Result<(), ()> {
		self.inner.close_substream(peer).await
	}

	fn send_sync_notification(&mut self, peer: &PeerId, notification: Vec<u8>) {
		self.inner.send_sync_notification(peer, notification)
	}

	async fn send_async_notification(
		&mut self,
		peer: &PeerId,
		notification: Vec<u8>,
	) -> Result<(), error::Error> {
		self.inner.send_async_notification(peer, notification).await
	}

	async fn set_handshake(&mut self, handshake: Vec<u8>) -> Result<(), ()> {
		self.inner.set_handshake(handshake).await
	}

	fn try_set_handshake(&mut self, handshake: Vec<u8>) -> Result<(), ()> {
		self.inner.try_set_handshake(handshake)
	}

	async fn next_event(&mut self) -> Option<NotificationEvent> {
		let event = self.inner.next_event().await;
		if let Some(NotificationEvent::NotificationReceived { notification, .. }) = &event {
			if let Some((vote, round, set_id)) = payload::decode_gossiped_vote(notification) {
				self.protection.observe_vote(&vote, round, set_id);
			}
		}
		event
	}

	fn clone(&mut self) -> Result<Box<dyn NotificationService>, ()> {
		let inner = self.inner.clone()?;
		Ok(Box::new(Self { inner, protection: self.protection.clone() }))
	}

	fn protocol(&self) -> &ProtocolName {
		self.inner.protocol()
	}

	fn message_sink(&self, peer: &PeerId) -> Option<Box<dyn MessageSink>> {
		self.inner.message_sink(peer)
	}
}
