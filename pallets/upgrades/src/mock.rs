//! A chain with two pallets that migrations can close, and code that is the encoding of its version.

use crate as pallet_upgrades;
use codec::Decode;
use frame_support::{
	construct_runtime, derive_impl,
	migrations::{SteppedMigration, SteppedMigrationError},
	parameter_types,
	traits::{ConstU32, Contains},
	weights::WeightMeter,
};
use sp_core::traits::{ReadRuntimeVersion, ReadRuntimeVersionExt};
use sp_externalities::Externalities;
use sp_io::{hashing::twox_128, TestExternalities};
use sp_runtime::BuildStorage;
use sp_version::{ApiId, RuntimeVersion};

type Block = frame_system::mocking::MockBlock<Test>;

/// Longest code that the mock accepts.
pub const MAX_CODE_LENGTH: u32 = 1_000;
/// Runtime APIs that the mock requires.
pub const REQUIRED_APIS: [(ApiId, u32); 2] = [([1; 8], 5), ([2; 8], 1)];

construct_runtime!(
	pub enum Test {
		System: frame_system = 0,
		Upgrades: pallet_upgrades = 6,
		Balances: pallet_balances = 10,
	}
);

parameter_types! {
	pub Version: RuntimeVersion = version(7);
	pub const RequiredApis: &'static [(ApiId, u32)] = &REQUIRED_APIS;
}

/// A version that can follow any lower one.
pub fn version(spec_version: u32) -> RuntimeVersion {
	RuntimeVersion {
		spec_name: "mock".into(),
		impl_name: "mock".into(),
		spec_version,
		apis: REQUIRED_APIS.to_vec().into(),
		system_version: 1,
		..Default::default()
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<u64>;
	type BaseCallFilter = Upgrades;
	type Block = Block;
	type OnSetCode = Upgrades;
	type Version = Version;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

/// A migration that rewrites the storage of the balances and of the system.
pub struct RewriteBoth;

impl SteppedMigration for RewriteBoth {
	type Cursor = ();
	type Identifier = [u8; 4];

	fn id() -> Self::Identifier {
		*b"both"
	}

	fn migrating_prefixes() -> Option<impl IntoIterator<Item = Vec<u8>>> {
		let balances = twox_128(b"Balances");
		// One whole pallet, one item of it once more, and another pallet.
		let item = [balances, twox_128(b"Account")].concat();
		Some(vec![balances.to_vec(), item, twox_128(b"System").to_vec()])
	}

	fn step(
		_: Option<Self::Cursor>,
		_: &mut WeightMeter,
	) -> Result<Option<Self::Cursor>, SteppedMigrationError> {
		Ok(None)
	}
}

/// The system's calls stay open.
pub struct KeptOpen;

impl Contains<RuntimeCall> for KeptOpen {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(call, RuntimeCall::System(_))
	}
}

impl pallet_upgrades::Config for Test {
	type KeptOpen = KeptOpen;
	type MaxCodeLength = ConstU32<MAX_CODE_LENGTH>;
	type Migrations = RewriteBoth;
	type RequiredApis = RequiredApis;
}

/// Reads code whose first bytes are its encoded version.
struct CodeIsVersion;

impl ReadRuntimeVersion for CodeIsVersion {
	fn read_runtime_version(
		&self,
		code: &[u8],
		_: &mut dyn Externalities,
	) -> Result<Vec<u8>, String> {
		RuntimeVersion::decode(&mut &code[..]).map_err(|error| error.to_string())?;
		Ok(code.to_vec())
	}
}

/// A chain in its first block.
pub fn new_test_ext() -> TestExternalities {
	let genesis = RuntimeGenesisConfig::default();
	let mut chain: TestExternalities = genesis.build_storage().expect("it is sound").into();
	chain.register_extension(ReadRuntimeVersionExt::new(CodeIsVersion));
	// No events are deposited in the block of genesis.
	chain.execute_with(|| System::set_block_number(1));
	chain
}
