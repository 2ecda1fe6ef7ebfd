//! What is counted with each block, what is judged with each session, and what queries answer.

use crate::*;
use alloc::vec::Vec;
use codec::Decode;
use core::{cmp::Reverse, marker::PhantomData};
use frame_support::{defensive, traits::DisabledValidators, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_authorship::EventHandler;
use pallet_session::SessionManager;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_runtime::traits::{Convert, One};
use sp_staking::{offence::ReportOffence, SessionIndex};

/// The author of a block is noted before the session rotates and before Aura takes the block's slot:
/// slot, authorities and disabled validators are still those of the parent's state.
impl<T: Config> EventHandler<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn note_author(_: T::AccountId) {
		Self::do_note_block();
	}
}

/// Judges each session before `Inner` hears that it ends, and so before an election that is held
/// with the rotation.
pub struct JudgeSessions<T, Inner>(PhantomData<(T, Inner)>);

impl<T: Config, Inner: SessionManager<T::AccountId>> SessionManager<T::AccountId>
	for JudgeSessions<T, Inner>
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
	/// Counts the block and the slots that passed since its parent (CON-R18).
	pub(crate) fn do_note_block() {
		// A block without a slot does not get past any node; Aura's hook passes over it, too.
		let Some(slot) = Self::slot_of_block() else { return };
		let authorities = Self::authorities();
		let Some(author) = slot.checked_rem(authorities.into()) else { return };

		let is_first = frame_system::Pallet::<T>::block_number() == BlockNumberFor::<T>::one();
		// The genesis has no slot, and so there is nothing between it and the first block.
		let parent = if is_first { slot } else { *pallet_aura::CurrentSlot::<T>::get() };
		let any_skipped = slot.saturating_sub(parent) > 1;
		let disabled = if any_skipped {
			<T as pallet_aura::Config>::DisabledValidators::disabled_validators()
		} else {
			Vec::new()
		};

		CurrentCounts::<T>::mutate(|counts| {
			// The first block of a session finds no rows.
			counts.bounded_resize(authorities as usize, SlotCount::default());
			for (index, count) in (0..).zip(counts.iter_mut()) {
				// Saturating, and never reached: no slot is counted twice, and all of them together
				// are no more than the number of the slot.
				if u64::from(index) == author {
					count.produced = count.produced.saturating_add(1);
				}
				if any_skipped {
					let missed = turns_between(parent, slot, authorities, index);
					count.missed = count.missed.saturating_add(missed);
					if disabled.contains(&index) {
						count.excused = count.excused.saturating_add(missed);
					}
				}
			}
		});
	}

	/// Judges the validators of `session` and keeps their counts until the next one is over.
	pub(crate) fn do_end_session(session: SessionIndex) {
		let counts = CurrentCounts::<T>::take();
		let validators = Self::with_counts(&counts);
		Self::judge(session, &validators);
		// Nothing is cut off: Aura bounds the authorities of this very set by the same number.
		let validators = BoundedVec::truncate_from(validators);
		LastSession::<T>::put(SessionSlots { session, validators });
	}

	/// Reports those of `validators` that are to be chilled (CON-R19).
	fn judge(session: SessionIndex, validators: &[ValidatorSlots<T::AccountId>]) {
		if !validators.iter().any(|validator| validator.count.is_offence()) {
			return;
		}
		let (candidates, left): (Vec<_>, Vec<_>) =
			validators.iter().partition(|row| T::Candidates::is_candidate(&row.validator));
		let mut offenders =
			candidates.into_iter().filter(|row| row.count.is_offence()).collect::<Vec<_>>();
		// The sort is stable: of those that missed as much, lower indices stay first.
		offenders.sort_by_key(|row| Reverse(row.count.at_fault()));

		// Who has left already counts. Otherwise an outage of several sessions would take a third of
		// the set with each of them.
		let most = (validators.len().saturating_sub(1) / 3).saturating_sub(left.len());
		let most = most.min(T::Candidates::spare() as usize);
		let spared = offenders.len().saturating_sub(most);
		offenders.truncate(most);
		Self::report(session, validators.len(), offenders);
		if spared > 0 {
			Self::deposit_event(Event::OffendersSpared { session, spared: spared as u32 });
		}
	}

	/// Raises the offence of `session`.
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
		// Nobody reports what the chain itself has seen.
		if T::ReportOffence::report_offence(Vec::new(), offence).is_err() {
			defensive!("a session ends once");
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

	/// Number of Aura's authorities.
	pub(crate) fn authorities() -> u32 {
		pallet_aura::Pallet::<T>::authorities_len() as u32
	}

	/// Slot of the block that is being executed.
	fn slot_of_block() -> Option<u64> {
		let digest = frame_system::Pallet::<T>::digest();
		let mut items = digest.logs.iter().filter_map(|item| item.as_pre_runtime());
		let (_, mut data) = items.find(|(engine, _)| *engine == AURA_ENGINE_ID)?;
		Slot::decode(&mut data).ok().map(u64::from)
	}

	/// The validators in force with their `counts`, which are none before their first block.
	fn with_counts(counts: &[SlotCount]) -> Vec<ValidatorSlots<T::AccountId>> {
		let validators = pallet_session::Validators::<T>::get();
		let rows = validators.into_iter().enumerate().map(|(index, validator)| ValidatorSlots {
			validator,
			count: counts.get(index).copied().unwrap_or_default(),
		});
		rows.collect()
	}
}

