//! Stakers get their rewards without a transaction (ECO-R10).

use crate::{
	common::{run_block, run_to},
	elections::{network, STAKE},
};
use gtos_runtime::{
	constants::staking::MAX_VALIDATORS, genesis_config_presets::DEVELOPMENT_TIMING, AccountId,
	Balance, BlockNumber, Runtime, RuntimeEvent, Session, Staking, System,
};
use pallet_payouts::Next;
use pallet_staking::{ActiveEra, ErasRewardPoints, ErasValidatorReward};

const ERA_BLOCKS: BlockNumber =
	DEVELOPMENT_TIMING.sessions_per_era * DEVELOPMENT_TIMING.session_length_blocks;

fn active_era() -> u32 {
	ActiveEra::<Runtime>::get().expect("genesis begins an era").index
}

fn staked(stash: &AccountId) -> Balance {
	Staking::ledger(stash.clone().into()).expect("it is bonded").active
}

/// Number of payouts in the last block.
fn payouts() -> usize {
	let is_payout = |event: &RuntimeEvent| {
		matches!(event, RuntimeEvent::Staking(pallet_staking::Event::PayoutStarted { .. }))
	};
	System::events().iter().filter(|record| is_payout(&record.event)).count()
}

#[test]
fn an_era_of_the_most_validators_is_paid_out_without_a_transaction() {
	network(MAX_VALIDATORS, MAX_VALIDATORS).execute_with(|| {
		// The blocks of the era, and those until the era after it is active.
		run_to(ERA_BLOCKS);
		while active_era() == 0 {
			run_block(0, vec![]);
		}
		let era = 0;
		let points = ErasRewardPoints::<Runtime>::get(era);
		let reward = ErasValidatorReward::<Runtime>::get(era).expect("the era is over");
		let authors = points.individual.len();
		assert!(authors > 50, "most slots of the era are those of different validators");

		let mut paid = 0;
		let mut blocks = 0;
		while Next::<Runtime>::get().era == era {
			let session = Session::current_index();
			run_block(0, vec![]);
			// A rotation declares a full block and leaves no weight.
			blocks += u32::from(Session::current_index() == session);
			assert!(payouts() <= 1, "a block pays at most one page");
			paid += payouts();
		}
		assert_eq!(paid, authors);
		// The first page may have been paid by the block that began the era.
		assert!([MAX_VALIDATORS, MAX_VALIDATORS + 1].contains(&blocks), "{blocks} blocks");

		let gained: Balance = points.individual.keys().map(|stash| staked(stash) - STAKE).sum();
		assert!(gained <= reward, "{gained} of {reward}");
		// Rounding loses less than a perbill of the reward for each validator.
		assert!(reward - gained <= reward / 1_000_000, "{gained} of {reward}");
	});
}
