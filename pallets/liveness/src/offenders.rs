//! The chilling of offenders (CON-R20).

use crate::Candidates;
use alloc::vec::Vec;
use core::marker::PhantomData;
use frame_support::weights::Weight;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	SessionIndex,
};

/// Passes offences on to `Inner`, which slashes and disables, and chills the new offender (CON-R20).
///
/// `pallet-staking`, to which [`SpreadSlashes`](crate::SpreadSlashes) passes them, leaves an offender among the
/// candidates, so this handler chills it. An offence with a slash fraction of zero is not passed on: staking would
/// disable the offenders and end their slashing spans, but a validator that is only chilled should continue to make
/// blocks.
///
/// With each report, `pallet-offences` passes all offenders that were reported for the same time slot, in the order of
/// their reports, so the new one is the last: a report of each offence of this chain names one offender, and reports
/// are never removed. The earlier ones were chilled by their own reports and may have become candidates again since.
/// If they were chilled again, a former validator could chill them at no cost, with a report of its own old offence.
///
/// `pallet-offences` drops the returned weight. Calls that report offences have to declare it.
pub struct ChillOffenders<Inner, C>(PhantomData<(Inner, C)>);

impl<Reporter, AccountId, Identification, Inner, C>
	OnOffenceHandler<Reporter, (AccountId, Identification), Weight> for ChillOffenders<Inner, C>
where
	Reporter: Clone,
	AccountId: Clone,
	Identification: Clone,
	Inner: OnOffenceHandler<Reporter, (AccountId, Identification), Weight>,
	C: Candidates<AccountId>,
{
	fn on_offence(
		offenders: &[OffenceDetails<Reporter, (AccountId, Identification)>],
		slash_fraction: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let (punished, fractions): (Vec<_>, Vec<_>) = offenders
			.iter()
			.cloned()
			.zip(slash_fraction.iter().copied())
			.filter(|(_, fraction)| !fraction.is_zero())
			.unzip();
		let mut weight = Weight::zero();
		if !punished.is_empty() {
			weight = Inner::on_offence(&punished, &fractions, session);
		}
		if let Some(new) = offenders.last() {
			weight = weight.saturating_add(C::chill(&new.offender.0));
		}
		weight
	}
}
