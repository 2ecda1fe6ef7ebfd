//! Measures what the removal of expired entries costs on a large state, in the runtime's Wasm and on the
//! node's database.
//!
//! It fills a database with entries, many of which expire at one height, and prints what reading and
//! writing one item of that state takes. Then one client authors blocks until all expired entries are
//! removed, and another client, with a copy of the database and empty caches, imports these blocks. For
//! each block it prints the declared weight and the time that the import took: execution with the state
//! root, and commit. It fails if a block took longer than it declares.
//!
//! The filling blocks have a state but were not executed. Keys are hashes, so the entries of a block share
//! as few trie nodes as possible. Values have 100 bytes and keys 32; there are 100 owners.
//!
//! `scripts/sweep-figures` runs it and describes the options.

mod chain;
#[path = "../shared/client.rs"]
mod client;
mod contents;
mod database;
mod report;

use chain::{Chain, Imported};
use clap::Parser;
use contents::Contents;
use gtos_node_types::Block;
use std::{
	error::Error,
	fs,
	path::{Path, PathBuf},
};

/// Result of a step. The program ends with the first error.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug, Parser)]
struct Arguments {
	/// Number of entries that expire at one height.
	#[arg(long, default_value_t = 1_000_000)]
	expired: u32,

	/// Number of entries that outlive the measurement. Each adds two items to the state.
	#[arg(long, default_value_t = 4_500_000)]
	live: u32,

	/// Gives each expired entry a page of the index of its own, which is the worst case. Otherwise 32 of
	/// them share a page.
	#[arg(long)]
	alone: bool,

	/// Existing folder for both databases; a temporary one by default. Each takes about 1 KB an item.
	#[arg(long)]
	folder: Option<PathBuf>,

	/// Time that the reference machine takes for what takes this machine one second.
	#[arg(long, default_value_t = 1.0)]
	factor: f64,

	/// Preset or file of the chain spec.
	#[arg(long, default_value = "dev")]
	chain: String,

	/// `cargo bench` passes it.
	#[arg(long, hide = true)]
	bench: bool,
}

/// Copies the files of a closed database.
fn copy(from: &Path, to: &Path) -> Result<()> {
	fs::create_dir(to)?;
	for file in fs::read_dir(from)? {
		let file = file?;
		fs::copy(file.path(), to.join(file.file_name()))?;
	}
	Ok(())
}

/// Authors blocks on the database at `path` until only `live` entries are stored, and one more.
fn author(path: &Path, spec: &str, live: u64) -> Result<Vec<Block>> {
	let chain = Chain::open(path, spec)?;
	let mut blocks = Vec::new();
	while chain.stored_entries()? > live {
		blocks.push(chain.author()?);
	}
	blocks.push(chain.author()?);
	Ok(blocks)
}

fn main() -> Result<()> {
	let Arguments { expired, live, alone, folder, factor, chain: spec, bench: _ } =
		Arguments::parse();
	let folder = match folder {
		Some(folder) => tempfile::tempdir_in(folder)?,
		None => tempfile::tempdir()?,
	};
	let (authored, imported) = (folder.path().join("author"), folder.path().join("import"));
	let contents = Contents { live, expired, alone };

	println!("{contents}");
	chain::write_genesis(&authored, &spec)?;
	let database = database::open(&authored)?;
	contents.write(&database)?;
	drop(database);
	// Opened again, so that the caches are empty and nothing of the filling is left to write.
	let database = database::open(&authored)?;
	let access = contents.measure_access(&database)?;
	drop(database);
	report::print_access(&access);

	copy(&authored, &imported)?;
	let blocks = author(&authored, &spec, live.into())?;
	let chain = Chain::open(&imported, &spec)?;
	let imports: Vec<Imported> =
		blocks.into_iter().map(|block| chain.import(block)).collect::<Result<_>>()?;
	report::print_imports(&imports, factor, chain.slot_duration())
}
