//! Weights of `pallet_fee_pot`. Not measured yet: `scripts/weights fee-pot` measures them and replaces this file.
//!
//! Until then the weight of the payout is that of three rewards of `pallet-payouts`, which are measured: a page of 33
//! takes 4,333 us, 131 us each. A reward is one deposit like those of the payout, plus a hold, and reads and writes of
//! the ledger. The payout is two such deposits, and the removal of the pot's record.

#![allow(missing_docs, reason = "those of the measured file that replaces it")]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_fee_pot`.
pub trait WeightInfo {
	fn pay_out() -> Weight;
}

/// Weights with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `System::Account` (r:3 w:3), of the pot, the author and the treasury
	fn pay_out() -> Weight {
		Weight::from_parts(393_000_000, 8799)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn pay_out() -> Weight {
		Weight::from_parts(393_000_000, 8799)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
}
