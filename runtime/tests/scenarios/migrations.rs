//! A chain whose state is migrated over several blocks, and one whose migration has failed.
//!
//! With the feature `try-runtime`, which the tests have, `pallet-migrations` panics when a migration fails. The
//! tests of a failure therefore begin with the state that it leaves behind.

use crate::common::{call_api, code_of, genesis_json, rolled_back, run_block, sign, upgradable};
use codec::Encode;
use frame_support::{
	assert_ok,
	dispatch::DispatchResult,
	migrations::{FailedMigrationHandler, FailedMigrationHandling, MultiStepMigrator},
	traits::{Contains, GetCallMetadata, PalletsInfoAccess},
	BoundedVec,
};
use frame_system::LastRuntimeUpgrade;
use gtos_runtime::{
	configs::{block_limits::MaxBlockWeight, upgrades::KeptOpen},
	constants::{block::MIGRATION_RATIO, currency::TOS, storage::SWEEP_RATIO},
	genesis_config_presets::DEV,
	AccountId, AllPalletsWithSystem, Executive, Hash, Header, Migrations, Runtime, RuntimeCall,
	RuntimeEvent, RuntimeOrigin, Scheduler, System, TtlKv, Upgrades, VERSION,
};
use pallet_migrations::mock_helpers::{MockedMigrationKind, MockedMigrations};
use pallet_staking::{ActiveEra, ActiveEraInfo};
use pallet_upgrades::{ClosedPallets, MaxPallets};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_io::{hashing::twox_128, TestExternalities};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::{
	traits::{Dispatchable, Header as _},
	Digest, DigestItem, ExtrinsicInclusionMode, Perbill,
};

/// Steps of the migration that [`upgrade`] starts.
const STEPS: u32 = 3;

fn dev() -> TestExternalities {
	upgradable(&genesis_json(DEV))
}

/// Lets the next block begin as the first of a new runtime, with a migration of [`STEPS`] steps and one that
/// finds the end.
fn upgrade() {
	MockedMigrations::set(vec![(MockedMigrationKind::SucceedAfter, STEPS)]);
	LastRuntimeUpgrade::<Runtime>::kill();
}

/// What the next block may hold, without running it.
fn inclusion_mode() -> ExtrinsicInclusionMode {
	rolled_back(|| {
		let number = System::block_number() + 1;
		let slot = *pallet_aura::CurrentSlot::<Runtime>::get() + 1;
		let aura = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode());
		let parent = System::block_hash(number - 1);
		Executive::initialize_block(&Header::new(
			number,
			Hash::default(),
			Hash::default(),
			parent,
			Digest { logs: vec![aura] },
		))
	})
}

fn put(key: &[u8], ttl: u32) -> RuntimeCall {
	let (key, value) = (key.to_vec(), b"value".to_vec());
	RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_ttl { key, value, ttl })
}

fn transfer() -> RuntimeCall {
	let dest = Bob.to_account_id().into();
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive { dest, value: TOS })
}

fn dispatch(call: RuntimeCall, origin: RuntimeOrigin) -> DispatchResult {
	call.dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

/// The value of an entry of Alice, from the runtime API.
fn value_of(key: &[u8]) -> Option<Vec<u8>> {
	let owner: AccountId = Alice.to_account_id();
	call_api("TtlKvApi_get", &(owner, key.to_vec()).encode())
}

fn has_event(is_expected: impl Fn(&RuntimeEvent) -> bool) -> bool {
	System::events().iter().any(|record| is_expected(&record.event))
}

/// Leaves the state as a failed migration of `pallets` does.
fn fail_migration_of(pallets: &[&str]) {
	let prefixes: Vec<_> = pallets.iter().map(|name| twox_128(name.as_bytes())).collect();
	ClosedPallets::<Runtime>::put(BoundedVec::<_, MaxPallets>::truncate_from(prefixes));
}

#[test]
fn blocks_of_a_migration_hold_only_inherents_and_transfers_wait() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		assert!(inclusion_mode() == ExtrinsicInclusionMode::AllExtrinsics);
		upgrade();
		for _ in 0..=STEPS {
			assert!(inclusion_mode() == ExtrinsicInclusionMode::OnlyInherents);
			run_block(0, vec![]);
		}
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::Migrations(pallet_migrations::Event::UpgradeCompleted)
		)));
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::Upgrades(pallet_upgrades::Event::PalletsReopened { .. })
		)));
		assert!(!Migrations::ongoing());
		assert!(inclusion_mode() == ExtrinsicInclusionMode::AllExtrinsics);
		assert_eq!(run_block(0, vec![sign(Alice, 0, transfer())]), [Ok(Ok(()))]);
	});
}

#[test]
fn reads_sweep_and_scheduler_go_on_during_a_migration_and_idle_hooks_do_not() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		assert_ok!(dispatch(put(b"short", 2), RuntimeOrigin::signed(Alice.to_account_id())));
		assert_ok!(dispatch(put(b"long", 100), RuntimeOrigin::signed(Alice.to_account_id())));
		let remark = frame_system::Call::remark { remark: b"scheduled".to_vec() };
		let call = Box::new(RuntimeCall::System(remark));
		assert_ok!(Scheduler::schedule(RuntimeOrigin::root(), 3, None, 0, call));
		// An era is over, so `on_idle` has rewards to pay.
		ActiveEra::<Runtime>::put(ActiveEraInfo { index: 1, start: None });
		let next_payout = pallet_payouts::Next::<Runtime>::get();
		upgrade();

		// Block 2: both entries are live.
		run_block(0, vec![]);
		assert!(Migrations::ongoing());
		assert_eq!(value_of(b"short"), Some(b"value".to_vec()));
		// Block 3: one has expired, and its first hook has removed it.
		run_block(0, vec![]);
		assert!(Migrations::ongoing());
		assert_eq!(value_of(b"short"), None);
		assert_eq!(value_of(b"long"), Some(b"value".to_vec()));
		assert_eq!(TtlKv::statistics(None).entries, 1);
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::TtlKv(pallet_ttl_kv::Event::Pruned { count: 1 })
		)));
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched { result: Ok(()), .. })
		)));
		assert_eq!(pallet_payouts::Next::<Runtime>::get(), next_payout);
		while Migrations::ongoing() {
			run_block(0, vec![]);
		}
		assert_ne!(pallet_payouts::Next::<Runtime>::get(), next_payout);
	});
}

