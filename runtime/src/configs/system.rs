//! The chain itself: what a block holds, who may call what, and its clock.

use crate::{
	configs::{staking::RootOnlyCalls, timing::MinimumPeriod},
	constants::block,
	AccountId, Aura, Balance, Block, BlockNumber, Hash, Moment, Nonce, PalletInfo, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeOrigin, RuntimeTask, VERSION,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::EverythingBut,
	weights::{constants::ExtrinsicBaseWeight, RuntimeDbWeight},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::traits::{AccountIdLookup, BlakeTwo256};
use sp_version::RuntimeVersion;

parameter_types! {
	/// Number of blocks whose hashes stay in the state: the longest life of a mortal transaction
	/// (TXN-R14).
	pub const BlockHashCount: BlockNumber = 4_096;
	pub const Version: RuntimeVersion = VERSION;
	pub const SS58Prefix: u8 = 42;
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(block::MAX_LENGTH_BYTES)
		.modify_max_length_for_class(DispatchClass::Normal, |length| {
			*length = block::NORMAL_RATIO * block::MAX_LENGTH_BYTES
		})
		// For the part of the header that the author writes (CON-R1). It needs little more than a tenth
		// of this.
		.max_header_size(1_024)
		.build();
	pub const DbWeight: RuntimeDbWeight = block::DB_WEIGHT;
	/// Hooks and inherents may always run. Ordinary transactions get their share of the block, and
	/// operational ones may fill the rest.
	pub RuntimeBlockWeights: BlockWeights = BlockWeights::builder()
		.base_block(block::BASE_WEIGHT)
		.for_class(DispatchClass::all(), |weights| {
			weights.base_extrinsic = ExtrinsicBaseWeight::get();
		})
		.for_class(DispatchClass::Normal, |weights| {
			weights.max_total = Some(block::NORMAL_RATIO * block::MAX_WEIGHT);
			weights.reserved = Some(block::NORMAL_RESERVED_RATIO * block::MAX_WEIGHT);
		})
		.for_class(DispatchClass::Operational, |weights| {
			weights.max_total = Some(block::MAX_WEIGHT);
			weights.reserved = Some(block::MAX_WEIGHT - block::NORMAL_RATIO * block::MAX_WEIGHT);
		})
		.avg_block_initialization(block::AVERAGE_ON_INITIALIZE_RATIO)
		.build_or_panic();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId;
	type BaseCallFilter = EverythingBut<RootOnlyCalls>;
	type Block = Block;
	type BlockHashCount = BlockHashCount;
	type BlockLength = RuntimeBlockLength;
	type BlockWeights = RuntimeBlockWeights;
	type DbWeight = DbWeight;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
	type Hash = Hash;
	type Hashing = BlakeTwo256;
	type Lookup = AccountIdLookup<AccountId, ()>;
	type MaxConsumers = frame_support::traits::ConstU32<128>;
	type Nonce = Nonce;
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
