//! The migration of rehearsals, which rewrites every entry of the key-value store over several blocks while the store
//! works, on a runtime of few pallets.

// The library has the file only with the feature `rehearsal`, which no test enables.
#[path = "../../src/rehearsal/mark_entries.rs"]
mod mark_entries;

use frame_support::{
	assert_ok, construct_runtime, derive_impl,
	dispatch::DispatchResult,
	migrations::{ForceUnstuckOnFailedMigration, MultiStepMigrator, SteppedMigration},
	parameter_types,
	traits::{fungible::Mutate, ConstU128, ConstU32, Contains, TryState},
	weights::{constants::ParityDbWeight, Weight},
};
use frame_system::{limits::BlockWeights, ChainContext, LastRuntimeUpgrade};
use frame_try_runtime::TryStateSelect;
use gtos_runtime::Signature;
use mark_entries::{has_mark, MarkEntries};
use pallet_ttl_kv::{Entries, KeyOf};
use pallet_upgrades::ClosedPallets;
use sp_core::H256;
use sp_io::{hashing::twox_128, TestExternalities};
use sp_runtime::{
	generic,
	traits::{AccountIdLookup, BlakeTwo256, Dispatchable, Header as _},
	AccountId32, BuildStorage, MultiAddress, Perbill,
};
use sp_version::ApiId;
use std::collections::BTreeMap;

type Address = MultiAddress<AccountId32, ()>;
type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, ()>;
type Header = generic::Header<u32, BlakeTwo256>;
type Block = generic::Block<Header, UncheckedExtrinsic>;
type Executive =
	frame_executive::Executive<Test, Block, ChainContext<Test>, Test, AllPalletsWithSystem>;

const OWNER: AccountId32 = AccountId32::new([1; 32]);

/// Entries of which the last third expires during the migration.
const ENTRIES: u32 = 300;

/// Entries that a block rewrites.
const PER_BLOCK: u64 = 20;

/// Its steps are limited by the weight of a block only.
type RewriteEntries = MarkEntries<Test, { u32::MAX }>;

construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Migrations: pallet_migrations = 5,
		Upgrades: pallet_upgrades = 6,
		Balances: pallet_balances = 10,
		TtlKv: pallet_ttl_kv = 81,
	}
);

parameter_types! {
	pub const RequiredApis: &'static [(ApiId, u32)] = &[];
	/// Enough for the pallet's own work and for [`PER_BLOCK`] entries.
	pub MaxServiceWeight: Weight = Migrations::exec_migration_max_weight()
		.saturating_mul(2)
		.saturating_add(RewriteEntries::weight_of_entry().saturating_mul(PER_BLOCK))
		// The chain limits no proof size (ADR 0012), and the look at the cursor declares a large one.
		.set_proof_size(u64::MAX);
	/// References that the sweep takes in a block. Without a limit outside of the tests, as the pallet demands.
	pub static SweepQuota: u32 = u32::MAX;
	pub SweepWeight: Weight = Perbill::from_percent(30) * BlockWeights::default().max_block;
	pub const NoWeight: Weight = Weight::zero();
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<u128>;
	type AccountId = AccountId32;
	type BaseCallFilter = Upgrades;
	type Block = Block;
	type DbWeight = ParityDbWeight;
	type Lookup = AccountIdLookup<AccountId32, ()>;
	type MultiBlockMigrator = Migrations;
	type OnSetCode = Upgrades;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = u128;
	type ExistentialDeposit = ConstU128<1>;
	type FreezeIdentifier = ();
	type MaxFreezes = ConstU32<1>;
}

