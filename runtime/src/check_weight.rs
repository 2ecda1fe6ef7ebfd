//! The weight that a transaction has because of its length.

use crate::{constants::block::WEIGHT_PER_BYTE, Runtime, RuntimeCall, RuntimeOrigin};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::weights::Weight;
use scale_info::{Type, TypeInfo};
use sp_runtime::{
	traits::{
		DispatchInfoOf, Implication, PostDispatchInfoOf, TransactionExtension, ValidateResult,
	},
	transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
	DispatchResult,
};

type Inner = frame_system::CheckWeight<Runtime>;
type Info = DispatchInfoOf<RuntimeCall>;
type PostInfo = PostDispatchInfoOf<RuntimeCall>;

/// [`frame_system::CheckWeight`] with an additional weight for each byte of the call (ECO-R2).
///
/// A block decodes, hashes and copies its transactions before and after it dispatches them. The
/// weight of a call includes none of that work, and the base weight includes only that of a short
/// transaction.
///
/// Identifier, encoding (empty) and type in the metadata are those of the SDK's extension, so that
/// clients sign as for a stock chain.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, PartialEq)]
pub struct CheckWeight(Inner);

// Not derived: the field would appear in the type, and clients (dedot) ask for its value although it
// has no bytes.
impl TypeInfo for CheckWeight {
	type Identity = <Inner as TypeInfo>::Identity;

	fn type_info() -> Type {
		Inner::type_info()
	}
}

impl TransactionExtension<RuntimeCall> for CheckWeight {
	const IDENTIFIER: &'static str = <Inner as TransactionExtension<RuntimeCall>>::IDENTIFIER;
	type Implicit = <Inner as TransactionExtension<RuntimeCall>>::Implicit;
	type Pre = <Inner as TransactionExtension<RuntimeCall>>::Pre;
	type Val = <Inner as TransactionExtension<RuntimeCall>>::Val;

	fn weight(&self, call: &RuntimeCall) -> Weight {
		let length = u64::try_from(call.encoded_size()).unwrap_or(u64::MAX);
		self.0.weight(call).saturating_add(WEIGHT_PER_BYTE.saturating_mul(length))
	}

	fn validate(
		&self,
		origin: RuntimeOrigin,
		call: &RuntimeCall,
		info: &Info,
		len: usize,
		implicit: Self::Implicit,
		implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, RuntimeCall> {
		self.0.validate(origin, call, info, len, implicit, implication, source)
	}

	fn prepare(
		self,
		val: Self::Val,
		origin: &RuntimeOrigin,
		call: &RuntimeCall,
		info: &Info,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		self.0.prepare(val, origin, call, info, len)
	}

	fn post_dispatch_details(
		pre: Self::Pre,
		info: &Info,
		post_info: &PostInfo,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		Inner::post_dispatch_details(pre, info, post_info, len, result)
	}

	fn bare_validate(call: &RuntimeCall, info: &Info, len: usize) -> TransactionValidity {
		Inner::bare_validate(call, info, len)
	}

	fn bare_validate_and_prepare(
		call: &RuntimeCall,
		info: &Info,
		len: usize,
	) -> Result<(), TransactionValidityError> {
		Inner::bare_validate_and_prepare(call, info, len)
	}

	fn bare_post_dispatch(
		info: &Info,
		post_info: &mut PostInfo,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		Inner::bare_post_dispatch(info, post_info, len, result)
	}
}
