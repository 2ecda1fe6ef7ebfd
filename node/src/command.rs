//! Does what the command line says.

mod prove_ownership;

pub use prove_ownership::ProveOwnershipCmd;

use crate::{
	cli::{Cli, KeyCommand, Run, Subcommand},
	listen,
	logging::{self, LogFormat},
	service::{self, Block},
};
use gtos_runtime::Hash;
use sc_cli::{Runner, Signals, SubstrateCli};
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker};
use sc_service::PartialComponents;
use std::{num::NonZeroU32, time::Duration};

/// Parses the command line and obeys.
pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	let Some(subcommand) = &cli.subcommand else { return run_node(&cli) };
	match subcommand {
		Subcommand::Key(KeyCommand::Stock(cmd)) => cmd.run(&cli),
		Subcommand::Key(KeyCommand::ProveOwnership(cmd)) => cmd.run(&cli),
		Subcommand::BuildSpec(cmd) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.chain_spec, config.network))
		},
		Subcommand::ExportChainSpec(cmd) => cmd.run(cli.load_spec(&cmd.chain)?),
		Subcommand::CheckBlock(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::ExportBlocks(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Subcommand::ExportState(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Subcommand::ImportBlocks(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::PurgeChain(cmd) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database))
		},
		Subcommand::Revert(cmd) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, backend, task_manager, .. } =
				service::new_partial(&config)?;
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
	let Run { base, storage_monitor, grandpa_gossip_period_ms, tx_index_blocks, .. } = &cli.run;
	let mut runner = node_runner(cli)?;

	// The SDK would take a random port in place of a busy one, and who relies on the port not know.
	if base.rpc_params.experimental_rpc_endpoint.is_empty() {
		for endpoint in runner.config_mut().rpc.addr.iter_mut().flatten() {
			endpoint.retry_random_port = false;
		}
	}
	listen::ensure_free(runner.config()).map_err(refusal)?;

	let options = service::Options {
		grandpa_gossip_period: Duration::from_millis(*grandpa_gossip_period_ms),
		storage_monitor: storage_monitor.clone(),
		transaction_index_window: NonZeroU32::new(*tx_index_blocks),
	};
	runner.run_node_until_exit(|config| async move {
		match config.network.network_backend {
			NetworkBackendType::Litep2p => {
				service::new_full::<Litep2pNetworkBackend>(config, options)
			},
			NetworkBackendType::Libp2p => {
				service::new_full::<NetworkWorker<Block, Hash>>(config, options)
			},
		}
	})
}

/// The SDK's runner, with the log that the operator chose.
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

/// The error of a node that will not start, or a command that will not run, for the reason given.
pub fn refusal(reason: impl Into<String>) -> sc_cli::Error {
	let reason: String = reason.into();
	sc_cli::Error::Application(reason.into())
}

/// What an error means to the operator.
pub fn explain(error: &sc_cli::Error) -> String {
	match error {
		sc_cli::Error::NetworkKeyNotFound(path) => format!(
			"a validator needs a node key that stays the same, and there is none at {}. Make it \
			once with `gtos key generate-node-key` and the --chain and --base-path of this node, or \
			name the file of one with --node-key-file",
			path.display()
		),
		// The SDK's prefix says "Invalid input" even of an error of its own.
		sc_cli::Error::Input(message) => message.clone(),
		sc_cli::Error::Service(sc_service::Error::Application(error)) => error.to_string(),
		sc_cli::Error::Service(sc_service::Error::Other(message)) => message.clone(),
		sc_cli::Error::Service(sc_service::Error::Client(
			sp_blockchain::Error::NonSequentialFinalization(_),
		)) => {
			"a fast sync of this database was interrupted before it had a state: start with --sync \
			fast once more, or begin anew after `gtos purge-chain`"
				.into()
		},
		error => error.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn missing_node_key_is_explained_with_its_path_and_its_remedy() {
		let message = explain(&sc_cli::Error::NetworkKeyNotFound("/data/secret_ed25519".into()));
		assert!(message.contains("/data/secret_ed25519"), "{message}");
		assert!(message.contains("gtos key generate-node-key"), "{message}");
		assert_eq!(message.lines().count(), 1, "{message}");
	}

	#[test]
	fn refusal_is_explained_in_its_own_words() {
		assert_eq!(explain(&refusal("the port is busy")), "the port is busy");
	}
}
