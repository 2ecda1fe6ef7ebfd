//! Time and Wasm memory of the block that holds the largest possible election.
//!
//! 500 candidates with session keys stand for 100 seats. 4,000 nominators with four votes each have
//! larger stakes than any candidate, so they are the voters that an election considers.
//! Their votes are `spread` over all candidates, which makes the most rounds of counting, or
//! `concentrated` on those that are elected, which makes the most exposures to write.
//!
//! `hooks` measures `Core_initialize_block`: the election and the rotation of the session. `block`
//! measures `Core_execute_block`: the whole block, as a node imports it. `rotation hooks` measures a
//! rotation of the same set without an election. All run the runtime's Wasm in the node's executor with
//! its default heap. The state is in memory, so neither a database nor a trie cache is measured.
//!
//! Run it on an idle machine: `cargo bench --package gtos-runtime --bench election`.

#[path = "../tests/scenarios/common.rs"]
mod common;

use codec::{Decode, Encode};
use common::{build, genesis_json, run_block};
use criterion::{black_box, BatchSize, Criterion};
use frame_election_provider_support::{onchain, NposSolver};
use gtos_runtime::{
	configs::{staking::OnChainPhragmen, RuntimeBlockWeights},
	constants::{
		currency::TOS,
		staking::{MAX_ELECTABLE_TARGETS, MAX_ELECTING_VOTERS, MAX_NOMINATIONS, MAX_VALIDATORS},
	},
	genesis_config_presets::{DEVELOPMENT_TIMING, LOCAL},
	AccountId, Balance, Block, BlockNumber, Hash, Header, Runtime, RuntimeCall, SessionKeys,
	System, UncheckedExtrinsic,
};
use pallet_staking::StakerStatus;
use sc_executor::{with_externalities_safe, WasmExecutor, DEFAULT_HEAP_ALLOC_STRATEGY};
use serde_json::json;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_core::{
	ed25519, sr25519,
	traits::{Externalities, RuntimeCode, WrappedRuntimeCode},
	Blake2Hasher,
};
use sp_crypto_hashing::blake2_256;
use sp_io::{SubstrateHostFunctions, TestExternalities};
use sp_runtime::{traits::Header as _, ApplyExtrinsicResult, Digest, DigestItem};
use sp_state_machine::{Ext, OverlayedChanges};
use std::time::Duration;

/// The first block that rotates the session, and the first that holds an election.
const ROTATION: BlockNumber = DEVELOPMENT_TIMING.session_length_blocks;
const ELECTION: BlockNumber =
	(DEVELOPMENT_TIMING.sessions_per_era - 1) * DEVELOPMENT_TIMING.session_length_blocks;

const CANDIDATE_STAKE: Balance = 1_000 * TOS;
const LEAST_NOMINATOR_STAKE: Balance = 2_000 * TOS;

const HEAP_PAGE_BYTES: u32 = 64 * 1024;

/// The changes of a call. They are discarded, so that the next call starts from the same state.
type Overlay = OverlayedChanges<Blake2Hasher>;

fn account(kind: &str, number: u32) -> AccountId {
	blake2_256(&(kind, number).encode()).into()
}

