//! The weight that a transaction has because of its length, the limits of operational transactions, calls that waive
//! their fee, and bare upgrades. It is also where a transaction reads the limits of a block, once.

use crate::{
	configs::block_limits::{largest_extrinsic, MaxBlockLength, MaxBlockWeight},
	constants::block::WEIGHT_PER_BYTE,
	GenesisParameters, Runtime, RuntimeCall, RuntimeOrigin, System, Upgrades,
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{
	dispatch::{DispatchClass, Pays},
	weights::{constants::ExtrinsicBaseWeight, Weight},
};
use frame_system::CodeUpgradeAuthorization;
use scale_info::{Type, TypeInfo};
use sp_runtime::{
	traits::{
		BlakeTwo256, DispatchInfoOf, Hash, Implication, PostDispatchInfoOf, TransactionExtension,
		ValidateResult,
	},
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	DispatchResult,
};

type Inner = frame_system::CheckWeight<Runtime>;
type Info = DispatchInfoOf<RuntimeCall>;
type PostInfo = PostDispatchInfoOf<RuntimeCall>;

/// [`frame_system::CheckWeight`] with an additional weight for each byte of the call (ECO-R2), which holds
/// operational transactions to what the block has left (TXN-R28), charges normal ones whatever their call returns
/// (ECO-R2), and refuses bare upgrades that would fail (TXN-R5).
///
/// A block decodes, hashes and copies its transactions before and after it dispatches them. The
/// weight of a call includes none of that work, and the base weight includes only that of a short
/// transaction.
///
/// This extension and `ChargeTransactionPayment` read the limits of a block about a dozen times. It is the first that
/// needs them and reads them from the storage; the others find them in memory, until
/// [`WeightReclaim`](crate::weight_reclaim::WeightReclaim) ends the transaction (ADR 0035).
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
	/// What the SDK's extension passes on, and whether the transaction may exceed the budget.
	type Val = (<Inner as TransactionExtension<RuntimeCall>>::Val, bool);

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
		// Not if they are not yet remembered, but always: a transaction depends on no earlier one that was refused.
		GenesisParameters::remember_budget();
		// The only check of the code outside of its application: `prepare` relies on it.
		let may_exceed =
			authorised_code(call).is_some_and(|code| Upgrades::ensure_can_follow(code).is_ok());
		if !may_exceed {
			ensure_operational_fits(info, len)?;
		}
		let (validity, val, origin) =
			self.0.validate(origin, call, info, len, implicit, implication, source)?;
		Ok((validity, (val, may_exceed), origin))
	}

	fn prepare(
		self,
		(val, may_exceed): Self::Val,
		origin: &RuntimeOrigin,
		call: &RuntimeCall,
		info: &Info,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		if !may_exceed {
			ensure_operational_has_room(info)?;
		}
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

	/// Has a normal transaction pay although its call has waived the fee (ECO-R2).
	///
	/// Pallets of the SDK waive the fee of calls that they consider useful, and anybody can make some of them again and
	/// again. `ChargeTransactionPayment` comes later in the tuple and gets the same `post_info`.
	fn post_dispatch(
		pre: Self::Pre,
		info: &Info,
		post_info: &mut PostInfo,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		if info.class == DispatchClass::Normal {
			post_info.pays_fee = Pays::Yes;
		}
		Inner::post_dispatch(pre, info, post_info, len, result)
	}

	fn bare_validate(call: &RuntimeCall, info: &Info, len: usize) -> TransactionValidity {
		if !is_bare_upgrade(call)? {
			ensure_operational_fits(info, len)?;
		}
		Inner::bare_validate(call, info, len)
	}

	fn bare_validate_and_prepare(
		call: &RuntimeCall,
		info: &Info,
		len: usize,
	) -> Result<(), TransactionValidityError> {
		if !is_bare_upgrade(call)? {
			ensure_operational_fits(info, len)?;
			ensure_operational_has_room(info)?;
		}
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

/// Refuses an operational transaction that is heavier than a block, or with which this block would be longer
/// than its budget.
///
/// Anybody can send operational calls, and the SDK's limits of the class are those of a runtime upgrade. Only the
/// application of an authorised upgrade may exceed the budget: the authorisation ends with it, so one block
/// for each upgrade may be late. Code that would be refused keeps the authorisation, so it gets no exception.
fn ensure_operational_fits(info: &Info, len: usize) -> Result<(), TransactionValidityError> {
	if info.class != DispatchClass::Operational {
		return Ok(());
	}
	let length = u32::try_from(len).unwrap_or(u32::MAX);
	let max_block = MaxBlockWeight::get();
	let is_too_long = System::block_size().saturating_add(length) > MaxBlockLength::get();
	if is_too_long || info.total_weight().any_gt(largest_extrinsic(max_block, max_block)) {
		return Err(InvalidTransaction::ExhaustsResources.into());
	}
	Ok(())
}

/// Refuses an operational transaction with which this block would be heavier than its budget.
fn ensure_operational_has_room(info: &Info) -> Result<(), TransactionValidityError> {
	if info.class != DispatchClass::Operational {
		return Ok(());
	}
	let next = System::block_weight()
		.total()
		.saturating_add(info.total_weight())
		.saturating_add(ExtrinsicBaseWeight::get());
	if next.any_gt(MaxBlockWeight::get()) {
		return Err(InvalidTransaction::ExhaustsResources.into());
	}
	Ok(())
}

/// Whether a bare call applies an authorised upgrade. It then succeeds, and may exceed the budget.
///
/// # Errors
///
/// The call applies code that is not authorised or cannot follow the running runtime (UPG-R1). A bare transaction pays
/// nothing, and a call that fails keeps the authorisation. Without this check, anybody could fill every block with code
/// that governance has authorised and that the runtime refuses. The system pallet has checked before that no migration
/// is running.
fn is_bare_upgrade(call: &RuntimeCall) -> Result<bool, TransactionValidityError> {
	if !matches!(call, RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { .. })) {
		return Ok(false);
	}
	let code = authorised_code(call).ok_or(InvalidTransaction::Call)?;
	match Upgrades::ensure_can_follow(code) {
		Ok(()) => Ok(true),
		// The transaction can be in a later block, so the pool keeps it.
		Err(pallet_upgrades::Error::RuntimeAlreadyReplaced) => {
			Err(InvalidTransaction::ExhaustsResources.into())
		},
		Err(_) => Err(InvalidTransaction::Call.into()),
	}
}

/// The code that `call` applies, if it is the authorised one.
fn authorised_code(call: &RuntimeCall) -> Option<&[u8]> {
	let RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { code }) = call else {
		return None;
	};
	System::authorized_upgrade().filter(|upgrade| is_of(upgrade, code)).map(|_| &code[..])
}

/// Whether the authorisation is for this code. Its encoding begins with the hash, which the SDK gives
/// only to native code.
fn is_of(upgrade: &CodeUpgradeAuthorization<Runtime>, code: &[u8]) -> bool {
	let hash = BlakeTwo256::hash(code);
	upgrade.using_encoded(|bytes| bytes.starts_with(hash.as_ref()))
}
