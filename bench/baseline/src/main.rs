//! The node with which `scripts/load` compares GTOS: the SDK's own parts, put together as in its example of a solo
//! chain.
//!
//! It differs from the example where a fair comparison needs it, and in nothing else: slots of half a second, a
//! single-state pool of 30,000 transactions, GRANDPA's messages every 100 ms, and no rule to vote two blocks
//! behind the best one. GTOS has the same values.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod authoring;
mod budget;
mod chain_spec;
mod cli;
mod finality;
mod inherents;
mod open;
mod rpc;
mod service;

use cli::Cli;
use sc_cli::SubstrateCli;

fn main() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	let budget = cli.run.budget;
	let runner = cli.create_runner(&cli.run.base)?;
	let ended: Result<(), sc_service::Error> =
		runner.run_node_until_exit(|config| async move { service::start(config, budget) });
	Ok(ended?)
}
