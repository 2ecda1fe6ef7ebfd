//! Runs the command that the command line names.

use crate::{
	argument_secrets, base_path, broken_pipe,
	cli::{Cli, KeyCommand, Run, Subcommand},
	key_files, keystore,
	logging::{self, LogFormat},
	ports, pruning,
};
use gtos_node_service::{self as service, OutOfSpace, PartialComponents, StorageOptions};
use gtos_node_types::{user_error, Block};
use sc_cli::{CliConfiguration, KeySubcommand, Runner, Signals, SubstrateCli};
use sc_network::config::{NetworkConfiguration, NonReservedPeerMode};
use sc_service::config::{RpcEndpoint, RpcMethods};
use std::{
	ffi::OsString,
	num::NonZeroU32,
	sync::{Arc, OnceLock},
	time::Duration,
};

/// Parses the command line and runs the command, or the node if there is none.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> sc_cli::Result<()> {
	let arguments: Vec<OsString> = arguments.into_iter().collect();
	let mut cli = match Cli::try_from_iter(&arguments) {
		Ok(cli) => cli,
		Err(error)
			if error.use_stderr()
				&& LogFormat::asked_for(arguments.iter().cloned()) == LogFormat::Json =>
		{
			let message = error.to_string();
			let message = message.trim_start_matches("error: ").trim_end();
			return Err(sc_cli::Error::Input(message.into()));
		},
		// Prints help, version or error, and ends the process.
		Err(error) => error.exit(),
	};
	let format = LogFormat::asked_for(arguments.iter().cloned());
	for warning in argument_secrets::warnings(&arguments) {
		logging::warn(&warning, format);
	}
	logging::hide_requests(&mut cli.run.base.shared_params);
	match &cli.subcommand {
		Some(subcommand) => run_subcommand(&cli, subcommand),
		None => run_node(&cli),
	}
}

