//! Weights of `pallet_payouts`, by hand until `scripts/weights payouts` has measured them.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_payouts`.
pub trait WeightInfo {
	/// A block in which there is nothing to pay out.
	fn nothing_due() -> Weight;
	/// The payout of a page with as many nominators as it can have.
	fn pay_page() -> Weight;
}

/// Weights with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn nothing_due() -> Weight {
		Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads(3))
	}
	fn pay_page() -> Weight {
		Weight::from_parts(5_200_000_000, 0)
			.saturating_add(T::DbWeight::get().reads_writes(400, 200))
	}
}

impl WeightInfo for () {
	fn nothing_due() -> Weight {
		Weight::from_parts(10_000_000, 0).saturating_add(ParityDbWeight::get().reads(3))
	}
	fn pay_page() -> Weight {
		Weight::from_parts(5_200_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(400, 200))
	}
}
