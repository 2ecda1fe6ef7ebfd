//! Referenda by conviction voting, a technical committee that may whitelist urgent calls, and the
//! treasury (ECO-R8). There is no sudo: only a referendum on the root track acts as root.

mod agendas;
mod empty_votes;
mod motions;
pub mod pallet_origins;
mod requeue;
mod scheduled_calls;
mod tracks;
mod weights;

pub use agendas::Agendas;
pub use empty_votes::EmptyVotes;
pub use motions::{
	AbstentionsAreNays, MotionWeight, OneMotion, OtherThresholds, TechnicalCollective,
};
pub use requeue::ReturnToTrack;
pub use scheduled_calls::{LongProposals, SchedulerPreimages};
pub use tracks::TracksInfo;
pub use weights::{ReferendaWeight, VotingWeight};

use crate::{
	configs::{
		block_limits::MaxBlockWeight,
		fees::TreasuryAccount,
		timing::{hours, HOURS_PER_DAY},
	},
	constants::{block, currency::deposit, governance as limits},
	weights as measured, AccountId, Balance, Balances, BlockNumber, OriginCaller, Preimage,
	Referenda, Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, System,
	Treasury,
};
use frame_support::{
	parameter_types,
	traits::{
		fungible::HoldConsideration,
		tokens::{PayFromAccount, UnityAssetBalanceConversion},
		ConstU32, EitherOf, EitherOfDiverse, EqualPrivilegeOnly, LinearStoragePrice,
	},
	weights::Weight,
	PalletId,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureSigned, EnsureWithSuccess};
use pallet_origins::{
	BigSpender, MediumSpender, ReferendumCanceller, ReferendumKiller, SmallSpender, Treasurer,
	WhitelistedCaller,
};
use sp_runtime::{traits::IdentityLookup, Perbill, Permill};

parameter_types! {
	pub const PreimageBaseDeposit: Balance = deposit(2, 64);
	pub const PreimageByteDeposit: Balance = deposit(0, 1);
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_preimage::Config for Runtime {
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Weight that scheduled calls may take in a block. A heavier call is never made; the runtime is replaced
	/// without one (UPG-R1).
	pub MaximumSchedulerWeight: Weight = block::SCHEDULER_RATIO * MaxBlockWeight::get();
}

impl pallet_scheduler::Config for Runtime {
	type BlockNumberProvider = System;
	type MaxScheduledPerBlock = ConstU32<{ limits::AGENDA_SLOTS }>;
	type MaximumWeight = MaximumSchedulerWeight;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type PalletsOrigin = OriginCaller;
	type Preimages = SchedulerPreimages;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type ScheduleOrigin = EnsureRoot<AccountId>;
	type WeightInfo = measured::scheduler::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// How long a vote with the weakest conviction locks its balance.
	pub VoteLockingPeriod: BlockNumber = hours(7 * HOURS_PER_DAY);
}

impl pallet_conviction_voting::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type MaxTurnout =
		frame_support::traits::tokens::currency::ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<{ limits::MAX_VOTES }>;
	type Polls = Referenda;
	type RuntimeEvent = RuntimeEvent;
	type VoteLockingPeriod = VoteLockingPeriod;
	type VotingHooks = ReturnToTrack;
	type WeightInfo = VotingWeight;
}

parameter_types! {
	pub const SubmissionDeposit: Balance = limits::SUBMISSION_DEPOSIT;
	/// How long a referendum may wait for its decision deposit.
	pub UndecidingTimeout: BlockNumber = hours(14 * HOURS_PER_DAY);
}

impl pallet_referenda::Config for Runtime {
	// Each alarm rings at its own block: alarms that are rounded to one block compete for its agenda.
	type AlarmInterval = ConstU32<1>;
	type BlockNumberProvider = System;
	type CancelOrigin = EitherOf<EnsureRoot<AccountId>, ReferendumCanceller>;
	type Currency = Balances;
	type KillOrigin = EitherOf<EnsureRoot<AccountId>, ReferendumKiller>;
	type MaxQueued = ConstU32<{ limits::MAX_QUEUED }>;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type Scheduler = Agendas;
	type Slash = Treasury;
	type SubmissionDeposit = SubmissionDeposit;
	type SubmitOrigin = frame_support::traits::AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type Tally = pallet_conviction_voting::TallyOf<Runtime>;
	type Tracks = TracksInfo;
	type UndecidingTimeout = UndecidingTimeout;
	type Votes = pallet_conviction_voting::VotesOf<Runtime>;
	type WeightInfo = ReferendaWeight;
}

