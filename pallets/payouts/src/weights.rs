//! Weights of `pallet_payouts`, by hand until `scripts/weights payouts` has measured them.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weight functions needed for `pallet_payouts`.
pub trait WeightInfo {
	/// A look at what is due, which finds nothing.
	fn nothing_due() -> Weight;
	/// The payout of a page with as many nominators as it can have, and the look before it.
	fn pay_page() -> Weight;
}

/// Weights with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn nothing_due() -> Weight {
		Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads(3))
	}
	fn pay_page() -> Weight {
		Weight::from_parts(2_700_000_000, 0)
			.saturating_add(T::DbWeight::get().reads_writes(210, 101))
	}
}

impl WeightInfo for () {
	fn nothing_due() -> Weight {
		Weight::from_parts(10_000_000, 0).saturating_add(ParityDbWeight::get().reads(3))
	}
	fn pay_page() -> Weight {
		Weight::from_parts(2_700_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(210, 101))
	}
}
