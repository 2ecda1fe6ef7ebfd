//! Which validators missed slots, and which are suspended for it.

use crate::{
	chain,
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::Encode;
use frame_support::{traits::Hooks, BoundedVec};
use gtos_runtime::{
	AccountId, Aura, Authorship, BlockNumber, Hash, Runtime, RuntimeEvent, RuntimeOrigin, Session,
	Staking, System,
};
use pallet_genesis_parameters::ChainTiming;
use pallet_liveness::{
	CurrentCounts, Event, LastSession, Record, Records, SlotCount, SparedSessions, Standing,
};
use pallet_session::SessionManager;
use pallet_staking::ValidatorPrefs;
use serde::Deserialize;
use sp_consensus_aura::Slot;
use sp_runtime::{DispatchError, DispatchResult};
use sp_staking::EraIndex;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Count {
	produced: u32,
	missed: u64,
	excused: u64,
}

impl Count {
	fn read(count: &SlotCount) -> Self {
		Self { produced: count.produced, missed: count.missed, excused: count.excused }
	}
}

/// Slots of validators, block by block (CON-R18).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MissedSlots {
	authorities: usize,
	session_length_blocks: BlockNumber,
	disabled: Vec<u32>,
	first_block: BlockNumber,
	parent_slot: u64,
	slots: Vec<u64>,
	current: Vec<Count>,
	/// Counts of the session that ended last; `None` in the first session.
	last: Option<Vec<Count>>,
	/// SCALE of the counts of the current session.
	stored: Bytes,
}

/// Runs the hooks that count a block's slot and rotate the session.
fn begin_block(number: BlockNumber, slot: u64) {
	System::initialize(&number, &Hash::default(), &chain::digest_of(slot));
	<Authorship as Hooks<BlockNumber>>::on_initialize(number);
	<Session as Hooks<BlockNumber>>::on_initialize(number);
	<Aura as Hooks<BlockNumber>>::on_initialize(number);
	<Authorship as Hooks<BlockNumber>>::on_finalize(number);
}

impl Check for MissedSlots {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let timing =
			ChainTiming { session_length_blocks: self.session_length_blocks, ..Default::default() };
		chain::network_of(self.authorities, timing).execute_with(|| {
			pallet_aura::CurrentSlot::<Runtime>::put(Slot::from(self.parent_slot));
			chain::disable(&self.disabled);
			System::set_block_number(self.first_block - 1);
			for (number, slot) in (self.first_block..).zip(&self.slots) {
				begin_block(number, *slot);
			}

			let current = CurrentCounts::<Runtime>::get();
			assert_eq!(current.encode(), self.stored.0);
			assert_eq!(current.iter().map(Count::read).collect::<Vec<_>>(), self.current);
			let last = LastSession::<Runtime>::get().map(|last| {
				assert_eq!(last.session, 0);
				last.validators.iter().map(|row| Count::read(&row.count)).collect::<Vec<_>>()
			});
			assert_eq!(last, self.last);
		});
	}
}

/// Which validators are suspended at the end of a session (CON-R19).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Liveness {
	/// Minimum number of validators that an election must elect.
	minimum: u32,
	/// Electable candidates that are not in the set.
	waiting: u32,
	/// Suspended candidates with session keys that are not in the set.
	suspended_elsewhere: u32,
	/// Sessions in a row before this one that suspended nobody, although they had too many offenders.
	spared_before: u32,
	validators: Vec<Row>,
	/// Indices in the order of the events.
	suspended: Vec<usize>,
	not_suspended: u32,
	spared_after: u32,
	/// Indices of those that were suspended at level 1 and get level 2.
	missed_again: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Row {
	produced: u32,
	missed: u64,
	excused: u64,
	/// Whether it is in `Staking.Validators`.
	is_candidate: bool,
	is_suspended: bool,
}

impl Row {
	fn count(&self) -> SlotCount {
		SlotCount { produced: self.produced, missed: self.missed, excused: self.excused }
	}
}

