//! The runtime APIs: what a node or a client may ask the runtime.
//!
//! Our own runtime APIs are declared in crates beside their subjects: `runtime-api` of the pallet,
//! or `<subject>-api` of the runtime if no single pallet can answer. All are implemented here, in
//! one block because `impl_runtime_apis!` requires it. Each function delegates to a pallet or, if
//! the runtime implements the answer itself, to a file of this module.
#![expect(missing_docs, reason = "the macro generates undocumented items")]

mod dpos;
mod entry_changes;
mod equivocations;
mod transaction_application;
mod transaction_outcome;
mod transaction_signatures;
mod transaction_validity;

use crate::{
	genesis_config_presets, AccountId, Aura, Balance, Block, BlockNumber, ContractStore, Executive,
	GenesisParameters, Grandpa, Hash, InherentDataExt, Nonce, Runtime, RuntimeCall,
	RuntimeGenesisConfig, SessionKeys, Staking, System, TransactionPayment, TtlKv, VERSION,
};
use alloc::vec::Vec;
use frame_support::{genesis_builder_helper::get_preset, weights::Weight};
use gtos_dpos_api::{EpochInfo, NextValidator, Snapshot, Validator, ValidatorDetails};
use pallet_aura_equivocation::EquivocationProofOf;
use pallet_contract_store_runtime_api::{contract_address, ContractPage, ContractRecord};
use pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo};
use pallet_ttl_kv_runtime_api::{
	BacklogPosition, EndingPage, EntryChange, EntryMetadata, EntryPage, Statistics,
};
use sp_api::impl_runtime_apis;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, ExtrinsicInclusionMode,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_staking::{EraIndex, Page};
use sp_version::RuntimeVersion;

impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}

		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block)
		}

		fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}

		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}

		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: frame_support::view_functions::ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}

		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}

		fn inherent_extrinsics(
			data: sp_inherents::InherentData,
		) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}

		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			tx: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			transaction_validity::validate(source, tx, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
		fn slot_duration() -> sp_consensus_aura::SlotDuration {
			sp_consensus_aura::SlotDuration::from_millis(Aura::slot_duration())
		}

		fn authorities() -> Vec<AuraId> {
			pallet_aura::Authorities::<Runtime>::get().into_inner()
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(
			owner: Vec<u8>,
			seed: Option<Vec<u8>>,
		) -> OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}

		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			Grandpa::grandpa_authorities()
		}

		fn current_set_id() -> sp_consensus_grandpa::SetId {
			pallet_grandpa::CurrentSetId::<Runtime>::get()
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_grandpa::EquivocationProof<
				<Block as BlockT>::Hash,
				NumberFor<Block>,
			>,
			key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			equivocations::submit_grandpa_report(equivocation_proof, key_owner_proof)
		}

		fn generate_key_ownership_proof(
			_set_id: sp_consensus_grandpa::SetId,
			authority_id: GrandpaId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			equivocations::grandpa_key_ownership_proof(authority_id)
		}
	}

	impl pallet_genesis_parameters_runtime_api::GenesisParametersApi<Block> for Runtime {
		fn block_budget() -> pallet_genesis_parameters::BlockBudget {
			GenesisParameters::budget()
		}
	}

	impl pallet_aura_equivocation_runtime_api::AuraEquivocationApi<Block> for Runtime {
		fn generate_key_ownership_proof(
			_slot: sp_consensus_aura::Slot,
			authority_id: AuraId,
		) -> Option<sp_runtime::OpaqueValue> {
			equivocations::aura_key_ownership_proof(authority_id)
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: EquivocationProofOf<Runtime>,
			key_owner_proof: sp_runtime::OpaqueValue,
		) -> Option<()> {
			equivocations::submit_aura_report(equivocation_proof, key_owner_proof)
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
		for Runtime
	{
		fn query_info(
			uxt: <Block as BlockT>::Extrinsic,
			len: u32,
		) -> RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(uxt, len)
		}

		fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> FeeDetails<Balance> {
			TransactionPayment::query_fee_details(uxt, len)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<
		Block,
		Balance,
		RuntimeCall,
	> for Runtime {
		fn query_call_info(call: RuntimeCall, len: u32) -> RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_call_info(call, len)
		}

		fn query_call_fee_details(call: RuntimeCall, len: u32) -> FeeDetails<Balance> {
			TransactionPayment::query_call_fee_details(call, len)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_contract_store_runtime_api::ContractStoreApi<
		Block,
		AccountId,
		BlockNumber,
		Balance,
	> for Runtime {
		fn code(address: Hash) -> Option<Vec<u8>> {
			ContractStore::code(address)
		}

		fn code_by_hash(code_hash: Hash) -> Option<Vec<u8>> {
			ContractStore::code_by_hash(code_hash)
		}

		fn metadata(address: Hash) -> Option<ContractRecord<AccountId, BlockNumber>> {
			ContractStore::metadata(address)
		}

		fn address(deployer: AccountId, salt: Hash, code_hash: Hash) -> Hash {
			contract_address(&deployer, salt, code_hash)
		}

		fn contracts(deployer: AccountId, start: u32, limit: u32) -> ContractPage {
			ContractStore::contracts(deployer, start, limit)
		}

		fn quote(code_len: u32) -> Option<Balance> {
			ContractStore::quote(code_len)
		}

		fn proof_keys(address: Hash) -> Vec<Vec<u8>> {
			ContractStore::proof_keys(address)
		}
	}

	#[cfg_attr(feature = "rehearsal", api_version(2))]
	impl pallet_ttl_kv_runtime_api::TtlKvApi<Block, AccountId, BlockNumber, Balance> for Runtime {
		fn get(owner: AccountId, key: Vec<u8>) -> Option<Vec<u8>> {
			TtlKv::get(&owner, key)
		}

		fn metadata(owner: AccountId, key: Vec<u8>) -> Option<EntryMetadata<BlockNumber>> {
			TtlKv::metadata(&owner, key)
		}

		fn list(
			owner: AccountId,
			prefix: Vec<u8>,
			start: Option<Vec<u8>>,
			limit: u32,
		) -> EntryPage<BlockNumber> {
			TtlKv::list(&owner, &prefix, start, limit)
		}

		fn quote(key_len: u32, value_len: u32, ttl: BlockNumber) -> Option<Balance> {
			TtlKv::quote(key_len, value_len, ttl)
		}

		fn statistics(start: Option<BacklogPosition>) -> Statistics {
			TtlKv::statistics(start)
		}

		fn proof_key(owner: AccountId, key: Vec<u8>) -> Option<Vec<u8>> {
			TtlKv::proof_key(&owner, key)
		}

		#[cfg(feature = "rehearsal")]
		fn is_marked(owner: AccountId, key: Vec<u8>) -> Option<bool> {
			crate::rehearsal::is_marked(&owner, key)
		}
	}

	impl pallet_ttl_kv_runtime_api::EntryChangesApi<Block, AccountId> for Runtime {
		fn changes(owner: AccountId, prefix: Vec<u8>) -> Vec<EntryChange> {
			entry_changes::changes(&owner, &prefix)
		}

		fn ending(owner: AccountId, prefix: Vec<u8>, start: u64) -> EndingPage {
			entry_changes::ending(&owner, &prefix, start)
		}
	}

	impl gtos_dpos_api::DposApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn validators() -> Vec<Validator<AccountId, Balance>> {
			dpos::validators()
		}

		fn validator(account: AccountId) -> Option<ValidatorDetails<AccountId, Balance>> {
			dpos::validator(&account)
		}

		fn epoch_info() -> EpochInfo<BlockNumber> {
			dpos::epoch_info()
		}

		fn next_validators() -> Vec<NextValidator<AccountId>> {
			dpos::next_validators()
		}

		fn snapshot() -> Snapshot<AccountId, Balance, BlockNumber> {
			dpos::snapshot()
		}
	}

	impl pallet_staking_runtime_api::StakingApi<Block, Balance, AccountId> for Runtime {
		fn nominations_quota(balance: Balance) -> u32 {
			Staking::api_nominations_quota(balance)
		}

		fn eras_stakers_page_count(era: EraIndex, account: AccountId) -> Page {
			Staking::api_eras_stakers_page_count(era, account)
		}

		fn pending_rewards(era: EraIndex, account: AccountId) -> bool {
			Staking::api_pending_rewards(era, account)
		}
	}

	impl gtos_transaction_api::TransactionApi<Block, Balance> for Runtime {
		fn outcomes() -> Vec<Option<gtos_transaction_api::Outcome<Balance>>> {
			transaction_outcome::outcomes()
		}

		fn outcome(index: u32) -> Option<gtos_transaction_api::Outcome<Balance>> {
			transaction_outcome::outcome(index)
		}

		fn is_extrinsic(bytes: Vec<u8>) -> bool {
			transaction_outcome::is_extrinsic(&bytes)
		}

		fn verify_signatures(
			parent: <Block as BlockT>::Hash,
			extrinsics: Vec<Vec<u8>>,
		) -> u32 {
			transaction_signatures::verify_signatures(parent, &extrinsics)
		}

		fn validate_transactions(
			source: TransactionSource,
			transactions: Vec<Vec<u8>>,
			block_hash: <Block as BlockT>::Hash,
		) -> Vec<Option<TransactionValidity>> {
			transaction_validity::validate_each(source, &transactions, block_hash)
		}

		fn apply_transactions(
			transactions: Vec<Vec<u8>>,
			max_ref_time: u64,
		) -> gtos_transaction_api::Application {
			transaction_application::apply(&transactions, max_ref_time)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			genesis_config_presets::build_state(&config)
		}

		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis_config_presets::get)
		}

		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			genesis_config_presets::names()
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(extra: bool) -> (
			Vec<frame_benchmarking::BenchmarkList>,
			Vec<frame_support::traits::StorageInfo>,
		) {
			crate::benchmarks::metadata(extra)
		}

		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			crate::benchmarks::dispatch(config)
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
			let weight = Executive::try_runtime_upgrade(checks)
				.expect("a failed check must stop the tool with its reason");
			(weight, crate::configs::RuntimeBlockWeights::get().max_block)
		}

		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> Weight {
			Executive::try_execute_block(block, state_root_check, signature_check, select)
				.expect("a failed check must stop the tool with its reason")
		}
	}
}
