//! What a block may hold: the budget of slot and network, the share of each class, and the one block that a
//! runtime upgrade may exceed it with.

use crate::common::{
	build, chain, code_of, genesis_json, rolled_back, run_block, sign, upgradable,
};
use frame_support::{
	dispatch::DispatchClass,
	traits::{IntegrityTest, UnfilteredDispatchable},
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use gtos_runtime::{
	configs::{block_limits::MaxBlockWeight, RuntimeBlockLength, RuntimeBlockWeights},
	constants::{
		block,
		governance::MAX_CALL_LENGTH_BYTES,
		storage::{MAX_CODE_LENGTH_BYTES, SWEEP_RATIO},
	},
	genesis_config_presets::{DEV, LIVE, LOCAL},
	AllPalletsWithSystem, Aura, Balances, ContractStore, Executive, GenesisParameters, Liveness,
	Migrations, Payouts, Referenda, Runtime, RuntimeCall, RuntimeOrigin, Staking, System,
	TransactionPayment, TtlKv, UncheckedExtrinsic, Upgrades, Utility, VoterList, VERSION,
};
use pallet_genesis_parameters::{BlockBudget, Budget, NetworkProfile};
use serde_json::{json, Value};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};

const TOO_LARGE: TransactionValidityError =
	TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);

/// The state of `dev` with another slot and network. It accepts new code.
pub fn chain_with(slot_duration_ms: u64, network: &str) -> TestExternalities {
	let mut config = genesis_json(DEV);
	config["genesisParameters"]["timing"]["slotDurationMs"] = slot_duration_ms.into();
	config["genesisParameters"]["network"] = network.into();
	upgradable(&config)
}

/// Code of the next runtime that is longer than a block, and shorter than the longest.
fn long_code() -> Vec<u8> {
	let length = GenesisParameters::budget().length_bytes + 1;
	assert!(length < block::MAX_RUNTIME_LENGTH_BYTES);
	let mut code = code_of(VERSION.spec_version + 1);
	code.resize(length as usize, 0);
	code
}

fn apply_upgrade(code: Vec<u8>) -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { code })
}

fn authorise(code: &[u8]) {
	let code_hash = BlakeTwo256::hash(code);
	RuntimeCall::System(frame_system::Call::authorize_upgrade_without_checks { code_hash })
		.dispatch_bypass_filter(RuntimeOrigin::root())
		.expect("root may");
}

fn validate(transaction: UncheckedExtrinsic) -> Result<(), TransactionValidityError> {
	let parent = System::block_hash(0);
	rolled_back(|| {
		Executive::validate_transaction(TransactionSource::External, transaction, parent)
			.map(|_| ())
	})
}

/// STA-R11, STA-R12: the development networks are lans, the live one is a wan.
#[test]
fn presets_have_the_budgets_of_their_slots_and_networks() {
	for preset in [DEV, LOCAL] {
		chain(preset).execute_with(|| {
			assert_eq!(GenesisParameters::network(), NetworkProfile::Lan);
			let budget = BlockBudget { build_ms: 232, weight_ms: 204, length_bytes: 968_750 };
			assert_eq!(GenesisParameters::budget(), budget);
		});
	}
	let live = genesis_json(LIVE);
	assert_eq!(live["genesisParameters"]["network"], json!("wan"));
	chain_with(1_000, "wan").execute_with(|| {
		let budget = BlockBudget { build_ms: 149, weight_ms: 130, length_bytes: 294_912 };
		assert_eq!(GenesisParameters::budget(), budget);
	});
}

/// STA-R12: each slot and network has limits of its own.
#[test]
fn limits_are_parts_of_the_budget() {
	for (slot, network) in
		[(1_000, "wan"), (6_000, "wan"), (250, "lan"), (500, "lan"), (1_000, "lan")]
	{
		chain_with(slot, network).execute_with(|| {
			let budget = GenesisParameters::budget();
			let weights = RuntimeBlockWeights::get();
			let whole = u64::from(budget.weight_ms) * WEIGHT_REF_TIME_PER_MILLIS;
			assert_eq!(weights.max_block.ref_time(), whole);
			let normal = weights.get(DispatchClass::Normal);
			assert_eq!(normal.max_total.map(|weight| weight.ref_time()), Some(whole / 4 * 3));
			let length = RuntimeBlockLength::get();
			let normal = *length.max.get(DispatchClass::Normal);
			assert_eq!(normal, budget.length_bytes * 15 / 16);
			assert!(normal > MAX_CODE_LENGTH_BYTES + 4 * 1_024);
			assert_eq!(*length.max.get(DispatchClass::Operational), block::MAX_LENGTH_BYTES);
		});
	}
}

