//! Delegated stake: elections, rewards, slashes.

use crate::{
	configs::{
		block_limits::MaxBlockWeight,
		fees::TreasuryAccount,
		governance::pallet_origins::StakingAdmin,
		timing::{BondingDuration, SessionsPerEra, SlashDeferDuration, SlotDuration},
		voter_list::{VoterListWeights, Voters},
	},
	constants::{
		currency::EXISTENTIAL_DEPOSIT,
		staking::{
			ELECTING_VOTERS_PER_SLOT_MS, EXPOSURE_PAGE_SIZE, HISTORY_DEPTH_ERAS, IDLE_PAYOUT_RATIO,
			MAX_ELECTABLE_TARGETS, MAX_ELECTING_VOTERS, MAX_NOMINATIONS, MAX_VALIDATORS,
			OVERDUE_PAYOUT_ERAS,
		},
	},
	election_solver::PhragmenWithKeys,
	AccountId, Balance, Balances, Moment, Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason,
	Session, Staking, Timestamp, VoterList,
};
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain, VoteWeight,
};
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstBool, ConstU32, Contains, EitherOfDiverse},
	weights::Weight,
};
use frame_system::EnsureRoot;
use sp_runtime::curve::PiecewiseLinear;

pallet_staking_reward_curve::build! {
	// ECO-R5: from 2.5 % to 10 % a year; 10 % if half of all TOS is staked.
	const REWARD_CURVE: PiecewiseLinear<'static> = curve!(
		min_inflation: 0_025_000,
		max_inflation: 0_100_000,
		ideal_stake: 0_500_000,
		falloff: 0_050_000,
		max_piece_count: 40,
		test_precision: 0_005_000,
	);
}

/// Number of bags in the voter list.
const BAG_COUNT: usize = 126;

/// Upper bound of each bag: from 10^7 vote units on, each is 5/4 of the one before; the last bag is
/// unbounded.
///
/// A vote unit is the issuance divided by 2^64, so the first bag ends below the existential deposit.
const BAG_THRESHOLDS: [VoteWeight; BAG_COUNT] = {
	let mut thresholds = [VoteWeight::MAX; BAG_COUNT];
	let mut threshold: VoteWeight = 10_000_000;
	let mut bag = 0;
	while bag < BAG_COUNT - 1 {
		thresholds[bag] = threshold;
		threshold += threshold / 4;
		bag += 1;
	}
	thresholds
};

/// Number of voters that an election considers on a chain with slots of this length (CON-R24).
fn electing_voters(slot_duration_ms: Moment) -> u32 {
	// Saturating: the maximum applies to anything above it.
	let voters = slot_duration_ms.saturating_mul(ELECTING_VOTERS_PER_SLOT_MS.into());
	u32::try_from(voters).unwrap_or(MAX_ELECTING_VOTERS).min(MAX_ELECTING_VOTERS)
}

parameter_types! {
	pub const RewardCurve: &'static PiecewiseLinear<'static> = &REWARD_CURVE;
	pub ElectionLimits: ElectionBounds = ElectionBoundsBuilder::default()
		.voters_count(electing_voters(SlotDuration::get()).into())
		.targets_count(MAX_ELECTABLE_TARGETS.into())
		.build();
	pub const BagThresholds: &'static [VoteWeight] = &BAG_THRESHOLDS;
}

/// Sequential Phragmen within the block, over a bounded snapshot of voters and candidates.
pub struct OnChainPhragmen;

impl onchain::Config for OnChainPhragmen {
	type Bounds = ElectionLimits;
	type DataProvider = Staking;
	type MaxBackersPerWinner = ConstU32<MAX_ELECTING_VOTERS>;
	type MaxWinnersPerPage = ConstU32<MAX_VALIDATORS>;
	type Solver = PhragmenWithKeys;
	type Sort = ConstBool<true>;
	type System = Runtime;
	type WeightInfo = frame_election_provider_support::weights::SubstrateWeight<Runtime>;
}

/// Calls that only root may make; the call filter refuses them to every other origin.
///
/// `AdminOrigin` would also let the staking admin make them. They take stake from any validator that the
/// call names, repair a staker's ledger and controller, or set the minimum commission. With a minimum of
/// 100 %, any account could apply it to every validator by `force_apply_min_commission`, and nominators
/// would earn nothing. The admin's track is short and cheap only because cancelling a slash takes nothing
/// from anybody.
pub struct RootOnlyCalls;

