//! Answers to queries, from the state of the block that is queried.

use crate::*;
use alloc::vec::Vec;

impl<T: Config> Pallet<T> {
	/// Validators of the current session and their counts so far.
	pub fn current_session() -> SessionSlots<Vec<ValidatorSlots<T::AccountId>>> {
		SessionSlots {
			session: pallet_session::CurrentIndex::<T>::get(),
			validators: Self::with_counts(&CurrentCounts::<T>::get()),
		}
	}

	/// Validators of the last session that is over and their counts. `None` during the first session.
	pub fn last_session() -> Option<SessionSlots<Vec<ValidatorSlots<T::AccountId>>>> {
		LastSession::<T>::get().map(|last| SessionSlots {
			session: last.session,
			validators: last.validators.into_inner(),
		})
	}

	/// Counts of `who` in the current session so far, if it is one of its validators.
	pub fn count_in_current_session(who: &T::AccountId) -> Option<SlotCount> {
		let index = pallet_session::Validators::<T>::get().iter().position(|it| it == who)?;
		Some(CurrentCounts::<T>::get().get(index).copied().unwrap_or_default())
	}

	/// Counts of `who` in the last session that is over, if it was one of its validators.
	pub fn count_in_last_session(who: &T::AccountId) -> Option<SlotCount> {
		let last = LastSession::<T>::get()?;
		last.validators.iter().find(|row| row.validator == *who).map(|row| row.count)
	}

	/// The validators in force with their `counts`, or with zeros if there are none yet.
	pub(crate) fn with_counts(counts: &[SlotCount]) -> Vec<ValidatorSlots<T::AccountId>> {
		let validators = pallet_session::Validators::<T>::get();
		let rows = validators.into_iter().enumerate().map(|(index, validator)| ValidatorSlots {
			validator,
			count: counts.get(index).copied().unwrap_or_default(),
		});
		rows.collect()
	}
}
