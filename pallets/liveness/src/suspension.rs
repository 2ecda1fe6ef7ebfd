//! The suspension of validators that missed too many slots, and its end (CON-R27, CON-R28).

use crate::*;
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{defensive, ensure, traits::Get, BoundedVec};
use sp_runtime::DispatchResult;
use sp_staking::EraIndex;

impl<T: Config> Pallet<T> {
	/// The validators that no election may elect at present.
	pub fn suspended() -> BTreeSet<T::AccountId> {
		let records = Records::<T>::get().into_iter();
		records.filter(Record::is_suspended).map(|record| record.validator).collect()
	}

	/// Whether no election may elect `who` at present.
	pub fn is_suspended(who: &T::AccountId) -> bool {
		Records::<T>::get().iter().any(|record| record.validator == *who && record.is_suspended())
	}

	/// Suspends the validators and returns, for each of them, the era with whose election the suspension
	/// is over (CON-R27).
	pub(crate) fn suspend<'a>(validators: impl Iterator<Item = &'a T::AccountId>) -> Vec<EraIndex>
	where
		T::AccountId: 'a,
	{
		let planned = T::Candidates::planned_era();
		let mut records = Records::<T>::take().into_inner();
		let ends = validators.map(|who| Self::suspend_one(&mut records, who, planned)).collect();
		// Never truncates: `suspend_one` makes room for each record that it adds.
		Records::<T>::put(BoundedVec::truncate_from(records));
		ends
	}

	fn suspend_one(
		records: &mut Vec<Record<T::AccountId>>,
		who: &T::AccountId,
		planned: EraIndex,
	) -> EraIndex {
		let known = records.iter().position(|record| record.validator == *who);
		let level = known.map_or(0, |at| records.remove(at).level);
		let most = <T as pallet_aura::Config>::MaxAuthorities::get() as usize;
		if records.len() >= most {
			Self::forget_one(records);
		}
		let until = planned.saturating_add(suspension_eras(level));
		records.push(Record {
			validator: who.clone(),
			level: level.saturating_add(1).min(T::MaxSuspensionLevel::get()),
			standing: Standing::Suspended { until, stake: T::Candidates::stake(who) },
		});
		until
	}

	/// Removes the oldest record of a validator that is not suspended any more.
	fn forget_one(records: &mut Vec<Record<T::AccountId>>) {
		let age = |(at, record): (usize, &Record<T::AccountId>)| match record.standing {
			Standing::Returned { since } => Some((since, at)),
			Standing::Suspended { .. } => None,
		};
		let Some((_, oldest)) = records.iter().enumerate().filter_map(age).min() else {
			defensive!("less than a third of the records are suspensions (LIV-I8)");
			return;
		};
		records.remove(oldest);
	}

	/// Gives level 2 to each validator among `offenders` that is suspended at level 1 (CON-R27).
	///
	/// It has a seat and has missed more than half of another session, so it may not return at once.
	pub(crate) fn raise_first_level<'a>(offenders: impl Iterator<Item = &'a T::AccountId>)
	where
		T::AccountId: 'a,
	{
		let offenders: BTreeSet<_> = offenders.collect();
		if offenders.is_empty() {
			return;
		}
		let level = T::MaxSuspensionLevel::get().min(2);
		let mut records = Records::<T>::get();
		let mut is_changed = false;
		for record in records.iter_mut().filter(|record| record.is_suspended()) {
			if record.level < level && offenders.contains(&record.validator) {
				record.level = level;
				is_changed = true;
			}
		}
		if is_changed {
			Records::<T>::put(records);
		}
	}

	/// Ends the suspensions that are over, and lets the levels of validators that have returned decay
	/// (CON-R27, CON-R28). Returns the number of records that it has looked at.
	pub(crate) fn settle_suspensions() -> u32 {
		let records = Records::<T>::get();
		let looked_at = records.len() as u32;
		if looked_at == 0 {
			return 0;
		}
		let planned = T::Candidates::planned_era();
		let kept = records.into_iter().filter_map(|record| Self::settle(record, planned)).collect();
		// Never truncates: no record is added.
		Records::<T>::put(BoundedVec::truncate_from(kept));
		looked_at
	}

	/// What is left of a record at the end of a session; `None` if nothing.
	fn settle(mut record: Record<T::AccountId>, planned: EraIndex) -> Option<Record<T::AccountId>> {
		match record.standing {
			Standing::Suspended { until, stake } => {
				if planned < until {
					return Some(record);
				}
				record.standing = Standing::Returned { since: planned };
				// If it is not a candidate, it was chilled by itself or for an equivocation, unbonded everything, or
				// nominates. It is left alone, but the record stays, so that the level does not start anew if it
				// validates again.
				let validator = record.validator.clone();
				if T::Candidates::is_candidate(&validator) {
					Self::end_in_time(validator, stake);
				}
				Some(record)
			},
			Standing::Returned { since } => {
				let next = since.saturating_add(T::LevelDecayEras::get());
				if planned >= next {
					record.level = record.level.saturating_sub(1);
					record.standing = Standing::Returned { since: next };
				}
				(record.level > 0).then_some(record)
			},
		}
	}

	/// Lets `validator`, whose suspension has lasted until its end, stand for election again, or chills it if
	/// it has too little stake.
	fn end_in_time(validator: T::AccountId, stake: u128) {
		if Self::may_return(&validator, stake) {
			Self::deposit_event(Event::ValidatorReturned { validator });
		} else {
			T::Candidates::chill(&validator);
			Self::deposit_event(Event::ReturnRefused { validator });
		}
	}

	/// Whether a validator that had `stake` at the time of its suspension returns without being asked.
	fn may_return(who: &T::AccountId, stake: u128) -> bool {
		T::Candidates::stake(who) >= stake && T::Candidates::has_minimum_bond(who)
	}

	/// Ends or shortens the suspension of the stash that `who` is or controls, at its own request (CON-R28).
	pub(crate) fn do_rejoin(who: T::AccountId) -> DispatchResult {
		let stash = T::Candidates::stash_of(&who).unwrap_or(who);
		let mut records = Records::<T>::get();
		let record = records
			.iter_mut()
			.find(|record| record.validator == stash && record.is_suspended())
			.ok_or(Error::<T>::NotSuspended)?;
		ensure!(T::Candidates::is_candidate(&stash), Error::<T>::NotCandidate);
		ensure!(T::Candidates::has_minimum_bond(&stash), Error::<T>::InsufficientBond);
		let event = Self::end_on_request(record, T::Candidates::planned_era());
		Records::<T>::put(records);
		Self::deposit_event(event);
		Ok(())
	}

	/// Ends a suspension at once if no earlier one counts, and otherwise after half of the rest. Returns the event.
	///
	/// A further request changes nothing. Otherwise each suspension would end with the next election, and a validator
	/// could idle in every other era for ever.
	fn end_on_request(record: &mut Record<T::AccountId>, planned: EraIndex) -> Event<T> {
		let validator = record.validator.clone();
		match &mut record.standing {
			Standing::Suspended { until, stake } if record.level > 1 => {
				let rest = until.saturating_sub(planned);
				if *stake > 0 && rest > 0 {
					*until = planned.saturating_add(rest.div_ceil(2));
				}
				// It returns with any stake, because it asks to.
				*stake = 0;
				Event::ReturnRequested { validator, until: *until }
			},
			standing => {
				*standing = Standing::Returned { since: planned };
				Event::ValidatorReturned { validator }
			},
		}
	}
}

/// Number of elected sets that a suspension of this `level` keeps a validator out of: 2^`level`.
pub fn suspension_eras(level: u8) -> EraIndex {
	1_u32.checked_shl(level.into()).unwrap_or(EraIndex::MAX)
}
