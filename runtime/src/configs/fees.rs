//! Balances and fees (ECO-R2 to ECO-R4, ECO-R11).

use crate::{
	account_store::AccountStore,
	constants::currency::EXISTENTIAL_DEPOSIT,
	fees_by_fullness::{FullnessFeeUpdate, MultipliedLengthFee},
	weights, Balance, Balances, FeePot, Runtime, RuntimeEvent, RuntimeFreezeReason,
	RuntimeHoldReason,
};
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32, ConstU8, VariantCountOf},
	weights::IdentityFee,
	PalletId,
};
use pallet_transaction_payment::FungibleAdapter;
use sp_runtime::Percent;

impl pallet_balances::Config for Runtime {
	type AccountStore = AccountStore;
	type Balance = Balance;
	type DoneSlashHandler = ();
	type DustRemoval = ResolveTo<TreasuryAccount, Balances>;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type ReserveIdentifier = [u8; 8];
	type RuntimeEvent = RuntimeEvent;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
}

/// Account from which the treasury spends (ECO-R8).
pub type TreasuryAccount = pallet_treasury::TreasuryAccountId<Runtime>;

parameter_types! {
	/// Determines the account in which the fees of a block gather (ECO-R11).
	pub const FeePotId: PalletId = PalletId(*b"gtos/pot");
	/// The author of a block gets the rest of its fees, and all tips (ECO-R4).
	pub const TreasuryFeeShare: Percent = Percent::from_percent(80);
}

impl pallet_fee_pot::Config for Runtime {
	type PotId = FeePotId;
	type Treasury = ResolveTo<TreasuryAccount, Balances>;
	type TreasuryShare = TreasuryFeeShare;
	type WeightInfo = pallet_fee_pot::weights::SubstrateWeight<Runtime>;
}

impl pallet_transaction_payment::Config for Runtime {
	type FeeMultiplierUpdate = FullnessFeeUpdate;
	type LengthToFee = MultipliedLengthFee;
	type OnChargeTransaction = FungibleAdapter<Balances, FeePot>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = weights::transaction_payment::SubstrateWeight<Runtime>;
	// One unit per picosecond: one TOS pays for a second of execution.
	type WeightToFee = IdentityFee<Balance>;
}
