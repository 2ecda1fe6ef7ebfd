//! Outcomes of a block's extrinsics, read from its events (RPC-R8, RPC-R9).
//!
//! Names of errors come from the type information that the metadata is generated from. Only the two or
//! three types in question are resolved.

use crate::{Balance, Runtime, RuntimeError, RuntimeEvent, System, UncheckedExtrinsic};
use alloc::vec::Vec;
use codec::{DecodeLimit, Encode};
use frame_support::MAX_EXTRINSIC_DEPTH;
use frame_system::{EventRecord, Phase};
use gtos_transaction_api::{Failure, Outcome, Payment};
use scale_info::{MetaType, TypeDef};
use sp_runtime::{DispatchError, DispatchResult};

/// Outcome of each extrinsic of the block of this state.
pub fn outcomes() -> Vec<Option<Outcome<Balance>>> {
	let mut extrinsics = Vec::<ExtrinsicEvents>::new();
	for (index, event) in outcome_events() {
		let Ok(index) = usize::try_from(index) else { continue };
		// Every extrinsic deposits events, and they are in the order of the body.
		if index == extrinsics.len() {
			extrinsics.push(ExtrinsicEvents::default());
		}
		if let Some(extrinsic) = extrinsics.get_mut(index) {
			extrinsic.add(event);
		}
	}
	extrinsics.into_iter().map(ExtrinsicEvents::outcome).collect()
}

/// Outcome of the extrinsic at `index` of that block.
pub fn outcome(index: u32) -> Option<Outcome<Balance>> {
	let mut extrinsic = ExtrinsicEvents::default();
	for (_, event) in outcome_events().filter(|(of, _)| *of == index) {
		extrinsic.add(event);
	}
	extrinsic.outcome()
}

/// Whether `bytes` are exactly one extrinsic.
pub fn is_extrinsic(bytes: &[u8]) -> bool {
	UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..]).is_ok()
}

/// What the events say about one extrinsic.
#[derive(Default)]
struct ExtrinsicEvents {
	payment: Option<Payment<Balance>>,
	result: Option<DispatchResult>,
}

/// An event that determines a part of an outcome.
enum OutcomeEvent {
	Paid(Payment<Balance>),
	Ended(DispatchResult),
}

impl ExtrinsicEvents {
	fn add(&mut self, event: OutcomeEvent) {
		match event {
			OutcomeEvent::Paid(payment) => self.payment = Some(payment),
			OutcomeEvent::Ended(result) => self.result = Some(result),
		}
	}

	fn outcome(self) -> Option<Outcome<Balance>> {
		let failure = self.result?.err().map(|error| failure(&error));
		Some(Outcome { failure, payment: self.payment })
	}
}

/// The events that determine outcomes, each with the index of its extrinsic. They are read one at a
/// time.
fn outcome_events() -> impl Iterator<Item = (u32, OutcomeEvent)> {
	System::read_events_no_consensus().filter_map(|record| {
		let EventRecord { phase: Phase::ApplyExtrinsic(index), event, .. } = *record else {
			return None;
		};
		let event = match event {
			RuntimeEvent::System(frame_system::Event::ExtrinsicSuccess { .. }) => {
				OutcomeEvent::Ended(Ok(()))
			},
			RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
				dispatch_error, ..
			}) => OutcomeEvent::Ended(Err(dispatch_error)),
			RuntimeEvent::TransactionPayment(
				pallet_transaction_payment::Event::<Runtime>::TransactionFeePaid {
					actual_fee,
					tip,
					..
				},
			) => OutcomeEvent::Paid(Payment { fee: actual_fee, tip }),
			_ => return None,
		};
		Some((index, event))
	})
}

/// A variant of an enumeration: its name and the type of its first field.
struct Variant {
	name: &'static str,
	inner: Option<MetaType>,
}

impl Variant {
	fn find(enumeration: MetaType, index: u8) -> Option<Self> {
		let TypeDef::Variant(definition) = enumeration.type_info().type_def else { return None };
		let variant = definition.variants.into_iter().find(|variant| variant.index == index)?;
		Some(Self { name: variant.name, inner: variant.fields.first().map(|field| field.ty) })
	}
}

/// A dispatch error by name (TXN-R24).
fn failure(error: &DispatchError) -> Failure {
	let encoded = error.encode();
	let index = |position| encoded.get(position).copied();
	let variant = index(0).and_then(|kind| Variant::find(MetaType::new::<DispatchError>(), kind));
	let (pallet, detail) = match error {
		// `DispatchError` holds the error's number only; its name is in the type of the pallet's errors.
		DispatchError::Module(error) => {
			let pallet = Variant::find(MetaType::new::<RuntimeError>(), error.index);
			let errors = pallet.as_ref().and_then(|pallet| pallet.inner);
			(pallet, errors.and_then(|errors| Variant::find(errors, error.error[0])))
		},
		_ => {
			let details = variant.as_ref().and_then(|variant| variant.inner);
			let detail = details.zip(index(1));
			(None, detail.and_then(|(details, detail)| Variant::find(details, detail)))
		},
	};
	Failure {
		kind: variant.map(|variant| variant.name.into()).unwrap_or_default(),
		pallet: pallet.map(|pallet| pallet.name.into()),
		name: detail.map(|detail| detail.name.into()),
		encoded,
	}
}
