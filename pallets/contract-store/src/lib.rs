//! Contract code that is published once and can never change.
//!
//! The chain stores code and says who deployed it when; it does not execute it. Applications rely on
//! three properties:
//!
//! - **Written once.** There are two calls, both add, and no hook writes. What an address holds stays
//!   what it is, whoever signs and however the call is wrapped (CTR-R11).
//! - **Known before it is there.** The address follows from deployer, salt and code hash, so that a
//!   client computes it offline ([`contract_address`]).
//! - **Paid for.** Code and records never go away, so their bytes are paid for once and for good; the
//!   same code is stored and paid for once (CTR-R7).
//!
//! The law is `specs/contract-store.md`: `CTR-R1` and the like in comments and tests are its rules,
//! `CTR-I1` and the like its invariants, which `try_state` checks.

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
mod impls;
#[cfg(test)]
mod mock;
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
		/// Money that storage is paid in.
		type Currency: fungible::Balanced<Self::AccountId>;

		/// Takes the price of each deployment. `()` burns it.
		type OnPayment: OnUnbalanced<CreditOf<Self>>;

		/// Clock of the current block, in milliseconds since the Unix epoch.
		type Time: Time<Moment = u64>;

		/// Longest code, in bytes. May be raised, never lowered: longer code could not be read.
		#[pallet::constant]
		type MaxCodeLength: Get<u32>;

		/// Bytes that the price counts for a contract besides its code: keys, values and trie nodes.
		#[pallet::constant]
		type RecordBytes: Get<u32>;

		/// Price of keeping one byte for ever. Zero is refused by the integrity test.
		#[pallet::constant]
		type PricePerByte: Get<BalanceOf<Self>>;

		/// Most contracts in one page of a deployer's list.
		#[pallet::constant]
		type MaxPageSize: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Code by its BLAKE2b-256.
	///
	/// Written by `contract_deploy`, once. Bounded by the price of a byte. Invariants: CTR-I1, CTR-I3.
	// Identity: the key is a BLAKE2b-256 output already, and hashing it again would only lengthen
	// keys and proofs.
	#[pallet::storage]
	pub type Codes<T: Config> = StorageMap<_, Identity, H256, CodeOf<T>>;

	/// Contracts by address.
	///
	/// Written by both calls, once. Bounded by the price of a record. Invariants: CTR-I2, CTR-I5.
	// Identity: as above.
	#[pallet::storage]
	pub type Contracts<T: Config> = StorageMap<_, Identity, H256, ContractRecordOf<T>>;

	/// Addresses of a deployer's contracts, by index from 0 in the order of deployment.
	///
	/// Written with each record, once. Invariant: CTR-I4.
	// Blake2_128Concat: accounts are chosen by their owners, who must not unbalance the trie.
	// Twox64Concat: indices are counted here.
	#[pallet::storage]
	pub type DeployerContracts<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, u32, H256>;

	/// How many contracts a deployer has, which is the index of its next one.
	///
	/// Written with each record. Invariant: CTR-I4.
	// Blake2_128Concat: as above.
	#[pallet::storage]
	pub type DeployerContractCount<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// What a deployment tells (CTR-R13).
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A contract has been deployed.
		ContractDeployed {
			/// Where the contract lies.
			address: H256,
			/// Who deployed it.
			deployer: T::AccountId,
			/// What its code hashes to.
			code_hash: H256,
			/// What the deployer chose to tell this contract from others with the same code.
			salt: H256,
			/// Length of its code, in bytes.
			code_len: u32,
			/// What the deployer paid for the storage.
			price: BalanceOf<T>,
		},
		/// Code that the chain did not hold yet has been stored.
		CodeStored {
			/// What the code hashes to.
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
		/// No code of this hash is stored. Deploy it with `contract_deploy`.
		UnknownCode,
		/// The address holds a contract. Use it, or take another salt.
		AlreadyDeployed,
		/// The price would take the account below the existential deposit, or is on hold or frozen.
		/// Add funds.
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
		/// Deploys `code` at the address that follows from the deployer, `salt` and the code.
		///
		/// Code that the chain holds already is not stored or paid for again.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the deployer, who pays the price of the storage to the treasury.
		///
		/// ## Errors
		///
		/// - [`Error::EmptyCode`], [`Error::CodeTooLong`]: code has 1 to `MaxCodeLength` bytes.
		/// - [`Error::AlreadyDeployed`]: the deployer has deployed this code with this salt before.
		/// - [`Error::InsufficientBalance`]: the price exceeds what the deployer can spend.
		///
		/// ## Events
		///
		/// - [`Event::CodeStored`], if the chain did not hold the code yet.
		/// - [`Event::ContractDeployed`].
		// A plain vector: code that is too long fails with a name instead of being undecodable
		// (ADR 0014). The length of an extrinsic bounds it.
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
		/// Signed by the deployer, who pays the price of a record to the treasury.
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