fn run_subcommand(cli: &Cli, subcommand: &Subcommand) -> sc_cli::Result<()> {
	match subcommand {
		Subcommand::Key(KeyCommand::Stock(cmd)) => {
			if let KeySubcommand::Insert(insert) = cmd {
				base_path::ensure_known(&insert.shared_params).map_err(user_error)?;
				let folder = keystore::folder(cli, &insert.shared_params, &insert.keystore_params)?;
				key_files::prepare_keystore(&folder).map_err(user_error)?;
			}
			cmd.run(cli)
		},
		Subcommand::Key(KeyCommand::ProveOwnership(cmd)) => cmd.run(cli),
		Subcommand::SlashingProtection(cmd) => cmd.run(cli),
		Subcommand::BuildSpec(cmd) => {
			runner(cli, cmd)?.sync_run(|config| cmd.run(config.chain_spec, config.network))
		},
		Subcommand::ExportChainSpec(cmd) => cmd.run(cli.load_spec(&cmd.chain)?),
		Subcommand::CheckBlock(cmd) => database_runner(cli, cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::open(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::ExportBlocks(cmd) => database_runner(cli, cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::open(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Subcommand::ExportState(cmd) => database_runner(cli, cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::open(&config)?;
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Subcommand::ImportBlocks(cmd) => database_runner(cli, cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::open(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Subcommand::PurgeChain(cmd) => {
			database_runner(cli, cmd)?.sync_run(|config| cmd.run(config.database))
		},
		Subcommand::Revert(cmd) => database_runner(cli, cmd)?.async_run(|config| {
			let PartialComponents { client, backend, task_manager, .. } = service::open(&config)?;
			let revert_grandpa = Box::new(|client, _, blocks| {
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((cmd.run(client, backend, Some(revert_grandpa)), task_manager))
		}),
		Subcommand::ChainInfo(cmd) => {
			database_runner(cli, cmd)?.sync_run(|config| cmd.run::<Block>(&config))
		},
	}
}

/// The SDK's runner of a command.
fn runner<T: CliConfiguration>(cli: &Cli, command: &T) -> sc_cli::Result<Runner<Cli>> {
	base_path::ensure_known(command.shared_params()).map_err(user_error)?;
	let runner = cli.create_runner(command)?;
	broken_pipe::end_quietly();
	Ok(runner)
}

/// The SDK's runner of a command that opens or deletes the database.
fn database_runner<T: CliConfiguration>(cli: &Cli, command: &T) -> sc_cli::Result<Runner<Cli>> {
	let runner = runner(cli, command)?;
	if let Some(path) = runner.config().database.path() {
		base_path::ensure_writable(path).map_err(user_error)?;
	}
	Ok(runner)
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
	let run = &cli.run;
	pruning::ensure_consistent(&run.base.import_params.pruning_params).map_err(user_error)?;
	let shared = &run.base.shared_params;
	let is_temporary = run.base.tmp || (shared.is_dev() && shared.base_path.is_none());
	if !is_temporary {
		base_path::ensure_known(shared).map_err(user_error)?;
	}
	let mut runner = node_runner(cli)?;
	let temporary = is_temporary.then(|| runner.config().base_path.path().to_path_buf());
	let stopped = Arc::new(OnceLock::<OutOfSpace>::new());
	let ended = complete(run, &mut runner, stopped.clone()).and_then(|options| {
		let node =
			runner.run_node_until_exit(|config| async move { service::start(config, options) });
		node.map_err(sc_cli::Error::from)
	});
	if let Some(path) = temporary {
		base_path::remove_temporary(path);
	}
	match (ended, stopped.get()) {
		// The SDK knows only that a task has ended.
		(Err(_), Some(reason)) => Err(out_of_space(reason.clone())),
		(ended, _) => ended,
	}
}

fn out_of_space(reason: OutOfSpace) -> sc_cli::Error {
	sc_service::Error::Application(Box::new(reason)).into()
}

/// Completes the configuration of the node, and checks it. `stopped` receives the reason if the node stops for
/// lack of disk space.
fn complete(
	run: &Run,
	runner: &mut Runner<Cli>,
	stopped: Arc<OnceLock<OutOfSpace>>,
) -> sc_cli::Result<service::Options> {
	let rpc = &run.base.rpc_params;
	if rpc.experimental_rpc_endpoint.is_empty() {
		for endpoint in runner.config_mut().rpc.addr.iter_mut().flatten() {
			// The SDK would replace a busy port with a random one, which clients do not know.
			endpoint.retry_random_port = false;
			if rpc.rpc_cors.is_none() {
				answer_any_host(endpoint);
			}
		}
	}
	ports::ensure_free(runner.config()).map_err(user_error)?;
	let limits = run.storage_limits();
	if let Some(path) = runner.config().database.path() {
		base_path::ensure_writable(path).map_err(user_error)?;
		service::ensure_room(path, &limits).map_err(out_of_space)?;
	}
	let password = run.base.keystore_params.password_filename.as_deref();
	key_files::protect(runner.config(), password).map_err(user_error)?;
	warp_with_reserved_peers(&mut runner.config_mut().network).map_err(user_error)?;

	Ok(service::Options {
		authoring_pauses: run.authoring_pauses(),
		compiled_runtimes: run.compiled_runtimes.clone(),
		grandpa_gossip_period: Duration::from_millis(run.grandpa_gossip_period_ms),
		pool_limits: run.pool_limits(),
		slashing_protection: run.slashing_protection.into(),
		storage: StorageOptions { limits, stopped },
		transaction_index_window: NonZeroU32::new(run.tx_index_blocks),
		verified_signatures: NonZeroU32::new(run.verified_signatures),
	})
}

/// Lets an external endpoint answer requests that name it by any address, as health probes do.
///
/// The SDK refuses all names but `localhost` unless every web page may call the endpoint. That
/// protects endpoints that only this machine reaches. One that offers only safe methods to everybody
/// has nothing to protect from web pages.
fn answer_any_host(endpoint: &mut RpcEndpoint) {
	let is_external = !endpoint.listen_addr.ip().is_loopback();
	if is_external && !matches!(endpoint.rpc_methods, RpcMethods::Unsafe) {
		endpoint.cors = None;
	}
}

/// Number of peers for which the SDK waits before it begins a warp sync.
const WARP_PEERS: usize = 3;

/// Lets a warp sync begin with the reserved peers of a node that has no others. The SDK would wait for
/// three peers, which such a node may never have.
///
/// Fewer peers are no danger: they prove what they say, and the operator has chosen them.
fn warp_with_reserved_peers(network: &mut NetworkConfiguration) -> Result<(), &'static str> {
	let peers = &network.default_peers_set;
	let has_no_others = matches!(peers.non_reserved_mode, NonReservedPeerMode::Deny);
	if !network.sync_mode.is_warp() || !has_no_others {
		return Ok(());
	}
	match peers.reserved_nodes.len() {
		0 => Err("--sync warp needs a peer, and --reserved-only permits none: name peers with \
			--reserved-nodes, or leave out --sync warp"),
		reserved => {
			network.min_peers_to_start_warp_sync = Some(reserved.min(WARP_PEERS));
			Ok(())
		},
	}
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
