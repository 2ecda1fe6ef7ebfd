//! A chain of three pallets to test on, with the limits and block weights of the runtime.

use crate as pallet_ttl_kv;
use crate::Event;
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{fungible::Mutate, tokens::imbalance::ResolveTo, ConstU128, ConstU32, Hooks},
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_io::TestExternalities;
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage, Perbill};

type Block = frame_system::mocking::MockBlockU32<Test>;

pub const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub const BOB: AccountId32 = AccountId32::new([2; 32]);
pub const TREASURY: AccountId32 = AccountId32::new([9; 32]);

/// Balance with which Alice and Bob start.
pub const ENDOWMENT: u128 = 1_000_000_000_000_000;
/// Existential deposit.
pub const DEPOSIT: u128 = 1_000_000_000;

/// Part of a block that ordinary transactions may fill.
const NORMAL_RATIO: Perbill = Perbill::from_percent(75);

/// Part of a block that the sweep may take before its extrinsics.
const SWEEP_RATIO: Perbill = Perbill::from_percent(30);

/// Part of a block that the sweep may take after its extrinsics.
const IDLE_SWEEP_RATIO: Perbill = Perbill::from_percent(20);

/// Bytes that an entry is charged for in addition to its value and twice its key.
pub const OVERHEAD: u128 = 256;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Balances: pallet_balances = 10,
		TtlKv: pallet_ttl_kv = 81,
	}
);

parameter_types! {
	pub static MaxBlock: Weight = Weight::from_parts(800 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
	pub TestBlockWeights: BlockWeights =
		BlockWeights::with_sensible_defaults(MaxBlock::get(), NORMAL_RATIO);
	pub static NormalLength: u32 = NORMAL_RATIO * (5 * 512 * 1024);
	pub TestBlockLength: BlockLength = BlockLength::builder()
		.modify_max_length_for_class(DispatchClass::Normal, |length| *length = NormalLength::get())
		.build();
	pub const TreasuryAccount: AccountId32 = TREASURY;
	pub static MinTtl: u32 = 1;
	pub static MaxTtl: u32 = 31_536_000;
	pub static RentPerByteBlock: u128 = 1;
	pub static SweepQuota: u32 = 5_000;
	pub static SweepWeight: Weight = SWEEP_RATIO * MaxBlock::get();
	pub static IdleSweepWeight: Weight = IDLE_SWEEP_RATIO * MaxBlock::get();
	pub static LargeStateOverhead: Weight = Weight::zero();
	pub static MaxPageSize: u32 = 100;
	pub static MaxPageScan: u32 = 1_000;
	pub static MaxBacklogScan: u32 = 1_000;
	pub static MaxQueryBytes: u32 = 1 << 20;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<u128>;
	type AccountId = AccountId32;
	type Block = Block;
	type BlockLength = TestBlockLength;
	type BlockWeights = TestBlockWeights;
	type DbWeight = frame_support::weights::constants::ParityDbWeight;
	type Lookup = IdentityLookup<AccountId32>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = u128;
	type ExistentialDeposit = ConstU128<DEPOSIT>;
	type FreezeIdentifier = ();
	type MaxFreezes = ConstU32<1>;
}

impl pallet_ttl_kv::Config for Test {
	type Currency = Balances;
	type EntryOverheadBytes = ConstU32<256>;
	type IdleSweepWeight = IdleSweepWeight;
	type LargeStateOverhead = LargeStateOverhead;
	type MaxBacklogScan = MaxBacklogScan;
	type MaxKeyLength = ConstU32<128>;
	type MaxPageScan = MaxPageScan;
	type MaxPageSize = MaxPageSize;
	type MaxQueryBytes = MaxQueryBytes;
	type MaxTtl = MaxTtl;
	type MaxValueLength = ConstU32<16_384>;
	type MinTtl = MinTtl;
	type RentDestination = ResolveTo<TreasuryAccount, Balances>;
	type RentPerByteBlock = RentPerByteBlock;
	type SweepQuota = SweepQuota;
	type SweepWeight = SweepWeight;
	type WeightInfo = pallet_ttl_kv::weights::SubstrateWeight<Test>;
}

/// A chain with the default configuration in its first block. Alice, Bob and the treasury have funds.
pub fn new_chain() -> TestExternalities {
	MinTtl::set(1);
	MaxTtl::set(31_536_000);
	RentPerByteBlock::set(1);
	SweepQuota::set(5_000);
	SweepWeight::set(SWEEP_RATIO * MaxBlock::get());
	IdleSweepWeight::set(IDLE_SWEEP_RATIO * MaxBlock::get());
	MaxPageSize::set(100);
	MaxPageScan::set(1_000);
	MaxBacklogScan::set(1_000);
	MaxQueryBytes::set(1 << 20);
	let storage = RuntimeGenesisConfig::default().build_storage().expect("it is sound");
	let mut chain = TestExternalities::new(storage);
	chain.execute_with(|| {
		for account in [ALICE, BOB] {
			set_free(&account, ENDOWMENT);
		}
		set_free(&TREASURY, DEPOSIT);
		begin_block(1);
	});
	chain
}

/// Runs `test` on a new chain, finishes the block and checks every invariant.
pub fn on_chain(test: impl FnOnce()) {
	new_chain().execute_with(|| {
		test();
		end_block(Weight::zero());
		assert_invariants();
	});
}

/// Begins block `number` without events and runs the guaranteed part of the sweep.
pub fn begin_block(number: u32) {
	System::reset_events();
	System::set_block_number(number);
	TtlKv::on_initialize(number);
}

/// Finishes the block. `idle` is the weight that it has left.
pub fn end_block(idle: Weight) {
	let number = System::block_number();
	if idle != Weight::zero() {
		TtlKv::on_idle(number, idle);
	}
	TtlKv::on_finalize(number);
}

/// Finishes the block with no weight left, checks every invariant, and begins the next block.
pub fn next_block() {
	end_block(Weight::zero());
	assert_invariants();
	begin_block(System::block_number() + 1);
}

/// Runs blocks until block `number` has begun.
pub fn go_to(number: u32) {
	while System::block_number() < number {
		next_block();
	}
}

/// Panics with the first invariant that does not hold.
pub fn assert_invariants() {
	if let Err(error) = TtlKv::do_try_state(System::block_number()) {
		panic!("{error:?}");
	}
}

/// Events of this pallet in this block.
pub fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::TtlKv(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// Sets the free balance of `account`.
pub fn set_free(account: &AccountId32, amount: u128) {
	Balances::set_balance(account, amount);
}
