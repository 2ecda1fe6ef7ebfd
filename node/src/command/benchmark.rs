//! Measures weights, blocks, storage and the machine, always with ParityDB.

use super::refusal;
use crate::{
	cli::Cli,
	inherents,
	service::{self, Block, FullClient},
};
use frame_benchmarking_cli::{
	BenchmarkCmd, ExtrinsicFactory, SubstrateRemarkBuilder, SUBSTRATE_REFERENCE_HARDWARE,
};
use sc_cli::SubstrateCli;
use sc_consensus_slots::InherentDataProviderExt;
use sc_service::PartialComponents;
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use sp_inherents::{InherentData, InherentDataProvider};
use sp_runtime::{traits::HashingFor, DigestItem};

/// Runs a `benchmark` command.
///
/// `pallet` needs a Wasm with the feature `runtime-benchmarks`, given with `--runtime`, but no feature
/// of this node.
pub fn run(cli: &Cli, cmd: &BenchmarkCmd) -> sc_cli::Result<()> {
	cli.create_runner(cmd)?.sync_run(|config| {
		match cmd {
			BenchmarkCmd::Pallet(cmd) => {
				let spec = cmd.runtime.is_none().then_some(config.chain_spec);
				cmd.run_with_spec::<HashingFor<Block>, ()>(spec)
			},
			BenchmarkCmd::Overhead(cmd) => {
				let spec = cmd.params.runtime.is_none().then_some(config.chain_spec);
				cmd.run_with_default_builder_and_spec::<Block, ()>(spec)
			},
			BenchmarkCmd::Block(cmd) => {
				let PartialComponents { client, .. } = service::new_partial(&config)?;
				cmd.run(client)
			},
			#[cfg(feature = "storage-benchmark")]
			BenchmarkCmd::Storage(cmd) => {
				let PartialComponents { client, backend, .. } = service::new_partial(&config)?;
				let database = backend.expose_db();
				let storage = backend.expose_storage();
				let cache = backend.expose_shared_trie_cache();
				cmd.run(config, client, database, storage, cache)
			},
			#[cfg(not(feature = "storage-benchmark"))]
			BenchmarkCmd::Storage(_) => {
				Err(refusal("this binary was built without the feature `storage-benchmark`"))
			},
			BenchmarkCmd::Extrinsic(cmd) => {
				let PartialComponents { client, .. } = service::new_partial(&config)?;
				let (inherent_data, digest) = next_block(&client)?;
				// Built from the chain's own metadata, so that no call is compiled in.
				let remark = SubstrateRemarkBuilder::new_from_client::<_, Block>(client.clone())?;
				let factory = ExtrinsicFactory(vec![Box::new(remark)]);
				cmd.run(client, inherent_data, vec![digest], &factory)
			},
			BenchmarkCmd::Machine(cmd) => cmd.run(&config, SUBSTRATE_REFERENCE_HARDWARE.clone()),
		}
	})
}

/// Inherent data and slot of a block that would be authored now.
fn next_block(client: &FullClient) -> sc_cli::Result<(InherentData, DigestItem)> {
	let slot_duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(client)?;
	let providers = inherents::providers(slot_duration);
	let inherent_data = futures::executor::block_on(providers.create_inherent_data())
		.map_err(|error| refusal(error.to_string()))?;
	let digest = sc_consensus_aura::standalone::pre_digest::<AuraPair>(providers.slot());
	Ok((inherent_data, digest))
}
