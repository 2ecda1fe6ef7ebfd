//! The offence of missing slots, and what becomes of offenders.

use alloc::vec::Vec;
use core::marker::PhantomData;
use frame_support::{defensive, traits::Get, weights::Weight};
use sp_runtime::Perbill;
use sp_staking::{
	offence::{Kind, Offence, OffenceDetails, OnOffenceHandler},
	SessionIndex, StakingInterface,
};

/// Validators missed more than half of their slots in a session (CON-R19).
pub struct MissedSlots<Offender> {
	/// The session.
	pub session: SessionIndex,
	/// Number of its validators.
	pub validator_count: u32,
	/// Those that missed their slots and are to be chilled.
	pub offenders: Vec<Offender>,
}

impl<Offender: Clone> Offence<Offender> for MissedSlots<Offender> {
	const ID: Kind = *b"liveness:missing";
	type Slot = SessionIndex;

	fn offenders(&self) -> Vec<Offender> {
		self.offenders.clone()
	}

	fn session_index(&self) -> SessionIndex {
		self.session
	}

	fn validator_set_count(&self) -> u32 {
		self.validator_count
	}

	fn slot(&self) -> SessionIndex {
		self.session
	}

	/// Being offline costs the seat, not the stake.
	fn slash_fraction(&self, _: u32) -> Perbill {
		Perbill::zero()
	}
}

/// Those who stand for election.
pub trait Candidates<AccountId> {
	/// Whether `who` stands for the next election.
	fn is_candidate(who: &AccountId) -> bool;

	/// How many candidates may leave before an election could no longer give enough validators.
	fn spare() -> u32;

	/// Takes `who` from the candidates, until it decides to stand anew. Leaves alone who is none.
	fn chill(who: &AccountId) -> Weight;

	/// Makes `who` stand for election.
	#[cfg(feature = "runtime-benchmarks")]
	fn stand(who: &AccountId);
}

impl<T: pallet_staking::Config> Candidates<T::AccountId> for pallet_staking::Pallet<T> {
	fn is_candidate(who: &T::AccountId) -> bool {
		pallet_staking::Validators::<T>::contains_key(who)
	}

	fn spare() -> u32 {
		// Staking wants one validator even where its minimum is zero.
		let needed = pallet_staking::MinimumValidatorCount::<T>::get().max(1);
		pallet_staking::Validators::<T>::count().saturating_sub(needed)
	}

	fn chill(who: &T::AccountId) -> Weight {
		// Who stopped validating may nominate by now, and chilling would end that.
		if !<Self as Candidates<_>>::is_candidate(who) {
			return T::DbWeight::get().reads(1);
		}
		if <Self as StakingInterface>::chill(who).is_err() {
			defensive!("a candidate has a ledger");
		}
		<T::WeightInfo as pallet_staking::WeightInfo>::chill()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn stand(who: &T::AccountId) {
		let stake = pallet_staking::MinValidatorBond::<T>::get();
		pallet_staking::Bonded::<T>::insert(who, who);
		let ledger = pallet_staking::StakingLedger::<T>::new(who.clone(), stake);
		pallet_staking::Ledger::<T>::insert(who, ledger);
		Self::do_add_validator(who, Default::default());
	}
}

/// Hands offences to `Inner`, which punishes, and chills the offenders (CON-R20).
///
/// `pallet-staking` slashes and disables, and leaves an offender among the candidates. An offence
/// with a fraction of zero does not reach `Inner`: staking would disable the offenders for it and
/// end their slashing spans, whereas a validator that is to be chilled and nothing else should go on
/// making blocks if it can.
///
/// `pallet-offences` hands over with each report all who were reported for the same time slot, and
/// drops the weight that comes back: what takes reports has to declare it.
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
		for details in offenders {
			weight = weight.saturating_add(C::chill(&details.offender.0));
		}
		weight
	}
}
