//! The command line: `gtos-benchmark COMMAND`.

use frame_benchmarking_cli::BenchmarkCmd;
use gtos_node_service::chain_spec;
use sc_cli::{ChainSpec, SubstrateCli};

/// The parsed command line.
#[derive(Debug, clap::Parser)]
pub struct Cli {
	/// What to measure.
	#[command(subcommand)]
	pub command: BenchmarkCmd,
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"GTOS Benchmark".into()
	}

	fn impl_version() -> String {
		env!("CARGO_PKG_VERSION").into()
	}

	fn executable_name() -> String {
		"gtos-benchmark".into()
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

	fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
		chain_spec::load(id)
	}
}
