//! Balances and fees (ECO-R2 to ECO-R4).

use crate::{
	account_store::AccountStore,
	constants::currency::EXISTENTIAL_DEPOSIT,
	fees_by_fullness::{FullnessFeeUpdate, MultipliedLengthFee},
	AccountId, Authorship, Balance, Balances, Runtime, RuntimeEvent, RuntimeFreezeReason,
	RuntimeHoldReason,
};
use frame_support::{
	traits::{
		fungible::{Balanced, Credit},
		tokens::imbalance::ResolveTo,
		ConstU128, ConstU32, ConstU8, Imbalance, OnUnbalanced, VariantCountOf,
	},
	weights::IdentityFee,
};
use pallet_transaction_payment::FungibleAdapter;

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

/// Pays 80 % of a fee to the treasury, and 20 % and the whole tip to the author of the block (ECO-R4).
pub struct SplitFee;

impl OnUnbalanced<Credit<AccountId, Balances>> for SplitFee {
	fn on_unbalanceds(mut fees_then_tips: impl Iterator<Item = Credit<AccountId, Balances>>) {
		let Some(fee) = fees_then_tips.next() else { return };
		let (treasury, mut author) = fee.ration(80, 20);
		if let Some(tip) = fees_then_tips.next() {
			author.subsume(tip);
		}
		ResolveTo::<TreasuryAccount, Balances>::on_unbalanced(treasury);
		match Authorship::author() {
			// A share that would leave the author's account below the existential deposit cannot be
			// deposited, and is burnt.
			Some(account) => drop(Balances::resolve(&account, author)),
			None => ResolveTo::<TreasuryAccount, Balances>::on_unbalanced(author),
		}
	}
}

impl pallet_transaction_payment::Config for Runtime {
	type FeeMultiplierUpdate = FullnessFeeUpdate;
	type LengthToFee = MultipliedLengthFee;
	type OnChargeTransaction = FungibleAdapter<Balances, SplitFee>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
	// One unit per picosecond: one TOS pays for a second of execution.
	type WeightToFee = IdentityFee<Balance>;
}
