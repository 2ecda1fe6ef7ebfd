//! The state transition function of GTOS.
//!
//! One Wasm serves every network; they differ by genesis preset. The runtime composes pallets and
//! holds no business logic of its own: [`configs`] configures each pallet, [`apis`] implements what a
//! node or a client may ask.

#![cfg_attr(not(feature = "std"), no_std)]
// The runtime macros recurse once per pallet and API.
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod account_store;
pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod check_weight;
pub mod configs;
pub mod constants;
mod election_solver;
mod fees_by_fullness;
pub mod genesis_config_presets;
mod migrations;
#[cfg(feature = "rehearsal")]
mod rehearsal;
pub mod weight_reclaim;
pub mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

pub use apis::RuntimeApi;

/// Signature over a transaction: sr25519, ed25519 or ecdsa (HAS-R11).
pub type Signature = MultiSignature;
/// Account: a public key, or the hash of one (HAS-R16).
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How a call names an account (TXN-R4). Only the variant `Id` resolves to an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Amount of TOS in units of 10^-12.
pub type Balance = u128;
/// Number of the next transaction of an account; the first is the height at which the account was
/// created, see [`account_store`].
pub type Nonce = u32;
/// Hash of blocks and state.
pub type Hash = sp_core::H256;
/// Height of a block.
pub type BlockNumber = u32;
/// Milliseconds since the Unix epoch.
pub type Moment = u64;

/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block with typed transactions.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// What a transaction carries in addition to its call.
///
/// The extensions and their order determine the signed payload: its explicit bytes (TXN-R8) and its
/// implicit bytes (TXN-R9). All extensions are known to polkadot.js, so that every wallet can sign.
/// The checks run in the same order (TXN-R17). `WeightReclaim` is last because it refunds what the
/// others did not use, and ends what `CheckWeight` has begun for them.
pub type TxExtension = (
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
	check_weight::CheckWeight,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	weight_reclaim::WeightReclaim,
);
/// Transaction as it is sent over the network, before its signature is checked (TXN-R3).
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// The payload that a signature covers (HAS-R10).
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// Executes blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Types for a node that does not know the runtime's calls: transactions are opaque bytes.
pub mod opaque {
	use super::*;
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// Block header.
	pub type Header = super::Header;
	/// Block with opaque transactions.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// Identifier of a block.
	pub type BlockId = generic::BlockId<Block>;
}

impl_opaque_keys! {
	/// Keys with which a validator signs blocks and votes.
	///
	/// A node concatenates them in the order of the fields, so the order must not change.
	pub struct SessionKeys {
		pub aura: Aura,
		pub grandpa: Grandpa,
	}
}

/// Declares [`VERSION`]. The `spec_version` has to be one token, because the attribute reads a literal.
macro_rules! version {
	($spec_version:tt) => {
		/// Version of this runtime.
		///
		/// `spec_version` rises with every release that changes the runtime; release 1.0.0 has 1.
		/// `transaction_version` rises when the encoding of a call or an extension changes
		/// (specs/compatibility.md). A signature is valid for one value of each (TXN-R10).
		/// `system_version` 1 means state layout 1 (HAS-R9) and an extrinsics root of layout 0 (HAS-R7).
		#[sp_version::runtime_version]
		pub const VERSION: RuntimeVersion = RuntimeVersion {
			spec_name: Cow::Borrowed("gtos"),
			impl_name: Cow::Borrowed("gtos"),
			authoring_version: 1,
			spec_version: $spec_version,
			impl_version: 1,
			apis: apis::RUNTIME_API_VERSIONS,
			transaction_version: 1,
			system_version: 1,
		};
	};
}

#[cfg(not(feature = "rehearsal"))]
version!(1);
// A rehearsal is one version later.
#[cfg(feature = "rehearsal")]
version!(2);

// STA-R1: indices are part of every encoded call, event and error. Never reuse one. Gaps between
// the groups are reserved for future pallets.
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

	// System
	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type GenesisParameters = pallet_genesis_parameters;
	#[runtime::pallet_index(3)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(4)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(5)]
	pub type Migrations = pallet_migrations;
	#[runtime::pallet_index(6)]
	pub type Upgrades = pallet_upgrades;

	// Money
	#[runtime::pallet_index(10)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(11)]
	pub type TransactionPayment = pallet_transaction_payment;
	// Before Authorship, whose `on_finalize` forgets the author that this one pays.
	#[runtime::pallet_index(12)]
	pub type FeePot = pallet_fee_pot;

	// Consensus. Authorship comes before Session, so that the author of a block is looked up in the
	// set that authored it, and Staking before Session, so that its genesis stakers exist when the
	// first sessions are elected.
	#[runtime::pallet_index(20)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(21)]
	pub type Staking = pallet_staking;
	#[runtime::pallet_index(22)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(23)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(24)]
	pub type Aura = pallet_aura;
	#[runtime::pallet_index(25)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(26)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(27)]
	pub type VoterList = pallet_bags_list<Instance1>;
	#[runtime::pallet_index(28)]
	pub type AuraEquivocation = pallet_aura_equivocation;
	#[runtime::pallet_index(29)]
	pub type Liveness = pallet_liveness;
	#[runtime::pallet_index(30)]
	pub type Payouts = pallet_payouts;

	// Governance
	#[runtime::pallet_index(40)]
	pub type Treasury = pallet_treasury;
	#[runtime::pallet_index(41)]
	pub type Referenda = pallet_referenda;
	#[runtime::pallet_index(42)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(43)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;
	#[runtime::pallet_index(44)]
	pub type Whitelist = pallet_whitelist;
	#[runtime::pallet_index(45)]
	pub type Origins = configs::governance::pallet_origins;

	// Accounts
	#[runtime::pallet_index(60)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(61)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(62)]
	pub type Proxy = pallet_proxy;

	// Storage
	#[runtime::pallet_index(80)]
	pub type ContractStore = pallet_contract_store;
	#[runtime::pallet_index(81)]
	pub type TtlKv = pallet_ttl_kv;
}
