//! Weights of the calls, composed of the measured checks and the estimated offence.

use crate::*;
use frame_support::{
	dispatch::DispatchClass,
	traits::Get,
	weights::{
		constants::{
			WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_MILLIS, WEIGHT_REF_TIME_PER_NANOS,
		},
		Weight,
	},
};

/// Weight of writing the slashes of an era twice, once with the new one and once joined (CON-R29), for each nominator
/// of the validator.
///
/// With 4,000 nominators they take up to 32,200 stakes of 48 bytes, at first with the 4,001 stakes of the new one in
/// addition. The runtime charges 8.9 ns for decoding, hashing and copying a byte, so that is 30 ms. A chain whose
/// elections have fewer voters has fewer stakes in proportion.
const SLASHES_WEIGHT_PER_NOMINATOR: Weight =
	Weight::from_parts(7_500 * WEIGHT_REF_TIME_PER_NANOS, 0);

/// Weight that is kept free for the extensions of a signed report.
const EXTENSIONS_WEIGHT: Weight = Weight::from_parts(2 * WEIGHT_REF_TIME_PER_MILLIS, 0);

impl<T: Config> Pallet<T> {
	/// Weight of a signed report: one check and the offence.
	pub(crate) fn report_weight() -> Weight {
		Self::at_most_reserved(Self::check_weight().saturating_add(Self::offence_weight()))
	}

	/// Weight of an unsigned report, which is also checked before its dispatch.
	pub(crate) fn unsigned_report_weight() -> Weight {
		let checks = Self::check_weight().saturating_mul(2);
		Self::at_most_reserved(checks.saturating_add(Self::offence_weight()))
	}

	/// `weight`, but at most what a block has for the normal class even if its hooks declare a full block.
	///
	/// The weight of a report is that of an offender with the most nominators. With short slots it exceeds a
	/// block. A report that does not fit beside the hooks would wait until it expires, and the offence would
	/// stay unpunished. So a report declares less than it may take; the block that contains it may be late.
	pub fn at_most_reserved(weight: Weight) -> Weight {
		let limits = T::BlockWeights::get();
		let normal = limits.get(DispatchClass::Normal);
		// Without a reserved part, transactions may exceed the block up to the limit of their class.
		let most = normal.reserved.or(normal.max_total).unwrap_or(limits.max_block);
		let most = most.saturating_sub(normal.base_extrinsic).saturating_sub(EXTENSIONS_WEIGHT);
		weight.min(most)
	}

	/// Weight of one check, of the longest report that is not refused for its length.
	///
	/// It is the same for shorter reports: a node asks for the weight several times, and to find out the length of a
	/// padded report takes as long as to check it.
	pub fn check_weight() -> Weight {
		const HEADERS_BYTES: u32 = 2 * MAX_HEADER_BYTES as u32;
		<T as Config>::WeightInfo::check_headers(HEADERS_BYTES)
			.saturating_add(<T as Config>::WeightInfo::check_membership())
			// Reads whether the offence is known.
			.saturating_add(T::DbWeight::get().reads(1))
	}

	/// Weight of an offence: `pallet-grandpa`'s estimate of the work of `pallet-offences` and
	/// `pallet-staking` for one offender, the rest of the slash, and the chilling. Later blocks slash the validators
	/// again that were reported before for the same slot or round (CON-R29).
	pub fn offence_weight() -> Weight {
		Self::offence_weight_of(T::MaxNominators::get())
	}

	/// The same for an offender with this number of nominators. A raise of its slash takes no longer.
	pub fn offence_weight_of(nominators: u32) -> Weight {
		let nominators = u64::from(nominators);
		let touched = nominators.saturating_mul(3);
		Weight::from_parts(
			(25 * WEIGHT_REF_TIME_PER_MICROS)
				.saturating_mul(nominators)
				.saturating_add(110 * WEIGHT_REF_TIME_PER_MICROS),
			0,
		)
		.saturating_add(
			T::DbWeight::get().reads_writes(touched.saturating_add(14), touched.saturating_add(10)),
		)
		// The bonded eras and the active one, the slashes of the era, and those that are raised later.
		.saturating_add(T::DbWeight::get().reads_writes(4, 2))
		// Both eras again, and what each validator of the same slot or round has been slashed by.
		.saturating_add(
			T::DbWeight::get().reads(u64::from(T::MaxValidators::get()).saturating_add(2)),
		)
		.saturating_add(SLASHES_WEIGHT_PER_NOMINATOR.saturating_mul(nominators))
		.saturating_add(T::ChillWeight::get())
	}
}
