//! A chain with the store and the pallets that can wrap a call: utility, proxy, multisig.
//!
//! Pallet indices, prices and limits are those of the runtime, so encodings and amounts are too.

use crate as pallet_contract_store;
use frame_support::{
	construct_runtime, derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32},
	weights::{
		constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MILLIS},
		Weight,
	},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_io::TestExternalities;
use sp_runtime::{
	traits::{BlakeTwo256, IdentityLookup},
	AccountId32, BuildStorage, Perbill,
};

pub type Balance = u128;
type Block = frame_system::mocking::MockBlockU32<Test>;

pub const TOS: Balance = 1_000_000_000_000;
pub const EXISTENTIAL_DEPOSIT: Balance = 1_000_000_000;

pub const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub const BOB: AccountId32 = AccountId32::new([2; 32]);
pub const CHARLIE: AccountId32 = AccountId32::new([3; 32]);
/// An account that does not exist until a test pays it.
pub const NOBODY: AccountId32 = AccountId32::new([9; 32]);

/// Timestamp of the genesis, in milliseconds.
pub const GENESIS_MS: u64 = 1_800_000_000_000;
/// Time between two blocks, in milliseconds.
pub const SLOT_MS: u64 = 1_000;

construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Timestamp: pallet_timestamp = 1,
		Balances: pallet_balances = 10,
		Utility: pallet_utility = 60,
		Multisig: pallet_multisig = 61,
		Proxy: pallet_proxy = 62,
		ContractStore: pallet_contract_store = 80,
	}
);

const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(800 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
const NORMAL_RATIO: Perbill = Perbill::from_percent(75);

parameter_types! {
	pub RuntimeBlockWeights: BlockWeights =
		BlockWeights::with_sensible_defaults(MAX_BLOCK_WEIGHT, NORMAL_RATIO);
	/// Bytes of a block that normal extrinsics may fill.
	pub static NormalLength: u32 = NORMAL_RATIO * (5 * 512 * 1024);
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(5 * 512 * 1024)
		.modify_max_length_for_class(DispatchClass::Normal, |length| *length = NormalLength::get())
		.build();
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId32;
	type Block = Block;
	type BlockLength = RuntimeBlockLength;
	type BlockWeights = RuntimeBlockWeights;
	type DbWeight = ParityDbWeight;
	type Lookup = IdentityLookup<AccountId32>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
}

impl pallet_utility::Config for Test {
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

impl pallet_multisig::Config for Test {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type DepositBase = ConstU128<TOS>;
	type DepositFactor = ConstU128<TOS>;
	type MaxSignatories = ConstU32<3>;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

impl pallet_proxy::Config for Test {
	type AnnouncementDepositBase = ConstU128<TOS>;
	type AnnouncementDepositFactor = ConstU128<TOS>;
	type BlockNumberProvider = System;
	type CallHasher = BlakeTwo256;
	type Currency = Balances;
	type MaxPending = ConstU32<2>;
	type MaxProxies = ConstU32<4>;
	type ProxyDepositBase = ConstU128<TOS>;
	type ProxyDepositFactor = ConstU128<TOS>;
	type ProxyType = ();
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

parameter_types! {
	pub TreasuryAccount: AccountId32 =
		AccountId32::new(*b"modlpy/trsry\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	pub static MaxCodeLength: u32 = 262_144;
	pub static RecordBytes: u32 = 512;
	pub static PricePerByte: Balance = 100_000_000;
	pub static MaxPageSize: u32 = 100;
}

impl pallet_contract_store::Config for Test {
	type Currency = Balances;
	type MaxCodeLength = MaxCodeLength;
	type MaxPageSize = MaxPageSize;
	type OnPayment = ResolveTo<TreasuryAccount, Balances>;
	type PricePerByte = PricePerByte;
	type RecordBytes = RecordBytes;
	type Time = Timestamp;
	type WeightInfo = ();
}

/// A chain at block 1 on which Alice, Bob and Charlie have 1,000 TOS each.
pub fn new_test_ext() -> TestExternalities {
	let balances = [ALICE, BOB, CHARLIE].map(|who| (who, 1_000 * TOS)).to_vec();
	let genesis = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
		..Default::default()
	};
	let mut state =
		TestExternalities::new(genesis.build_storage().expect("the configuration is sound"));
	state.execute_with(next_block);
	state
}

/// Runs `test` on a new chain and checks every invariant of the store after it.
pub fn on_chain(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		assert_eq!(ContractStore::do_try_state(), Ok(()));
	})
}

/// Begins the next block, without the events of the last one.
pub fn next_block() {
	let number = System::block_number() + 1;
	System::reset_events();
	System::set_block_number(number);
	Timestamp::set_timestamp(GENESIS_MS + u64::from(number) * SLOT_MS);
}
