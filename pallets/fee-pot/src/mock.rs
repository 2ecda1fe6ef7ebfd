//! A chain of four pallets to test on, in the order of the runtime.

use crate as pallet_fee_pot;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::Mutate, tokens::imbalance::ResolveTo, ConstU128, FindAuthor, OnFinalize,
		OnInitialize,
	},
	weights::Weight,
	ConsensusEngineId, PalletId,
};
use sp_io::TestExternalities;
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage, Percent};

type Block = frame_system::mocking::MockBlockU32<Test>;

pub const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub const AUTHOR: AccountId32 = AccountId32::new([2; 32]);
pub const TREASURY: AccountId32 = AccountId32::new([9; 32]);

/// Balance with which Alice starts.
pub const ENDOWMENT: u128 = 1_000_000_000_000;
/// Existential deposit.
pub const DEPOSIT: u128 = 1_000_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Balances: pallet_balances = 10,
		FeePot: pallet_fee_pot = 12,
		Authorship: pallet_authorship = 20,
	}
);

parameter_types! {
	pub const PotId: PalletId = PalletId(*b"gtos/pot");
	pub const TreasuryAccount: AccountId32 = TREASURY;
	pub const TreasuryShare: Percent = Percent::from_percent(80);
	/// The author of the block that is being executed.
	pub static KnownAuthor: Option<AccountId32> = Some(AUTHOR);
}

/// Finds [`KnownAuthor`], whatever the header says.
pub struct FindKnownAuthor;

impl FindAuthor<AccountId32> for FindKnownAuthor {
	fn find_author<'a, I>(_: I) -> Option<AccountId32>
	where
		I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
	{
		KnownAuthor::get()
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<u128>;
	type AccountId = AccountId32;
	type Block = Block;
	type Lookup = IdentityLookup<AccountId32>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = u128;
	type DustRemoval = ResolveTo<TreasuryAccount, Balances>;
	type ExistentialDeposit = ConstU128<DEPOSIT>;
}

impl pallet_authorship::Config for Test {
	type EventHandler = ();
	type FindAuthor = FindKnownAuthor;
}

impl pallet_fee_pot::Config for Test {
	type PotId = PotId;
	type Treasury = ResolveTo<TreasuryAccount, Balances>;
	type TreasuryShare = TreasuryShare;
	type WeightInfo = ();
}

/// A chain in its first block. Alice, the author and the treasury have funds.
pub fn new_test_ext() -> TestExternalities {
	// Another test may have run in this thread before.
	KnownAuthor::set(Some(AUTHOR));
	let genesis = RuntimeGenesisConfig::default();
	let mut chain: TestExternalities = genesis.build_storage().expect("it is sound").into();
	chain.execute_with(|| {
		Balances::set_balance(&ALICE, ENDOWMENT);
		Balances::set_balance(&AUTHOR, DEPOSIT);
		Balances::set_balance(&TREASURY, DEPOSIT);
		begin_block(1);
	});
	chain
}

/// Runs `test` in the first block, finishes the block and checks every invariant.
pub fn in_block(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		end_block();
	});
}

/// Begins block `number` without events. Returns the weight that its hooks declare.
pub fn begin_block(number: u32) -> Weight {
	System::reset_events();
	System::set_block_number(number);
	AllPalletsWithSystem::on_initialize(number)
}

/// Finishes the block with the hooks of all pallets, and checks every invariant.
pub fn end_block() {
	AllPalletsWithSystem::on_finalize(System::block_number());
	if let Err(error) = FeePot::do_try_state() {
		panic!("{error:?}");
	}
}

/// Finishes the block, and begins the next one, which `author` has made.
pub fn next_block_by(author: Option<AccountId32>) {
	end_block();
	KnownAuthor::set(author);
	begin_block(System::block_number() + 1);
}

/// What an account has.
pub fn free(who: &AccountId32) -> u128 {
	Balances::free_balance(who)
}
