//! Contracts and expiring entries: limits and prices.

use crate::{
	configs::{block_limits::MaxBlockWeight, fees::TreasuryAccount},
	constants::storage::{
		CONTRACT_RECORD_BYTES, ENTRY_OVERHEAD_BYTES, IDLE_SWEEP_RATIO, LARGE_STATE_OVERHEAD,
		MAX_BACKLOG_SCAN, MAX_CODE_LENGTH_BYTES, MAX_KEY_LENGTH_BYTES, MAX_PAGE_SCAN,
		MAX_PAGE_SIZE, MAX_QUERY_BYTES, MAX_TTL_BLOCKS, MAX_VALUE_LENGTH_BYTES, MIN_TTL_BLOCKS,
		PRICE_PER_BYTE, RENT_PER_BYTE_BLOCK, SWEEP_RATIO,
	},
	Balances, Runtime, Timestamp,
};
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32},
	weights::Weight,
};

impl pallet_contract_store::Config for Runtime {
	type Currency = Balances;
	type MaxCodeLength = ConstU32<MAX_CODE_LENGTH_BYTES>;
	type MaxPageSize = ConstU32<MAX_PAGE_SIZE>;
	type OnPayment = ResolveTo<TreasuryAccount, Balances>;
	type PricePerByte = ConstU128<PRICE_PER_BYTE>;
	type RecordBytes = ConstU32<CONTRACT_RECORD_BYTES>;
	type Time = Timestamp;
	type WeightInfo = pallet_contract_store::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Weight that the removal of expired entries may take before a block's transactions.
	pub SweepWeight: Weight = SWEEP_RATIO * MaxBlockWeight::get();
	/// Weight that the removal of expired entries may take after a block's transactions.
	pub IdleSweepWeight: Weight = IDLE_SWEEP_RATIO * MaxBlockWeight::get();
	pub const LargeStateOverhead: Weight = LARGE_STATE_OVERHEAD;
}

impl pallet_ttl_kv::Config for Runtime {
	type Currency = Balances;
	type EntryOverheadBytes = ConstU32<ENTRY_OVERHEAD_BYTES>;
	type IdleSweepWeight = IdleSweepWeight;
	type LargeStateOverhead = LargeStateOverhead;
	type MaxBacklogScan = ConstU32<MAX_BACKLOG_SCAN>;
	type MaxKeyLength = ConstU32<MAX_KEY_LENGTH_BYTES>;
	type MaxPageScan = ConstU32<MAX_PAGE_SCAN>;
	type MaxPageSize = ConstU32<MAX_PAGE_SIZE>;
	type MaxQueryBytes = ConstU32<MAX_QUERY_BYTES>;
	type MaxTtl = ConstU32<MAX_TTL_BLOCKS>;
	type MaxValueLength = ConstU32<MAX_VALUE_LENGTH_BYTES>;
	type MinTtl = ConstU32<MIN_TTL_BLOCKS>;
	type RentDestination = ResolveTo<TreasuryAccount, Balances>;
	type RentPerByteBlock = ConstU128<RENT_PER_BYTE_BLOCK>;
	// Computed from the weights: one more than a full block can add. Never set it by hand.
	type SweepQuota = pallet_ttl_kv::FullBlockQuota<Runtime>;
	type SweepWeight = SweepWeight;
	type WeightInfo = pallet_ttl_kv::weights::SubstrateWeight<Runtime>;
}
