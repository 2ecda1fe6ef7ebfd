//! Runs the command that the command line names.

use crate::{
	cli::{Cli, KeyCommand, Subcommand},
	logging::{self, LogFormat},
	ports,
};
use gtos_node_service::{self as service, PartialComponents};
use gtos_node_types::{user_error, Block};
use sc_cli::{Runner, Signals, SubstrateCli};
use std::{num::NonZeroU32, time::Duration};

/// Parses the command line and runs the command, or the node if there is none.
pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		Some(subcommand) => run_subcommand(&cli, subcommand),
		None => run_node(&cli),
	}
}

fn run_subcommand(cli: &Cli, subcommand: &Subcommand) -> sc_cli::Result<()> {
	match subcommand {
		Subcommand::Key(KeyCommand::Stock(cmd)) => cmd.run(cli),
		Subcommand::Key(KeyCommand::ProveOwnership(cmd)) => cmd.run(cli),
		Subcommand::SlashingProtection(cmd) => cmd.run(cli),
		Subcommand::BuildSpec(cmd) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.chain_spec, config.network))
		},
		Subcommand::ExportChainSpec(cmd) => cmd.run(cli.load_spec(&cmd.chain)?),
		Subcommand::CheckBlock(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::open(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::ExportBlocks(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::open(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Subcommand::ExportState(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::open(&config)?;
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Subcommand::ImportBlocks(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::open(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::PurgeChain(cmd) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database))
		},
		Subcommand::Revert(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, backend, task_manager, .. } = service::open(&config)?;
			let revert_grandpa = Box::new(|client, _, blocks| {
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((cmd.run(client, backend, Some(revert_grandpa)), task_manager))
		}),
		Subcommand::ChainInfo(cmd) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run::<Block>(&config))
		},
	}
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
	let run = &cli.run;
	let mut runner = node_runner(cli)?;

	// The SDK would replace a busy port with a random one, which clients do not know.
	if run.base.rpc_params.experimental_rpc_endpoint.is_empty() {
		for endpoint in runner.config_mut().rpc.addr.iter_mut().flatten() {
			endpoint.retry_random_port = false;
		}
	}
	ports::ensure_free(runner.config()).map_err(user_error)?;

	let options = service::Options {
		compiled_runtimes: run.compiled_runtimes.clone(),
		grandpa_gossip_period: Duration::from_millis(run.grandpa_gossip_period_ms),
		slashing_protection: run.slashing_protection.into(),
		storage_monitor: run.storage_monitor.clone(),
		transaction_index_window: NonZeroU32::new(run.tx_index_blocks),
	};
	let node = runner.run_node_until_exit(|config| async move { service::start(config, options) });
	node.map_err(sc_cli::Error::from)
}

/// The SDK's runner, with the log format that the operator chose.
fn node_runner(cli: &Cli) -> sc_cli::Result<Runner<Cli>> {
	let command = &cli.run.base;
	match cli.run.log_format {
		LogFormat::Plain => cli.create_runner(command),
		LogFormat::Json => {
			let runtime = sc_cli::build_runtime()?;
			let signals = runtime.block_on(async { Signals::capture() })?;
			let config = cli.create_configuration(command, runtime.handle().clone())?;
			logging::init_json::<Cli>(&command.shared_params)?;
			Runner::new(config, runtime, signals)
		},
	}
}

#[cfg(test)]
mod tests;
