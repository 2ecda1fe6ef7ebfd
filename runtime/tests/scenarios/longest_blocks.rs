//! The longest blocks that a chain may have to build take less than its slot (CON-R24).
//!
//! However many slots were empty, an author has at most a slot for a block. If it took longer, every author would
//! discard the same block, and the chain would stand still. What such a block takes is computed from the weights that
//! its parts declare, because one part, the report of an equivocation, declares less than it may take.

use frame_election_provider_support::bounds::CountBound;
use frame_support::{
	traits::Get,
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use gtos_runtime::{
	configs::{
		block_limits::MaxBlockWeight,
		staking::{ElectionLimits, VoterBagsList},
	},
	constants::{
		block,
		staking::{EXPOSURE_PAGE_SIZE, IDLE_PAYOUT_RATIO},
		storage::{IDLE_SWEEP_RATIO, SWEEP_RATIO},
	},
	AuraEquivocation, Runtime,
};
use pallet_aura_equivocation::{MAX_HEADER_BYTES, MAX_NODE_BYTES, MAX_PROOF_NODES};
use pallet_bags_list::WeightInfo as _;
use pallet_genesis_parameters::{
	check_slot, ChainTiming, Network,
	NetworkProfile::{self, Lan, Wan},
	Timing, MAX_SLOT_DURATION_MS, MIN_SLOT_DURATION_MS,
};
use pallet_payouts::WeightInfo as _;
use pallet_staking::WeightInfo as _;
use sp_io::TestExternalities;

/// Length of the longest report that is not refused for it: headers, trie nodes, and the rest of the transaction.
const LONGEST_REPORT_BYTES: usize = 2 * MAX_HEADER_BYTES + MAX_PROOF_NODES * MAX_NODE_BYTES + 1_024;

/// Runs `test` with the slots and networks that genesis accepts: each slot of up to two seconds, which includes those
/// of the presets, and longer ones in steps. A longer slot has no more voters and larger blocks.
fn on_every_chain(test: impl Fn(u64, NetworkProfile)) {
	TestExternalities::default().execute_with(|| {
		for network in [Lan, Wan] {
			Network::<Runtime>::put(network);
			let slots = MIN_SLOT_DURATION_MS..=2_000;
			for slot_duration_ms in slots.chain((2_500..=MAX_SLOT_DURATION_MS).step_by(500)) {
				if check_slot(slot_duration_ms, network).is_ok() {
					Timing::<Runtime>::put(ChainTiming {
						slot_duration_ms,
						..ChainTiming::default()
					});
					test(slot_duration_ms, network);
				}
			}
		}
	});
}

fn sum(parts: impl IntoIterator<Item = Weight>) -> Weight {
	parts.into_iter().fold(Weight::zero(), |sum, part| sum.saturating_add(part))
}

/// Slashes a validator that all voters of an election nominate.
fn slash() -> Weight {
	let CountBound(voters) = ElectionLimits::get().voters.count.expect("it is limited");
	AuraEquivocation::offence_weight_of(voters)
}

/// What the hooks after the transactions may take.
fn idle_hooks() -> Weight {
	let rebag = <Runtime as pallet_bags_list::Config<VoterBagsList>>::WeightInfo::on_idle_rebag();
	let rebags: u32 =
		<Runtime as pallet_bags_list::Config<VoterBagsList>>::MaxAutoRebagPerBlock::get();
	let whole = MaxBlockWeight::get();
	sum([IDLE_SWEEP_RATIO * whole, IDLE_PAYOUT_RATIO * whole, rebag * u64::from(rebags)])
}

/// The longest report: a node's own, which is checked twice. One that is longer slashes nobody.
fn report() -> Weight {
	sum([
		block::WEIGHT_PER_BYTE * LONGEST_REPORT_BYTES as u64,
		AuraEquivocation::check_weight() * 2_u64,
		slash(),
	])
}

/// A block with a report that begins as late as any transaction.
///
/// After several empty slots, an author starts transactions in the first tenth of a slot, and the SDK's proposer uses
/// nine tenths of that time. The hooks before the transactions are over by then, or there would be none.
fn block_with_report(slot_duration_ms: u64) -> Weight {
	let start = Weight::from_parts(slot_duration_ms * WEIGHT_REF_TIME_PER_MILLIS / 100 * 9, 0);
	// A report declares a quarter of a block, so the idle hooks get their whole share.
	sum([start, report(), idle_hooks()])
}

/// A block that raises a slash (CON-R29), beside all other hooks of a block that does not rotate the session.
fn block_with_raise() -> Weight {
	type StakingWeights = <Runtime as pallet_staking::Config>::WeightInfo;
	type PayoutWeights = <Runtime as pallet_payouts::Config>::WeightInfo;
	let whole = MaxBlockWeight::get();
	let before = sum([
		block::BASE_WEIGHT,
		block::AVERAGE_ON_INITIALIZE_RATIO * whole,
		SWEEP_RATIO * whole,
		<Runtime as pallet_scheduler::Config>::MaximumWeight::get(),
		slash(),
		// A page of slashes that are due (CON-R30).
		StakingWeights::payout_stakers_alive_staked(EXPOSURE_PAGE_SIZE),
		PayoutWeights::pay_page(),
	]);
	before.saturating_add(idle_hooks().min(whole.saturating_sub(before)))
}

#[test]
fn block_with_a_report_and_block_with_a_raise_take_less_than_any_slot() {
	on_every_chain(|slot_duration_ms, network| {
		let slot = slot_duration_ms * WEIGHT_REF_TIME_PER_MILLIS;
		for (name, block) in
			[("report", block_with_report(slot_duration_ms)), ("raise", block_with_raise())]
		{
			let takes_ms = block.ref_time() / WEIGHT_REF_TIME_PER_MILLIS;
			assert!(
				block.ref_time() < slot,
				"a block with a {name} takes {takes_ms} ms of {slot_duration_ms}, {network:?}: \
				 lower ELECTING_VOTERS_PER_SLOT_MS"
			);
		}
	});
}

/// Authors rely on it when they start transactions after empty slots (`SHORT_PART` in
/// `node/consensus/src/proposer.rs`).
#[test]
fn report_takes_at_most_six_tenths_of_any_slot() {
	on_every_chain(|slot_duration_ms, network| {
		let takes = report().ref_time();
		let most = slot_duration_ms * WEIGHT_REF_TIME_PER_MILLIS / 10 * 6;
		assert!(
			takes <= most,
			"a report takes {} ms of {slot_duration_ms}, {network:?}: lower ELECTING_VOTERS_PER_SLOT_MS",
			takes / WEIGHT_REF_TIME_PER_MILLIS
		);
	});
}
