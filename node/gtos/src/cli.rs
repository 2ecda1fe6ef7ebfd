//! The command line.

use crate::{
	logging::LogFormat, prove_ownership::ProveOwnershipCmd, pruning,
	slashing_protection::SlashingProtectionCmd,
};
use gtos_node_chain_spec as chain_spec;
use gtos_node_service::{AuthoringPauses, PoolLimits, SlashingProtectionMode, StorageLimits};
use sc_cli::{SubstrateCli, TransactionPoolType};
use std::{path::PathBuf, time::Duration};

/// Where users report bugs.
const SUPPORT_URL: &str = "https://github.com/gtos/gtos/issues";

/// Help of `--chain` in every command.
const CHAIN_HELP: &str =
	"Chain: `dev`, `local`, `live` (a template without validators), or the path of a chain spec";

/// Help of `--tx-ban-seconds`, instead of the SDK's, which names another default.
const TX_BAN_HELP: &str =
	"Time for which the pool refuses a transaction that it has found invalid \
	without another look; it lasts until the next block at least";

/// The parsed command line.
// Replaces the SDK's help of `--chain`, which names chains of Polkadot.
#[derive(Debug, clap::Parser)]
#[command(mut_args(name_chains), mut_subcommands(name_chains_in))]
pub struct Cli {
	/// Command to run instead of a node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	#[command(flatten)]
	pub run: Run,
}

fn name_chains(arg: clap::Arg) -> clap::Arg {
	if arg.get_id() == "chain" {
		arg.help(CHAIN_HELP).long_help(CHAIN_HELP)
	} else {
		arg
	}
}

fn name_chains_in(command: clap::Command) -> clap::Command {
	command.mut_args(name_chains).mut_subcommands(name_chains_in)
}

/// Options of a running node.
// The pool is single-state: with blocks this fast, the fork-aware pool left accepted transactions
// stuck. The pool holds three full blocks. A transaction that is invalid now may be valid after the next
// block, so the pool refuses it unseen only until then. The length of RPC batches is limited, because a
// batch costs the server memory.
#[derive(Debug, clap::Args)]
#[command(
	mut_arg("pool_type", |arg| arg.default_value("single-state")),
	mut_arg("pool_limit", |arg| arg.default_value("30000")),
	mut_arg("pool_kbytes", |arg| arg.default_value("61440")),
	mut_arg("tx_ban_seconds", |arg| arg.default_value("0").help(TX_BAN_HELP).long_help(TX_BAN_HELP)),
	mut_arg("rpc_max_batch_request_len", |arg| arg.default_value("100")),
	mut_arg("state_pruning", |arg| arg.default_value_if("archive", "true", pruning::ALL_FINAL)),
	mut_arg("blocks_pruning", pruning::bodies_by_role)
)]
pub struct Run {
	#[command(flatten)]
	pub base: sc_cli::RunCmd,

	/// Keep the states and the bodies of all final blocks.
	///
	/// The same as `--state-pruning archive-canonical --blocks-pruning archive-canonical`.
	#[arg(long, conflicts_with_all = ["state_pruning", "blocks_pruning"])]
	pub archive: bool,

	/// Free disk space, in MiB, below which the node stops; 0: never.
	///
	/// The node stops with exit code 75. It starts again only if a quarter more is free. A full disk would crash it.
	#[arg(long, value_name = "MiB", default_value_t = 1024)]
	pub db_storage_threshold: u64,