/// What every pallet demands of its configuration holds with the least budgets, too.
#[test]
fn pallets_accept_the_limits_of_short_slots() {
	// What the scheduler demands, room for a preimage of a mebibyte, no honest share of the smallest blocks has. The
	// chain schedules no such call (STA-R13).
	type AllButTheScheduler = (
		Aura,
		Balances,
		ContractStore,
		Liveness,
		Migrations,
		Payouts,
		Referenda,
		Staking,
		TransactionPayment,
		TtlKv,
		Upgrades,
		Utility,
		VoterList,
	);
	for (slot, network) in [(775, "wan"), (1_000, "wan"), (100, "lan"), (250, "lan"), (500, "lan")]
	{
		chain_with(slot, network).execute_with(|| {
			RuntimeBlockWeights::get().validate().unwrap_or_else(|error| {
				panic!("{slot} ms, {network}: {error:?}");
			});
			let share = scheduler_share();
			if share.ref_time() > 30 * WEIGHT_REF_TIME_PER_MILLIS {
				AllPalletsWithSystem::integrity_test();
			} else {
				AllButTheScheduler::integrity_test();
			}
		});
	}
}

/// STA-R11: no chain starts whose blocks would never be in time.
#[test]
fn slot_too_short_for_its_network_is_refused() {
	let refused = |slot: u64, network: &str| {
		let mut config = genesis_json(DEV);
		config["genesisParameters"]["timing"]["slotDurationMs"] = slot.into();
		config["genesisParameters"]["network"] = network.into();
		build(&config).err()
	};
	for slot in [100, 250, 500, 774] {
		let error = refused(slot, "wan").expect("a block takes longer than that");
		assert!(error.contains("too short for the network `wan`"), "{error}");
	}
	assert_eq!(refused(775, "wan"), None);
	assert_eq!(refused(100, "lan"), None);
	assert!(refused(500, "moon").expect("there is no such network").contains("unknown variant"));
}

/// The copy that a block keeps for itself is not in the state afterwards.
#[test]
fn budget_leaves_the_state_with_its_block() {
	chain(DEV).execute_with(|| {
		let budget = GenesisParameters::budget();
		for _ in 0..3 {
			run_block(0, vec![]);
			assert!(!Budget::<Runtime>::exists());
			assert_eq!(GenesisParameters::budget(), budget);
		}
	});
}

/// TXN-R28: anybody can send operational calls, so they get no more than the block has left.
#[test]
fn operational_transaction_longer_than_the_block_is_refused() {
	chain(DEV).execute_with(|| {
		let code = long_code();
		for call in [
			RuntimeCall::System(frame_system::Call::set_code { code: code.clone() }),
			apply_upgrade(code),
		] {
			let transaction = sign(Alice, 0, call);
			assert_eq!(validate(transaction.clone()), Err(TOO_LARGE));
			assert_eq!(run_block(0, vec![transaction]), [Err(TOO_LARGE)]);
		}
	});
}

/// TXN-R28: several shorter ones do not fit either.
#[test]
fn operational_transactions_together_longer_than_the_block_are_refused() {
	chain_with(6_000, "lan").execute_with(|| {
		// Applying an upgrade that nobody has authorised fails and pays.
		let code = vec![7; GenesisParameters::budget().length_bytes as usize / 3];
		let results = run_block(
			0,
			(0..3).map(|nonce| sign(Alice, nonce, apply_upgrade(code.clone()))).collect(),
		);
		assert!(results[..2].iter().all(|result| matches!(result, Ok(Err(_)))), "{results:?}");
		assert_eq!(results[2], Err(TOO_LARGE));
	});
}

/// TXN-R28: with short slots, replacing the code weighs more than a block.
#[test]
fn operational_transaction_heavier_than_the_block_is_refused() {
	chain_with(250, "lan").execute_with(|| {
		let transaction = sign(Alice, 0, apply_upgrade(vec![7]));
		assert_eq!(validate(transaction.clone()), Err(TOO_LARGE));
		assert_eq!(run_block(0, vec![transaction]), [Err(TOO_LARGE)]);
	});
}

/// TXN-R28: an authorised upgrade may exceed weight and length, once.
#[test]
fn authorised_upgrade_may_exceed_the_budget_once() {
	for (slot, network) in [(250, "lan"), (500, "lan"), (1_000, "wan")] {
		chain_with(slot, network).execute_with(|| {
			let code = long_code();
			authorise(&code);
			let other = vec![8; code.len()];
			assert_eq!(validate(sign(Alice, 0, apply_upgrade(other))), Err(TOO_LARGE));
			let transaction = sign(Alice, 0, apply_upgrade(code.clone()));
			assert_eq!(validate(transaction.clone()), Ok(()));
			let again = sign(Alice, 1, apply_upgrade(code.clone()));
			assert_eq!(run_block(0, vec![transaction, again]), [Ok(Ok(())), Err(TOO_LARGE)]);
			let stored = sp_io::storage::get(sp_core::storage::well_known_keys::CODE);
			assert_eq!(stored.as_deref(), Some(&code[..]));
		});
	}
}

