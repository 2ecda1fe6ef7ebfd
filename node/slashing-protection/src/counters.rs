//! What the metrics show.

use std::sync::atomic::AtomicU64;

/// What has happened since the node started.
#[derive(Debug, Default)]
pub struct Counters {
	/// Seals refused.
	pub refused_seals: AtomicU64,
	/// Votes refused.
	pub refused_votes: AtomicU64,
	/// Signatures of own keys that another node has made.
	pub heard: AtomicU64,
	/// 1 while the node signs.
	pub is_signing: AtomicU64,
}
