//! The invariants of counts, suspensions and slashes (`LIV-I1` and so on), checked over the whole state.

use crate::*;
use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get};
use pallet_staking::BalanceOf;
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant; the error names the first that does not hold.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		let current = CurrentCounts::<T>::get();
		let last = LastSession::<T>::get();
		Self::check_current(&current)?;
		if let Some(last) = &last {
			Self::check_last(last)?;
		} else {
			ensure!(
				pallet_session::CurrentIndex::<T>::get() == 0,
				"LIV-I3: the last session is not stored"
			);
		}

		Self::check_records()?;
		Self::check_slashes()?;
		ensure!(
			SparedSessions::<T>::get() < T::OutageSessions::get().max(1),
			"LIV-I7: more sessions in a row suspended nobody than may"
		);

		let kept = last.iter().flat_map(|last| last.validators.iter().map(|row| row.count));
		Self::check_counts(current.iter().copied().chain(kept))
	}

	/// There are as many current counts as authorities, or none (LIV-I1).
	fn check_current(counts: &CountsOf<T>) -> Result<(), TryRuntimeError> {
		let authorities = Self::authorities() as usize;
		ensure!(
			counts.is_empty() || counts.len() == authorities,
			"LIV-I1: the number of counts is not that of authorities"
		);
		Ok(())
	}

	/// The stored session is the one before the current session and has each validator once (LIV-I3).
	fn check_last(last: &SessionSlotsOf<T>) -> Result<(), TryRuntimeError> {
		ensure!(
			last.session.checked_add(1) == Some(pallet_session::CurrentIndex::<T>::get()),
			"LIV-I3: the stored session is not the last one"
		);
		let accounts = last.validators.iter().map(|row| &row.validator).collect::<BTreeSet<_>>();
		ensure!(accounts.len() == last.validators.len(), "LIV-I3: a validator is stored twice");
		Ok(())
	}

	/// Each validator has one record (LIV-I5), with a level and an end that are possible (LIV-I6), and less
	/// than a third as many validators are suspended as a set may have (LIV-I8).
	fn check_records() -> Result<(), TryRuntimeError> {
		let records = Records::<T>::get();
		let accounts = records.iter().map(|record| &record.validator).collect::<BTreeSet<_>>();
		ensure!(accounts.len() == records.len(), "LIV-I5: a validator has two records");

		let planned = T::Candidates::planned_era();
		let highest = T::MaxSuspensionLevel::get();
		let latest = planned.saturating_add(suspension_eras(highest));
		for record in &records {
			ensure!(record.level > 0 && record.level <= highest, "LIV-I6: a level is out of range");
			match record.standing {
				Standing::Suspended { until, .. } => {
					ensure!(until <= latest, "LIV-I6: a suspension is too long")
				},
				Standing::Returned { since } => {
					ensure!(since <= planned, "LIV-I6: a validator returns in the future")
				},
			}
		}

		let most = Self::most_suspended(<T as pallet_aura::Config>::MaxAuthorities::get() as usize);
		ensure!(
			records.iter().filter(|record| record.is_suspended()).count() <= most,
			"LIV-I8: a third of the largest set or more is suspended"
		);
		Ok(())
	}

	/// No validator waits twice for being raised in a session (LIV-I9), and the slashes that are due take
	/// something, pay no more than that, and are of eras that have begun (LIV-I10).
	fn check_slashes() -> Result<(), TryRuntimeError> {
		for raises in Raises::<T>::iter_values() {
			let accounts = raises.iter().map(|raise| &raise.validator).collect::<BTreeSet<_>>();
			ensure!(!raises.is_empty(), "LIV-I9: an empty list of raises is stored");
			ensure!(accounts.len() == raises.len(), "LIV-I9: a validator waits twice");
		}
		let active = pallet_staking::ActiveEra::<T>::get().map_or(0, |era| era.index);
		for ((due, _), page) in DueSlashes::<T>::iter() {
			let none = BalanceOf::<T>::zero();
			let total =
				page.stakes.iter().fold(none, |sum, (_, amount)| sum.saturating_add(*amount));
			ensure!(due <= active, "LIV-I10: a slash is taken before it is due");
			ensure!(
				page.stakes.iter().all(|(_, amount)| !amount.is_zero()) && !total.is_zero(),
				"LIV-I10: a slash takes nothing"
			);
			ensure!(page.payout <= total, "LIV-I10: a slash pays more than it takes");
		}
		Ok(())
	}

	/// No more slots are excused than missed (LIV-I2), and no more are counted than have passed (LIV-I4).
	fn check_counts(counts: impl Iterator<Item = SlotCount>) -> Result<(), TryRuntimeError> {
		// Wider than a slot, so that a sum that is too large does not saturate at a valid one.
		let mut slots = 0_u128;
		for count in counts {
			ensure!(count.excused <= count.missed, "LIV-I2: more slots are excused than missed");
			slots = slots.saturating_add(count.produced.into()).saturating_add(count.missed.into());
		}
		// Slots are numbered from 0.
		ensure!(
			slots <= u128::from(*pallet_aura::CurrentSlot::<T>::get()) + 1,
			"LIV-I4: more slots are counted than have passed"
		);
		Ok(())
	}
}
