//! The greatest height that peers have claimed.

use gtos_runtime::BlockNumber;
use std::sync::atomic::{AtomicU32, Ordering};

/// The greatest height that a peer of sync has claimed since it was last asked for.
///
/// Sync writes it. A peer that does not have what sync requests is connected for a moment only, so whoever looks at the
/// connected peers from time to time may never see it.
#[derive(Default)]
pub struct HeardHeight(AtomicU32);

impl HeardHeight {
	pub(crate) fn note(&self, height: BlockNumber) {
		self.0.fetch_max(height, Ordering::Relaxed);
	}

	/// The height, which is then forgotten; 0 if there is none.
	pub(crate) fn take(&self) -> BlockNumber {
		self.0.swap(0, Ordering::Relaxed)
	}
}
