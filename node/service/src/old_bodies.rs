//! Checks that the database has the bodies that other nodes expect from a node without pruning.

use gtos_node_types::FullClient;
use gtos_runtime::BlockNumber;
use sc_client_api::BlockBackend;
use sc_service::{Configuration, Error};
use sp_blockchain::HeaderBackend;

/// Blocks of which a database that was pruned lacks at least one body. Block 0 is rebuilt from the chain spec.
///
/// One block is not enough: pruning keeps blocks with a GRANDPA justification, and the first final block has one.
const FIRST_BLOCKS: [BlockNumber; 2] = [1, 2];

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
	if is_any_missing(|number| has_body(client, number))? {
		tracing::warn!(
			target: "db",
			"⚠️ This node keeps the bodies of all blocks from now on, but its database has been pruned before: other \
			nodes cannot sync from it from genesis. If it is a boot node or an archive, delete the database with \
			`gtos purge-chain` and sync again",
		);
	}
	Ok(())
}

/// Whether the database lacks the body of one of the first blocks. `has_body` answers `None` for a block that the chain
/// does not have yet.
fn is_any_missing(
	has_body: impl Fn(BlockNumber) -> Result<Option<bool>, Error>,
) -> Result<bool, Error> {
	for number in FIRST_BLOCKS {
		if has_body(number)? == Some(false) {
			return Ok(true);
		}
	}
	Ok(false)
}

fn has_body(client: &FullClient, number: BlockNumber) -> Result<Option<bool>, Error> {
	let Some(hash) = client.hash(number)? else { return Ok(None) };
	Ok(Some(client.block_body(hash)?.is_some()))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Whether a body is missing on a chain up to `best` that has the bodies of these blocks.
	fn is_missing(best: BlockNumber, bodies: &[BlockNumber]) -> bool {
		let has_body = |number: BlockNumber| Ok((number <= best).then(|| bodies.contains(&number)));
		is_any_missing(has_body).unwrap()
	}

	#[test]
	fn pruned_database_that_keeps_the_first_final_block_lacks_a_body() {
		for kept in [vec![], vec![1], vec![2]] {
			assert!(is_missing(100, &kept), "{kept:?}");
		}
	}

	#[test]
	fn complete_database_lacks_no_body() {
		for best in 0..4 {
			let all: Vec<_> = (1..=best).collect();
			assert!(!is_missing(best, &all), "{best}");
		}
	}
}
