//! The validator of block announcements, which notes when blocks arrive.

use super::{Clock, LOG_TARGET};
use futures::{future, FutureExt};
use gtos_node_types::Block;
use gtos_runtime::opaque::Header;
use sc_consensus_aura::standalone::find_pre_digest;
use sp_consensus::block_validation::{
	BlockAnnounceValidator, DefaultBlockAnnounceValidator, Validation,
};
use sp_consensus_aura::sr25519::AuthoritySignature;
use sp_timestamp::Timestamp;
use std::{error::Error, future::Future, pin::Pin, sync::Arc};
use tokio::sync::mpsc;

/// Maximum number of announced headers that can wait for [`Watch`](super::Watch). Samples beyond that are lost,
/// and the next blocks give others.
pub(super) const QUEUE_HEADERS: usize = 64;

/// An announced header, and when it arrived by the clock of the system.
pub(super) struct Announced {
	pub(super) header: Header,
	pub(super) arrived: Timestamp,
}

/// Accepts block announcements as the SDK does, but ignores those of blocks from the future.
pub struct AnnouncedSlots {
	pub(super) clock: Arc<Clock>,
	pub(super) announced: mpsc::Sender<Announced>,
}

impl BlockAnnounceValidator<Block> for AnnouncedSlots {
	fn validate(
		&mut self,
		header: &Header,
		data: &[u8],
	) -> Pin<Box<dyn Future<Output = Result<Validation, Box<dyn Error + Send>>> + Send>> {
		let arrived = Timestamp::current();
		// Sync must not wait for a full queue.
		let _ = self.announced.try_send(Announced { header: header.clone(), arrived });

		let slot = find_pre_digest::<Block, AuthoritySignature>(header);
		if slot.is_ok_and(|slot| self.clock.is_too_early(slot)) {
			tracing::debug!(
				target: LOG_TARGET,
				"Block {} is ignored: its slot is in the future by this node's clock",
				header.hash(),
			);
			// An error, other than a failed validation, does not count against the peer.
			let error: Box<dyn Error + Send + Sync> = "the slot is in the future".into();
			return future::ready(Err(error as Box<dyn Error + Send>)).boxed();
		}
		BlockAnnounceValidator::<Block>::validate(&mut DefaultBlockAnnounceValidator, header, data)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::executor::block_on;
	use sc_consensus_aura::SlotDuration;
	use sp_consensus_aura::{digests::CompatibleDigestItem, Slot};
	use sp_runtime::{traits::Header as _, Digest};

	const HOUR_MS: u64 = 3_600_000;

	fn header(slot: Slot) -> Header {
		let pre = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(slot);
		let digest = Digest { logs: vec![pre] };
		Header::new(1, Default::default(), Default::default(), Default::default(), digest)
	}

	#[test]
	fn announcement_from_the_future_is_ignored_without_blaming_the_peer() {
		let clock = Arc::new(Clock::default());
		clock.set_slot_duration(SlotDuration::from_millis(HOUR_MS));
		let (announced, mut received) = mpsc::channel(QUEUE_HEADERS);
		let mut slots = AnnouncedSlots { clock: clock.clone(), announced };
		let now = clock.slot().unwrap();

		// A failed validation would lower the peer's reputation; an error does not.
		assert!(block_on(slots.validate(&header(now + 3), &[])).is_err());
		let accepted = block_on(slots.validate(&header(now), &[])).unwrap();
		assert_eq!(accepted, Validation::Success { is_new_best: false });
		assert_eq!(received.try_recv().unwrap().header, header(now + 3));
		assert_eq!(received.try_recv().unwrap().header, header(now));

		clock.set_behind_ms(3 * HOUR_MS);
		let accepted = block_on(slots.validate(&header(now + 3), &[])).unwrap();
		assert_eq!(accepted, Validation::Success { is_new_best: false });
	}

	#[test]
	fn announcement_with_unknown_data_is_refused_as_by_the_sdk() {
		let (announced, _received) = mpsc::channel(QUEUE_HEADERS);
		let mut slots = AnnouncedSlots { clock: Arc::default(), announced };
		let refused = block_on(slots.validate(&header(Slot::from(1)), &[1])).unwrap();
		assert_eq!(refused, Validation::Failure { disconnect: true });
	}
}
