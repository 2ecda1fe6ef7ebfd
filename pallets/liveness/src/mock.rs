//! A chain of the pallets that the counts depend on, wired as the runtime wires them.
//!
//! Stash `i` has the `i`-th largest stake, so its index at genesis is `i - 1`.

use crate as pallet_liveness;
use crate::{ChillOffenders, EvaluateSessions, SpreadSlashes, WithoutSuspended};
use frame_election_provider_support::SequentialPhragmen;
use frame_support::{
	construct_runtime, derive_impl, parameter_types,
	traits::{ConstU32, ConstU8, OnFinalize},
	weights::constants::ParityDbWeight,
};
use gtos_staking_mock::impl_staking_configs;
pub use gtos_staking_mock::AccountId;
use pallet_session::historical::{IdentificationTuple, NoteHistoricalRoot};
use pallet_staking::StakerStatus;
use sp_io::TestExternalities;
use sp_runtime::{
	testing::{UintAuthorityId, H256},
	BuildStorage, Perbill,
};
use sp_staking::{
	offence::{Kind, Offence, OffenceError, ReportOffence},
	SessionIndex,
};
use std::collections::BTreeSet;

type Block = frame_system::mocking::MockBlock<Test>;

/// Slot of the first block.
pub const FIRST_SLOT: u64 = 1_000_000;
/// Sessions per era.
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

parameter_types! {
	/// Maximum number of authorities.
	pub static MaxAuthorities: u32 = 100;
	/// Blocks of a session.
	pub static SessionLength: u64 = 20;
	/// Least number of electable candidates that suspensions leave.
	pub static MinElectable: u32 = 1;
	/// Eras from an offence to its slash. Zero, which no chain has, shows slashes at once in tests about other things.
	pub static SlashDeferDuration: u32 = 0;
}

/// Sessions in a row with too many offenders, of which the last one suspends.
pub const OUTAGE_SESSIONS: u32 = 3;
/// Highest level of a suspension.
pub const MAX_LEVEL: u8 = 2;
/// Eras after which a level falls.
pub const LEVEL_DECAY_ERAS: u32 = 4;

impl_staking_configs! {
	Test {
		authority_id: UintAuthorityId,
		max_authorities: MaxAuthorities,
		// One millisecond, so that the timestamp can reach the highest slot.
		slot_duration_ms: 1,
		session_length_blocks: SessionLength,
		author_handlers: (Staking, Liveness),
		election_solver: WithoutSuspended<Test, SequentialPhragmen<AccountId, Perbill>>,
		session_handler: (Aura,),
		session_manager: EvaluateSessions<Test, NoteHistoricalRoot<Test, Staking>>,
		offence_handler: ChillOffenders<SpreadSlashes<Test>, Staking>,
		slash_defer_duration_eras: SlashDeferDuration,
	}
}

impl pallet_liveness::Config for Test {
	type Candidates = Staking;
	type LevelDecayEras = ConstU32<LEVEL_DECAY_ERAS>;
	type MaxCandidates = ConstU32<500>;
	type MaxSuspensionLevel = ConstU8<MAX_LEVEL>;
	type MinElectable = MinElectable;
	type OutageSessions = ConstU32<OUTAGE_SESSIONS>;
	type WeightInfo = ();
}

/// Parameters of a chain's genesis.
#[derive(Clone, Copy)]
pub struct Chain {
	validators: u32,
	candidates: u32,
	minimum: u32,
	electable: u32,
	session_length: u64,
	deferral: u32,
}

impl Chain {
	/// A chain with `validators` seats and as many candidates.
	pub fn of(validators: u32) -> Self {
		let candidates = validators;
		Self { validators, candidates, minimum: 1, electable: 1, session_length: 20, deferral: 0 }
	}

	/// Adds `more` candidates that are not elected at genesis.
	pub fn with_waiting(self, more: u32) -> Self {
		Self { candidates: self.candidates + more, ..self }
	}

	/// Makes `minimum` the minimum number of validators that an election has to elect.
	pub fn with_minimum(self, minimum: u32) -> Self {
		Self { minimum, ..self }
	}

	/// Makes `electable` the least number of electable candidates that suspensions leave.
	pub fn with_electable(self, electable: u32) -> Self {
		Self { electable, ..self }
	}

	/// Makes sessions `blocks` blocks long.
	pub fn with_sessions_of(self, blocks: u64) -> Self {
		Self { session_length: blocks, ..self }
	}

	/// Defers slashes by this number of eras.
	pub fn with_deferral(self, eras: u32) -> Self {
		Self { deferral: eras, ..self }
	}

	/// The state after genesis.
	pub fn build(self) -> TestExternalities {
		SessionLength::set(self.session_length);
		SlashDeferDuration::set(self.deferral);
		MinElectable::set(self.electable);
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

	/// Runs `test` after genesis and checks every invariant after it.
	pub fn run(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check();
		})
	}
}

/// Checks every invariant of the pallet.
pub fn check() {
	assert_eq!(Liveness::do_try_state(), Ok(()));
}

/// Slot of the last block.
pub fn slot() -> u64 {
	*pallet_aura::CurrentSlot::<Test>::get()
}

/// Indices of the validators that may not make blocks.
pub fn disabled() -> BTreeSet<u32> {
	Session::disabled_validators().into_iter().collect()
}

/// Index of the validator that is the author of `slot`.
pub fn author(slot: u64) -> u32 {
	(slot % Session::validators().len() as u64) as u32
}

/// Makes the next block in `slot`.
pub fn block_in(slot: u64) {
	let parent = H256::repeat_byte(System::block_number() as u8);
	gtos_staking_mock::begin_block::<Test, AllPalletsWithSystem>(parent, slot);
	AllPalletsWithSystem::on_finalize(System::block_number());
}

/// Whether the author of `slot` may make the next block (CON-R4).
pub fn may_author(slot: u64) -> bool {
	let rotates = (System::block_number() + 1).is_multiple_of(SessionLength::get());
	let list_is_emptied = rotates && pallet_session::QueuedChanged::<Test>::get();
	list_is_emptied || !disabled().contains(&author(slot))
}

/// Makes the next block in the first slot from `earliest` on whose author may make it and is not in
/// `offline`.
pub fn block_from(earliest: u64, offline: &[AccountId]) {
	let validators = Session::validators();
	let slot = (earliest..)
		.find(|slot| may_author(*slot) && !offline.contains(&validators[author(*slot) as usize]))
		.expect("a validator is online");
	block_in(slot)
}

/// Makes the next block in the first slot whose author may make it and is not in `offline`.
pub fn next_block(offline: &[AccountId]) {
	let earliest = if System::block_number() == 0 { FIRST_SLOT } else { slot() + 1 };
	block_from(earliest, offline)
}

/// Makes blocks up to and including the one that ends the current session.
pub fn end_session(offline: &[AccountId]) {
	let session = Session::current_index();
	while Session::current_index() == session {
		next_block(offline);
	}
}

/// An offence that is slashed like an equivocation.
pub struct Equivocation {
	pub offender: AccountId,
	/// Time slot of the offence, which distinguishes it from others.
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

/// Reports that `offender` equivocated in the current slot.
pub fn equivocate(offender: AccountId) -> Result<(), OffenceError> {
	let fraction = Perbill::from_percent(1);
	Offences::report_offence(vec![], Equivocation { offender, time: slot(), fraction })
}
