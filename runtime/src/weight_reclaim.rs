//! The last transaction extension, with which a transaction ends.

use crate::{GenesisParameters, Runtime, RuntimeCall, RuntimeOrigin};
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

type Inner = frame_system::WeightReclaim<Runtime>;
type Info = DispatchInfoOf<RuntimeCall>;
type PostInfo = PostDispatchInfoOf<RuntimeCall>;

/// [`frame_system::WeightReclaim`], which also forgets the limits of a block that [`crate::check_weight`] has
/// remembered for this transaction (ADR 0035).
///
/// It comes last, when no other extension reads them any more. Identifier, encoding (empty) and type in the metadata
/// are those of the SDK's extension.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq)]
pub struct WeightReclaim(Inner);

// Not derived: that of the SDK's extension asks for a default runtime.
impl Default for WeightReclaim {
	fn default() -> Self {
		Self(Inner::new())
	}
}

// Not derived, as for `CheckWeight`: the field would appear in the type.
impl TypeInfo for WeightReclaim {
	type Identity = <Inner as TypeInfo>::Identity;

	fn type_info() -> Type {
		Inner::type_info()
	}
}

impl TransactionExtension<RuntimeCall> for WeightReclaim {
	const IDENTIFIER: &'static str = <Inner as TransactionExtension<RuntimeCall>>::IDENTIFIER;
	type Implicit = <Inner as TransactionExtension<RuntimeCall>>::Implicit;
	type Pre = <Inner as TransactionExtension<RuntimeCall>>::Pre;
	type Val = <Inner as TransactionExtension<RuntimeCall>>::Val;

	fn weight(&self, call: &RuntimeCall) -> Weight {
		self.0.weight(call)
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
		// Whatever the result: the next transaction reads the limits from the storage.
		GenesisParameters::forget_budget();
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
