//! A chain of the pallets around staking, wired as the runtime wires them.

use crate::{self as pallet_payouts, WeightInfo};
use frame_election_provider_support::SequentialPhragmen;
use frame_support::{
	construct_runtime, derive_impl, parameter_types,
	traits::ConstU32,
	weights::{constants::ParityDbWeight, Weight},
};
use gtos_staking_mock::impl_staking_configs;
pub use gtos_staking_mock::AccountId;
use pallet_session::historical::NoteHistoricalRoot;
use sp_io::TestExternalities;
use sp_runtime::{testing::UintAuthorityId, BuildStorage, Perbill};

type Block = frame_system::mocking::MockBlock<Test>;

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
		Payouts: pallet_payouts = 30,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<u128>;
	type Block = Block;
	type DbWeight = ParityDbWeight;
}

impl_staking_configs! {
	Test {
		authority_id: UintAuthorityId,
		max_authorities: ConstU32<100>,
		slot_duration_ms: 1_000,
		session_length_blocks: frame_support::traits::ConstU64<20>,
		author_handlers: Staking,
		election_solver: SequentialPhragmen<AccountId, Perbill>,
		session_handler: (Aura,),
		session_manager: NoteHistoricalRoot<Test, Staking>,
		offence_handler: Staking,
		slash_defer_duration_eras: (),
	}
}

/// Weight of a hook that pays `pages` pages.
pub fn weight_of(pages: u64) -> Weight {
	<()>::nothing_due().saturating_add(<()>::pay_page().saturating_mul(pages))
}

parameter_types! {
	/// That of three pages.
	pub static IdleWeight: Weight = weight_of(3);
	pub static OverdueEras: u32 = 42;
}

impl pallet_payouts::Config for Test {
	type IdleWeight = IdleWeight;
	type OverdueEras = OverdueEras;
	type WeightInfo = ();
}

/// An empty chain in its first block.
pub fn new_test_ext() -> TestExternalities {
	// Another test may have run in this thread before.
	IdleWeight::set(weight_of(3));
	OverdueEras::set(42);
	let genesis = RuntimeGenesisConfig::default();
	let mut chain: TestExternalities = genesis.build_storage().expect("it is sound").into();
	// No events are deposited in the block of genesis.
	chain.execute_with(|| System::set_block_number(1));
	chain
}
