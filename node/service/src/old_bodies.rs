//! Checks that the database has the bodies that other nodes expect from a node without pruning.

use gtos_node_types::FullClient;
use sc_client_api::BlockBackend;
use sc_service::{Configuration, Error};
use sp_blockchain::HeaderBackend;

/// Warns if this node keeps all bodies from now on, but its database was pruned before.
///
/// The SDK does not remember how a database was pruned. Peers that sync from genesis would ask such a node in
/// vain, and nobody would notice before.
pub fn warn_if_missing(config: &Configuration, client: &FullClient) -> Result<(), Error> {
	let info = client.info();
	// As long as there is a gap, a node after a warp sync is still downloading the old blocks.
	let is_complete = info.finalized_number > 0 && info.block_gap.is_none();
	if !config.blocks_pruning.is_archive() || !is_complete {
		return Ok(());
	}
	// Block 0 is rebuilt from the chain spec.
	let Some(first) = client.hash(1)? else { return Ok(()) };
	if client.block_body(first)?.is_none() {
		tracing::warn!(
			target: "db",
			"⚠️ This node keeps the bodies of all blocks from now on, but its database has been pruned before: other \
			nodes cannot sync from it from genesis. If it is a boot node or an archive, delete the database with \
			`gtos purge-chain` and sync again",
		);
	}
	Ok(())
}
