//! Slashes, spread over the blocks (CON-R17, CON-R29, CON-R30).

use super::*;
use frame_support::traits::{fungible::Mutate, Get, Hooks};
use pallet_staking::{
	ActiveEra, EraInfo, RewardDestination, SlashRewardFraction, UnappliedSlash, UnappliedSlashes,
};
use proptest::prelude::*;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	EraIndex, Exposure, IndividualExposure,
};
use std::collections::BTreeMap;

const DEFERRAL: EraIndex = 1;
/// Era with which the slashes for offences of era 0 fall due.
const DUE: EraIndex = DEFERRAL + 1;
/// Stake of each nominator.
const STAKE: u128 = 1_000_000;
const REPORTER: AccountId = 900;

type Details = OffenceDetails<AccountId, (AccountId, ())>;

/// Runs `test` on a chain with seven validators, in era 0.
fn chain(test: impl FnOnce()) {
	Chain::of(7).with_deferral(DEFERRAL).run(|| {
		next_block(&[]);
		test();
	})
}

fn page_size() -> u64 {
	let stakes: u32 = <Test as pallet_staking::Config>::MaxExposurePageSize::get();
	stakes.into()
}

fn active_era() -> EraIndex {
	ActiveEra::<Test>::get().expect("genesis begins an era").index
}

fn go_to_era(era: EraIndex) {
	while active_era() < era {
		next_block(&[]);
	}
}

fn staked(who: AccountId) -> u128 {
	Staking::ledger(who.into()).expect("it is bonded").active
}

fn part(percent: u32, amount: u128) -> u128 {
	Perbill::from_percent(percent) * amount
}

/// Exposes `nominators`, each with its stake, behind a validator in era 0.
fn expose(validator: AccountId, nominators: impl IntoIterator<Item = AccountId>) {
	let mut others = Vec::new();
	for who in nominators {
		if !pallet_staking::Bonded::<Test>::contains_key(who) {
			Balances::set_balance(&who, 2 * STAKE);
			assert_ok!(Staking::bond(RuntimeOrigin::signed(who), STAKE, RewardDestination::Staked));
		}
		others.push(IndividualExposure { who, value: STAKE });
	}
	let own = staked(validator);
	let total = own + STAKE * others.len() as u128;
	EraInfo::<Test>::set_exposure(0, &validator, Exposure { total, own, others });
}

/// A report for a slot of era 0 for which the others of `offenders` were reported before the last one.
fn report(offenders: &[AccountId], percent: u32) {
	let details = |who: &AccountId| Details { offender: (*who, ()), reporters: vec![REPORTER] };
	let details: Vec<_> = offenders.iter().map(details).collect();
	let fractions = vec![Perbill::from_percent(percent); offenders.len()];
	SpreadSlashes::<Test>::on_offence(&details, &fractions, 0);
}

fn slashes() -> Vec<UnappliedSlash<AccountId, u128>> {
	UnappliedSlashes::<Test>::get(DUE)
}

fn stakes_of(slash: &UnappliedSlash<AccountId, u128>) -> Vec<(AccountId, u128)> {
	[&[(slash.validator, slash.own)], &slash.others[..]].concat()
}

/// What the slashes that wait take from each staker.
fn losses() -> BTreeMap<AccountId, u128> {
	let mut losses = BTreeMap::new();
	for (who, amount) in slashes().iter().flat_map(stakes_of) {
		*losses.entry(who).or_default() += amount;
	}
	losses.retain(|_, amount| *amount > 0);
	losses
}

/// Validators that wait for being raised.
fn waiting() -> Vec<AccountId> {
	Raises::<Test>::iter_values().flatten().map(|raise| raise.validator).collect()
}

/// Number of stakes that the last block slashed.
fn taken() -> usize {
	let events = System::read_events_for_pallet::<pallet_staking::Event<Test>>();
	let is_slash = |event: &&pallet_staking::Event<Test>| {
		matches!(event, pallet_staking::Event::Slashed { .. })
	};
	events.iter().filter(is_slash).count()
}