/// Weight that scheduled calls may take in a block of this chain.
fn scheduler_share() -> Weight {
	<Runtime as pallet_scheduler::Config>::MaximumWeight::get()
}

/// The sweep, scheduled calls, the reserved part of ordinary transactions and the hooks of an average block fit together,
/// and with the slots of `live` a page of overdue rewards beside them.
#[test]
fn scheduled_calls_leave_room_for_the_other_parts_of_a_block() {
	use pallet_payouts::WeightInfo;
	type PayoutWeight = <Runtime as pallet_payouts::Config>::WeightInfo;
	for (slot, network, has_room_for_a_page) in
		[(775, "wan", false), (1_000, "wan", true), (100, "lan", false), (500, "lan", true)]
	{
		chain_with(slot, network).execute_with(|| {
			let whole = MaxBlockWeight::get();
			let others =
				[SWEEP_RATIO, block::NORMAL_RESERVED_RATIO, block::AVERAGE_ON_INITIALIZE_RATIO]
					.into_iter()
					.fold(scheduler_share(), |sum, part| sum.saturating_add(part * whole));
			assert!(others.all_lte(whole), "{slot} ms, {network}");
			let with_page = others.saturating_add(PayoutWeight::pay_page());
			assert_eq!(with_page.all_lte(whole), has_room_for_a_page, "{slot} ms, {network}");
		});
	}
}

/// STA-R13: the scheduler puts a task back for ever if it never has enough for the preimage in a block.
#[test]
fn preimage_of_the_longest_scheduled_call_is_a_small_part_of_the_smallest_block() {
	use pallet_scheduler::WeightInfo;
	type Scheduler = <Runtime as pallet_scheduler::Config>::WeightInfo;
	for (slot, network) in [(775, "wan"), (100, "lan")] {
		chain_with(slot, network).execute_with(|| {
			let longest = Scheduler::service_task_fetched(MAX_CALL_LENGTH_BYTES);
			assert!((longest * 4_u64).all_lte(scheduler_share()), "{slot} ms, {network}");
		});
	}
}

/// CON-R14, CON-R22: an offence is punished whatever the slot, so a report always fits a block, even one whose hooks
/// declare all of it.
#[test]
fn report_of_an_equivocation_fits_every_block() {
	use pallet_grandpa::WeightInfo;
	type Weights = <Runtime as pallet_grandpa::Config>::WeightInfo;
	let report = |slot, network| {
		chain_with(slot, network).execute_with(|| {
			let limits = RuntimeBlockWeights::get();
			let normal = limits.get(DispatchClass::Normal);
			let report = Weights::report_equivocation(100, 1_000);
			let with_base = report.saturating_add(normal.base_extrinsic);
			assert!(
				with_base.all_lt(normal.reserved.expect("it is set")),
				"{slot} {network}: {report:?}"
			);
			assert!(report.ref_time() > WEIGHT_REF_TIME_PER_MILLIS, "{slot} {network}: {report:?}");
			report
		})
	};
	let whole = report(6_000, "wan");
	for (slot, network) in [(775, "wan"), (1_000, "wan"), (100, "lan"), (250, "lan"), (500, "lan")]
	{
		assert!(report(slot, network).all_lte(whole));
	}
}

/// STA-R11: clients read the network among the constants.
#[test]
fn metadata_shows_the_network() {
	use frame_metadata::RuntimeMetadata;
	for (network, encoded) in [("wan", 0), ("lan", 1)] {
		chain_with(1_000, network).execute_with(|| {
			let RuntimeMetadata::V14(metadata) = Runtime::metadata().1 else {
				panic!("the legacy metadata is of version 14");
			};
			let pallet = metadata.pallets.iter().find(|p| p.name == "GenesisParameters");
			let constants = &pallet.expect("it is there").constants;
			let shown = constants.iter().find(|c| c.name == "Network").expect("it is declared");
			assert_eq!(shown.value, [encoded]);
		});
	}
}

#[test]
fn presets_name_their_network() {
	let network =
		|preset| -> Value { genesis_json(preset)["genesisParameters"]["network"].clone() };
	assert_eq!([DEV, LOCAL, LIVE].map(network), [json!("lan"), json!("lan"), json!("wan")]);
}
