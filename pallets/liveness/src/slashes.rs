//! The slashes of offenders, spread over the blocks (CON-R29, CON-R30).
//!
//! `pallet-staking` alone slashes again, with each report, all validators that were reported before for the
//! same slot or round, and takes all stakes that are due with an era in the one block that begins it. A few
//! validators that report each other one by one could make such a block take longer than a slot, and no block
//! could follow.

use crate::*;
use alloc::vec::Vec;
use core::{iter::once, marker::PhantomData};
use frame_support::{
	traits::{Get, Imbalance, OnUnbalanced},
	weights::Weight,
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::ShouldEndSession;
use pallet_staking::{
	asset::deposit_slashed, slashing::do_slash, ActiveEra, BalanceOf, Bonded, BondedEras,
	ErasStartSessionIndex, NegativeImbalanceOf, Pallet as Staking, UnappliedSlash,
	UnappliedSlashes, ValidatorSlashInEra, WeightInfo as _,
};
use sp_runtime::{
	traits::{Saturating, Zero},
	Perbill,
};
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	EraIndex, SessionIndex,
};

/// Has `pallet-staking` slash the validator of a report at once, and those that were reported before it for
/// the same slot or round in the blocks that follow (CON-R29).
///
/// `pallet-offences` passes all of them with each report, the new one last.
pub struct SpreadSlashes<T>(PhantomData<T>);

type SlashOf<T> = UnappliedSlash<<T as frame_system::Config>::AccountId, BalanceOf<T>>;

impl<T: Config, Identification>
	OnOffenceHandler<T::AccountId, (T::AccountId, Identification), Weight> for SpreadSlashes<T>
{
	fn on_offence(
		offenders: &[OffenceDetails<T::AccountId, (T::AccountId, Identification)>],
		slash_fraction: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let mut raises = offenders.iter().zip(slash_fraction).map(|(details, fraction)| Raise {
			validator: details.offender.0.clone(),
			fraction: *fraction,
			// A report has one reporter at most.
			reporter: details.reporters.first().cloned(),
		});
		let Some(new) = raises.next_back() else { return Weight::zero() };
		// The bonded eras, the active era, those that wait, and what each has been slashed by.
		let reads = (offenders.len() as u64).saturating_add(3);
		let weight = T::DbWeight::get().reads_writes(reads, 1);
		// Old reports could otherwise fill the lists, and those of new ones would wait behind them.
		let Some((era, _)) = Pallet::<T>::eras(session) else { return weight };
		Pallet::<T>::put_off(session, era, raises);
		Pallet::<T>::slash(session, new).saturating_add(weight)
	}
}

impl<T: Config> Pallet<T> {
	/// Raises a slash and takes a page of those that are due, if there are any. Returns the weight.
	pub(crate) fn slash_in_block(now: BlockNumberFor<T>) -> Weight {
		// For the look at both.
		let mut weight = T::DbWeight::get().reads(2);
		// A block that rotates the session may hold an election, which takes long enough.
		if !T::ShouldEndSession::should_end_session(now) {
			if let Some((session, raises)) = Raises::<T>::iter().next() {
				weight = weight.saturating_add(Self::raise_first(session, raises));
			}
		}
		if let Some((key, page)) = DueSlashes::<T>::iter().next() {
			DueSlashes::<T>::remove(key);
			Self::take(key.0, page);
			weight = weight.saturating_add(Self::page_weight());
		}
		weight
	}

	/// Weight of a page of slashes: that of a page of rewards, because paying a stake its reward reads and
	/// writes what slashing it does.
	fn page_weight() -> Weight {
		let stakes = <T as pallet_staking::Config>::MaxExposurePageSize::get();
		<T as pallet_staking::Config>::WeightInfo::payout_stakers_alive_staked(stakes)
	}

	/// Puts slashes off to the next blocks, except for those that would take nothing, because the validator has
	/// been slashed by as much for an offence of the same era. A validator that waits already waits for the greater
	/// of its fractions.
	fn put_off(
		session: SessionIndex,
		era: EraIndex,
		raises: impl Iterator<Item = Raise<T::AccountId>>,
	) {
		let takes_more = |raise: &Raise<T::AccountId>| {
			ValidatorSlashInEra::<T>::get(era, &raise.validator)
				.is_none_or(|(fraction, _)| fraction < raise.fraction)
		};
		let mut waiting = Raises::<T>::get(session);
		for raise in raises.filter(takes_more) {
			let known = waiting.iter_mut().find(|other| other.validator == raise.validator);
			match known {
				Some(known) if known.fraction < raise.fraction => *known = raise,
				Some(_) => (),
				None => {
					// Full if more validators wait than a set has. The raise is then lost, and the slash
					// before it stays.
					let _ = waiting.try_push(raise);
				},
			}
		}
		if !waiting.is_empty() {
			Raises::<T>::insert(session, waiting);
		}
	}

	/// Raises the first of the slashes that wait for `session`.
	fn raise_first(session: SessionIndex, raises: RaisesOf<T>) -> Weight {
		let mut raises = raises.into_iter();
		let first = raises.next();
		let rest: RaisesOf<T> = BoundedVec::truncate_from(raises.collect());
		if rest.is_empty() {
			Raises::<T>::remove(session);
		} else {
			Raises::<T>::insert(session, rest);
		}
		let weight = T::DbWeight::get().writes(1);
		first.map_or(weight, |raise| weight.saturating_add(Self::slash(session, raise)))
	}

