//! The evaluation of a session when it ends (CON-R19).

use crate::*;
use alloc::{collections::BTreeSet, vec::Vec};
use core::{cmp::Reverse, marker::PhantomData};
use frame_support::{traits::Get, BoundedVec};
use pallet_session::SessionManager;
use sp_staking::SessionIndex;

/// When a session ends, evaluates it and then calls `Inner`. An election in the same rotation
/// therefore comes after the evaluation.
///
/// When a session begins an era, collects the slashes that are due with it before `Inner` would apply them (CON-R30).
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
		Pallet::<T>::collect_due_slashes(start_index);
		Inner::start_session(start_index)
	}
}

type Row<T> = ValidatorSlots<<T as frame_system::Config>::AccountId>;

impl<T: Config> Pallet<T> {
	/// Evaluates the validators of `session`, ends the suspensions that are over, and stores the counts
	/// until the next session is over.
	pub(crate) fn do_end_session(session: SessionIndex) {
		let counts = CurrentCounts::<T>::take();
		let validators = Self::with_counts(&counts);
		Self::evaluate(session, &validators);
		// Afterwards, because a validator whose suspension ends here may have had a seat in this session.
		Self::settle_suspensions();
		// Never truncates: Aura bounds the authorities of the same set by the same number.
		let validators = BoundedVec::truncate_from(validators);
		LastSession::<T>::put(SessionSlots { session, validators });
	}

	/// Suspends the offenders among `validators`, unless there are more than may be suspended (CON-R19).
	fn evaluate(session: SessionIndex, validators: &[Row<T>]) {
		let (worst, others) = Self::offenders(validators);
		if others > 0 {
			let sessions = SparedSessions::<T>::get().saturating_add(1);
			if sessions < T::OutageSessions::get() {
				SparedSessions::<T>::put(sessions);
				Self::report_not_suspended(session, worst.len().saturating_add(others));
				return;
			}
		}
		SparedSessions::<T>::kill();
		// Otherwise the network is at fault. Before others are suspended, whose first missed session this is.
		if others == 0 {
			let idle = validators.iter().filter(|row| row.count.is_offence());
			Self::raise_first_level(idle.map(|row| &row.validator));
		}
		Self::suspend_for(session, &worst);
		Self::report_not_suspended(session, others);
	}

	/// The offenders among `validators` that may be suspended, the worst first, and the number of the others.
	///
	/// A validator that is not a candidate at this moment is an offender like any other. Otherwise it could chill
	/// itself before each session ends, validate afterwards, and be elected nevertheless.
	fn offenders(validators: &[Row<T>]) -> (Vec<&Row<T>>, usize) {
		if !validators.iter().any(|row| row.count.is_offence()) {
			return (Vec::new(), 0);
		}
		let suspended = Self::suspended();
		let mut rows: Vec<(bool, &Row<T>)> = validators
			.iter()
			.filter(|row| !suspended.contains(&row.validator))
			.map(|row| (T::Candidates::is_candidate(&row.validator), row))
			.collect();
		let gone = rows.iter().filter(|(is_candidate, _)| !is_candidate).count();
		rows.retain(|(_, row)| row.count.is_offence());
		// The sort is stable: offenders with the same count stay in the order of their indices.
		rows.sort_by_key(|(_, row)| Reverse(row.count.at_fault()));
		let offenders = rows.len();
		if offenders == 0 {
			return (Vec::new(), 0);
		}

		// All that are suspended count towards the third, whether they still have a seat or not, and so do
		// validators that have left. Otherwise each session of an outage could suspend another third of the
		// set, and each era could give another third of the seats to those who wait for them. Suspending a
		// validator that has left adds nothing to this sum, and takes no candidate from the next election.
		let mut most_gone = Self::most_suspended(validators.len()).saturating_sub(suspended.len());
		let mut most = Self::spare_candidates(&suspended, most_gone.saturating_sub(gone));
		rows.retain(|(is_candidate, _)| {
			let left = if *is_candidate { &mut most } else { &mut most_gone };
			let may_be_suspended = *left > 0;
			*left = left.saturating_sub(1);
			may_be_suspended
		});
		let worst = rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>();
		let others = offenders.saturating_sub(worst.len());
		(worst, others)
	}

	/// How many electable candidates the next election can do without; at most `most`.
	fn spare_candidates(suspended: &BTreeSet<T::AccountId>, most: usize) -> usize {
		if most == 0 {
			return 0;
		}
		let needed = Self::least_electable();
		// Never truncates: the set has at most `MaxAuthorities` validators.
		let enough = needed.saturating_add(most as u32);
		let electable = T::Candidates::electable(suspended, enough, T::MaxCandidates::get());
		electable.saturating_sub(needed) as usize
	}

	/// Maximum number of validators that a session of `validators` leaves suspended, unless there were more
	/// before it: less than a third (CON-R10).
	pub(crate) fn most_suspended(validators: usize) -> usize {
		validators.saturating_sub(1) / 3
	}

	/// Number of candidates below which suspensions must not take an election.
	pub(crate) fn least_electable() -> u32 {
		T::Candidates::minimum().max(T::MinElectable::get())
	}

	/// Suspends the validators of `rows` and deposits an event for each.
	fn suspend_for(session: SessionIndex, rows: &[&Row<T>]) {
		if rows.is_empty() {
			return;
		}
		let ends = Self::suspend(rows.iter().map(|row| &row.validator));
		for (row, until) in rows.iter().zip(ends) {
			Self::deposit_event(Event::ValidatorOffline {
				session,
				validator: row.validator.clone(),
				produced: row.count.produced,
				missed: row.count.at_fault(),
				until,
			});
		}
	}

	fn report_not_suspended(session: SessionIndex, offenders: usize) {
		if offenders > 0 {
			// Never truncates: an offender is one of at most `MaxAuthorities` validators.
			let count = offenders as u32;
			Self::deposit_event(Event::OffendersNotSuspended { session, count });
		}
	}
}