	/// How often the free disk space is read.
	#[arg(
		long,
		value_name = "SECONDS",
		default_value_t = 5,
		value_parser = clap::value_parser!(u32).range(1..)
	)]
	pub db_storage_polling_period: u32,

	/// Time that GRANDPA allows for a message to reach every other validator.
	///
	/// A voting round lasts at least four times as long, so a lower value finalises blocks sooner.
	/// Raise the value if votes often arrive late.
	#[arg(
		long,
		value_name = "MILLISECONDS",
		default_value_t = 100,
		value_parser = clap::value_parser!(u64).range(10..=1000)
	)]
	pub grandpa_gossip_period_ms: u64,

	/// How many of the chain's last blocks `tx_status` and `tx_subscribe` cover; 0 switches them
	/// off.
	///
	/// The default is a day of one-second blocks, and 0 with --validator. Older blocks are deleted from the
	/// index.
	#[arg(
		long,
		value_name = "BLOCKS",
		default_value = pruning::DAY_OF_BLOCKS,
		default_value_ifs = [("dev", "true", pruning::DAY_OF_BLOCKS), ("validator", "true", pruning::VALIDATOR_INDEX)]
	)]
	pub tx_index_blocks: u32,

	/// How many verified signatures the node remembers, so that it verifies each signature once; 0: none.
	///
	/// So many of ecdsa, and as many of the other types together. The number should be greater than --pool-limit. The
	/// default takes up to 7 MiB.
	#[arg(
		long,
		value_name = "SIGNATURES",
		default_value_t = 65_536,
		value_parser = clap::value_parser!(u32).range(..=4_194_304)
	)]
	pub verified_signatures: u32,

	/// Folder in which the node keeps runtimes after compiling them, so that its next start
	/// is faster. The default is `compiled-runtimes` in the base path.
	///
	/// Several nodes on one machine may share a folder. Whoever can write to it controls the node.
	#[arg(long, value_name = "FOLDER")]
	pub compiled_runtimes: Option<PathBuf>,

	/// What keeps a validator from signing twice. A chain of type Development has none.
	#[arg(long, value_enum, value_name = "MODE", default_value_t = SlashingProtection::On)]
	pub slashing_protection: SlashingProtection,

	/// Make a block in every slot of this validator's own, although finality lags. UNSAFE.
	///
	/// Only for the rescue of a chain whose quorum is lost for good, on all validators that are left, from before the
	/// referendum until blocks become final again: docs/operating.md. If only some validators have this option while
	/// finality lags, the others can lose their seats; if all have it, validators that are merely offline can. The part
	/// of the chain that is not final, and that a fork could replace, grows up to a hundred times as fast.
	#[arg(long)]
	pub unsafe_no_authoring_pauses: bool,

	/// Format of the log on standard error.
	///
	/// With `json`, each line is one object. Options for the colours, details or reloading of the
	/// plain log then have no effect, and `--tracing-targets` is refused.
	#[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Plain)]
	pub log_format: LogFormat,
}

impl Run {
	/// Whether a validator pauses while finality lags.
	pub fn authoring_pauses(&self) -> AuthoringPauses {
		if self.unsafe_no_authoring_pauses {
			AuthoringPauses::Never
		} else {
			AuthoringPauses::WhileFinalityLags
		}
	}

	/// What the single-state pool holds; `None` if the operator has chosen the fork-aware pool.
	pub fn pool_limits(&self) -> Option<PoolLimits> {
		let pool = &self.base.pool_config;
		match pool.pool_type {
			TransactionPoolType::SingleState => Some(PoolLimits {
				transactions: pool.pool_limit,
				// Saturating: more than any memory has.
				bytes: pool.pool_kbytes.saturating_mul(1024),
				ban_time: Duration::from_secs(pool.tx_ban_seconds.unwrap_or_default()),
			}),
			TransactionPoolType::ForkAware => None,
		}
	}

	/// When the node stops for lack of disk space.
	pub fn storage_limits(&self) -> StorageLimits {
		StorageLimits {
			// Saturating: more than any disk has.
			stop_below_bytes: self.db_storage_threshold.saturating_mul(1 << 20),
			polling_period: Duration::from_secs(self.db_storage_polling_period.into()),
		}
	}
}

/// Slashing protection of a validator.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum SlashingProtection {
	/// Signs nothing that contradicts the record, and listens for its own keys if record and
	/// database do not agree.
	On,
	/// Does not listen, unless the database is behind the record. UNSAFE if another node has the keys, or had them in the current session.
	SignAtOnce,
	/// Keeps no record and refuses nothing. UNSAFE on any network whose stake is worth something.
	Off,
}

impl From<SlashingProtection> for SlashingProtectionMode {
	fn from(chosen: SlashingProtection) -> Self {
		match chosen {
			SlashingProtection::On => Self::On,
			SlashingProtection::SignAtOnce => Self::SignAtOnce,
			SlashingProtection::Off => Self::Off,
		}
	}
}

/// Commands other than running a node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Generate, inspect, insert and prove keys.
	#[command(subcommand)]
	Key(KeyCommand),

	/// Move the record of what a validator has signed to another machine.
	#[command(subcommand)]
	SlashingProtection(SlashingProtectionCmd),

	/// Write a chain specification (the older form of `export-chain-spec`).
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Write a chain specification.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Re-execute a block of the database.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks of the database to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state of a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file into the database.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Delete the database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Revert blocks that are not final.
	Revert(sc_cli::RevertCmd),

	/// Show the best and the last final block of the database.
	ChainInfo(sc_cli::ChainInfoCmd),
}