/// Ends a session in which the validators of the set used and missed these slots.
fn end_session(counts: Vec<SlotCount>) {
	CurrentCounts::<Runtime>::set(BoundedVec::truncate_from(counts));
	type Manager = <Runtime as pallet_session::Config>::SessionManager;
	<Manager as SessionManager<AccountId>>::end_session(0);
}

/// Events of the pallet in this block.
fn events() -> impl Iterator<Item = pallet_liveness::Event<Runtime>> {
	System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Liveness(event) => Some(event),
		_ => None,
	})
}

fn is_candidate(who: &AccountId) -> bool {
	pallet_staking::Validators::<Runtime>::contains_key(who)
}

impl Check for Liveness {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		chain::network_of(self.validators.len(), ChainTiming::default()).execute_with(|| {
			System::set_block_number(1);
			let set = Session::validators();
			pallet_staking::MinimumValidatorCount::<Runtime>::put(self.minimum);
			let outside = (0..self.waiting + self.suspended_elsewhere).map(|number| {
				let who = sp_crypto_hashing::blake2_256(&("waiting", number).encode()).into();
				Staking::do_add_validator(&who, ValidatorPrefs::default());
				let keys = chain::session_keys(1_000 + number as usize, 0);
				pallet_session::NextKeys::<Runtime>::insert(&who, keys);
				who
			});
			let elsewhere = outside.collect::<Vec<AccountId>>().split_off(self.waiting as usize);
			let inside = set.iter().zip(&self.validators).filter(|(_, row)| row.is_suspended);
			let suspended_before = inside.map(|(who, _)| who).chain(&elsewhere).map(|who| Record {
				validator: who.clone(),
				level: 1,
				standing: Standing::Suspended { until: 1, stake: 0 },
			});
			let records = suspended_before.collect::<Vec<_>>();
			Records::<Runtime>::put(BoundedVec::truncate_from(records.clone()));
			// Nobody can elect it, so it does not count.
			let keyless = sp_crypto_hashing::blake2_256(b"keyless").into();
			Staking::do_add_validator(&keyless, ValidatorPrefs::default());
			for (who, _) in set.iter().zip(&self.validators).filter(|(_, row)| !row.is_candidate) {
				Staking::chill(RuntimeOrigin::signed(who.clone())).expect("it is a candidate");
			}
			SparedSessions::<Runtime>::put(self.spared_before);
			let stake = |who: &AccountId| {
				pallet_staking::Ledger::<Runtime>::get(who).map(|ledger| ledger.active)
			};
			let stakes: Vec<_> = set.iter().map(stake).collect();

			end_session(self.validators.iter().map(Row::count).collect());

			let index = |who: &AccountId| set.iter().position(|one| one == who);
			let (mut suspended, mut not_suspended) = (Vec::new(), 0);
			for event in events() {
				match event {
					Event::ValidatorOffline { session, validator, produced, missed, until } => {
						let index = index(&validator).expect("it is in the set");
						let count = self.validators[index].count();
						let expected = (0, count.produced, count.missed - count.excused, 1);
						assert_eq!((session, produced, missed, until), expected);
						suspended.push(index);
					},
					Event::OffendersNotSuspended { session, count } => {
						assert_eq!(session, 0);
						not_suspended = count;
					},
					event => panic!("{event:?}"),
				}
			}
			assert_eq!((&suspended, not_suspended), (&self.suspended, self.not_suspended));
			assert_eq!(SparedSessions::<Runtime>::get(), self.spared_after);
			for (number, row) in self.validators.iter().enumerate() {
				let is_suspended = gtos_runtime::Liveness::is_suspended(&set[number]);
				let expected = row.is_suspended || suspended.contains(&number);
				assert_eq!(is_suspended, expected, "validator {number}");
				assert_eq!(is_candidate(&set[number]), row.is_candidate, "validator {number}");
			}
			// No suspension is added to another.
			let after = Records::<Runtime>::get();
			assert_eq!(after.len(), records.len() + suspended.len());
			let raised = after.iter().filter(|record| record.level == 2);
			let mut raised: Vec<_> = raised.filter_map(|record| index(&record.validator)).collect();
			raised.sort_unstable();
			assert_eq!(raised, self.missed_again);
			assert!(after.iter().all(|record| record.level <= 2));
			// Nothing else happens to them.
			assert_eq!(set.iter().map(stake).collect::<Vec<_>>(), stakes);
			assert!(pallet_staking::UnappliedSlashes::<Runtime>::iter().next().is_none());
			assert!(pallet_session::DisabledValidators::<Runtime>::get().is_empty());
		});
	}
}

