//! Fees that follow the fuller of the weight and the length of blocks (ECO-R2, ECO-R3).

use crate::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	constants::currency::MICRO_TOS,
	Balance, Runtime, System,
};
use frame_support::{
	dispatch::DispatchClass,
	parameter_types,
	weights::{Weight, WeightToFee},
};
use pallet_transaction_payment::{Multiplier, MultiplierUpdate, NextFeeMultiplier};
use sp_runtime::{traits::Convert, FixedPointNumber, Perquintill, Saturating};

parameter_types! {
	/// Fullness of a block above which fees rise and below which they fall (ECO-R3).
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	/// With full blocks of one second, fees rise by 0.0056 % a block: about a hundredfold in a day.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(75, 1_000_000);
	pub MinimumMultiplier: Multiplier = Multiplier::from_u32(1);
	pub MaximumMultiplier: Multiplier = Multiplier::from_u32(1_000);
}

/// The fee for the length of a transaction: one TOS per megabyte, times the multiplier.
///
/// `pallet-transaction-payment` multiplies only the fee for weight. All fees that it tells wallets pass
/// through here, so they are multiplied as well.
pub struct MultipliedLengthFee;

impl WeightToFee for MultipliedLengthFee {
	type Balance = Balance;

	fn weight_to_fee(length_bytes: &Weight) -> Balance {
		// Saturating: a length has 32 bits.
		let fee = Balance::from(length_bytes.ref_time()).saturating_mul(MICRO_TOS);
		NextFeeMultiplier::<Runtime>::get().saturating_mul_int(fee)
	}
}

/// The multiplier after a block (ECO-R3).
///
/// Like the SDK's `TargetedFeeAdjustment`, with the length of the block instead of its proof size, and with
/// the weight of operational transactions, which fill the block as well and pay the same fees.
pub struct FullnessFeeUpdate;

impl MultiplierUpdate for FullnessFeeUpdate {
	fn min() -> Multiplier {
		MinimumMultiplier::get()
	}

	fn max() -> Multiplier {
		MaximumMultiplier::get()
	}

	fn target() -> Perquintill {
		TargetBlockFullness::get()
	}

	fn variability() -> Multiplier {
		AdjustmentVariable::get()
	}
}

impl Convert<Multiplier, Multiplier> for FullnessFeeUpdate {
	fn convert(previous: Multiplier) -> Multiplier {
		let (used, limit) = fuller(used_weight(), used_length());
		next_multiplier(previous, used, limit)
	}
}

/// Weight that the transactions of this block used, and the limit of ordinary ones.
fn used_weight() -> (u64, u64) {
	let limits = RuntimeBlockWeights::get();
	let limit = limits.get(DispatchClass::Normal).max_total.unwrap_or(limits.max_block).ref_time();
	let used = System::block_weight();
	let of_class = |class| used.get(class).ref_time();
	// Saturating: a sum that overflows is greater than the limit, too.
	let total =
		of_class(DispatchClass::Normal).saturating_add(of_class(DispatchClass::Operational));
	(total.min(limit), limit)
}

/// Length of this block, and the limit of ordinary transactions.
///
/// The SDK counts the length for all classes together. The inherents and the header are a few hundred bytes.
fn used_length() -> (u64, u64) {
	let limit = u64::from(*RuntimeBlockLength::get().max.get(DispatchClass::Normal));
	(u64::from(System::block_size()).min(limit), limit)
}

/// The one of which the greater part is used.
fn fuller(weight: (u64, u64), length: (u64, u64)) -> (u64, u64) {
	// a / b < c / d, if and only if a * d < c * b; products of two 64-bit numbers have 128 bits.
	let product = |a: u64, b: u64| u128::from(a).saturating_mul(b.into());
	if product(weight.0, length.1) < product(length.0, weight.1) {
		length
	} else {
		weight
	}
}

fn next_multiplier(previous: Multiplier, used: u64, limit: u64) -> Multiplier {
	let (min, max) = (MinimumMultiplier::get(), MaximumMultiplier::get());
	let previous = previous.max(min);
	let target = TargetBlockFullness::get().mul_floor(limit);
	// At most 3/4, because `used` is at most `limit`.
	let difference = Multiplier::saturating_from_rational(used.abs_diff(target), limit.max(1));
	let variability = AdjustmentVariable::get();
	let first = variability.saturating_mul(difference);
	let second = (variability.saturating_mul(variability) / Multiplier::from_u32(2))
		.saturating_mul(difference.saturating_mul(difference));
	// Saturating: the terms are small, and the result is clamped.
	let next = if used >= target {
		previous.saturating_add(first.saturating_add(second).saturating_mul(previous))
	} else {
		previous.saturating_sub(first.saturating_sub(second).saturating_mul(previous))
	};
	next.clamp(min, max)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn fuller_dimension_is_the_one_with_the_greater_part_used() {
		let weight = (30, 100);
		assert_eq!(fuller(weight, (299, 1_000)), weight);
		assert_eq!(fuller(weight, (300, 1_000)), weight);
		assert_eq!(fuller(weight, (301, 1_000)), (301, 1_000));
		assert_eq!(fuller((u64::MAX - 1, u64::MAX), (u64::MAX, u64::MAX)), (u64::MAX, u64::MAX));
	}

	#[test]
	fn limit_of_zero_leaves_the_multiplier_alone() {
		assert_eq!(next_multiplier(Multiplier::from_u32(7), 0, 0), Multiplier::from_u32(7));
	}
}