/// Genesis of a chain on which each nominator votes for some of the first `targets` candidates.
fn genesis(targets: u32) -> TestExternalities {
	let candidates = || (0..MAX_ELECTABLE_TARGETS).map(|number| account("candidate", number));
	let nominators = || {
		(0..MAX_ELECTING_VOTERS).map(|number| {
			let stake = LEAST_NOMINATOR_STAKE + Balance::from(number) * TOS;
			(number, account("nominator", number), stake)
		})
	};
	// With this step, no nominator votes for a candidate twice.
	let step = targets / MAX_NOMINATIONS;
	let votes = |nominator: u32| -> Vec<AccountId> {
		(0..MAX_NOMINATIONS)
			.map(|vote| account("candidate", (7 * nominator + vote * step) % targets))
			.collect()
	};

	let mut balances: Vec<_> = candidates().map(|who| (who, 2 * CANDIDATE_STAKE)).collect();
	balances.extend(nominators().map(|(_, who, stake)| (who, 2 * stake)));
	let mut stakers: Vec<_> = candidates()
		.map(|who| (who.clone(), who, CANDIDATE_STAKE, StakerStatus::Validator))
		.collect();
	stakers.extend(nominators().map(|(number, who, stake)| {
		(who.clone(), who, stake, StakerStatus::Nominator(votes(number)))
	}));
	let mut keys: Vec<_> = candidates()
		.zip(0_u32..)
		.map(|(who, number)| {
			let aura = sr25519::Public::from_raw(blake2_256(&("aura", number).encode()));
			let grandpa = ed25519::Public::from_raw(blake2_256(&("grandpa", number).encode()));
			let keys = SessionKeys { aura: aura.into(), grandpa: grandpa.into() };
			(who.clone(), who, keys)
		})
		.collect();
	let other_keys = keys.split_off(MAX_VALIDATORS as usize);

	let mut config = genesis_json(LOCAL);
	// With shorter slots, an election considers fewer voters.
	config["genesisParameters"]["timing"]["slotDurationMs"] = 1_000.into();
	config["balances"]["balances"] = json!(balances);
	config["session"]["keys"] = json!(keys);
	config["session"]["nonAuthorityKeys"] = json!(other_keys);
	config["staking"]["stakers"] = json!(stakers);
	config["staking"]["validatorCount"] = MAX_VALIDATORS.into();
	build(&config).expect("the genesis is sound")
}

/// Runs blocks up to the one before `number`, and commits them.
fn run_to_before(state: &mut TestExternalities, number: BlockNumber) {
	state.execute_with(|| {
		while System::block_number() + 1 < number {
			run_block(0, vec![]);
		}
	});
	state.commit_all().expect("no change is half done");
}

/// Header and timestamp inherent of the next block.
fn next_block(state: &mut TestExternalities) -> (Header, UncheckedExtrinsic) {
	state.execute_with(|| {
		let number = System::block_number() + 1;
		let slot = *pallet_aura::CurrentSlot::<Runtime>::get() + 1;
		let aura = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode());
		let parent = System::block_hash(number - 1);
		let digest = Digest { logs: vec![aura] };
		let header = Header::new(number, Hash::zero(), Hash::zero(), parent, digest);
		let timing = pallet_genesis_parameters::Pallet::<Runtime>::timing();
		let now = pallet_timestamp::Call::set { now: slot * timing.slot_duration_ms };
		(header, UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(now)))
	})
}

/// The result of a call and its use of the heap.
struct CallResult {
	bytes: Vec<u8>,
	/// Peak of the allocated bytes.
	peak_bytes: u32,
	/// Size of the part of the heap that was used.
	heap_bytes: u32,
}

/// The node's executor with the runtime's Wasm.
struct Wasm {
	executor: WasmExecutor<SubstrateHostFunctions>,
	code: WrappedRuntimeCode<'static>,
}

impl Wasm {
	fn new() -> Self {
		let code = gtos_runtime::WASM_BINARY.expect("the Wasm is built: unset SKIP_WASM_BUILD");
		Self { executor: WasmExecutor::builder().build(), code: WrappedRuntimeCode(code.into()) }
	}

	fn call(&self, ext: &mut dyn Externalities, method: &str, arguments: &[u8]) -> CallResult {
		let code = RuntimeCode { code_fetcher: &self.code, heap_pages: None, hash: vec![0] };
		self.executor
			.with_instance(
				&code,
				ext,
				DEFAULT_HEAP_ALLOC_STRATEGY,
				|_, mut instance, _, mut ext| {
					with_externalities_safe(&mut **ext, move || {
						let (result, heap) = instance.call_with_allocation_stats(method, arguments);
						let heap = heap.expect("the host allocates for the runtime");
						result.map(|bytes| CallResult {
							bytes,
							peak_bytes: heap.bytes_allocated_peak,
							heap_bytes: heap.address_space_used,
						})
					})
				},
			)
			.unwrap_or_else(|error| panic!("{method}: {error}"))
	}