impl pallet_ttl_kv::Config for Test {
	type Currency = Balances;
	type EntryOverheadBytes = ConstU32<256>;
	type IdleSweepWeight = NoWeight;
	type LargeStateOverhead = ();
	type MaxBacklogScan = ConstU32<1_000>;
	type MaxKeyLength = ConstU32<128>;
	type MaxPageScan = ConstU32<1_000>;
	type MaxPageSize = ConstU32<1_000>;
	type MaxQueryBytes = ConstU32<{ 1 << 20 }>;
	type MaxTtl = ConstU32<1_000_000>;
	type MaxValueLength = ConstU32<16_384>;
	type MinTtl = ConstU32<1>;
	type RentDestination = ();
	type RentPerByteBlock = ConstU128<1>;
	type SweepQuota = SweepQuota;
	type SweepWeight = SweepWeight;
	type WeightInfo = pallet_ttl_kv::weights::SubstrateWeight<Test>;
}

impl pallet_migrations::Config for Test {
	type CursorMaxLen = ConstU32<65_536>;
	type FailedMigrationHandler = ForceUnstuckOnFailedMigration;
	type IdentifierMaxLen = ConstU32<256>;
	type MaxServiceWeight = MaxServiceWeight;
	type MigrationStatusHandler = Upgrades;
	// A release lists its migrations in a tuple; a single one is enough here.
	type Migrations = RewriteEntries;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

/// The migration closes the store only, so nothing has to be kept open.
pub struct Nothing;

impl Contains<RuntimeCall> for Nothing {
	fn contains(_: &RuntimeCall) -> bool {
		false
	}
}

impl pallet_upgrades::Config for Test {
	type KeptOpen = Nothing;
	type MaxCodeLength = ConstU32<1_000>;
	type Migrations = RewriteEntries;
	type RequiredApis = RequiredApis;
}

// The pallet demands it when it is compiled with benchmarks, which nothing runs here.
impl pallet_migrations::MockedMigrations for RewriteEntries {
	fn set_fail_after(_: u32) {}

	fn set_success_after(_: u32) {}
}

/// Whether the bytes of an entry have the new layout.
fn is_new(bytes: &[u8]) -> bool {
	has_mark::<Test>(bytes).expect("every state on the way is readable")
}

fn key(number: u32) -> Vec<u8> {
	format!("key/{number}").into_bytes()
}

fn put(key: Vec<u8>, ttl: u32) -> DispatchResult {
	let value = [&key[..], b"/value"].concat();
	RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_ttl { key, value, ttl })
		.dispatch(RuntimeOrigin::signed(OWNER))
		.map(|_| ())
		.map_err(|failure| failure.error)
}

/// Runs a block without extrinsics and checks all invariants of all pallets.
fn run_block() {
	let number = System::block_number() + 1;
	let parent = System::block_hash(number - 1);
	let (root, digest) = (H256::zero(), Default::default());
	Executive::initialize_block(&Header::new(number, root, root, parent, digest));
	let header = Executive::finalize_block();
	frame_system::BlockHash::<Test>::insert(number, header.hash());
	AllPalletsWithSystem::try_state(number, TryStateSelect::All).expect("all invariants hold");
}

/// A chain with [`ENTRIES`] entries in the old layout, in its first block. The value is the height at which the
/// entry ends.
fn chain_of_entries() -> (TestExternalities, BTreeMap<Vec<u8>, u32>) {
	// Fewer than expire at one height, so that a backlog is migrated, too.
	SweepQuota::set(7);
	let genesis = RuntimeGenesisConfig::default();
	let mut chain: TestExternalities = genesis.build_storage().expect("it is sound").into();
	let ends = chain.execute_with(|| {
		run_block();
		Balances::set_balance(&OWNER, u128::MAX / 2);
		let now = System::block_number();
		(0..ENTRIES)
			.map(|number| {
				let ttl = if number % 3 == 0 { 3 + number % 5 } else { 10_000 };
				assert_ok!(put(key(number), ttl));
				(key(number), now + ttl)
			})
			.collect()
	});
	(chain, ends)
}

/// Entries that are stored in the old and in the new layout.
fn layouts() -> (usize, usize) {
	let (new, old): (Vec<_>, Vec<_>) = Entries::<Test>::iter_keys()
		.map(|(owner, key)| Entries::<Test>::hashed_key_for(owner, key))
		.map(|key| sp_io::storage::get(&key).expect("it is stored").to_vec())
		.partition(|value| is_new(value));
	(old.len(), new.len())
}

