//! Contract code that is published once and can never change.
//!
//! The chain stores code and records its deployer and the block of the deployment; it does not execute
//! code. Applications rely on three properties:
//!
//! - **Written once.** The two calls only add items, and no hook writes. No signer and no wrapper
//!   around a call can change what an address holds (CTR-R11).
//! - **Predictable address.** The address follows from deployer, salt and code hash, so a client
//!   computes it offline before it deploys ([`contract_address`]).
//! - **Paid for once.** Code and records are never removed, so a deployment pays for their bytes once.
//!   The same code is stored and paid for only once (CTR-R7).
//!
//! The rules are in `specs/contract-store.md`. Comments and tests name them by ids such as `CTR-R1`,
//! and the invariants that `try_state` checks by ids such as `CTR-I1`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use pallet_contract_store_runtime_api::{
	code_hash, contract_address, ContractPage, ContractRecord, ADDRESS_TAG,
};
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
#[cfg(feature = "std")]
mod integrity;
#[cfg(test)]
mod mock;
mod payment;
mod queries;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, OnUnbalanced, Time},
	};
	use frame_system::pallet_prelude::*;
	use sp_core::H256;

	/// Version of the storage layout (CTR-R3).
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency that storage is paid in.
		type Currency: fungible::Balanced<Self::AccountId>;

		/// Receives the price of each deployment. `()` burns it.
		type OnPayment: OnUnbalanced<CreditOf<Self>>;

		/// Clock of the current block, in milliseconds since the Unix epoch.
		type Time: Time<Moment = u64>;

		/// Longest code, in bytes. May be raised, never lowered: stored code that is longer could no longer
		/// be read.
		#[pallet::constant]
		type MaxCodeLength: Get<u32>;

		/// Bytes that the price counts for a contract in addition to its code: for keys, values and trie
		/// nodes.
		#[pallet::constant]
		type RecordBytes: Get<u32>;

		/// Price of storing one byte permanently. The integrity test refuses zero.
		#[pallet::constant]
		type PricePerByte: Get<BalanceOf<Self>>;

		/// Maximum number of contracts in one page of a deployer's list.
		#[pallet::constant]
		type MaxPageSize: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Code by its BLAKE2b-256.
	///
	/// Each item is written once, by `contract_deploy`. Bounded by the price of a byte. Invariants:
	/// CTR-I1, CTR-I3.
	// Identity: the key already is a BLAKE2b-256 hash. Hashing it again would only lengthen keys and
	// proofs.
	#[pallet::storage]
	pub type Codes<T: Config> = StorageMap<_, Identity, H256, CodeOf<T>>;

	/// Contracts by address.
	///
	/// Each item is written once, by either call. Bounded by the price of a record. Invariants: CTR-I2,
	/// CTR-I5.
	// Identity: the key already is a BLAKE2b-256 hash.
	#[pallet::storage]
	pub type Contracts<T: Config> = StorageMap<_, Identity, H256, ContractRecordOf<T>>;

	/// Addresses of a deployer's contracts, by index from 0 in the order of deployment.
	///
	/// Each item is written once, together with its record. Invariant: CTR-I4.
	// Blake2_128Concat: users choose their accounts and must not be able to unbalance the trie.
	// Twox64Concat: the pallet itself assigns indices.
	#[pallet::storage]
	pub type DeployerContracts<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, u32, H256>;

	/// Number of a deployer's contracts, which is the index of the next one.
	///
	/// Written together with each record. Invariant: CTR-I4.
	// Blake2_128Concat: users choose their accounts and must not be able to unbalance the trie.
	#[pallet::storage]
	pub type DeployerContractCount<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// What a deployment adds (CTR-R13).
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A contract has been deployed.
		ContractDeployed {
			/// Address of the contract.
			address: H256,
			/// Account that deployed it.
			deployer: T::AccountId,
			/// BLAKE2b-256 of its code.
			code_hash: H256,
			/// Salt that distinguishes the contract from others of the deployer with the same code.
			salt: H256,
			/// Length of its code, in bytes.
			code_len: u32,
			/// Amount that the deployer paid for the storage.
			price: BalanceOf<T>,
		},
		/// New code has been stored.
		CodeStored {
			/// BLAKE2b-256 of the code.
			code_hash: H256,
			/// Length of the code, in bytes.
			code_len: u32,
		},
	}

	/// Why a deployment is refused (CTR-R14).
	#[pallet::error]
	pub enum Error<T> {
		/// `code` has no bytes. Upload the code.
		EmptyCode,
		/// `code` has more than `MaxCodeLength` bytes. Split it, or make it smaller.
		CodeTooLong,
		/// No code with this hash is stored. Deploy it with `contract_deploy`.
		UnknownCode,
		/// The address already holds a contract. Use that contract, or choose another salt.
		AlreadyDeployed,
		/// The price exceeds what the account can spend: its balance without the existential deposit and
		/// without funds on hold or frozen. Add funds.
		InsufficientBalance,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "std")]
		fn integrity_test() {
			Self::do_integrity_test()
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	// Indices are part of every encoded call: never reuse one.
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Deploys `code` at the address that is computed from the deployer, `salt` and the code.
		///
		/// Code that the chain already holds is neither stored nor paid for again.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the deployer, which pays the price of the storage to the treasury.
		///
		/// ## Errors
		///
		/// - [`Error::EmptyCode`], [`Error::CodeTooLong`]: `code` does not have 1 to `MaxCodeLength` bytes.
		/// - [`Error::AlreadyDeployed`]: the deployer has deployed this code with this salt before.
		/// - [`Error::InsufficientBalance`]: the price exceeds what the deployer can spend.
		///
		/// ## Events
		///
		/// - [`Event::CodeStored`], if the chain did not hold the code yet.
		/// - [`Event::ContractDeployed`].
		// A plain vector, so that code beyond the limit fails with a named error instead of being
		// undecodable (ADR 0014). The length of an extrinsic bounds it.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::contract_deploy(Pallet::<T>::weighed_length(code)))]
		pub fn contract_deploy(origin: OriginFor<T>, code: Vec<u8>, salt: H256) -> DispatchResult {
			let deployer = ensure_signed(origin)?;
			Self::do_deploy(deployer, code, salt)
		}

		/// Deploys code that the chain holds, without uploading it.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the deployer, which pays the price of a record to the treasury.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownCode`]: the chain holds no code with this hash.
		/// - [`Error::AlreadyDeployed`]: the deployer has deployed this code with this salt before.
		/// - [`Error::InsufficientBalance`]: the price exceeds what the deployer can spend.
		///
		/// ## Events
		///
		/// - [`Event::ContractDeployed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::contract_deploy_hash())]
		pub fn contract_deploy_hash(
			origin: OriginFor<T>,
			code_hash: H256,
			salt: H256,
		) -> DispatchResult {
			let deployer = ensure_signed(origin)?;
			Self::do_deploy_hash(deployer, code_hash, salt)
		}
	}
}
