//! A chain of real pallets, from authorship to slashing: four validators, a nominator, sessions of
//! five blocks and eras of three sessions.

use crate::{self as pallet_aura_equivocation, KeyOwners, NoteQueuedKeys};
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain, SequentialPhragmen,
};
use frame_support::{
	assert_ok, construct_runtime, derive_impl, parameter_types,
	traits::{ConstBool, ConstU32, ConstU64, Get, KeyOwnerProofSystem, OnFinalize, OnInitialize},
	weights::Weight,
};
use pallet_session::historical;
use pallet_staking::StakerStatus;
use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthorityPair, AuthoritySignature},
	Slot,
};
use sp_consensus_slots::EquivocationProof;
use sp_core::{crypto::key_types, Pair, H256};
use sp_io::TestExternalities;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
	impl_opaque_keys,
	testing::TestXt,
	traits::{Convert, ConvertInto, Header as _},
	BuildStorage, Digest, DigestItem, Perbill,
};
use sp_session::MembershipProof;
use sp_staking::SessionIndex;

pub type Balance = u128;
type Block = frame_system::mocking::MockBlockU32<Test>;
pub type Header = sp_runtime::generic::Header<u32, sp_runtime::traits::BlakeTwo256>;
pub type Proof = EquivocationProof<Header, AuthorityId>;

/// Accounts 1 to 4 validate; 10 nominates validator 1 alone, with as much as the validator itself.
pub const VALIDATORS: u64 = 4;
pub const NOMINATOR: u64 = 10;
/// Neither a validator nor a nominator.
pub const WITNESS: u64 = 20;
pub const STAKE: Balance = 1_000_000;
pub const ENDOWMENT: Balance = 10_000_000;

pub const SESSION_LENGTH: u32 = 5;
pub const BLOCK_HASH_COUNT: u32 = 40;
const SLOT_MS: u64 = 500;
/// Slot before that of the first block: enough are over for tests to choose from.
pub const GENESIS_SLOT: u64 = 1_000;

construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Timestamp: pallet_timestamp = 1,
		Balances: pallet_balances = 10,
		Authorship: pallet_authorship = 20,
		Staking: pallet_staking = 21,
		Historical: historical = 22,
		Session: pallet_session = 23,
		Aura: pallet_aura = 24,
		Offences: pallet_offences = 26,
		AuraEquivocation: pallet_aura_equivocation = 28,
	}
);

impl_opaque_keys! {
	pub struct TestSessionKeys {
		pub aura: Aura,
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type Block = Block;
	type BlockHashCount = ConstU32<BLOCK_HASH_COUNT>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
	type MinimumPeriod = ConstU64<{ SLOT_MS / 2 }>;
	type OnTimestampSet = Aura;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
}

impl pallet_authorship::Config for Test {
	type EventHandler = Staking;
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Aura>;
}

impl pallet_aura::Config for Test {
	type AllowMultipleBlocksPerSlot = ConstBool<false>;
	type AuthorityId = AuthorityId;
	type DisabledValidators = Session;
	type MaxAuthorities = ConstU32<100>;
	type SlotDuration = ConstU64<SLOT_MS>;
}

type Periodic = pallet_session::PeriodicSessions<ConstU32<SESSION_LENGTH>, ConstU32<0>>;

impl pallet_session::Config for Test {
	type Currency = Balances;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = ();
	type Keys = TestSessionKeys;
	type NextSessionRotation = Periodic;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = (Aura,);
	type SessionManager = NoteQueuedKeys<Self, historical::NoteHistoricalRoot<Self, Staking>>;
	type ShouldEndSession = Periodic;
	type ValidatorId = u64;
	type ValidatorIdOf = ConvertInto;
	type WeightInfo = ();
}

impl historical::Config for Test {
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
	type RuntimeEvent = RuntimeEvent;
}

parameter_types! {
	pub static SlashDeferDuration: u32 = 0;
	pub static ChillWeight: Weight = Weight::from_parts(100_000_000, 0);
	pub ElectionLimits: ElectionBounds = ElectionBoundsBuilder::default().build();
}

pub struct OnChainPhragmen;

impl onchain::Config for OnChainPhragmen {
	type Bounds = ElectionLimits;
	type DataProvider = Staking;
	type MaxBackersPerWinner = ConstU32<100>;
	type MaxWinnersPerPage = ConstU32<100>;
	type Solver = SequentialPhragmen<u64, Perbill>;
	type Sort = ConstBool<true>;
	type System = Test;
	type WeightInfo = ();
}

#[derive_impl(pallet_staking::config_preludes::TestDefaultConfig)]
impl pallet_staking::Config for Test {
	type AdminOrigin = frame_system::EnsureRoot<u64>;
	type Currency = Balances;
	type ElectionProvider = onchain::OnChainExecution<OnChainPhragmen>;
	type EraPayout = ();
	type GenesisElectionProvider = Self::ElectionProvider;
	type NextNewSession = Session;
	type OldCurrency = Balances;
	type SessionInterface = Self;
	type SlashDeferDuration = SlashDeferDuration;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type UnixTime = Timestamp;
	type VoterList = pallet_staking::UseNominatorsAndValidatorsMap<Self>;
}

impl pallet_offences::Config for Test {
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Staking;
	type RuntimeEvent = RuntimeEvent;
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extrinsic = TestXt<RuntimeCall, ()>;
	type RuntimeCall = RuntimeCall;
}

impl<C> frame_system::offchain::CreateBare<C> for Test
where
	RuntimeCall: From<C>,
{
	fn create_bare(call: RuntimeCall) -> Self::Extrinsic {
		TestXt::new_bare(call)
	}
}

/// CON-R5
pub struct SessionOf;

impl Convert<u32, SessionIndex> for SessionOf {
	fn convert(block: u32) -> SessionIndex {
		block / SESSION_LENGTH
	}
}

/// The Aura keys in force, in the order of the validators.
pub struct KeysInForce;

impl Get<Vec<TestSessionKeys>> for KeysInForce {
	fn get() -> Vec<TestSessionKeys> {
		let authorities = pallet_aura::Authorities::<Test>::get();
		authorities.into_iter().map(|aura| TestSessionKeys { aura }).collect()
	}
}

impl pallet_aura_equivocation::Config for Test {
	type ChillWeight = ChillWeight;
	type KeysInForce = KeysInForce;
	type MaxNominators = ConstU32<1_000>;
	type MaxValidators = ConstU32<100>;
	type ReportOffence = Offences;
	type SessionOf = SessionOf;
	type WeightInfo = ();
}

/// The key of a validator.
pub fn key(validator: u64) -> AuthorityPair {
	AuthorityPair::from_seed(&[validator as u8; 32])
}

pub fn new_test_ext() -> TestExternalities {
	let validators = 1..=VALIDATORS;
	let accounts = validators.clone().chain([NOMINATOR, WITNESS]);
	let keys =
		validators.clone().map(|v| (v, v, TestSessionKeys { aura: key(v).public() })).collect();
	let mut stakers: Vec<_> = validators.map(|v| (v, v, STAKE, StakerStatus::Validator)).collect();
	stakers.push((NOMINATOR, NOMINATOR, STAKE, StakerStatus::Nominator(vec![1])));
	let genesis = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: accounts.map(|who| (who, ENDOWMENT)).collect(),
			..Default::default()
		},
		session: pallet_session::GenesisConfig { keys, ..Default::default() },
		staking: pallet_staking::GenesisConfig {
			stakers,
			validator_count: VALIDATORS as u32,
			minimum_validator_count: 1,
			..Default::default()
		},
		..Default::default()
	};
	let mut state =
		TestExternalities::new(genesis.build_storage().expect("the configuration is sound"));
	state.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	state.execute_with(|| {
		pallet_aura::CurrentSlot::<Test>::put(Slot::from(GENESIS_SLOT));
		begin_block(H256::repeat_byte(0xee));
	});
	state
}

