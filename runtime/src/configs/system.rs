//! The chain itself: who may call what, and its clock.

use crate::{
	configs::{
		block_limits::{RuntimeBlockLength, RuntimeBlockWeights},
		governance::{EmptyVotes, LongProposals, OtherThresholds},
		staking::RootOnlyCalls,
		timing::MinimumPeriod,
	},
	constants::block,
	weights, AccountId, Aura, Balance, Block, BlockNumber, Hash, Migrations, Moment, Nonce,
	PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, RuntimeTask, Upgrades, VERSION,
};
use frame_support::{
	derive_impl, parameter_types,
	traits::{EverythingBut, InsideBoth},
	weights::RuntimeDbWeight,
};
use sp_runtime::traits::{AccountIdLookup, BlakeTwo256};
use sp_version::RuntimeVersion;

parameter_types! {
	/// Number of blocks whose hashes stay in the state: the longest life of a mortal transaction
	/// (TXN-R14).
	pub const BlockHashCount: BlockNumber = 4_096;
	pub const Version: RuntimeVersion = VERSION;
	pub const SS58Prefix: u8 = 42;
	pub const DbWeight: RuntimeDbWeight = block::DB_WEIGHT;
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId;
	type BaseCallFilter = InsideBoth<
		EverythingBut<(RootOnlyCalls, LongProposals, EmptyVotes, OtherThresholds)>,
		Upgrades,
	>;
	type Block = Block;
	type BlockHashCount = BlockHashCount;
	type BlockLength = RuntimeBlockLength;
	type BlockWeights = RuntimeBlockWeights;
	type DbWeight = DbWeight;
	type ExtensionsWeightInfo = weights::frame_system_extensions::SubstrateWeight<Runtime>;
	type Hash = Hash;
	type Hashing = BlakeTwo256;
	type Lookup = AccountIdLookup<AccountId, ()>;
	type MaxConsumers = frame_support::traits::ConstU32<128>;
	type MultiBlockMigrator = Migrations;
	type Nonce = Nonce;
	type OnSetCode = Upgrades;
	type SS58Prefix = SS58Prefix;
	type SingleBlockMigrations = crate::migrations::SingleBlockMigrations;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type Version = Version;
}

impl pallet_timestamp::Config for Runtime {
	type MinimumPeriod = MinimumPeriod;
	type Moment = Moment;
	type OnTimestampSet = Aura;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_genesis_parameters::Config for Runtime {}
