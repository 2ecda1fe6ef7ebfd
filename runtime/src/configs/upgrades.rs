//! Runtime upgrades: the code that may follow, migrations that take several blocks, and the calls that wait for
//! them.

use crate::{
	configs::block_limits::MaxBlockWeight,
	constants::block::{MAX_RUNTIME_LENGTH_BYTES, MIGRATION_RATIO},
	migrations::MultiBlockMigrations,
	Runtime, RuntimeCall, RuntimeEvent, Upgrades,
};
use frame_support::{
	migrations::ForceUnstuckOnFailedMigration,
	parameter_types,
	traits::{ConstU32, Contains},
	weights::Weight,
};
use sp_version::ApiId;

/// Runtime APIs without which the nodes of this release do not author, import, vote or report, with the version
/// that they are written for (UPG-R1). The id is the BLAKE2b hash of the name, in 8 bytes.
pub const REQUIRED_APIS: [(ApiId, u32); 10] = [
	// Core
	([0xdf, 0x6a, 0xcb, 0x68, 0x99, 0x07, 0x60, 0x9b], 5),
	// Metadata: without it nobody can sign the call that replaces the runtime again.
	([0x37, 0xe3, 0x97, 0xfc, 0x7c, 0x91, 0xf5, 0xe4], 2),
	// BlockBuilder
	([0x40, 0xfe, 0x3a, 0xd4, 0x01, 0xf8, 0x95, 0x9a], 6),
	// TaggedTransactionQueue
	([0xd2, 0xbc, 0x98, 0x97, 0xee, 0xd0, 0x8f, 0x15], 3),
	// OffchainWorkerApi
	([0xf7, 0x8b, 0x27, 0x8b, 0xe5, 0x3f, 0x45, 0x4c], 2),
	// AuraApi
	([0xdd, 0x71, 0x8d, 0x5c, 0xc5, 0x32, 0x62, 0xd4], 1),
	// GrandpaApi
	([0xed, 0x99, 0xc5, 0xac, 0xb2, 0x5e, 0xed, 0xf5], 3),
	// SessionKeys
	([0xab, 0x3c, 0x05, 0x72, 0x29, 0x1f, 0xeb, 0x8b], 2),
	// GenesisParametersApi: authors ask for their time to build.
	([0x84, 0xca, 0x95, 0x67, 0x40, 0xb5, 0x92, 0x72], 1),
	// AuraEquivocationApi
	([0xbd, 0x91, 0xc9, 0x12, 0x83, 0x10, 0x12, 0x77], 1),
];

parameter_types! {
	pub const RequiredApis: &'static [(ApiId, u32)] = &REQUIRED_APIS;
	/// Weight that a step of the migrations may take, of the budget of slot and network (STA-R12).
	pub MaxMigrationWeight: Weight = MIGRATION_RATIO * MaxBlockWeight::get();
}

/// Calls that no migration closes (UPG-R3): consensus, and what governance needs to replace the runtime.
///
/// `Balances` is not among them: a referendum holds its deposits without a call.
pub struct KeptOpen;

impl Contains<RuntimeCall> for KeptOpen {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(
			call,
			RuntimeCall::System(_)
				| RuntimeCall::Timestamp(_)
				| RuntimeCall::Scheduler(_)
				| RuntimeCall::Preimage(_)
				| RuntimeCall::Migrations(_)
				| RuntimeCall::Grandpa(_)
				| RuntimeCall::AuraEquivocation(_)
				| RuntimeCall::Referenda(_)
				| RuntimeCall::ConvictionVoting(_)
				| RuntimeCall::TechnicalCommittee(_)
				| RuntimeCall::Whitelist(_)
				// Their inner calls are filtered again. Committees and voters may be multisigs and proxies.
				| RuntimeCall::Utility(_)
				| RuntimeCall::Multisig(_)
				| RuntimeCall::Proxy(_)
		)
	}
}

impl pallet_upgrades::Config for Runtime {
	type KeptOpen = KeptOpen;
	type MaxCodeLength = ConstU32<MAX_RUNTIME_LENGTH_BYTES>;
	type Migrations = MultiBlockMigrations;
	type RequiredApis = RequiredApis;
}

impl pallet_migrations::Config for Runtime {
	// As long as the cursors of the SDK's test migrations.
	type CursorMaxLen = ConstU32<65_536>;
	// A chain whose blocks hold only inherents could not vote on the upgrade that repairs it. What the migration
	// has left half way stays closed: `Upgrades`.
	type FailedMigrationHandler = ForceUnstuckOnFailedMigration;
	type IdentifierMaxLen = ConstU32<256>;
	type MaxServiceWeight = MaxMigrationWeight;
	type MigrationStatusHandler = Upgrades;
	type Migrations = MultiBlockMigrations;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}
