//! The binary `gtos-benchmark`: measures weights, blocks, storage and the machine, always with
//! ParityDB.
//!
//! It is a separate binary because the SDK's benchmark commands depend on crates that nothing else
//! in the node needs, such as the relay chain's runtime. It uses neither the network nor JSON-RPC:
//! it opens the chain and measures it.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod cli;
mod command;

use cli::Cli;
use sc_cli::SubstrateCli;

fn main() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	command::run(&cli)
}