/// CON-R29: the work of a report is that of one validator.
#[test]
fn report_slashes_the_new_offender_and_each_block_raises_another() {
	chain(|| {
		report(&[1], 1);
		assert!(waiting().is_empty());
		report(&[1, 2], 4);
		report(&[1, 2, 3], 9);
		let own = [1, 2, 3].map(staked);
		let expected = |percents: [u32; 3]| {
			let losses = [0, 1, 2].map(|at| (at as u64 + 1, part(percents[at], own[at])));
			BTreeMap::from(losses)
		};
		assert_eq!((losses(), waiting()), (expected([1, 4, 9]), vec![1, 2]));
		next_block(&[]);
		assert_eq!((losses(), waiting()), (expected([9, 4, 9]), vec![2]));
		next_block(&[]);
		assert_eq!((losses(), waiting()), (expected([9, 9, 9]), vec![]));
		assert_eq!(Raises::<Test>::iter().count(), 0);
	});
}

/// CON-R29: the block that rotates the session may hold an election.
#[test]
fn block_that_rotates_the_session_raises_none() {
	chain(|| {
		while System::block_number() < SessionLength::get() - 1 {
			next_block(&[]);
		}
		report(&[1, 2], 4);
		next_block(&[]);
		assert_eq!((Session::current_index(), waiting()), (1, vec![1]));
		next_block(&[]);
		assert!(waiting().is_empty());
	});
}

/// CON-R29: a validator that waits is raised once, to the greatest of its fractions.
#[test]
fn validator_that_waits_is_raised_to_its_greatest_fraction() {
	chain(|| {
		for (offenders, percent) in [(&[1, 2][..], 4), (&[1, 2, 3][..], 9), (&[1, 4][..], 4)] {
			report(offenders, percent);
		}
		assert_eq!(waiting(), [1, 2]);
		assert!(Raises::<Test>::get(0_u32)
			.iter()
			.all(|raise| raise.fraction.deconstruct() == 90_000_000));
	});
}

/// CON-R29: what would take nothing does not keep others waiting.
#[test]
fn validator_that_has_been_slashed_by_as_much_does_not_wait() {
	for (percent, waits) in [(8, vec![]), (9, vec![]), (10, vec![1])] {
		chain(|| {
			report(&[1], 9);
			report(&[1, 2], percent);
			assert_eq!(waiting(), waits, "{percent}");
		});
	}
}

/// CON-R29: the list of an era has two slashes of each validator at most, however often it is raised. No index
/// changes, nor does what the first one takes.
#[test]
fn raises_are_joined_and_the_first_slash_stays() {
	chain(|| {
		expose(1, 1_000..1_003);
		report(&[1], 1);
		report(&[2], 1);
		report(&[1], 4);
		report(&[3], 1);
		report(&[1], 9);
		report(&[1], 16);
		let [first, second, raised, fourth] = slashes().try_into().expect("there are four");
		assert_eq!([second.validator, fourth.validator], [2, 3]);
		assert_eq!([second.own, fourth.own], [2, 3].map(|who| part(1, staked(who))));
		let own = staked(1);
		let stakes = |amount: u128| (1_000..1_003).map(|who| (who, amount)).collect::<Vec<_>>();
		assert_eq!((first.validator, first.own), (1, part(1, own)));
		assert_eq!((first.others, first.reporters), (stakes(part(1, STAKE)), vec![REPORTER]));
		assert_eq!((raised.validator, raised.own), (1, part(16, own) - part(1, own)));
		let more = part(16, STAKE) - part(1, STAKE);
		assert_eq!((raised.others, raised.reporters), (stakes(more), vec![REPORTER]));
	});
}

/// CON-R29: the validator that a referendum lets off cannot be slashed again by a raise in the meantime.
#[test]
fn first_slash_is_cancelled_although_it_was_raised_in_the_meantime() {
	for raises in [&[4][..], &[4, 9], &[4, 9, 16]] {
		chain(|| {
			report(&[1], 1);
			raises.iter().for_each(|percent| report(&[1], *percent));
			assert_ok!(Staking::cancel_deferred_slash(RuntimeOrigin::root(), DUE, vec![0]));
			let last = raises.last().copied().expect("there is one");
			let own = staked(1);
			assert_eq!(losses(), BTreeMap::from([(1, part(last, own) - part(1, own))]));
		});
	}
}

