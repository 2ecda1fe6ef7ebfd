//! Tests, one file for each subject. Doc comments name the rules that a test checks.

mod checks;
mod consequences;
mod disabled;
mod encoding;
mod key_owners;
mod pool;
mod properties;

use crate::{mock::*, *};
use frame_support::{assert_err, assert_noop, assert_ok, dispatch::DispatchResult};
use sp_session::MembershipProof;

/// Reports as the witness.
fn report(proof: &Proof, owner: &MembershipProof) -> DispatchResult {
	let origin = RuntimeOrigin::signed(WITNESS);
	AuraEquivocation::report_equivocation(origin, Box::new(proof.clone()), owner.clone())
}

/// Reports as the author of the block.
fn report_unsigned(proof: &Proof, owner: &MembershipProof) -> DispatchResult {
	let origin = RuntimeOrigin::none();
	AuraEquivocation::report_equivocation_unsigned(origin, Box::new(proof.clone()), owner.clone())
}

/// Number of offences in the events of the block.
fn offences() -> usize {
	let is_offence = |event: &&_| {
		matches!(event, RuntimeEvent::Offences(pallet_offences::Event::Offence { .. }))
	};
	System::events().iter().map(|record| &record.event).filter(is_offence).count()
}