	/// Makes the block that begins with `header`. Returns the block and the weight that its hooks
	/// and its inherent declare.
	fn make_block(
		&self,
		state: &TestExternalities,
		header: &Header,
		inherent: UncheckedExtrinsic,
	) -> (Block, u64) {
		let mut overlay = Overlay::default();
		let mut ext = Ext::new(&mut overlay, &state.backend, None);
		self.call(&mut ext, "Core_initialize_block", &header.encode());
		let applied = self.call(&mut ext, "BlockBuilder_apply_extrinsic", &inherent.encode());
		let applied = ApplyExtrinsicResult::decode(&mut &applied.bytes[..]);
		assert_eq!(applied, Ok(Ok(Ok(()))));
		let declared = sp_externalities::set_and_run_with_externalities(&mut ext, || {
			System::block_weight().total().ref_time()
		});
		let header = self.call(&mut ext, "BlockBuilder_finalize_block", &[]).bytes;
		let header = Header::decode(&mut &header[..]).expect("it returns a header");
		(Block { header, extrinsics: vec![inherent] }, declared)
	}
}

/// Measures `method` on `state`, and prints how much memory it uses.
fn measure(
	criterion: &mut Criterion,
	wasm: &Wasm,
	state: &TestExternalities,
	name: &str,
	method: &str,
	arguments: &[u8],
) {
	let run = |mut overlay: Overlay| {
		let mut ext = Ext::new(&mut overlay, &state.backend, None);
		wasm.call(&mut ext, method, arguments)
	};
	let result = run(Overlay::default());
	println!(
		"{name}: {} bytes allocated at the peak, {} heap pages of {HEAP_PAGE_BYTES} bytes in use; \
		 the node's default: {DEFAULT_HEAP_ALLOC_STRATEGY:?}",
		result.peak_bytes,
		result.heap_bytes.div_ceil(HEAP_PAGE_BYTES),
	);
	criterion.bench_function(name, |bencher| {
		bencher.iter_batched(
			Overlay::default,
			|overlay| black_box(run(overlay).bytes),
			BatchSize::PerIteration,
		)
	});
}

fn main() {
	let mut criterion = Criterion::default()
		.sample_size(10)
		.warm_up_time(Duration::from_secs(2))
		.measurement_time(Duration::from_secs(10))
		.configure_from_args();
	let wasm = Wasm::new();
	let weight = <OnChainPhragmen as onchain::Config>::Solver::weight::<
		<OnChainPhragmen as onchain::Config>::WeightInfo,
	>(MAX_ELECTING_VOTERS, MAX_ELECTABLE_TARGETS, MAX_NOMINATIONS);
	println!(
		"{} ms are declared for solving the largest election, {} ms are in a block",
		weight.ref_time() / 1_000_000_000,
		RuntimeBlockWeights::get().max_block.ref_time() / 1_000_000_000,
	);

	for (shape, targets) in [("spread", MAX_ELECTABLE_TARGETS), ("concentrated", MAX_VALIDATORS)] {
		let mut state = genesis(targets);
		run_to_before(&mut state, ROTATION);
		let (header, _) = next_block(&mut state);
		let name = format!("{shape}: rotation hooks");
		measure(&mut criterion, &wasm, &state, &name, "Core_initialize_block", &header.encode());

		run_to_before(&mut state, ELECTION);
		let (header, inherent) = next_block(&mut state);
		let (block, declared) = wasm.make_block(&state, &header, inherent);
		println!("{shape}: the block declares {} ms", declared / 1_000_000_000);
		let name = format!("{shape}: hooks");
		measure(&mut criterion, &wasm, &state, &name, "Core_initialize_block", &header.encode());
		let name = format!("{shape}: block");
		measure(&mut criterion, &wasm, &state, &name, "Core_execute_block", &block.encode());
	}
	criterion.final_summary();
}