impl Contains<RuntimeCall> for RootOnlyCalls {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(
			call,
			RuntimeCall::Staking(
				pallet_staking::Call::manual_slash { .. }
					| pallet_staking::Call::restore_ledger { .. }
					| pallet_staking::Call::set_min_commission { .. }
			)
		)
	}
}

/// Accounts that cannot stake the existential deposit. They may not bond, nor add to what they have bonded (STA-R17).
///
/// `bond` compares only its argument with the existential deposit, and then stakes what the account has. So an account
/// could store the three records of a stake for a stake of zero, and be reaped while they stay.
///
/// The pallet asks with the stash before it reads the same balances and holds itself, so the weights of the calls contain
/// it.
pub struct TooPoorToStake;

impl Contains<AccountId> for TooPoorToStake {
	fn contains(stash: &AccountId) -> bool {
		pallet_staking::asset::stakeable_balance::<Runtime>(stash) < EXISTENTIAL_DEPOSIT
	}
}

/// Size of the set in the staking benchmarks; the pallet requires it although they are not run.
pub struct BenchmarkingConfig;

impl pallet_staking::BenchmarkingConfig for BenchmarkingConfig {
	type MaxNominators = ConstU32<MAX_ELECTING_VOTERS>;
	type MaxValidators = ConstU32<MAX_ELECTABLE_TARGETS>;
}

impl pallet_staking::Config for Runtime {
	type AdminOrigin = EitherOfDiverse<EnsureRoot<AccountId>, StakingAdmin>;
	type BenchmarkingConfig = BenchmarkingConfig;
	type BondingDuration = BondingDuration;
	type Currency = Balances;
	type CurrencyBalance = Balance;
	type CurrencyToVote = sp_staking::currency_to_vote::U128CurrencyToVote;
	type ElectionProvider = onchain::OnChainExecution<OnChainPhragmen>;
	type EraPayout = pallet_staking::ConvertCurve<RewardCurve>;
	type EventListeners = ();
	type Filter = TooPoorToStake;
	type GenesisElectionProvider = onchain::OnChainExecution<OnChainPhragmen>;
	type HistoryDepth = ConstU32<HISTORY_DEPTH_ERAS>;
	type MaxControllersInDeprecationBatch = ConstU32<100>;
	type MaxExposurePageSize = ConstU32<EXPOSURE_PAGE_SIZE>;
	type MaxUnlockingChunks = ConstU32<32>;
	type MaxValidatorSet = ConstU32<MAX_VALIDATORS>;
	type NextNewSession = Session;
	type NominationsQuota = pallet_staking::FixedNominationsQuota<MAX_NOMINATIONS>;
	type OldCurrency = Balances;
	// Rewards are minted: no other account pays them.
	type Reward = ();
	type RewardRemainder = ResolveTo<TreasuryAccount, Balances>;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SessionInterface = Self;
	type SessionsPerEra = SessionsPerEra;
	type Slash = ResolveTo<TreasuryAccount, Balances>;
	type SlashDeferDuration = SlashDeferDuration;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type UnixTime = Timestamp;
	type VoterList = VoterList;
	type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Weight that the payout of rewards may take after a block's transactions.
	pub IdlePayoutWeight: Weight = IDLE_PAYOUT_RATIO * MaxBlockWeight::get();
}

impl pallet_payouts::Config for Runtime {
	type IdleWeight = IdlePayoutWeight;
	type OverdueEras = ConstU32<OVERDUE_PAYOUT_ERAS>;
	type WeightInfo = pallet_payouts::weights::SubstrateWeight<Runtime>;
}

/// The list that sorts voters by stake, so that an election takes the largest.
pub type VoterBagsList = pallet_bags_list::Instance1;

impl pallet_bags_list::Config<VoterBagsList> for Runtime {
	type BagThresholds = BagThresholds;
	type MaxAutoRebagPerBlock = ConstU32<10>;
	type RuntimeEvent = RuntimeEvent;
	type Score = VoteWeight;
	type ScoreProvider = Voters;
	type WeightInfo = VoterListWeights;
}
