//! Logs that a sync gets no blocks, and what may be missing.
//!
//! A peer without the bodies of old blocks answers a request for them with nothing, and sync disconnects it. If
//! all peers are of this kind, a full sync stands still, and the SDK's log does not say why. Such a peer is connected
//! for a moment each minute, so the status of sync does not show its height.

use crate::heard_height::HeardHeight;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::BlockNumber;
use sc_network_sync::{SyncStatus, SyncingService, WarpSyncPhase};
use sp_blockchain::HeaderBackend;
use std::{sync::Arc, time::Duration};

/// How often the progress is checked.
const PERIOD: Duration = Duration::from_secs(60);

/// How many blocks a node has to be behind its peers before it is expected to get blocks.
const MIN_GAP_BLOCKS: BlockNumber = 50;

/// Warns each minute in which the node is behind its peers and gets no blocks. `heard` has the height that peers claim.
pub async fn report(
	client: Arc<FullClient>,
	sync: Arc<SyncingService<Block>>,
	heard: Arc<HeardHeight>,
) {
	let mut progress = Progress::default();
	loop {
		tokio::time::sleep(PERIOD).await;
		// The sync service stops answering only when the node stops.
		let Ok(status) = sync.status().await else { return };
		if let Some(warning) = progress.judge(client.info().best_number, heard.take(), &status) {
			tracing::warn!(target: "sync", "{warning}");
		}
	}
}

#[derive(Default)]
struct Progress {
	/// Height of this node a period ago.
	last: Option<BlockNumber>,
	/// Highest block of any peer since this node has last advanced. What a peer has claimed before may be wrong.
	highest: BlockNumber,
}

impl Progress {
	/// The warning for this height and status, if there is one. `heard` is the greatest height that a peer has claimed
	/// since the last call.
	fn judge(
		&mut self,
		best: BlockNumber,
		heard: BlockNumber,
		status: &SyncStatus<Block>,
	) -> Option<String> {
		let stands_still = self.last.replace(best) == Some(best);
		let seen = status.best_seen_block.unwrap_or_default().max(heard);
		self.highest = if stands_still { self.highest.max(seen) } else { seen };
		// Blocks are being executed, or something else is downloaded first.
		let is_busy =
			status.queued_blocks > 0 || status.state_sync.is_some() || is_warp_syncing(status);
		let is_behind = self.highest > best.saturating_add(MIN_GAP_BLOCKS);
		(stands_still && !is_busy && is_behind).then(|| {
			format!(
				"This node is at block {best} and gets no further blocks, although a peer is at block {}. \
				Validators delete old blocks: connect the node to one that keeps all (--bootnodes, \
				--reserved-nodes), or begin with an empty database and --sync warp",
				self.highest,
			)
		})
	}
}

/// Whether a warp sync has not reached its target yet. Old blocks are downloaded after that, beside the new ones, and
/// without end if no peer has them.
fn is_warp_syncing(status: &SyncStatus<Block>) -> bool {
	let warp_sync = status.warp_sync.as_ref();
	warp_sync.is_some_and(|warp| !matches!(warp.phase, WarpSyncPhase::DownloadingBlocks(_)))
}

#[cfg(test)]
mod tests {
	use super::*;
	use sc_network_sync::{SyncState, WarpSyncProgress};

	fn status(best_seen_block: Option<BlockNumber>, queued_blocks: u32) -> SyncStatus<Block> {
		SyncStatus {
			state: SyncState::Idle,
			best_seen_block,
			num_peers: 2,
			queued_blocks,
			state_sync: None,
			warp_sync: None,
		}
	}

	#[test]
	fn node_that_is_behind_and_stands_still_is_warned_of() {
		let mut progress = Progress::default();
		assert_eq!(progress.judge(7, 0, &status(Some(900), 0)), None);
		// All peers are disconnected just now.
		let warning = progress.judge(7, 0, &status(None, 0)).unwrap();
		for part in ["at block 7 ", "at block 900", "--reserved-nodes", "--sync warp"] {
			assert!(warning.contains(part), "{part}: {warning}");
		}
		assert!(progress.judge(7, 0, &status(Some(901), 0)).is_some());
	}

	#[test]
	fn node_whose_peers_are_never_connected_when_it_looks_is_warned_of() {
		let mut progress = Progress::default();
		assert_eq!(progress.judge(0, 900, &status(None, 0)), None);
		let warning = progress.judge(0, 0, &status(None, 0)).unwrap();
		assert!(warning.contains("at block 900"), "{warning}");
		assert!(progress.judge(0, 905, &status(None, 0)).unwrap().contains("at block 905"));
	}

	#[test]
	fn node_without_old_blocks_is_warned_of_after_its_warp_sync_only() {
		for (phase, is_warned_of) in [
			(WarpSyncPhase::DownloadingState, false),
			// The state is there; old blocks are missing.
			(WarpSyncPhase::DownloadingBlocks(3), true),
		] {
			let warp_sync = Some(WarpSyncProgress { phase, total_bytes: 0, status: None });
			let status = SyncStatus { warp_sync, ..status(Some(900), 0) };
			let mut progress = Progress::default();
			assert_eq!(progress.judge(7, 900, &status), None);
			assert_eq!(progress.judge(7, 900, &status).is_some(), is_warned_of, "{status:?}");
		}
	}

	#[test]
	fn claim_from_before_the_last_advance_is_forgotten() {
		let mut progress = Progress::default();
		for (best, heard) in [(7, 4_000_000_000), (8, 9), (8, 9), (8, 9)] {
			assert_eq!(progress.judge(best, heard, &status(None, 0)), None, "{best} {heard}");
		}
	}

	#[test]
	fn node_that_advances_executes_or_is_near_the_head_is_not_warned_of() {
		let mut progress = Progress::default();
		for (best, seen, queued) in [(7, 900, 0), (8, 900, 0), (8, 900, 64), (870, 901, 0)] {
			assert_eq!(progress.judge(best, seen, &status(Some(seen), queued)), None, "{best}");
		}
		assert_eq!(progress.judge(870, 901, &status(Some(901), 0)), None);
	}
}