impl pallet_origins::Config for Runtime {}

parameter_types! {
	pub TechnicalMotionDuration: BlockNumber = hours(3 * HOURS_PER_DAY);
	pub MaxCommitteeProposalWeight: Weight = Perbill::from_percent(50) * MaxBlockWeight::get();
}

impl pallet_collective::Config<TechnicalCollective> for Runtime {
	type Consideration = OneMotion;
	type DefaultVote = AbstentionsAreNays;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	type MaxMembers = ConstU32<{ limits::MAX_COMMITTEE_MEMBERS }>;
	type MaxProposalWeight = MaxCommitteeProposalWeight;
	// A place for the motion of each member.
	type MaxProposals = ConstU32<{ limits::MAX_COMMITTEE_MEMBERS }>;
	type MotionDuration = TechnicalMotionDuration;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type WeightInfo = MotionWeight;
}

impl pallet_whitelist::Config for Runtime {
	type BlockNumberProvider = System;
	// A referendum about a call that is not whitelisted yet leaves a permission with which any account could make the
	// call as root later. It has expired from the beginning (STA-R15).
	type DeferredDispatchExpiration = ConstU32<0>;
	type DispatchWhitelistedOrigin = EitherOf<EnsureRoot<AccountId>, WhitelistedCaller>;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
	type WhitelistOrigin = EitherOfDiverse<
		EnsureRoot<AccountId>,
		pallet_collective::EnsureProportionAtLeast<AccountId, TechnicalCollective, 2, 3>,
	>;
}

parameter_types! {
	pub const TreasuryPalletId: PalletId = PalletId(*b"py/trsry");
	pub SpendPeriod: BlockNumber = hours(24 * HOURS_PER_DAY);
	pub PayoutPeriod: BlockNumber = hours(30 * HOURS_PER_DAY);
	pub const Burn: Permill = Permill::zero();
	pub const RootSpend: Balance = Balance::MAX;
	pub const TreasurerSpend: Balance = limits::TREASURER_SPEND;
	pub const BigSpend: Balance = limits::BIG_SPEND;
	pub const MediumSpend: Balance = limits::MEDIUM_SPEND;
	pub const SmallSpend: Balance = limits::SMALL_SPEND;
}

/// Spends up to the cap of the origin (STA-R14). The pallet adds up what one referendum spends, also in a batch.
type SpendOrigin = EitherOf<
	EnsureRootWithSuccess<AccountId, RootSpend>,
	EitherOf<
		EitherOf<
			EnsureWithSuccess<Treasurer, AccountId, TreasurerSpend>,
			EnsureWithSuccess<BigSpender, AccountId, BigSpend>,
		>,
		EitherOf<
			EnsureWithSuccess<MediumSpender, AccountId, MediumSpend>,
			EnsureWithSuccess<SmallSpender, AccountId, SmallSpend>,
		>,
	>,
>;

impl pallet_treasury::Config for Runtime {
	type AssetKind = ();
	type BalanceConverter = UnityAssetBalanceConversion;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
	type Beneficiary = AccountId;
	type BeneficiaryLookup = IdentityLookup<AccountId>;
	type BlockNumberProvider = System;
	type Burn = Burn;
	type BurnDestination = ();
	type Currency = Balances;
	type MaxApprovals = ConstU32<100>;
	type PalletId = TreasuryPalletId;
	type Paymaster = PayFromAccount<Balances, TreasuryAccount>;
	type PayoutPeriod = PayoutPeriod;
	type RejectOrigin = EitherOfDiverse<EnsureRoot<AccountId>, Treasurer>;
	type RuntimeEvent = RuntimeEvent;
	type SpendFunds = ();
	type SpendOrigin = SpendOrigin;
	type SpendPeriod = SpendPeriod;
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
}