/// Commands about keys.
#[derive(Debug, clap::Subcommand)]
pub enum KeyCommand {
	#[command(flatten)]
	Stock(sc_cli::KeySubcommand),

	/// Prove that an account owns session keys, as `session.setKeys` requires.
	///
	/// This is for keys that were inserted by hand; `author_rotateKeysWithOwner` returns the proof
	/// of new ones. Prints JSON: `keys` and `proof` are the arguments of `session.setKeys`.
	ProveOwnership(ProveOwnershipCmd),
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"GTOS Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	// Fixed, because the default base path contains it.
	fn executable_name() -> String {
		"gtos".into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		SUPPORT_URL.into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_cli::ChainSpec>, String> {
		chain_spec::load(id)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;
	use gtos_runtime::genesis_config_presets::{DEV, LIVE, LOCAL};
	use sc_cli::{CliConfiguration, DatabasePruningMode};
	use sc_service::config::RpcBatchRequestConfig;

	fn parse(arguments: &[&str]) -> Cli {
		Cli::try_from_iter([&["gtos"][..], arguments].concat()).expect("arguments are valid")
	}

	#[test]
	fn arguments_are_consistent() {
		Cli::setup_command(Cli::command()).debug_assert();
	}

	#[test]
	fn help_of_every_command_names_our_chains() {
		fn check(command: &clap::Command) {
			for arg in command.get_arguments().filter(|arg| arg.get_id() == "chain") {
				for help in [arg.get_help(), arg.get_long_help()] {
					let help = help.map(ToString::to_string).unwrap_or_default();
					let is_named = |chain| help.contains(&format!("`{chain}`"));
					assert!([DEV, LOCAL, LIVE].into_iter().all(is_named), "{command}: {help}");
				}
			}
			command.get_subcommands().for_each(check);
		}
		check(&Cli::command());
	}

	#[test]
	fn pool_without_flags_is_single_state_and_holds_three_blocks() {
		let run = parse(&[]).run;
		assert!(matches!(run.base.pool_config.pool_type, TransactionPoolType::SingleState));
		let limits = run.pool_limits().expect("the pool is single-state");
		assert_eq!((limits.transactions, limits.bytes), (30_000, 60 << 20));
	}

	#[test]
	fn pool_with_flags_obeys_the_operator() {
		let run = parse(&["--pool-type", "fork-aware", "--pool-limit", "5"]).run;
		let pool = &run.base.pool_config;
		assert!(matches!(pool.pool_type, TransactionPoolType::ForkAware));
		assert_eq!((pool.pool_limit, pool.pool_kbytes), (5, 61_440));
		assert!(run.pool_limits().is_none());
		let chosen = parse(&["--pool-limit", "5", "--pool-kbytes", "7"]).run.pool_limits();
		let chosen = chosen.expect("the pool is single-state");
		assert_eq!((chosen.transactions, chosen.bytes), (5, 7 << 10));
	}

	#[test]
	fn invalid_transactions_without_flags_are_refused_until_the_next_block() {
		let ban_time =
			|arguments: &[&str]| parse(arguments).run.pool_limits().map(|it| it.ban_time);
		assert_eq!(ban_time(&[]), Some(Duration::ZERO));
		assert_eq!(ban_time(&["--tx-ban-seconds", "60"]), Some(Duration::from_secs(60)));
	}

	#[test]
	fn rpc_batches_without_flags_are_bounded() {
		let batches = |arguments: &[&str]| parse(arguments).run.base.rpc_batch_config();
		assert!(matches!(batches(&[]), Ok(RpcBatchRequestConfig::Limit(100))));
		assert!(matches!(
			batches(&["--rpc-disable-batch-requests"]),
			Ok(RpcBatchRequestConfig::Disabled)
		));
	}

	#[test]
	fn node_without_flags_keeps_a_gibibyte_free() {
		let limits = parse(&["--dev"]).run.storage_limits();
		assert_eq!(limits.stop_below_bytes, 1 << 30);
		assert_eq!(limits.polling_period, Duration::from_secs(5));
		let huge = parse(&["--db-storage-threshold", &u64::MAX.to_string()]).run.storage_limits();
		assert_eq!(huge.stop_below_bytes, u64::MAX);
	}

	/// What a node with these arguments keeps: states, bodies and transactions.
	fn kept(arguments: &[&str]) -> (Option<DatabasePruningMode>, DatabasePruningMode, u32) {
		let run = parse(arguments).run;
		let pruning = &run.base.import_params.pruning_params;
		(pruning.state_pruning, pruning.blocks_pruning, run.tx_index_blocks)
	}

	#[test]
	fn validator_prunes_bodies_and_has_no_index_unless_told_otherwise() {
		use DatabasePruningMode::{Archive, ArchiveCanonical, Custom};
		let validator = (None, Custom(86_400), 0);
		assert_eq!(kept(&["--validator"]), validator);
		// Wherever the flag stands.
		assert_eq!(kept(&["--name", "x", "--validator", "--chain", "local"]), validator);
		assert_eq!(
			kept(&["--validator", "--blocks-pruning", "archive", "--tx-index-blocks", "7"]),
			(None, Archive, 7)
		);
		// States need their bodies.
		assert_eq!(
			kept(&["--validator", "--state-pruning", "archive"]),
			(Some(Archive), ArchiveCanonical, 0)
		);
		assert_eq!(
			kept(&["--validator", "--archive"]),
			(Some(ArchiveCanonical), ArchiveCanonical, 0)
		);
	}

	#[test]
	fn other_nodes_keep_all_bodies_and_a_day_of_transactions() {
		use DatabasePruningMode::ArchiveCanonical;
		let full = (None, ArchiveCanonical, 86_400);
		for arguments in [&["--dev"][..], &["--alice"], &["--dev", "--validator"], &[]] {
			assert_eq!(kept(arguments), full, "{arguments:?}");
		}
		assert_eq!(kept(&["--archive"]), (Some(ArchiveCanonical), ArchiveCanonical, 86_400));
	}

	#[test]
	fn archive_with_another_pruning_is_refused() {
		for pruning in ["--state-pruning", "--blocks-pruning"] {
			assert!(
				Cli::try_from_iter(["gtos", "--archive", pruning, "300"]).is_err(),
				"{pruning}"
			);
		}
	}

	#[test]
	fn grandpa_gossip_period_without_flags_is_100_ms_and_never_zero() {
		assert_eq!(parse(&[]).run.grandpa_gossip_period_ms, 100);
		assert!(Cli::try_from_iter(["gtos", "--grandpa-gossip-period-ms", "0"]).is_err());
	}

	#[test]
	fn transaction_index_without_flags_covers_a_day_and_can_be_switched_off() {
		assert_eq!(parse(&[]).run.tx_index_blocks, 24 * 60 * 60);
		assert_eq!(parse(&["--tx-index-blocks", "0"]).run.tx_index_blocks, 0);
	}

	#[test]
	fn authors_without_flags_pause_while_finality_lags() {
		let pauses = |arguments: &[&str]| parse(arguments).run.authoring_pauses();
		assert_eq!(pauses(&["--validator"]), AuthoringPauses::WhileFinalityLags);
		let never = &["--validator", "--unsafe-no-authoring-pauses"];
		assert_eq!(pauses(never), AuthoringPauses::Never);
	}

	#[test]
	fn signatures_are_remembered_unless_told_otherwise() {
		assert_eq!(parse(&[]).run.verified_signatures, 65_536);
		assert_eq!(parse(&["--verified-signatures", "0"]).run.verified_signatures, 0);
		assert!(Cli::try_from_iter(["gtos", "--verified-signatures", "4194305"]).is_err());
	}

	#[test]
	fn slashing_protection_without_flags_is_on() {
		assert_eq!(parse(&[]).run.slashing_protection, SlashingProtection::On);
		let chosen = parse(&["--slashing-protection", "sign-at-once"]);
		assert_eq!(chosen.run.slashing_protection, SlashingProtection::SignAtOnce);
	}

	#[test]
	fn key_commands_of_the_sdk_and_ours_parse() {
		for arguments in [
			&["key", "generate"][..],
			&["key", "inspect-node-key", "--file", "x"],
			&["key", "prove-ownership", "--owner", &format!("0x{}", "01".repeat(32))],
		] {
			assert!(matches!(parse(arguments).subcommand, Some(Subcommand::Key(_))));
		}
	}
}
