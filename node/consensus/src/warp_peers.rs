//! Says what a warp sync waits for.

use gtos_node_types::Block;
use sc_network_sync::{SyncStatus, SyncingService, WarpSyncPhase};
use std::{sync::Arc, time::Duration};

/// How often the log says it.
const REPORT_PERIOD: Duration = Duration::from_secs(30);

/// Says from time to time what a warp sync waits for, until it has begun.
pub async fn report(sync: Arc<SyncingService<Block>>) {
	loop {
		tokio::time::sleep(REPORT_PERIOD).await;
		// The sync service no longer answers only when the node stops.
		let Ok(status) = sync.status().await else { return };
		let Some(message) = waiting_for(&status) else { return };
		tracing::warn!("{message}");
	}
}

/// What the sync waits for; `None` once it has begun.
fn waiting_for(status: &SyncStatus<Block>) -> Option<String> {
	match status.warp_sync.as_ref()?.phase {
		WarpSyncPhase::AwaitingPeers { required_peers } => Some(format!(
			"The warp sync has not begun: it needs {required_peers} peers, and {} are connected. \
			Give the node more peers (--bootnodes, --reserved-nodes), or start it with --sync full",
			status.num_peers,
		)),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sc_network_sync::{SyncState, WarpSyncProgress};

	fn status(phase: WarpSyncPhase<Block>) -> SyncStatus<Block> {
		SyncStatus {
			state: SyncState::Idle,
			best_seen_block: None,
			num_peers: 2,
			queued_blocks: 0,
			state_sync: None,
			warp_sync: Some(WarpSyncProgress { phase, total_bytes: 0, status: None }),
		}
	}

	#[test]
	fn warp_sync_that_has_not_begun_names_the_peers_that_it_needs() {
		let waiting = status(WarpSyncPhase::AwaitingPeers { required_peers: 3 });
		let message = waiting_for(&waiting).unwrap();
		assert!(message.contains("needs 3 peers, and 2 are connected"), "{message}");
		assert_eq!(waiting_for(&status(WarpSyncPhase::DownloadingWarpProofs)), None);
	}
}
