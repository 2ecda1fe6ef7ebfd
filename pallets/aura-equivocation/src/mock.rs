//! A chain with the pallets from authorship to slashing. It has four validators, a nominator, sessions
//! of five blocks and eras of three sessions.

use crate::{
	self as pallet_aura_equivocation, KeepDisabled, KeepLastSet, KeyOwners, NoteQueuedKeys,
};
use frame_election_provider_support::SequentialPhragmen;
use frame_support::{
	construct_runtime, derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstU32, Get, KeyOwnerProofSystem, OnFinalize},
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::limits::BlockWeights;
use gtos_staking_mock::impl_staking_configs;
pub use gtos_staking_mock::{pre_digest, Balance};
use pallet_session::historical;
use pallet_staking::StakerStatus;
use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthorityPair},
	Slot,
};
use sp_consensus_slots::EquivocationProof;
use sp_core::{crypto::key_types, Pair, H256};
use sp_io::TestExternalities;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
	testing::TestXt,
	traits::{Convert, Header as _},
	BuildStorage, Digest, DigestItem, Perbill,
};
use sp_session::MembershipProof;
use sp_staking::{EraIndex, SessionIndex};

type Block = frame_system::mocking::MockBlockU32<Test>;
pub type Header = sp_runtime::generic::Header<u32, sp_runtime::traits::BlakeTwo256>;
pub type Proof = EquivocationProof<Header, AuthorityId>;

/// Accounts 1 to 4 are validators.
pub const VALIDATORS: u64 = 4;
/// Nominates only validator 1, with the stake of a validator.
pub const NOMINATOR: u64 = 10;
/// Neither a validator nor a nominator.
pub const WITNESS: u64 = 20;
pub const STAKE: Balance = 1_000_000;
pub const ENDOWMENT: Balance = 10_000_000;

pub const SESSION_LENGTH: u32 = 5;
pub const BLOCK_HASH_COUNT: u32 = 40;
/// Slot of the genesis. It leaves tests many past slots to choose from.
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

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type Block = Block;
	type BlockHashCount = ConstU32<BLOCK_HASH_COUNT>;
	type BlockWeights = TestBlockWeights;
}

parameter_types! {
	/// Eras from an offence to its slash. Zero, which no chain has, shows slashes at once in tests about other things.
	pub static SlashDeferDuration: u32 = 0;
	pub static TestBlockWeights: BlockWeights =
		block_weights(Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND, u64::MAX));
	pub static ChillWeight: Weight = Weight::from_parts(100_000_000, 0);
}

impl_staking_configs! {
	Test {
		authority_id: AuthorityId,
		max_authorities: ConstU32<100>,
		slot_duration_ms: 500,
		session_length_blocks: ConstU32<SESSION_LENGTH>,
		author_handlers: Staking,
		election_solver: SequentialPhragmen<gtos_staking_mock::AccountId, Perbill>,
		session_handler: KeepDisabled<Test, ActiveEra, KeepLastSet<Test, (Aura,)>>,
		session_manager: NoteQueuedKeys<Test, historical::NoteHistoricalRoot<Test, Staking>>,
		offence_handler: Staking,
		slash_defer_duration_eras: SlashDeferDuration,
	}
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

/// The active era.
pub struct ActiveEra;

impl Get<EraIndex> for ActiveEra {
	fn get() -> EraIndex {
		pallet_staking::ActiveEra::<Test>::get().map_or(0, |era| era.index)
	}
}

/// Session of a height (CON-R5).
pub struct SessionOf;

impl Convert<u32, SessionIndex> for SessionOf {
	fn convert(block: u32) -> SessionIndex {
		block / SESSION_LENGTH
	}
}

/// The Aura keys in force, in the order of the validators.
pub struct KeysInForce;

impl Get<Vec<SessionKeys>> for KeysInForce {
	fn get() -> Vec<SessionKeys> {
		let authorities = pallet_aura::Authorities::<Test>::get();
		authorities.into_iter().map(|aura| SessionKeys { aura }).collect()
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

/// Limits of a block of this weight. Transactions get a quarter of it even if the hooks declare a full block.
pub fn block_weights(block: Weight) -> BlockWeights {
	BlockWeights::builder()
		.for_class(DispatchClass::non_mandatory(), |class| {
			class.max_total = Some(Perbill::from_percent(75) * block);
			class.reserved = Some(Perbill::from_percent(25) * block);
		})
		.avg_block_initialization(Perbill::from_percent(10))
		.build()
		.expect("the limits are consistent")
}

/// The key of a validator.
pub fn key(validator: u64) -> AuthorityPair {
	AuthorityPair::from_seed(&[validator as u8; 32])
}

pub fn new_test_ext() -> TestExternalities {
	let validators = 1..=VALIDATORS;
	let accounts = validators.clone().chain([NOMINATOR, WITNESS]);
	let keys = validators.clone().map(|v| (v, v, SessionKeys { aura: key(v).public() })).collect();
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

/// Runs `test` in block 1 of a new chain and checks the assumptions of the pallet after it.
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
	begin_block(parent);
}

/// Begins the next block on `parent`, in the next slot whose author is not disabled.
fn begin_block(parent: H256) {
	let count = Aura::authorities_len() as u64;
	let disabled = Session::disabled_validators();
	let slot = (*pallet_aura::CurrentSlot::<Test>::get() + 1..)
		.find(|slot| !disabled.contains(&((slot % count) as u32)))
		.expect("a validator is not disabled");
	gtos_staking_mock::begin_block::<Test, AllPalletsWithSystem>(parent, slot);
}

/// Runs blocks until block `number` has begun.
pub fn go_to(number: u32) {
	while System::block_number() < number {
		next_block();
	}
}

/// A header of `slot` with height `number` on `parent`. `content` distinguishes it from others.
pub fn unsealed(slot: u64, number: u32, parent: H256, content: u8) -> Header {
	let state_root = H256::repeat_byte(content);
	let digest = Digest { logs: vec![pre_digest(slot)] };
	Header::new(number, H256::zero(), state_root, parent, digest)
}

/// Adds the seal of `author` to the header.
pub fn seal(mut header: Header, author: &AuthorityPair) -> Header {
	let signature = author.sign(header.hash().as_ref());
	header.digest_mut().push(DigestItem::aura_seal(signature));
	header
}

/// A sealed header of `slot` on the block at height `parent` of this chain.
pub fn on_parent(author: u64, slot: u64, parent: u32, content: u8) -> Header {
	seal(unsealed(slot, parent + 1, System::block_hash(parent), content), &key(author))
}

/// Proof that `validator` sealed two headers in `slot`, on the blocks at these two heights.
pub fn equivocation_on(validator: u64, slot: u64, parents: [u32; 2]) -> Proof {
	Proof {
		offender: key(validator).public(),
		slot: slot.into(),
		first_header: on_parent(validator, slot, parents[0], 1),
		second_header: on_parent(validator, slot, parents[1], 2),
	}
}

/// Proof that `validator` sealed two headers in `slot`, both on the last block.
pub fn equivocation(validator: u64, slot: u64) -> Proof {
	let parent = System::block_number() - 1;
	equivocation_on(validator, slot, [parent; 2])
}

/// Proof that the key of `validator` is in force in the current session.
pub fn owner(validator: u64) -> MembershipProof {
	owner_of(key(validator).public()).expect("is in force")
}

/// Proof of the owner of an Aura key in the current session, if the key is in force.
pub fn owner_of(key: AuthorityId) -> Option<MembershipProof> {
	KeyOwners::<Test>::prove((key_types::AURA, key))
}
