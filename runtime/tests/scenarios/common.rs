//! A chain in memory that starts from a genesis preset and runs whole blocks.
#![allow(dead_code, reason = "each test file uses a part of it")]

use codec::{Decode, Encode};
use frame_support::storage::{with_transaction_unchecked, TransactionOutcome};
use gtos_runtime::{
	genesis_config_presets as presets, Balance, BlockNumber, Executive, Hash, Header, Nonce,
	Runtime, RuntimeCall, SignedPayload, System, TxExtension, UncheckedExtrinsic, VERSION,
};
use pallet_payouts::{Next, Position};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_core::{
	crypto::AccountId32,
	sr25519,
	traits::{ReadRuntimeVersion, ReadRuntimeVersionExt},
	Pair,
};
use sp_externalities::Externalities;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era, traits::Header as _, ApplyExtrinsicResult, Digest, DigestItem, MultiSignature,
};
use sp_staking::EraIndex;
use sp_version::RuntimeVersion;

/// The genesis configuration of `preset`: the default one, amended by the preset.
pub fn genesis_json(preset: &str) -> serde_json::Value {
	let mut config = serde_json::to_value(gtos_runtime::RuntimeGenesisConfig::default())
		.expect("the default configuration is plain data");
	let patch = presets::get(&preset.into()).expect("the preset exists");
	merge(&mut config, serde_json::from_slice(&patch).expect("presets are JSON"));
	config
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}

/// The genesis state of `config`, or the reason why no chain can start from it.
pub fn build(config: &serde_json::Value) -> Result<TestExternalities, String> {
	let mut state = TestExternalities::new(Default::default());
	state.execute_with(|| presets::build_state(config.to_string().as_bytes()))?;
	Ok(state)
}

/// The genesis state of `preset`.
pub fn chain(preset: &str) -> TestExternalities {
	build(&genesis_json(preset)).expect("the preset is sound")
}

/// Reads code that begins with its encoded version, as the node reads the version that is embedded in Wasm.
struct CodeBeginsWithVersion;

impl ReadRuntimeVersion for CodeBeginsWithVersion {
	fn read_runtime_version(
		&self,
		code: &[u8],
		_: &mut dyn Externalities,
	) -> Result<Vec<u8>, String> {
		RuntimeVersion::decode(&mut &code[..]).map_err(|error| error.to_string())?;
		Ok(code.to_vec())
	}
}

/// The genesis state of `config`, which accepts [`code_of`] as code of a runtime.
pub fn upgradable(config: &serde_json::Value) -> TestExternalities {
	let mut state = build(config).expect("the configuration is sound");
	state.register_extension(ReadRuntimeVersionExt::new(CodeBeginsWithVersion));
	state
}

/// Code of a runtime that differs from this one in its version only.
pub fn code_of(spec_version: u32) -> Vec<u8> {
	RuntimeVersion { spec_version, ..VERSION }.encode()
}

/// Runs `transactions` in the next block, after `skipped` empty slots, and finishes the block.
pub fn run_block(skipped: u64, transactions: Vec<UncheckedExtrinsic>) -> Vec<ApplyExtrinsicResult> {
	run_observed_block(skipped, transactions, || {})
}

/// The same; calls `after_each` in the block, after each transaction.
pub fn run_observed_block(
	skipped: u64,
	transactions: Vec<UncheckedExtrinsic>,
	mut after_each: impl FnMut(),
) -> Vec<ApplyExtrinsicResult> {
	let number = System::block_number() + 1;
	let slot_duration = pallet_genesis_parameters::Pallet::<Runtime>::timing().slot_duration_ms;
	let slot = *pallet_aura::CurrentSlot::<Runtime>::get() + 1 + skipped;
	let parent = System::block_hash(number - 1);
	let aura = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode());
	let digest = Digest { logs: vec![aura] };
	let header = Header::new(number, Hash::zero(), Hash::zero(), parent, digest);
	Executive::initialize_block(&header);
	let now = UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(pallet_timestamp::Call::set {
		now: slot * slot_duration,
	}));
	Executive::apply_extrinsic(now).expect("it is valid").expect("it dispatches");
	let results = transactions
		.into_iter()
		.map(|transaction| {
			let result = Executive::apply_extrinsic(transaction);
			after_each();
			result
		})
		.collect();
	let header = Executive::finalize_block();
	// The initialisation of the next block would store it.
	frame_system::BlockHash::<Runtime>::insert(number, header.hash());
	results
}

/// Runs empty blocks up to and including `number`.
pub fn run_to(number: BlockNumber) {
	while System::block_number() < number {
		run_block(0, vec![]);
	}
}

/// Leaves rewards to whoever claims them; the chain would pay them by itself (ECO-R10).
pub fn stop_payouts() {
	Next::<Runtime>::put(Position { era: EraIndex::MAX, after: None, page: 0 });
}

/// Runs `work` and rolls the state back, as a node does after a check.
pub fn rolled_back<T>(work: impl FnOnce() -> T) -> T {
	with_transaction_unchecked(|| TransactionOutcome::Rollback(work()))
}

/// Calls a runtime API as a node does: by name, with encoded arguments.
pub fn call_api<T: Decode>(function: &str, arguments: &[u8]) -> T {
	let answer = gtos_runtime::apis::api::dispatch(function, arguments)
		.unwrap_or_else(|| panic!("the runtime has no {function}"));
	T::decode(&mut &answer[..]).expect("the answer is of this type")
}

/// `call`, signed by `signer`, immortal and without a tip.
pub fn sign(signer: Sr25519Keyring, nonce: Nonce, call: RuntimeCall) -> UncheckedExtrinsic {
	sign_with_tip(signer, nonce, 0, call)
}

/// `call`, signed by `signer`, immortal.
pub fn sign_with_tip(
	signer: Sr25519Keyring,
	nonce: Nonce,
	tip: Balance,
	call: RuntimeCall,
) -> UncheckedExtrinsic {
	sign_as(&signer.pair(), nonce, tip, call)
}

/// `call`, signed with `pair`, immortal.
pub fn sign_as(
	pair: &sr25519::Pair,
	nonce: Nonce,
	tip: Balance,
	call: RuntimeCall,
) -> UncheckedExtrinsic {
	sign_for(Era::Immortal, pair, nonce, tip, call)
}

/// `call`, signed with `pair`, valid in `era`.
pub fn sign_for(
	era: Era,
	pair: &sr25519::Pair,
	nonce: Nonce,
	tip: Balance,
	call: RuntimeCall,
) -> UncheckedExtrinsic {
	let extension: TxExtension = (
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(era),
		frame_system::CheckNonce::from(nonce),
		gtos_runtime::check_weight::CheckWeight::default(),
		pallet_transaction_payment::ChargeTransactionPayment::from(tip),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		gtos_runtime::weight_reclaim::WeightReclaim::default(),
	);
	let payload = SignedPayload::new(call, extension).expect("the implicit parts are available");
	let signature = payload.using_encoded(|bytes| pair.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(
		call,
		AccountId32::from(pair.public()).into(),
		MultiSignature::Sr25519(signature),
		extension,
	)
}
