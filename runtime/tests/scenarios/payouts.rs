//! Stakers get their rewards without a transaction (ECO-R10).

use crate::{
	common::{run_block, run_to, stop_payouts},
	elections::{network, STAKE},
};
use frame_support::{
	traits::Hooks,
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use gtos_runtime::{
	constants::{
		block::BASE_WEIGHT,
		staking::{HISTORY_DEPTH_ERAS, MAX_PAGES_PER_ERA, MAX_VALIDATORS, OVERDUE_PAYOUT_ERAS},
		storage::SWEEP_RATIO,
	},
	genesis_config_presets::DEVELOPMENT_TIMING,
	AccountId, Balance, BlockNumber, Payouts, Runtime, RuntimeEvent, Session, Staking, System,
};
use pallet_genesis_parameters::{budget::MIN_WEIGHT_MS, ChainTiming};
use pallet_payouts::{Config, Next, WeightInfo};
use pallet_staking::{ActiveEra, CurrentEra, ErasRewardPoints, ErasValidatorReward};

type Weights = <Runtime as Config>::WeightInfo;

const ERA_BLOCKS: BlockNumber =
	DEVELOPMENT_TIMING.sessions_per_era * DEVELOPMENT_TIMING.session_length_blocks;

fn active_era() -> u32 {
	ActiveEra::<Runtime>::get().expect("genesis begins an era").index
}

fn staked(stash: &AccountId) -> Balance {
	Staking::ledger(stash.clone().into()).expect("it is bonded").active
}

/// Most pages that a block pays after its transactions, however empty it is.
fn most_pages() -> usize {
	let share = <Runtime as Config>::IdleWeight::get().saturating_sub(Weights::nothing_due());
	share.checked_div_per_component(&Weights::pay_page()).expect("a page has a weight") as usize
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

		let most = most_pages();
		assert!(most > 1, "a block of these slots pays several pages");
		let mut paid = 0;
		let mut blocks = 0;
		while Next::<Runtime>::get().era == era {
			let session = Session::current_index();
			run_block(0, vec![]);
			// A rotation declares a full block and leaves no weight.
			blocks += u64::from(Session::current_index() == session);
			assert!(payouts() <= most, "a block pays at most its share");
			paid += payouts();
		}
		assert_eq!(paid, authors);
		// A step for each validator and one for the end of the era. The block that began the era may have
		// taken the first ones.
		let steps = u64::from(MAX_VALIDATORS) + 1;
		assert!([steps / most as u64, steps.div_ceil(most as u64)].contains(&blocks), "{blocks}");

		let gained: Balance = points.individual.keys().map(|stash| staked(stash) - STAKE).sum();
		assert!(gained <= reward, "{gained} of {reward}");
		// Rounding loses less than a perbill of the reward for each validator.
		assert!(reward - gained <= reward / 1_000_000, "{gained} of {reward}");
	});
}

/// ECO-R10: the step of `on_initialize` comes in addition to those of `on_idle`.
#[test]
fn overdue_rewards_are_paid_before_the_transactions_of_a_block() {
	network(4, 4).execute_with(|| {
		stop_payouts();
		run_to(ERA_BLOCKS);
		while active_era() == 0 {
			run_block(0, vec![]);
		}
		Next::<Runtime>::kill();
		System::reset_events();
		assert_eq!(Payouts::on_initialize(System::block_number()), Weights::nothing_due());
		assert_eq!(payouts(), 0);

		CurrentEra::<Runtime>::put(OVERDUE_PAYOUT_ERAS);
		let declared = Weights::nothing_due().saturating_add(Weights::pay_page());
		assert_eq!(Payouts::on_initialize(System::block_number()), declared);
		assert_eq!(payouts(), 1);
		// Of the other three, one is paid before the transactions and two after them.
		run_block(0, vec![]);
		assert_eq!(payouts(), 3);
	});
}

/// ECO-R10: with a page, the guaranteed part of the sweep and the work of an empty block, the smallest block
/// still has a quarter left for transactions.
#[test]
fn page_of_rewards_leaves_room_in_the_smallest_block() {
	let block = Weight::from_parts(MIN_WEIGHT_MS * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
	let hooks = Weights::nothing_due()
		.saturating_add(Weights::pay_page())
		.saturating_add(SWEEP_RATIO * block)
		.saturating_add(BASE_WEIGHT);
	let left = block.ref_time().saturating_sub(hooks.ref_time());
	assert!(left >= block.ref_time() / 4, "{left} of {}", block.ref_time());
}

/// ECO-R10: eras of `live` have a block for every step of an era, so no rewards lapse however long its blocks
/// are full. Those of the shortest eras suffice for the pages of an era.
#[test]
fn eras_have_blocks_for_all_their_pages() {
	let steps = MAX_PAGES_PER_ERA + 1;
	assert_eq!(steps, 601);
	let ChainTiming { session_length_blocks, sessions_per_era, .. } = ChainTiming::default();
	assert!(session_length_blocks * sessions_per_era >= steps);
	let window = HISTORY_DEPTH_ERAS - OVERDUE_PAYOUT_ERAS;
	assert!(10 * window >= steps);
	assert!(ERA_BLOCKS * window >= steps);
}
