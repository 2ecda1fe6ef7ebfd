//! A chain of the pallets that the counts depend on, wired as the runtime wires them.
//!
//! Stash `i` has the `i`-th largest stake and so, at genesis, the index `i - 1`.

use crate as pallet_liveness;
use crate::{ChillOffenders, JudgeSessions};
use codec::Encode;
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain, SequentialPhragmen,
};
use frame_support::{
	assert_ok, construct_runtime, derive_impl, parameter_types,
	traits::{ConstBool, ConstU32, ConstU64, OnFinalize, OnInitialize},
	weights::constants::ParityDbWeight,
};
use frame_system::EnsureRoot;
use pallet_session::{historical::IdentificationTuple, PeriodicSessions};
use pallet_staking::StakerStatus;
use sp_consensus_aura::AURA_ENGINE_ID;
use sp_io::TestExternalities;
use sp_runtime::{
	testing::{UintAuthorityId, H256},
	BuildStorage, Digest, DigestItem, Perbill,
};
use sp_staking::{
	offence::{Kind, Offence, OffenceError, ReportOffence},
	SessionIndex,
};
use std::collections::BTreeSet;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

/// Slot of the first block.
pub const FIRST_SLOT: u64 = 1_000_000;
/// Sessions of an era.
pub const SESSIONS_PER_ERA: SessionIndex = 3;
/// Smallest stake.
const STAKE: u128 = 1_000_000;

construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Timestamp: pallet_timestamp = 1,
		Balances: pallet_balances = 10,
		Authorship: pallet_authorship = 20,
		Staking: pallet_staking = 21,
		Historical: pallet_session::historical = 22,
		Session: pallet_session = 23,
		Aura: pallet_aura = 24,
		Offences: pallet_offences = 26,
		Liveness: pallet_liveness = 29,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<u128>;
	type Block = Block;
	type DbWeight = ParityDbWeight;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
	type MinimumPeriod = ConstU64<0>;
	type OnTimestampSet = Aura;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = u128;
}

impl pallet_authorship::Config for Test {
	type EventHandler = (Staking, Liveness);
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Aura>;
}

parameter_types! {
	/// Most authorities.
	pub static MaxAuthorities: u32 = 100;
	/// Blocks of a session.
	pub static SessionLength: u64 = 20;
	pub ElectionLimits: ElectionBounds = ElectionBoundsBuilder::default().build();
}

/// As on the chain.
pub struct OnChainPhragmen;

impl onchain::Config for OnChainPhragmen {
	type Bounds = ElectionLimits;
	type DataProvider = Staking;
	type MaxBackersPerWinner = ConstU32<1_000>;
	type MaxWinnersPerPage = ConstU32<100>;
	type Solver = SequentialPhragmen<AccountId, Perbill>;
	type Sort = ConstBool<true>;
	type System = Test;
	type WeightInfo = ();
}

#[derive_impl(pallet_staking::config_preludes::TestDefaultConfig)]
impl pallet_staking::Config for Test {
	type AdminOrigin = EnsureRoot<AccountId>;
	type Currency = Balances;
	type ElectionProvider = onchain::OnChainExecution<OnChainPhragmen>;
	type EraPayout = ();
	type GenesisElectionProvider = Self::ElectionProvider;
	type NextNewSession = Session;
	type OldCurrency = Balances;
	type SessionInterface = Self;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type UnixTime = Timestamp;
	type VoterList = pallet_staking::UseNominatorsAndValidatorsMap<Self>;
}

sp_runtime::impl_opaque_keys! {
	pub struct SessionKeys {
		pub aura: Aura,
	}
}

impl pallet_session::Config for Test {
	type Currency = Balances;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = ();
	type Keys = SessionKeys;
	type NextSessionRotation = PeriodicSessions<SessionLength, ConstU64<0>>;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = (Aura,);
	type SessionManager =
		JudgeSessions<Self, pallet_session::historical::NoteHistoricalRoot<Self, Staking>>;
	type ShouldEndSession = PeriodicSessions<SessionLength, ConstU64<0>>;
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	type WeightInfo = ();
}

impl pallet_session::historical::Config for Test {
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_aura::Config for Test {
	type AllowMultipleBlocksPerSlot = ConstBool<false>;
	type AuthorityId = UintAuthorityId;
	type DisabledValidators = Session;
	type MaxAuthorities = MaxAuthorities;
	// One millisecond, so that time reaches the last slot there is.
	type SlotDuration = ConstU64<1>;
}

impl pallet_offences::Config for Test {
	type IdentificationTuple = IdentificationTuple<Self>;
	type OnOffenceHandler = ChillOffenders<Staking, Staking>;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_liveness::Config for Test {
	type Candidates = Staking;
	type ReportOffence = Offences;
	type WeightInfo = ();
}

/// What a chain starts with.
#[derive(Clone, Copy)]
pub struct Chain {
	validators: u32,
	candidates: u32,
	minimum: u32,
	session_length: u64,
}

impl Chain {
	/// `validators` seats, and as many candidates.
	pub fn of(validators: u32) -> Self {
		Self { validators, candidates: validators, minimum: 1, session_length: 20 }
	}