/// CON-R29: a slash that root has made keeps its index, also if a report takes nothing.
#[test]
fn report_that_takes_nothing_joins_nothing() {
	chain(|| {
		report(&[1], 1);
		report(&[1], 4);
		let fraction = Perbill::from_percent(9);
		assert_ok!(Staking::manual_slash(RuntimeOrigin::root(), 1, 0, fraction));
		let before = slashes();
		assert_eq!(before.len(), 3);
		report(&[1], 9);
		assert_eq!(slashes(), before);
	});
}

/// CON-R29: all who have reported the validator share the reward, which is the same as without the join.
#[test]
fn raised_slash_pays_all_reporters() {
	let payouts = |joins: bool| {
		let mut payout = 0;
		chain(|| {
			SlashRewardFraction::<Test>::put(Perbill::from_percent(10));
			expose(1, 1_000..1_003);
			for (percent, reporter) in [(10, 901), (20, 902), (30, 902), (40, 903)] {
				let offender = (1, ());
				let details = [Details { offender, reporters: vec![reporter] }];
				let fractions = [Perbill::from_percent(percent)];
				if joins {
					SpreadSlashes::<Test>::on_offence(&details, &fractions, 0);
				} else {
					<Staking as OnOffenceHandler<_, _, _>>::on_offence(&details, &fractions, 0);
				}
			}
			let slashes = slashes();
			assert_eq!(slashes.len(), if joins { 2 } else { 4 });
			if joins {
				assert_eq!(slashes[0].reporters, [901]);
				assert_eq!(slashes[1].reporters, [902, 903]);
			}
			payout = slashes.iter().map(|slash| slash.payout).sum();
		});
		payout
	};
	assert!(payouts(true) > 0);
	assert_eq!(payouts(true), payouts(false));
}

/// CON-R17, CON-R29: what governance has cancelled does not come back.
#[test]
fn raise_of_a_cancelled_slash_takes_only_the_difference() {
	chain(|| {
		expose(1, [1_000]);
		report(&[1], 1);
		report(&[2], 1);
		assert_ok!(Staking::cancel_deferred_slash(RuntimeOrigin::root(), DUE, vec![0]));
		report(&[1], 4);
		let own = staked(1);
		let expected = [
			(1, part(4, own) - part(1, own)),
			(2, part(1, staked(2))),
			(1_000, part(4, STAKE) - part(1, STAKE)),
		];
		assert_eq!(losses(), expected.into());
	});
}

/// CON-R30: the block that begins an era takes one page, like each of those that follow.
#[test]
fn due_slashes_are_taken_a_page_a_block() {
	chain(|| {
		SlashRewardFraction::<Test>::put(Perbill::from_percent(10));
		Balances::set_balance(&REPORTER, STAKE);
		let nominators = 1_000..1_000 + 2 * page_size();
		expose(1, nominators.clone());
		expose(2, [2_000]);
		report(&[1], 10);
		report(&[2], 10);
		let own = [1, 2].map(staked);
		let payout: u128 = slashes().iter().map(|slash| slash.payout).sum();

		go_to_era(DUE - 1);
		let mut numbers = Vec::new();
		while active_era() < DUE {
			assert_eq!((taken(), DueSlashes::<Test>::iter().count()), (0, 0));
			next_block(&[]);
		}
		assert_eq!(slashes(), []);
		while taken() > 0 {
			numbers.push(taken());
			check();
			next_block(&[]);
		}
		numbers.sort();
		let size = page_size() as usize;
		assert_eq!(numbers, [1, 2, size, size]);
		assert_eq!(DueSlashes::<Test>::iter().count(), 0);
		assert_eq!([1, 2].map(staked), own.map(|own| own - part(10, own)));
		for who in nominators.chain([2_000]) {
			assert_eq!(staked(who), STAKE - part(10, STAKE));
		}
		assert!(payout > 0);
		assert_eq!(Balances::free_balance(REPORTER), STAKE + payout);
	});
}

/// CON-R30: a staker that has withdrawn its stake has nothing to lose, and does not stop the others.
#[test]
fn page_passes_over_a_staker_that_has_withdrawn() {
	chain(|| {
		expose(1, [1_000, 1_001]);
		report(&[1], 10);
		assert_ok!(Staking::force_unstake(RuntimeOrigin::root(), 1_000, 9));
		go_to_era(DUE);
		assert_eq!(taken(), 2);
		assert_eq!(staked(1_001), STAKE - part(10, STAKE));
	});
}