/// Runs `test` in block 1 of a fresh chain and checks the pallet's invariant after it.
pub fn on_chain(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		assert_eq!(AuraEquivocation::do_try_state(), Ok(()));
	})
}

/// Ends the block and begins the next one, in the next slot whose author is not disabled.
pub fn next_block() {
	AllPalletsWithSystem::on_finalize(System::block_number());
	let parent = System::finalize().hash();
	System::reset_events();
	begin_block(parent);
}

fn begin_block(parent: H256) {
	let number = System::block_number() + 1;
	let count = Aura::authorities_len() as u64;
	let disabled = Session::disabled_validators();
	let slot = (*pallet_aura::CurrentSlot::<Test>::get() + 1..)
		.find(|slot| !disabled.contains(&((slot % count) as u32)))
		.expect("somebody may author");
	System::initialize(&number, &parent, &Digest { logs: vec![pre_digest(slot)] });
	AllPalletsWithSystem::on_initialize(number);
	assert_ok!(Timestamp::set(RuntimeOrigin::none(), slot * SLOT_MS));
}

/// Goes on until block `number` has begun.
pub fn go_to(number: u32) {
	while System::block_number() < number {
		next_block();
	}
}

pub fn pre_digest(slot: u64) -> DigestItem {
	CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(Slot::from(slot))
}

/// A header of `slot` and height `number` on `parent` whose content only `content` tells from others.
pub fn unsealed(slot: u64, number: u32, parent: H256, content: u8) -> Header {
	let state_root = H256::repeat_byte(content);
	let digest = Digest { logs: vec![pre_digest(slot)] };
	Header::new(number, H256::zero(), state_root, parent, digest)
}

/// Adds the seal with which `author` publishes the header as a block.
pub fn seal(mut header: Header, author: &AuthorityPair) -> Header {
	let signature = author.sign(header.hash().as_ref());
	header.digest_mut().push(DigestItem::aura_seal(signature));
	header
}

/// A sealed header of `slot` on the block at height `parent` of this chain.
pub fn on_parent(author: u64, slot: u64, parent: u32, content: u8) -> Header {
	seal(unsealed(slot, parent + 1, System::block_hash(parent), content), &key(author))
}

/// Proof that `validator` sealed twice in `slot` on the blocks at these two heights.
pub fn double_seal_on(validator: u64, slot: u64, parents: [u32; 2]) -> Proof {
	Proof {
		offender: key(validator).public(),
		slot: slot.into(),
		first_header: on_parent(validator, slot, parents[0], 1),
		second_header: on_parent(validator, slot, parents[1], 2),
	}
}

/// Proof that `validator` sealed twice in `slot` on the last block.
pub fn double_seal(validator: u64, slot: u64) -> Proof {
	let parent = System::block_number() - 1;
	double_seal_on(validator, slot, [parent; 2])
}

/// What `validator` owns a key with, in the session of this block.
pub fn owner(validator: u64) -> MembershipProof {
	owner_of(key(validator).public()).expect("is in force")
}

/// What shows whose the Aura key is, in the session of this block.
pub fn owner_of(key: AuthorityId) -> Option<MembershipProof> {
	KeyOwners::<Test>::prove((key_types::AURA, key))
}