/// Steps in the life of the first validator of a set of seven (CON-R27, CON-R28).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
	/// What every validator has bonded at first.
	stake: Decimal,
	steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Step {
	planned_era: EraIndex,
	action: String,
	amount: Option<Decimal>,
	/// Name of the pallet's error.
	error: Option<String>,
	/// Names of the events about the validator.
	events: Vec<String>,
	is_candidate: bool,
	is_suspended: bool,
	/// SCALE of level and standing.
	record: Option<Bytes>,
}

impl Step {
	fn run(&self, who: &AccountId) -> DispatchResult {
		let origin = RuntimeOrigin::signed(who.clone());
		let amount = || self.amount.as_ref().expect("the action has an amount").0;
		let good = SlotCount { produced: 9, ..Default::default() };
		let bad = SlotCount { missed: 9, ..Default::default() };
		match self.action.as_str() {
			"session" => end_session(vec![good; VALIDATORS]),
			"missed session" => {
				end_session([vec![bad], vec![good; VALIDATORS - 1]].concat());
			},
			"rejoin" => return gtos_runtime::Liveness::rejoin(origin),
			"chill" => return Staking::chill(origin),
			"validate" => return Staking::validate(origin, ValidatorPrefs::default()),
			"unbond" => {
				return Staking::unbond(origin, amount()).map(|_| ()).map_err(|error| error.error);
			},
			"bond extra" => return Staking::bond_extra(origin, amount()),
			"minimum bond" => pallet_staking::MinValidatorBond::<Runtime>::put(amount()),
			action => panic!("unknown action {action}"),
		}
		Ok(())
	}

	fn check(&self, who: &AccountId) {
		pallet_staking::CurrentEra::<Runtime>::put(self.planned_era);
		System::reset_events();
		let error: Option<String> = self.run(who).err().map(|error| match error {
			DispatchError::Module(error) => error.message.expect("the error has a name").into(),
			error => panic!("{error:?}"),
		});
		assert_eq!(error, self.error);
		let name = |event: Event<Runtime>| match event {
			Event::ValidatorOffline { validator, .. } if validator == *who => "ValidatorOffline",
			Event::ValidatorReturned { validator } if validator == *who => "ValidatorReturned",
			Event::ReturnRefused { validator } if validator == *who => "ReturnRefused",
			Event::ReturnRequested { validator, .. } if validator == *who => "ReturnRequested",
			event => panic!("{event:?}"),
		};
		assert_eq!(events().map(name).collect::<Vec<_>>(), self.events);
		assert_eq!(is_candidate(who), self.is_candidate);
		assert_eq!(gtos_runtime::Liveness::is_suspended(who), self.is_suspended);
		let records = Records::<Runtime>::get();
		assert!(records.iter().all(|record| record.validator == *who));
		let record = records.first().map(|record| (record.level, &record.standing).encode());
		assert_eq!(record, self.record.as_ref().map(|record| record.0.clone()));
	}
}

/// Size of the set of a suspension.
const VALIDATORS: usize = 7;

impl Check for Suspension {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(self.stake.0, chain::STAKE);
		chain::network_of(VALIDATORS, ChainTiming::default()).execute_with(|| {
			System::set_block_number(1);
			let who = Session::validators().remove(0);
			for (number, step) in self.steps.iter().enumerate() {
				println!("step {number}: {}", step.action);
				step.check(&who);
			}
		});
	}
}