	/// `more` candidates who are not elected at genesis.
	pub fn with_waiting(self, more: u32) -> Self {
		Self { candidates: self.candidates + more, ..self }
	}

	/// An election has to give `minimum` validators.
	pub fn with_minimum(self, minimum: u32) -> Self {
		Self { minimum, ..self }
	}

	/// Sessions of `blocks` blocks.
	pub fn with_sessions_of(self, blocks: u64) -> Self {
		Self { session_length: blocks, ..self }
	}

	/// The genesis.
	pub fn build(self) -> TestExternalities {
		SessionLength::set(self.session_length);
		let candidates = || 1..=AccountId::from(self.candidates);
		let stake = |who: AccountId| STAKE * u128::from(u64::from(self.candidates) + 1 - who);
		let genesis = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: candidates().map(|who| (who, 2 * stake(who))).collect(),
				..Default::default()
			},
			staking: pallet_staking::GenesisConfig {
				validator_count: self.validators,
				minimum_validator_count: self.minimum,
				stakers: candidates()
					.map(|who| (who, who, stake(who), StakerStatus::Validator))
					.collect(),
				..Default::default()
			},
			session: pallet_session::GenesisConfig {
				keys: candidates()
					.map(|who| (who, who, SessionKeys { aura: UintAuthorityId(who) }))
					.collect(),
				..Default::default()
			},
			..Default::default()
		};
		genesis.build_storage().expect("the configuration is sound").into()
	}

	/// Runs `test` from the genesis on and checks every invariant after it.
	pub fn run(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check();
		})
	}
}

/// Every invariant of the pallet.
pub fn check() {
	assert_eq!(Liveness::do_try_state(), Ok(()));
}

/// Slot of the newest block.
pub fn slot() -> u64 {
	*pallet_aura::CurrentSlot::<Test>::get()
}

/// Validators that may not make blocks, by index.
pub fn disabled() -> BTreeSet<u32> {
	Session::disabled_validators().into_iter().collect()
}

/// Index of the validator whose turn `slot` is.
pub fn author(slot: u64) -> u32 {
	(slot % Session::validators().len() as u64) as u32
}

/// Makes the next block in `slot`.
pub fn block_in(slot: u64) {
	let number = System::block_number() + 1;
	let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
	System::reset_events();
	System::initialize(&number, &H256::repeat_byte(number as u8), &digest);
	AllPalletsWithSystem::on_initialize(number);
	assert_ok!(Timestamp::set(RuntimeOrigin::none(), slot));
	AllPalletsWithSystem::on_finalize(number);
}

/// Whether the validator whose turn `slot` is may make the next block (CON-R4).
pub fn may_author(slot: u64) -> bool {
	let rotates = (System::block_number() + 1).is_multiple_of(SessionLength::get());
	let list_is_emptied = rotates && pallet_session::QueuedChanged::<Test>::get();
	list_is_emptied || !disabled().contains(&author(slot))
}

/// Makes the next block in the first slot from `earliest` on that is the turn of somebody who may
/// make it and is not in `offline`.
pub fn block_from(earliest: u64, offline: &[AccountId]) {
	let validators = Session::validators();
	let slot = (earliest..)
		.find(|slot| may_author(*slot) && !offline.contains(&validators[author(*slot) as usize]))
		.expect("somebody is online");
	block_in(slot)
}

/// Makes the next block as soon as somebody can that is not in `offline`.
pub fn next_block(offline: &[AccountId]) {
	let earliest = if System::block_number() == 0 { FIRST_SLOT } else { slot() + 1 };
	block_from(earliest, offline)
}

/// Makes blocks up to and with the one that ends the current session.
pub fn end_session(offline: &[AccountId]) {
	let session = Session::current_index();
	while Session::current_index() == session {
		next_block(offline);
	}
}

/// An offence that is slashed, as an equivocation is.
pub struct Equivocation {
	pub offender: AccountId,
	/// What tells it from others.
	pub time: u64,
	pub fraction: Perbill,
}

impl Offence<IdentificationTuple<Test>> for Equivocation {
	const ID: Kind = *b"test:equivocatio";
	type Slot = u64;

	fn offenders(&self) -> Vec<IdentificationTuple<Test>> {
		vec![(self.offender, ())]
	}

	fn session_index(&self) -> SessionIndex {
		Session::current_index()
	}

	fn validator_set_count(&self) -> u32 {
		Session::validators().len() as u32
	}

	fn slot(&self) -> u64 {
		self.time
	}

	fn slash_fraction(&self, _: u32) -> Perbill {
		self.fraction
	}
}

/// Reports that `offender` equivocated, now.
pub fn equivocate(offender: AccountId) -> Result<(), OffenceError> {
	let fraction = Perbill::from_percent(1);
	Offences::report_offence(vec![], Equivocation { offender, time: slot(), fraction })
}