/// CON-R17: nothing would ever remove a slash that is due with an era that has begun.
#[test]
fn offence_too_old_for_a_slash_leaves_nothing() {
	for (era, is_taken) in [(DUE - 1, true), (DUE, false)] {
		chain(|| {
			go_to_era(era);
			report(&[1, 2], 50);
			assert_eq!(!losses().is_empty(), is_taken);
			// Nothing of it waits, either, so old reports cannot keep new ones waiting.
			assert_eq!(Raises::<Test>::iter().count(), usize::from(is_taken));
			next_block(&[]);
			assert!(waiting().is_empty());
			assert_eq!(losses().len(), if is_taken { 2 } else { 0 });
			assert_eq!(UnappliedSlashes::<Test>::iter().count(), usize::from(is_taken));
			assert_eq!(disabled(), [].into());
		});
	}
}

/// CON-R29: a raise that waits until its slash would be due leaves nothing either.
#[test]
fn raise_that_comes_too_late_leaves_nothing() {
	chain(|| {
		report(&[1, 2], 10);
		let raises = Raises::<Test>::take(0_u32);
		go_to_era(DUE);
		next_block(&[]);
		Raises::<Test>::insert(0_u32, raises);
		next_block(&[]);
		assert_eq!((waiting(), taken()), (vec![], 0));
		assert_eq!(UnappliedSlashes::<Test>::iter().count(), 0);
	});
}

/// CON-R29: a block declares what it has done.
#[test]
fn weight_of_a_block_covers_its_raise_and_its_page() {
	let declared = || Liveness::on_initialize(System::block_number());
	chain(|| {
		let nothing = declared();
		expose(1, 1_000..1_010);
		report(&[1, 2], 10);
		let raise = declared();
		assert!(raise.all_gte(nothing) && raise != nothing);

		go_to_era(DUE - 1);
		Liveness::collect_due_slashes(2 * SESSIONS_PER_ERA);
		// The session of the next era has not been planned yet.
		assert_eq!(declared(), nothing);
		go_to_era(DUE);
		let page = declared().saturating_sub(nothing);
		let size = <Test as pallet_staking::Config>::MaxExposurePageSize::get();
		let expected = <() as pallet_staking::WeightInfo>::payout_stakers_alive_staked(size);
		assert_eq!(page, expected);
	});
}

/// A report for a slot, of the validators with numbers below the first one, and blocks after it.
fn reports() -> impl Strategy<Value = Vec<(u64, u32, u32)>> {
	prop::collection::vec((2_u64..=5, 1_u32..=100, 0_u32..4), 1..12)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	/// CON-R15, CON-R29: in whatever order validators are reported, each staker loses the greatest fraction of each
	/// validator of what it has behind that one.
	#[test]
	fn losses_are_those_of_the_greatest_fractions(reports in reports()) {
		chain(|| {
			for validator in 1..=4 {
				expose(validator, [5_000, 5_000 + validator]);
			}
			let mut greatest = BTreeMap::<AccountId, u32>::new();
			for (below, percent, blocks) in reports {
				let offenders: Vec<_> = (1..below).collect();
				report(&offenders, percent);
				for who in offenders {
					let known = greatest.entry(who).or_default();
					*known = percent.max(*known);
				}
				(0..blocks).for_each(|_| next_block(&[]));
				check();
			}
			while !waiting().is_empty() {
				next_block(&[]);
			}
			assert_eq!(active_era(), 0);
			let mut expected = BTreeMap::<AccountId, u128>::new();
			for (validator, percent) in &greatest {
				*expected.entry(*validator).or_default() += part(*percent, staked(*validator));
				*expected.entry(5_000).or_default() += part(*percent, STAKE);
				*expected.entry(5_000 + validator).or_default() += part(*percent, STAKE);
			}
			assert_eq!(losses(), expected);
			let slashes = slashes();
			for who in greatest.keys() {
				let count = slashes.iter().filter(|slash| slash.validator == *who).count();
				assert!((1..=2).contains(&count), "{count} slashes of {who}");
			}
		});
	}
}
