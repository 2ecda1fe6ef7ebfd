//! Which validators missed slots, and which are chilled for it.

use crate::{
	chain,
	vector_file::{Bytes, Check, Nothing},
};
use codec::Encode;
use frame_support::{traits::Hooks, BoundedVec};
use gtos_runtime::{
	AccountId, Aura, Authorship, BlockNumber, Hash, Runtime, RuntimeEvent, RuntimeOrigin, Session,
	Staking, System,
};
use pallet_genesis_parameters::ChainTiming;
use pallet_liveness::{CurrentCounts, LastSession, SlotCount};
use pallet_session::SessionManager;
use pallet_staking::ValidatorPrefs;
use serde::Deserialize;
use sp_consensus_aura::Slot;

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

/// Which validators are chilled at the end of a session (CON-R19).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liveness {
	/// Minimum number of validators that an election must elect.
	minimum: u32,
	/// Candidates that are not in the set.
	waiting: u32,
	validators: Vec<Row>,
	/// Indices in the order of the offences.
	chilled: Vec<usize>,
	spared: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Row {
	produced: u32,
	missed: u64,
	excused: u64,
	is_candidate: bool,
}

impl Row {
	fn count(&self) -> SlotCount {
		SlotCount { produced: self.produced, missed: self.missed, excused: self.excused }
	}
}

impl Check for Liveness {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		chain::network_of(self.validators.len(), ChainTiming::default()).execute_with(|| {
			System::set_block_number(1);
			let set = Session::validators();
			let is_candidate =
				|who: &AccountId| pallet_staking::Validators::<Runtime>::contains_key(who);
			pallet_staking::MinimumValidatorCount::<Runtime>::put(self.minimum);
			for number in 0..self.waiting {
				let who = sp_crypto_hashing::blake2_256(&("waiting", number).encode()).into();
				Staking::do_add_validator(&who, ValidatorPrefs::default());
			}
			for (who, _) in set.iter().zip(&self.validators).filter(|(_, row)| !row.is_candidate) {
				Staking::chill(RuntimeOrigin::signed(who.clone())).expect("it is a candidate");
			}
			let counts: Vec<SlotCount> = self.validators.iter().map(Row::count).collect();
			CurrentCounts::<Runtime>::set(BoundedVec::truncate_from(counts));
			let stake = |who: &AccountId| {
				pallet_staking::Ledger::<Runtime>::get(who).map(|ledger| ledger.active)
			};
			let stakes: Vec<_> = set.iter().map(stake).collect();

			type Manager = <Runtime as pallet_session::Config>::SessionManager;
			<Manager as SessionManager<AccountId>>::end_session(0);

			let index = |who: &AccountId| set.iter().position(|one| one == who);
			let (mut chilled, mut spared) = (Vec::new(), 0);
			for record in System::events() {
				match record.event {
					RuntimeEvent::Liveness(pallet_liveness::Event::ValidatorOffline {
						session,
						validator,
						produced,
						missed,
					}) => {
						let index = index(&validator).expect("it is in the set");
						let count = self.validators[index].count();
						let expected = (0, count.produced, count.missed - count.excused);
						assert_eq!((session, produced, missed), expected);
						chilled.push(index);
					},
					RuntimeEvent::Liveness(pallet_liveness::Event::OffendersNotChilled {
						session,
						count: number,
					}) => {
						assert_eq!(session, 0);
						spared = number;
					},
					_ => {},
				}
			}
			assert_eq!((&chilled, spared), (&self.chilled, self.spared));
			for (number, row) in self.validators.iter().enumerate() {
				let stands = row.is_candidate && !chilled.contains(&number);
				assert_eq!(is_candidate(&set[number]), stands, "validator {number}");
			}
			// Nothing else happens to them.
			assert_eq!(set.iter().map(stake).collect::<Vec<_>>(), stakes);
			assert!(pallet_staking::UnappliedSlashes::<Runtime>::iter().next().is_none());
			assert!(pallet_session::DisabledValidators::<Runtime>::get().is_empty());
		});
	}
}
