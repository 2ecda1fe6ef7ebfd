//! Which pallets have benchmarks, and what the benchmarks need from the runtime.

use crate::*;
use frame_benchmarking::{
	account, baseline::Pallet as BaselineBench, BenchmarkBatch, BenchmarkConfig, BenchmarkList,
};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use frame_system_benchmarking::{
	extensions::Pallet as SystemExtensionsBench, Pallet as SystemBench,
};
use pallet_election_provider_support_benchmarking::Pallet as ElectionProviderBench;
use pallet_offences_benchmarking::Pallet as OffencesBench;
use sp_storage::TrackedStorageKey;

// pallet-staking and pallet-session are missing: their benchmarks elect candidates without session keys,
// and no election of this chain takes such candidates (CON-R24). So is pallet-collective, in whose benchmarks
// one member has many motions (STA-R18). These pallets use the SDK's weights, which are not measured here. The
// benchmarks of `system.set_code` and `apply_authorized_upgrade` fail, because they use the code of another chain
// (UPG-R1), and those of `whitelist.dispatch_whitelisted_call` and its variant, because they defer a call (STA-R15).
frame_benchmarking::define_benchmarks!(
	[frame_benchmarking, BaselineBench::<Runtime>]
	[frame_election_provider_support, ElectionProviderBench::<Runtime>]
	[frame_system, SystemBench::<Runtime>]
	[frame_system_extensions, SystemExtensionsBench::<Runtime>]
	[pallet_aura_equivocation, AuraEquivocation]
	[pallet_bags_list, VoterList]
	[pallet_balances, Balances]
	[pallet_contract_store, ContractStore]
	[pallet_conviction_voting, ConvictionVoting]
	[pallet_fee_pot, FeePot]
	[pallet_grandpa, Grandpa]
	[pallet_liveness, Liveness]
	[pallet_migrations, Migrations]
	[pallet_multisig, Multisig]
	[pallet_offences, OffencesBench::<Runtime>]
	[pallet_payouts, Payouts]
	[pallet_preimage, Preimage]
	[pallet_proxy, Proxy]
	[pallet_referenda, Referenda]
	[pallet_scheduler, Scheduler]
	[pallet_timestamp, Timestamp]
	[pallet_transaction_payment, TransactionPayment]
	[pallet_treasury, Treasury]
	[pallet_ttl_kv, TtlKv]
	[pallet_utility, Utility]
	[pallet_whitelist, Whitelist]
);

impl frame_benchmarking::baseline::Config for Runtime {}
impl frame_system_benchmarking::Config for Runtime {}
impl pallet_election_provider_support_benchmarking::Config for Runtime {}
impl pallet_offences_benchmarking::Config for Runtime {}
impl pallet_transaction_payment::BenchmarkConfig for Runtime {}

impl pallet_session_benchmarking::Config for Runtime {
	fn generate_session_keys_and_proof(owner: AccountId) -> (SessionKeys, Vec<u8>) {
		let generated = SessionKeys::generate(&codec::Encode::encode(&owner), None);
		(generated.keys, codec::Encode::encode(&generated.proof))
	}
}

/// Lists the benchmarks, and what is known about the storage that they touch.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::<BenchmarkList>::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Accounts that `ChargeTransactionPayment` uses, but whose database weight others declare: `CheckNonce` that of the
/// sender, and the hook of `FeePot` that of the pot, once for all transactions of a block.
fn declared_elsewhere(config: &BenchmarkConfig) -> Vec<TrackedStorageKey> {
	if config.pallet != b"pallet_transaction_payment" {
		return Vec::new();
	}
	// The name of the sender in the benchmark of the SDK.
	let sender: AccountId = account("caller", 0, 0);
	let key = |who: AccountId| -> TrackedStorageKey {
		frame_system::Account::<Runtime>::hashed_key_for(who).into()
	};
	[sender, FeePot::account()].into_iter().map(key).collect()
}

/// Runs one benchmark.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, alloc::string::String> {
	let mut whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	whitelist.extend(declared_elsewhere(&config));
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}