#[test]
fn runtime_cannot_be_replaced_during_a_migration() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		upgrade();
		run_block(0, vec![]);
		let code = code_of(VERSION.spec_version + 1);
		let set_code = frame_system::Call::set_code { code };
		let ongoing = frame_system::Error::<Runtime>::MultiBlockMigrationsOngoing;
		let result = dispatch(RuntimeCall::System(set_code), RuntimeOrigin::root());
		assert_eq!(result, Err(ongoing.into()));
	});
}

/// A step, the guaranteed part of the sweep and the hooks of an average block fit the budget of each network.
#[test]
fn step_of_a_migration_fits_beside_the_hooks() {
	let both = MIGRATION_RATIO.deconstruct() + SWEEP_RATIO.deconstruct();
	assert!(both <= Perbill::from_percent(80).deconstruct());
	for (slot, network) in [(775, "wan"), (1_000, "wan"), (100, "lan"), (500, "lan")] {
		let mut config = genesis_json(DEV);
		config["genesisParameters"]["timing"]["slotDurationMs"] = slot.into();
		config["genesisParameters"]["network"] = network.into();
		upgradable(&config).execute_with(|| {
			let step = <Runtime as pallet_migrations::Config>::MaxServiceWeight::get();
			assert_eq!(step, MIGRATION_RATIO * MaxBlockWeight::get());
			// The work of the pallet itself leaves most of the step to the migration.
			let own = Migrations::exec_migration_max_weight();
			assert!(own.ref_time() < step.ref_time() / 20, "{slot} ms, {network}: {own:?}");
		});
	}
}

/// The chain takes transactions again, so governance can vote on the upgrade that repairs it.
#[test]
fn failed_migration_does_not_stop_transactions() {
	type Handler = <Runtime as pallet_migrations::Config>::FailedMigrationHandler;
	for migration in [None, Some(0), Some(7)] {
		assert_eq!(Handler::failed(migration), FailedMigrationHandling::ForceUnstuck);
	}
}

/// UPG-R3: writes to the pallet that is half way are refused, also inside a batch and by a track's origin;
/// others and all reads go on.
#[test]
fn pallet_whose_migration_failed_is_closed_to_calls_and_open_to_reads() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let alice = || RuntimeOrigin::signed(Alice.to_account_id());
		assert_ok!(dispatch(put(b"key", 100), alice()));
		fail_migration_of(&["TtlKv"]);

		let filtered: DispatchResult = Err(frame_system::Error::<Runtime>::CallFiltered.into());
		assert_eq!(dispatch(put(b"key", 200), alice()), filtered);
		let calls = vec![put(b"key", 200)];
		let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls });
		assert_eq!(dispatch(batch, alice()), filtered);
		assert_eq!(value_of(b"key"), Some(b"value".to_vec()));
		assert_ok!(dispatch(transfer(), alice()));

		// The sender of a refused call pays for it, as for any call that fails.
		let results = run_block(0, vec![sign(Alice, 0, put(b"key", 200))]);
		assert_eq!(results, [Ok(filtered)]);
	});
}

/// UPG-R3: whatever is migrated, blocks are produced and the runtime can be replaced.
#[test]
fn consensus_and_governance_stay_open_when_every_pallet_is_closed() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let all: Vec<_> = AllPalletsWithSystem::infos().into_iter().map(|info| info.name).collect();
		fail_migration_of(&all);
		assert!(!Upgrades::contains(&transfer()));
		// The time is set by a call.
		run_block(0, vec![]);
		let code = code_of(VERSION.spec_version + 1);
		let call = RuntimeCall::System(frame_system::Call::set_code { code });
		assert_ok!(dispatch(call, RuntimeOrigin::root()));
	});
}

/// UPG-R3: the list, pallet by pallet. A new pallet closes with its migration until it is listed.
#[test]
fn pallets_that_no_migration_closes_are_pinned() {
	let open: Vec<&str> = RuntimeCall::get_module_names()
		.iter()
		.copied()
		.filter(|name| {
			// The first call of a pallet that can be made up from zeroes stands for all.
			(0..=u8::MAX)
				.find_map(|index| sample_call(name, index))
				.is_some_and(|call| KeptOpen::contains(&call))
		})
		.collect();
	assert_eq!(
		open,
		[
			"System",
			"Timestamp",
			"Scheduler",
			"Preimage",
			"Migrations",
			"Grandpa",
			"AuraEquivocation",
			"Referenda",
			"ConvictionVoting",
			"TechnicalCommittee",
			"Whitelist",
			"Utility",
			"Multisig",
			"Proxy",
		]
	);
}

/// A call of `pallet` whose arguments are zeroes, if they decode.
fn sample_call(pallet: &str, index: u8) -> Option<RuntimeCall> {
	use codec::Decode;
	let infos = AllPalletsWithSystem::infos();
	let pallet_index = infos.iter().find(|info| info.name == pallet)?.index;
	let mut bytes = vec![u8::try_from(pallet_index).ok()?, index];
	bytes.resize(1_024, 0);
	RuntimeCall::decode(&mut &bytes[..]).ok()
}
