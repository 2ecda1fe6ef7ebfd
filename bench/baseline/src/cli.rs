//! The command line.

use crate::{budget::Budget, chain_spec};
use sc_cli::SubstrateCli;

/// The parsed command line.
#[derive(Debug, clap::Parser)]
pub struct Cli {
	#[command(flatten)]
	pub run: Run,
}

/// Options of the node.
// The defaults of the pool are those of GTOS.
#[derive(Debug, clap::Args)]
#[command(
	mut_arg("pool_type", |arg| arg.default_value("single-state")),
	mut_arg("pool_limit", |arg| arg.default_value("30000")),
	mut_arg("pool_kbytes", |arg| arg.default_value("61440"))
)]
pub struct Run {
	#[command(flatten)]
	pub base: sc_cli::RunCmd,

	/// Limits of a block. All nodes of a chain need the same.
	#[arg(long, value_enum, value_name = "WHOSE", default_value_t = Budget::Sdk)]
	pub budget: Budget,
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"GTOS Baseline".into()
	}

	fn impl_version() -> String {
		env!("CARGO_PKG_VERSION").into()
	}

	fn executable_name() -> String {
		"gtos-baseline".into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"https://github.com/gtos/gtos/issues".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_cli::ChainSpec>, String> {
		chain_spec::load(id, self.run.budget)
	}
}