/// Every query answers as it would without a migration.
fn assert_reads(ends: &BTreeMap<Vec<u8>, u32>) {
	let now = System::block_number();
	for (key, end) in ends {
		let is_live = now < *end;
		let value = TtlKv::get(&OWNER, key.clone());
		assert_eq!(value, is_live.then(|| [&key[..], b"/value"].concat()), "at {now}");
		let metadata = TtlKv::metadata(&OWNER, key.clone());
		assert_eq!(metadata.map(|metadata| metadata.expires_at), is_live.then_some(*end));
	}
	let listed = TtlKv::list(&OWNER, b"key/", None, ENTRIES).items.len();
	assert_eq!(listed, ends.values().filter(|end| now < **end).count());
}

/// UPG-R3: the pallet is closed from the first to the last block.
#[test]
fn entries_are_rewritten_over_several_blocks_while_reads_and_sweep_go_on() {
	let (mut chain, ends) = chain_of_entries();
	chain.execute_with(|| {
		assert_reads(&ends);
		assert_eq!(layouts(), (ENTRIES as usize, 0));
		LastRuntimeUpgrade::<Test>::kill();
		let mut half_way = 0;
		let mut swept = 0;
		loop {
			let stored = Entries::<Test>::iter_keys().count();
			run_block();
			swept += stored - Entries::<Test>::iter_keys().count();
			assert_reads(&ends);
			if !Migrations::ongoing() {
				break;
			}
			let (old, new) = layouts();
			assert!(new > 0);
			half_way += usize::from(old > 0);
			assert_eq!(ClosedPallets::<Test>::get().into_inner(), [twox_128(b"TtlKv")]);
			let filtered = frame_system::Error::<Test>::CallFiltered.into();
			assert_eq!(put(key(0), 10), Err(filtered));
		}
		// The test has seen what it is about.
		assert!(half_way >= 5, "{half_way} blocks with two layouts");
		assert!(swept >= 30, "{swept} entries removed on the way");
		let (old, new) = layouts();
		assert_eq!(old, 0);
		assert_eq!(new, Entries::<Test>::iter_keys().count());

		// The rest of the backlog goes, and writes are possible again.
		for _ in 0..20 {
			run_block();
		}
		let lasting = ends.values().filter(|end| **end > 1_000).count();
		assert_eq!(Entries::<Test>::iter_keys().count(), lasting);
		assert_ok!(put(key(0), 10));
		assert_ok!(put(key(1), 10));
		run_block();
	});
}

/// A migration that starts anew, as it does in the release after a failure, ends in the same state.
#[test]
fn migration_that_starts_anew_rewrites_no_entry_twice() {
	let (mut chain, ends) = chain_of_entries();
	chain.execute_with(|| {
		LastRuntimeUpgrade::<Test>::kill();
		for _ in 0..4 {
			run_block();
		}
		let (old, new) = layouts();
		assert!(old > 0 && new > 0);
		// What `ForceUnstuckOnFailedMigration` does.
		pallet_migrations::Cursor::<Test>::kill();
		run_block();
		assert_eq!(put(key(1), 10), Err(frame_system::Error::<Test>::CallFiltered.into()));

		LastRuntimeUpgrade::<Test>::kill();
		run_block();
		while Migrations::ongoing() {
			run_block();
			assert_reads(&ends);
		}
		let (old, _) = layouts();
		assert_eq!(old, 0);
		assert!(!ClosedPallets::<Test>::exists());
	});
}

/// The cursor is the longest storage key of an entry, at most.
#[test]
fn cursor_holds_the_longest_storage_key() {
	let longest = KeyOf::<Test>::truncate_from(vec![0xff; 200]);
	let storage_key = Entries::<Test>::hashed_key_for(OWNER, longest);
	assert!(<RewriteEntries as SteppedMigration>::Cursor::try_from(storage_key).is_ok());
}
