//! The evaluation of a session when it ends (CON-R19).

use crate::*;
use alloc::vec::Vec;
use core::{cmp::Reverse, marker::PhantomData};
use frame_support::{defensive, BoundedVec};
use pallet_session::SessionManager;
use sp_runtime::traits::Convert;
use sp_staking::{offence::ReportOffence, SessionIndex};

/// When a session ends, evaluates it and then calls `Inner`. An election in the same rotation
/// therefore comes after the evaluation.
pub struct EvaluateSessions<T, Inner>(PhantomData<(T, Inner)>);

impl<T: Config, Inner: SessionManager<T::AccountId>> SessionManager<T::AccountId>
	for EvaluateSessions<T, Inner>
{
	fn new_session(new_index: SessionIndex) -> Option<Vec<T::AccountId>> {
		Inner::new_session(new_index)
	}

	fn new_session_genesis(new_index: SessionIndex) -> Option<Vec<T::AccountId>> {
		Inner::new_session_genesis(new_index)
	}

	fn end_session(end_index: SessionIndex) {
		Pallet::<T>::do_end_session(end_index);
		Inner::end_session(end_index)
	}

	fn start_session(start_index: SessionIndex) {
		Inner::start_session(start_index)
	}
}

impl<T: Config> Pallet<T> {
	/// Evaluates the validators of `session` and stores their counts until the next session is over.
	pub(crate) fn do_end_session(session: SessionIndex) {
		let counts = CurrentCounts::<T>::take();
		let validators = Self::with_counts(&counts);
		Self::evaluate(session, &validators);
		// Never truncates: Aura bounds the authorities of the same set by the same number.
		let validators = BoundedVec::truncate_from(validators);
		LastSession::<T>::put(SessionSlots { session, validators });
	}

	/// Selects the offenders among `validators` that are to be chilled and reports them (CON-R19).
	fn evaluate(session: SessionIndex, validators: &[ValidatorSlots<T::AccountId>]) {
		if !validators.iter().any(|validator| validator.count.is_offence()) {
			return;
		}
		let (candidates, left): (Vec<_>, Vec<_>) =
			validators.iter().partition(|row| T::Candidates::is_candidate(&row.validator));
		let mut offenders =
			candidates.into_iter().filter(|row| row.count.is_offence()).collect::<Vec<_>>();
		// The sort is stable: offenders with the same count stay in the order of their indices.
		offenders.sort_by_key(|row| Reverse(row.count.at_fault()));

		// Validators that are no longer candidates count towards the third. Otherwise an outage of
		// several sessions would chill another third of the set in each of them.
		let most = (validators.len().saturating_sub(1) / 3).saturating_sub(left.len());
		let most = most.min(T::Candidates::spare() as usize);
		let not_chilled = offenders.len().saturating_sub(most);
		offenders.truncate(most);
		Self::report(session, validators.len(), offenders);
		if not_chilled > 0 {
			let count = not_chilled as u32;
			Self::deposit_event(Event::OffendersNotChilled { session, count });
		}
	}

	/// Reports the offence of `session` and deposits an event for each offender.
	fn report(
		session: SessionIndex,
		validator_count: usize,
		offenders: Vec<&ValidatorSlots<T::AccountId>>,
	) {
		let identify = |row: &ValidatorSlots<T::AccountId>| {
			let who = row.validator.clone();
			T::FullIdentificationOf::convert(who.clone())
				.map(|identification| (who, identification))
		};
		let (rows, offenders): (Vec<_>, Vec<_>) =
			offenders.into_iter().filter_map(|row| Some((row, identify(row)?))).unzip();
		if offenders.is_empty() {
			return;
		}
		let offence = MissedSlots { session, validator_count: validator_count as u32, offenders };
		// There is no reporter: the chain itself has observed the offence.
		if T::ReportOffence::report_offence(Vec::new(), offence).is_err() {
			defensive!("a session ends once, so its offence is new");
		}
		for row in rows {
			Self::deposit_event(Event::ValidatorOffline {
				session,
				validator: row.validator.clone(),
				produced: row.count.produced,
				missed: row.count.at_fault(),
			});
		}
	}
}
