//! Runs the benchmark commands.

use crate::cli::Cli;
use frame_benchmarking_cli::{
	BenchmarkCmd, ExtrinsicFactory, SubstrateRemarkBuilder, SUBSTRATE_REFERENCE_HARDWARE,
};
use gtos_node_consensus::inherents;
use gtos_node_service::{self as service, PartialComponents};
use gtos_node_types::{user_error, Block, FullClient};
use sc_cli::SubstrateCli;
use sc_consensus_slots::InherentDataProviderExt;
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use sp_inherents::{InherentData, InherentDataProvider};
use sp_runtime::{traits::HashingFor, DigestItem};

/// Runs the command.
///
/// `pallet` needs a Wasm that was built with the feature `runtime-benchmarks`. Pass its path with
/// `--runtime`.
pub fn run(cli: &Cli) -> sc_cli::Result<()> {
	cli.create_runner(&cli.command)?.sync_run(|config| match &cli.command {
		BenchmarkCmd::Pallet(cmd) => {
			let spec = cmd.runtime.is_none().then_some(config.chain_spec);
			cmd.run_with_spec::<HashingFor<Block>, ()>(spec)
		},
		BenchmarkCmd::Overhead(cmd) => {
			let spec = cmd.params.runtime.is_none().then_some(config.chain_spec);
			cmd.run_with_default_builder_and_spec::<Block, ()>(spec)
		},
		BenchmarkCmd::Block(cmd) => {
			let PartialComponents { client, .. } = service::open(&config)?;
			cmd.run(client)
		},
		BenchmarkCmd::Storage(cmd) => {
			let PartialComponents { client, backend, .. } = service::open(&config)?;
			let database = backend.expose_db();
			let storage = backend.expose_storage();
			let cache = backend.expose_shared_trie_cache();
			cmd.run(config, client, database, storage, cache)
		},
		BenchmarkCmd::Extrinsic(cmd) => {
			let PartialComponents { client, .. } = service::open(&config)?;
			let next = next_block(&client)?;
			// Built from the chain's own metadata, so that no call is compiled in.
			let remark = SubstrateRemarkBuilder::new_from_client::<_, Block>(client.clone())?;
			let factory = ExtrinsicFactory(vec![Box::new(remark)]);
			cmd.run(client, next.inherent_data, vec![next.digest], &factory)
		},
		BenchmarkCmd::Machine(cmd) => cmd.run(&config, SUBSTRATE_REFERENCE_HARDWARE.clone()),
	})
}

/// The parts of a block that its author supplies in addition to transactions.
struct NextBlock {
	inherent_data: InherentData,
	/// The slot.
	digest: DigestItem,
}

/// Inherent data and slot of a block that would be authored now.
fn next_block(client: &FullClient) -> sc_cli::Result<NextBlock> {
	let slot_duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(client)?;
	let providers = inherents::providers(slot_duration);
	let inherent_data = futures::executor::block_on(providers.create_inherent_data())
		.map_err(|error| user_error(error.to_string()))?;
	let digest = sc_consensus_aura::standalone::pre_digest::<AuraPair>(providers.slot());
	Ok(NextBlock { inherent_data, digest })
}
