//! Authoring, finality, sessions and the offences of validators.

use crate::{
	configs::{
		system::DbWeight,
		timing::{BondingDuration, SessionLength, SessionsPerEra, SlotDuration},
	},
	constants::{
		currency::deposit,
		liveness::{
			LEVEL_DECAY_ERAS, MAX_SUSPENSION_LEVEL, MIN_ELECTABLE_CANDIDATES, OUTAGE_SESSIONS,
		},
		staking::{MAX_ELECTABLE_TARGETS, MAX_ELECTING_VOTERS, MAX_VALIDATORS},
	},
	AccountId, Aura, AuraEquivocation, Balance, Balances, BlockNumber, GenesisParameters, Grandpa,
	Liveness, Offences, Runtime, RuntimeCall, RuntimeEvent, Session, SessionKeys, Staking,
	UncheckedExtrinsic,
};
use alloc::vec::Vec;
use frame_support::{
	parameter_types,
	traits::{ConstBool, ConstU32, ConstU8, Get},
	weights::{constants::WEIGHT_REF_TIME_PER_MICROS, Weight},
};
use pallet_aura_equivocation::WeightInfo as _;
use pallet_staking::WeightInfo as _;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::traits::{Convert, OpaqueKeys};
use sp_session::MembershipProof;
use sp_staking::{EraIndex, SessionIndex};

parameter_types! {
	pub const SessionOffset: BlockNumber = 0;
	/// Number of sessions for which an equivocation can be proved: as long as the stake is bonded.
	pub MaxSetIdSessionEntries: u64 = GenesisParameters::timing().bonding_duration_sessions().into();
	/// Number of blocks for which a report stays in the pool: as long as the offender can be slashed.
	pub ReportLongevity: u64 =
		u64::from(BondingDuration::get())
			.saturating_mul(SessionsPerEra::get().into())
			.saturating_mul(SessionLength::get().into());
	/// Two entries of the index of key owners, and the record itself.
	pub const SessionKeyDeposit: Balance = deposit(3, 256);
	pub ChillWeight: Weight = <Runtime as pallet_staking::Config>::WeightInfo::chill();
}

impl pallet_aura::Config for Runtime {
	type AllowMultipleBlocksPerSlot = ConstBool<false>;
	type AuthorityId = AuraId;
	type DisabledValidators = Session;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type SlotDuration = SlotDuration;
}

impl pallet_grandpa::Config for Runtime {
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, Offences, KeyOwners, ReportLongevity>;
	type KeyOwnerProof = MembershipProof;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<MAX_ELECTING_VOTERS>;
	type MaxSetIdSessionEntries = MaxSetIdSessionEntries;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = GrandpaWeights;
}

/// Weights of pallet-grandpa for this chain's database.
///
/// A report is checked and punished like one of an Aura equivocation. The pallet's own estimates are made
/// for RocksDB; with them two reports would not fit into a block.
pub struct GrandpaWeights;

impl pallet_grandpa::WeightInfo for GrandpaWeights {
	fn report_equivocation(_validators: u32, _nominators: u32) -> Weight {
		// Verifies two signatures; reads the session of the set and whether the offence is known.
		let check = Weight::from_parts(95 * WEIGHT_REF_TIME_PER_MICROS, 0)
			.saturating_add(DbWeight::get().reads(3))
			.saturating_add(
				pallet_aura_equivocation::weights::SubstrateWeight::<Runtime>::check_membership(),
			);
		// An unsigned report is checked a second time, before its dispatch.
		AuraEquivocation::at_most_reserved(
			check.saturating_mul(2).saturating_add(AuraEquivocation::offence_weight()),
		)
	}

	fn note_stalled() -> Weight {
		Weight::from_parts(3 * WEIGHT_REF_TIME_PER_MICROS, 0)
			.saturating_add(DbWeight::get().writes(1))
	}
}

impl pallet_authorship::Config for Runtime {
	type EventHandler = (Staking, Liveness);
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Aura>;
}

impl pallet_session::Config for Runtime {
	type Currency = Balances;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = SessionKeyDeposit;
	type Keys = SessionKeys;
	type NextSessionRotation = pallet_session::PeriodicSessions<SessionLength, SessionOffset>;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = pallet_aura_equivocation::KeepDisabled<
		Self,
		ActiveEra,
		pallet_aura_equivocation::KeepLastSet<
			Self,
			<SessionKeys as OpaqueKeys>::KeyTypeIdProviders,
		>,
	>;
	type SessionManager = pallet_liveness::EvaluateSessions<
		Self,
		pallet_aura_equivocation::NoteQueuedKeys<
			Self,
			pallet_session::historical::NoteHistoricalRoot<Self, Staking>,
		>,
	>;
	type ShouldEndSession = pallet_session::PeriodicSessions<SessionLength, SessionOffset>;
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
}

impl pallet_session::historical::Config for Runtime {
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_offences::Config for Runtime {
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler =
		pallet_liveness::ChillOffenders<pallet_liveness::SpreadSlashes<Self>, Staking>;
	type RuntimeEvent = RuntimeEvent;
}

/// Looks up the validator that owns or owned a session key.
pub type KeyOwners = pallet_aura_equivocation::KeyOwners<Runtime>;

/// The active era (CON-R7).
pub struct ActiveEra;

impl Get<EraIndex> for ActiveEra {
	fn get() -> EraIndex {
		pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index)
	}
}

/// Session keys in force, in the order of the validators.
pub struct KeysInForce;

impl Get<Vec<SessionKeys>> for KeysInForce {
	fn get() -> Vec<SessionKeys> {
		let aura = pallet_aura::Authorities::<Runtime>::get().into_iter();
		let grandpa = Grandpa::grandpa_authorities().into_iter();
		aura.zip(grandpa).map(|(aura, (grandpa, _))| SessionKeys { aura, grandpa }).collect()
	}
}

/// The session of the state after a block (CON-R5).
pub struct SessionOfBlock;

impl Convert<BlockNumber, SessionIndex> for SessionOfBlock {
	fn convert(block: BlockNumber) -> SessionIndex {
		// Genesis refuses a length of zero.
		block.checked_div(SessionLength::get()).unwrap_or_default()
	}
}

impl pallet_aura_equivocation::Config for Runtime {
	type ChillWeight = ChillWeight;
	type KeysInForce = KeysInForce;
	type MaxNominators = ConstU32<MAX_ELECTING_VOTERS>;
	type MaxValidators = ConstU32<MAX_VALIDATORS>;
	type ReportOffence = Offences;
	type SessionOf = SessionOfBlock;
	type WeightInfo = pallet_aura_equivocation::weights::SubstrateWeight<Runtime>;
}

impl pallet_liveness::Config for Runtime {
	type Candidates = Staking;
	type LevelDecayEras = ConstU32<LEVEL_DECAY_ERAS>;
	type MaxCandidates = ConstU32<MAX_ELECTABLE_TARGETS>;
	type MaxSuspensionLevel = ConstU8<MAX_SUSPENSION_LEVEL>;
	type MinElectable = ConstU32<MIN_ELECTABLE_CANDIDATES>;
	type OutageSessions = ConstU32<OUTAGE_SESSIONS>;
	type WeightInfo = pallet_liveness::weights::SubstrateWeight<Runtime>;
}

// Equivocation reports are bare transactions that a node submits to itself.

impl<C> frame_system::offchain::CreateTransactionBase<C> for Runtime
where
	RuntimeCall: From<C>,
{
	type Extrinsic = UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<C> frame_system::offchain::CreateBare<C> for Runtime
where
	RuntimeCall: From<C>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}
