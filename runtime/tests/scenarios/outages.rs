//! Outages of the whole network, partitions, and validators that stop for good (CON-R18, CON-R19, CON-R27).

use crate::{
	common::{call_api, run_block},
	elections::network,
};
use codec::Encode;
use gtos_dpos_api::{Status, ValidatorDetails};
use gtos_runtime::{
	constants::liveness::OUTAGE_SESSIONS, genesis_config_presets::DEVELOPMENT_TIMING, AccountId,
	Balance, Liveness, Runtime, RuntimeEvent, Session, System,
};
use pallet_liveness::Event;
use sp_staking::SessionIndex;

const SLOTS_PER_SECOND: u64 = 1_000 / DEVELOPMENT_TIMING.slot_duration_ms;
/// Slots of an era in which no slot is empty.
const ERA_SLOTS: u64 =
	(DEVELOPMENT_TIMING.sessions_per_era * DEVELOPMENT_TIMING.session_length_blocks) as u64;

/// Lets `slots` slots pass after `parent`. Those whose author is online have a block. Returns the last.
fn run_slots(parent: u64, slots: u64, is_online: impl Fn(&AccountId) -> bool) -> u64 {
	let last = parent + slots;
	for slot in parent + 1..=last {
		let set = Session::validators();
		if is_online(&set[(slot % set.len() as u64) as usize]) {
			let skipped = slot - *pallet_aura::CurrentSlot::<Runtime>::get() - 1;
			run_block(skipped, vec![]);
		}
	}
	last
}

/// Events of the pallet in the last block.
fn events() -> Vec<Event<Runtime>> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Liveness(event) => Some(event),
		_ => None,
	});
	events.collect()
}

fn details(account: &AccountId) -> ValidatorDetails<AccountId, Balance> {
	call_api::<Option<_>>("DposApi_validator", &account.encode()).expect("it is a validator")
}

/// CON-R18: five validators that are stopped together for 25 s stay in the set.
#[test]
fn outage_of_the_whole_network_leaves_the_set_unchanged() {
	for before in (1..=ERA_SLOTS).step_by(7) {
		network(5, 5).execute_with(|| {
			let set = Session::validators();
			let slot = run_slots(0, before, |_| true);
			let slot = run_slots(slot, 25 * SLOTS_PER_SECOND, |_| false);
			run_slots(slot, 2 * ERA_SLOTS, |_| true);
			assert_eq!(Session::validators(), set);
			let last = Liveness::last_session().expect("a session is over");
			assert!(last.validators.iter().all(|row| row.count.missed == 0));
			assert!(Liveness::suspended().is_empty());
		});
	}
}

/// CON-R19: a partition into halves for 30 s, on either side of which half of the validators miss all their
/// slots, leaves the set unchanged.
#[test]
fn healed_partition_into_halves_leaves_the_set_unchanged() {
	for (candidates, seats) in [(4, 4), (6, 4), (6, 6)] {
		for before in (1..=40).step_by(8) {
			network(candidates, seats).execute_with(|| {
				let set = Session::validators();
				let (here, _) = set.split_at(set.len() / 2);
				let slot = run_slots(0, before, |_| true);
				let slot = run_slots(slot, 30 * SLOTS_PER_SECOND, |who| here.contains(who));
				// The session counted the misses, so this test shows something.
				let spared = pallet_liveness::SparedSessions::<Runtime>::get();
				assert!(spared > 0, "after {before} slots");
				run_slots(slot, 2 * ERA_SLOTS, |_| true);
				assert_eq!(Session::validators(), set);
				assert!(Liveness::suspended().is_empty());
				assert_eq!(pallet_liveness::SparedSessions::<Runtime>::get(), 0);
			});
		}
	}
}

/// CON-R19: more than a third of the validators that are idle for ever lose seats, though not at once.
#[test]
fn third_plus_one_that_idles_loses_seats() {
	network(7, 7).execute_with(|| {
		let set = Session::validators();
		let idle = &set[..3];
		let mut slot = 0;
		let bound: SessionIndex = DEVELOPMENT_TIMING.sessions_per_era + OUTAGE_SESSIONS + 1;
		while Session::validators() == set {
			slot = run_slots(slot, 1, |who| !idle.contains(who));
			assert!(Session::current_index() <= bound);
		}
		// The limit of seven is two.
		assert_eq!(Session::validators(), set[2..]);
	});
}

/// CON-R19, CON-R27, CON-R28: a validator that stops loses its seat within `E + 2` sessions, for one era,
/// and has it back without a call.
#[test]
fn dead_validator_loses_its_seat_and_returns_when_it_is_back() {
	let sessions_per_era = DEVELOPMENT_TIMING.sessions_per_era;
	for before in (1..=ERA_SLOTS).step_by(9) {
		network(5, 5).execute_with(|| {
			let set = Session::validators();
			let dead = set[2].clone();
			let mut slot = run_slots(0, before, |_| true);
			let stopped_in = Session::current_index();
			let mut was_suspended = false;
			while Session::validators().contains(&dead) {
				if Liveness::is_suspended(&dead) {
					let found = details(&dead).validator;
					assert_eq!((found.status, found.is_candidate), (Status::Active, false));
					assert!(pallet_staking::Validators::<Runtime>::contains_key(&dead));
					was_suspended = true;
				}
				slot = run_slots(slot, 1, |who| *who != dead);
				assert!(Session::current_index() <= stopped_in + sessions_per_era + 2);
			}
			assert!(was_suspended);
			assert_eq!(Session::validators().len(), 4);
			// The next election can elect it again.
			assert_eq!(events(), [Event::ValidatorReturned { validator: dead.clone() }]);
			let lost_in = Session::current_index();
			while !Session::validators().contains(&dead) {
				slot = run_slots(slot, 1, |_| true);
				assert!(Session::current_index() <= lost_in + sessions_per_era);
			}
			assert_eq!(Session::validators(), set);
		});
	}
}