/// Answers to queries, from the state of the block they are asked at.
impl<T: Config> Pallet<T> {
	/// Validators of the current session with what they did so far.
	pub fn current_session() -> SessionSlots<Vec<ValidatorSlots<T::AccountId>>> {
		SessionSlots {
			session: pallet_session::CurrentIndex::<T>::get(),
			validators: Self::with_counts(&CurrentCounts::<T>::get()),
		}
	}

	/// Validators of the last session that is over with what they did in it. None during the first.
	pub fn last_session() -> Option<SessionSlots<Vec<ValidatorSlots<T::AccountId>>>> {
		LastSession::<T>::get().map(|last| SessionSlots {
			session: last.session,
			validators: last.validators.into_inner(),
		})
	}

	/// What `who` did so far in the current session, if it validates in it.
	pub fn count_in_current_session(who: &T::AccountId) -> Option<SlotCount> {
		let index = pallet_session::Validators::<T>::get().iter().position(|it| it == who)?;
		Some(CurrentCounts::<T>::get().get(index).copied().unwrap_or_default())
	}

	/// What `who` did in the last session that is over, if it validated in it.
	pub fn count_in_last_session(who: &T::AccountId) -> Option<SlotCount> {
		let last = LastSession::<T>::get()?;
		last.validators.iter().find(|row| row.validator == *who).map(|row| row.count)
	}
}

/// What has to hold of the configuration.
#[cfg(feature = "std")]
impl<T: Config> Pallet<T> {
	/// Panics if blocks could not be counted exactly, or if the end of a session could weigh more
	/// than it is declared to.
	pub(crate) fn do_integrity_test() {
		use frame_support::traits::{Get, PalletInfo};

		// Hooks run in the order of declaration, which is that of the indices.
		let index = |index: Option<usize>| index.expect("the pallet is in the runtime");
		let authorship =
			index(<T as frame_system::Config>::PalletInfo::index::<pallet_authorship::Pallet<T>>());
		let session =
			index(<T as frame_system::Config>::PalletInfo::index::<pallet_session::Pallet<T>>());
		let aura =
			index(<T as frame_system::Config>::PalletInfo::index::<pallet_aura::Pallet<T>>());
		assert!(
			authorship < session && authorship < aura,
			"the author has to be noted before the session rotates and Aura takes the slot"
		);

		let validators = <T as pallet_aura::Config>::MaxAuthorities::get();
		assert!(validators > 0, "MaxAuthorities: nobody could be counted");
		// pallet-session declares a full block for a rotation.
		let weight = <T as Config>::WeightInfo::end_session(validators);
		let declared = T::BlockWeights::get().max_block;
		assert!(
			weight.all_lte(declared),
			"MaxAuthorities: judging a session weighs {weight:?}, a block may {declared:?}"
		);
	}
}
