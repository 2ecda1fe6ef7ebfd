//! A runtime that is configured like the SDK's example of a solo chain, except that its slots last half a second.
//!
//! `scripts/load` measures the node against it. Left out are sudo and the example's own pallet: neither has a hook
//! or a transaction extension, so neither takes part in a transfer.

#![cfg_attr(not(feature = "std"), no_std)]
// The runtime macros recurse once per pallet and API.
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

/// The same runtime, whose blocks may hold what those of GTOS may.
#[cfg(feature = "std")]
pub mod gtos_budget {
	include!(concat!(env!("OUT_DIR"), "/gtos_budget"));
}

extern crate alloc;

pub mod apis;
mod configs;
pub mod presets;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

pub use apis::RuntimeApi;

/// Duration of a slot, in milliseconds.
pub const SLOT_DURATION_MS: u64 = 500;

/// Signature over a transaction.
pub type Signature = MultiSignature;
/// Account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How a call names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Amount of the token.
pub type Balance = u128;
/// Number of the next transaction of an account.
pub type Nonce = u32;
/// Hash of blocks and state.
pub type Hash = sp_core::H256;
/// Height of a block.
pub type BlockNumber = u32;

/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block with typed transactions.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// What a transaction carries in addition to its call.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);
/// Transaction before its signature is checked.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// Executes blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Block of a node that does not know the runtime's calls.
pub type OpaqueBlock = generic::Block<Header, sp_runtime::OpaqueExtrinsic>;

impl_opaque_keys! {
	/// Keys with which a validator signs blocks and votes.
	pub struct SessionKeys {
		pub aura: Aura,
		pub grandpa: Grandpa,
	}
}

/// Version of this runtime.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("gtos-baseline"),
	impl_name: Cow::Borrowed("gtos-baseline"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Aura = pallet_aura;
	#[runtime::pallet_index(3)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(4)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(5)]
	pub type TransactionPayment = pallet_transaction_payment;
}
