//! The node's database, below the client.

use crate::{client, Result};
use gtos_node_types::FullBackend;
use gtos_runtime::{Hash, Header};
use sc_client_api::{Backend as _, BlockImportOperation as _, NewBlockState, TrieCacheContext};
use sp_blockchain::HeaderBackend;
use sp_runtime::{traits::Header as _, Digest, StateVersion};
use sp_state_machine::Backend as _;
use std::{
	path::Path,
	sync::Arc,
	time::{Duration, Instant},
};

/// Storage key and value.
pub type Item = (Vec<u8>, Vec<u8>);
/// Storage key, and its new value or `None` to remove it.
pub type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// Number of final blocks whose state is kept. Fewer than in a node, so that the large filling blocks are
/// pruned before anything is measured.
pub const STATES_KEPT: u32 = 16;

/// Time to write, for a block or for one item of it.
#[derive(Clone, Copy)]
pub struct WriteTime {
	/// The new state root.
	pub root: Duration,
	/// The commit to the database, including the pruning of an old state.
	pub commit: Duration,
}

impl WriteTime {
	/// Both parts.
	pub fn total(&self) -> Duration {
		self.root + self.commit
	}
}

/// Opens the database at `path`, or creates it.
pub fn open(path: &Path) -> Result<Arc<FullBackend>> {
	client::open_database(path, STATES_KEPT)
}

/// Appends a final block that was not executed and makes `changes` to the state.
pub fn write<'a>(
	backend: &FullBackend,
	changes: impl Iterator<Item = Change<'a>>,
) -> Result<WriteTime> {
	let info = backend.blockchain().info();
	let parent = info.best_hash;
	let state = backend.state_at(parent, TrieCacheContext::Trusted)?;

	let start = Instant::now();
	let (state_root, transaction) = state.storage_root(changes, StateVersion::V1);
	// Dropping the state hands its cache to the next blocks.
	drop(state);
	let root = start.elapsed();

	let start = Instant::now();
	let header =
		Header::new(info.best_number + 1, Hash::zero(), state_root, parent, Digest::default());
	let mut block = backend.begin_operation()?;
	backend.begin_state_operation(&mut block, parent)?;
	block.update_db_storage(transaction)?;
	block.set_block_data(header, Some(vec![]), None, None, NewBlockState::Final, true)?;
	backend.commit_operation(block)?;
	Ok(WriteTime { root, commit: start.elapsed() })
}

/// Reads the values of `items` from the state of the last block, as the execution of a block does.
pub fn read(backend: &FullBackend, items: &[Item]) -> Result<Duration> {
	let best = backend.blockchain().info().best_hash;
	let state = backend.state_at(best, TrieCacheContext::Trusted)?;
	let start = Instant::now();
	for (key, _) in items {
		if state.storage(key)?.is_none() {
			return Err("an entry is missing".into());
		}
	}
	Ok(start.elapsed())
}