	/// Has `pallet-staking` disable and slash a validator, and joins the slash with an earlier raise of the
	/// validator that waits for the same era. An offence that is too old changes nothing (CON-R17).
	/// Returns the weight.
	fn slash(session: SessionIndex, raise: Raise<T::AccountId>) -> Weight {
		// The bonded eras, the active era, and twice the slashes that wait.
		let weight = T::DbWeight::get().reads_writes(4, 1);
		let Some((_, due)) = Self::eras(session) else { return weight };
		let details = OffenceDetails {
			offender: raise.validator,
			reporters: raise.reporter.into_iter().collect(),
		};
		let before = UnappliedSlashes::<T>::decode_len(due).unwrap_or_default();
		let slashed = Staking::<T>::on_offence(once(details), &[raise.fraction], session);
		let mut waiting = UnappliedSlashes::<T>::get(due);
		// Otherwise the last one is not new, and may be one that root has made.
		let is_new = waiting.len() > before;
		if is_new && join_last::<T>(&mut waiting) {
			UnappliedSlashes::<T>::insert(due, waiting);
		}
		weight.saturating_add(slashed)
	}

	/// The era of an offence of `session`, and the one with which a slash for it falls due, if that is still to
	/// come.
	///
	/// `pallet-staking` stores a slash that is due with an era that has begun, and never looks at it again.
	fn eras(session: SessionIndex) -> Option<(EraIndex, EraIndex)> {
		let bonded = BondedEras::<T>::get();
		let (era, _) = bonded.into_iter().rev().find(|(_, start)| *start <= session)?;
		let due = era.saturating_add(T::SlashDeferDuration::get()).saturating_add(1);
		let active = ActiveEra::<T>::get()?.index;
		(due > active).then_some((era, due))
	}

	/// Takes the slashes that are due with the next era from `pallet-staking`, if `session` begins that era
	/// (CON-R30). Nothing is then left that `pallet-staking` would apply at once.
	pub(crate) fn collect_due_slashes(session: SessionIndex) {
		let next = ActiveEra::<T>::get().map_or(0, |era| era.index.saturating_add(1));
		let begins = ErasStartSessionIndex::<T>::get(next).is_some_and(|start| start <= session);
		if !begins {
			return;
		}
		let slashes = UnappliedSlashes::<T>::take(next);
		for (number, page) in (0_u32..).zip(slashes.into_iter().flat_map(pages_of::<T>)) {
			DueSlashes::<T>::insert((next, number), page);
		}
	}

	/// Takes the stakes of a page that fell due with the era `due`, and distributes them as `pallet-staking`
	/// does (ECO-R7).
	fn take(due: EraIndex, page: DuePageOf<T>) {
		let slash_era = due.saturating_sub(T::SlashDeferDuration::get());
		let mut taken = NegativeImbalanceOf::<T>::zero();
		let mut payout = page.payout;
		for (who, amount) in page.stakes {
			// A staker that has withdrawn all of its stake has nothing left to lose.
			if Bonded::<T>::contains_key(&who) {
				do_slash::<T>(&who, amount, &mut payout, &mut taken, slash_era);
			}
		}
		let (mut reward, mut rest) = taken.split(payout);
		let reporters = (page.reporters.len() as u32).max(1);
		let share = reward.peek() / reporters.into();
		for reporter in page.reporters {
			let (part, left) = reward.split(share);
			reward = left;
			deposit_slashed::<T>(&reporter, part);
		}
		rest.subsume(reward);
		T::Slash::on_unbalanced(rest);
	}
}

/// Moves what the last slash takes into the second slash of its validator, if there is one before it (CON-R29).
/// Returns whether there was one.
///
/// A validator thus has two slashes at most, however often it is raised. The first one never changes, so a referendum
/// that cancels it takes effect, and only on what was known when it was submitted.
fn join_last<T: Config>(slashes: &mut Vec<SlashOf<T>>) -> bool {
	let Some((last, earlier)) = slashes.split_last_mut() else { return false };
	// All slashes that are due with an era are of the same exposures, so the nominators are the same too.
	let is_of_same_stakers = |slash: &&mut SlashOf<T>| {
		let nominators = slash.others.iter().map(|(who, _)| who);
		slash.validator == last.validator && nominators.eq(last.others.iter().map(|(who, _)| who))
	};
	let Some(second) = earlier.iter_mut().filter(is_of_same_stakers).nth(1) else { return false };
	second.own = second.own.saturating_add(last.own);
	second.payout = second.payout.saturating_add(last.payout);
	for ((_, amount), (_, more)) in second.others.iter_mut().zip(&last.others) {
		*amount = amount.saturating_add(*more);
	}
	for reporter in &last.reporters {
		if !second.reporters.contains(reporter) {
			second.reporters.push(reporter.clone());
		}
	}
	slashes.pop();
	true
}

/// The stakes of a slash in pages. The first pages pay the reporters, as much as they take.
fn pages_of<T: Config>(slash: SlashOf<T>) -> Vec<DuePageOf<T>> {
	let stakes: Vec<_> = once((slash.validator, slash.own))
		.chain(slash.others)
		.filter(|(_, amount)| !amount.is_zero())
		.collect();
	let mut payout = slash.payout;
	let size = <T as pallet_staking::Config>::MaxExposurePageSize::get().max(1) as usize;
	let pages = stakes.chunks(size).map(|stakes| {
		let total = stakes
			.iter()
			.fold(BalanceOf::<T>::zero(), |sum, (_, amount)| sum.saturating_add(*amount));
		let part = payout.min(total);
		payout = payout.saturating_sub(part);
		DuePage {
			stakes: BoundedVec::truncate_from(stakes.to_vec()),
			// Truncates only if more accounts have reported the validator than a set has validators.
			reporters: BoundedVec::truncate_from(slash.reporters.clone()),
			payout: part,
		}
	});
	pages.collect()
}
