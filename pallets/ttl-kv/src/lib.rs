//! Key-value entries that expire.
//!
//! Every account has a keyspace of its own. An entry is put for a number of blocks and paid for in
//! advance, by size and time. At the height where it ends it is gone for every reader at once; the
//! state behind it is given back by a bounded sweep in that block and, if many entries end together,
//! in the ones after it. The rules are those of `specs/ttl-kv.md`; their ids stand at the code.
//!
//! # Terms
//!
//! - *live*: `now < expires_at`. *Dead*: stored, but no longer live. *Found*: stored and live.
//! - *reference*: the expiry index's note that an entry ends at a height.
//! - *sweep*: the removal of dead entries by the hooks. *Backlog*: the dead entries it has not yet
//!   come to.
//!
//! # Properties
//!
//! - Nothing but the signed owner changes or extends an entry, and no answer depends on whether the
//!   sweep has passed.
//! - Work in a block is bounded: the guaranteed part of the sweep by [`Config::SweepQuota`] and
//!   [`Config::SweepWeight`], the rest by what the block has left. The guaranteed part is more than
//!   the calls of a full block can add, so no load makes a backlog grow.
//! - Nobody can make another's put fail: no part of the index has a capacity that runs out.
//! - The sweep moves no balance, so it cannot fail.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
mod index;
#[cfg(feature = "std")]
mod integrity;
#[cfg(test)]
mod mock;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use index::PAGE_LENGTH;
pub use pallet::*;
pub use pallet_ttl_kv_runtime_api::{EntryMetadata, EntryPage, Statistics};
pub use sweep::FullBlockQuota;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible::Balanced, OnUnbalanced},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;

	/// Version 1: entries with their expiry index.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// What rent is paid in.
		type Currency: Balanced<Self::AccountId>;

		/// Receives the rent.
		type RentDestination: OnUnbalanced<CreditOf<Self>>;

		/// Shortest lifetime a call may ask for, in blocks; at least 1.
		#[pallet::constant]
		type MinTtl: Get<BlockNumberFor<Self>>;

		/// Longest lifetime a call may ask for, in blocks.
		#[pallet::constant]
		type MaxTtl: Get<BlockNumberFor<Self>>;

		/// Longest key, in bytes. May be raised, never lowered.
		#[pallet::constant]
		type MaxKeyLength: Get<u32>;

		/// Longest value, in bytes. May be raised, never lowered.
		#[pallet::constant]
		type MaxValueLength: Get<u32>;

		/// Bytes that each entry is charged for besides key and value: the rest of its storage key, its
		/// fixed fields, its reference, and trie nodes.
		#[pallet::constant]
		type EntryOverheadBytes: Get<u32>;

		/// Rent of one byte for one block. Zero makes storage free.
		#[pallet::constant]
		type RentPerByteBlock: Get<BalanceOf<Self>>;

		/// References that the sweep may take before the extrinsics of a block; [`FullBlockQuota`] is
		/// right for every chain.
		#[pallet::constant]
		type SweepQuota: Get<u32>;

		/// Weight that the sweep may use before the extrinsics of a block.
		#[pallet::constant]
		type SweepWeight: Get<Weight>;

		/// Most items of one answer to [`Pallet::list`].
		#[pallet::constant]
		type MaxPageSize: Get<u32>;

		/// Most stored entries that [`Pallet::list`] looks at for one answer.
		#[pallet::constant]
		type MaxPageScan: Get<u32>;

		/// Most items of the index that [`Pallet::statistics`] counts the backlog on; a larger one is
		/// reported too low.
		#[pallet::constant]
		type MaxBacklogScan: Get<u32>;

		/// Weights of calls and sweep.
		type WeightInfo: WeightInfo;
	}

	/// Entries by owner and key; dead ones stay until the sweep comes to them.
	///
	/// Written by their owner's calls, removed by those and the sweep. Bounded by prepaid rent.
	/// Invariants: TTL-I1 to TTL-I4.
	// Blake2_128Concat twice: callers choose both keys and must not be able to unbalance the trie.
	#[pallet::storage]
	pub type Entries<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		KeyOf<T>,
		EntryOf<T>,
		OptionQuery,
	>;

	/// Revision of the newest put of all accounts; 0 before the first. Never goes back (TTL-R13).
	// However many calls a block has, the database sees one read and one write of it: the hook
	// registers them in every block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type LastRevision<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// How many entries are stored and how long they are. Invariant: TTL-I2.
	// Registered by the hook, like `LastRevision`.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Totals<T: Config> = StorageValue<_, StoreTotals, ValueQuery>;

	/// References of the entries that end at a height, by height and page, big-endian both; see
	/// [`PAGE_LENGTH`].
	///
	/// Written and removed with the entry. Bounded by the entries: none is stale, no page is empty.
	/// Invariant: TTL-I1.
	// Identity: height and page are integers of fixed width of which callers choose little, so paths
	// of the trie stay short; and the sweep finds them in order.
	#[pallet::storage]
	pub type ExpiryPages<T: Config> = StorageDoubleMap<
		_,
		Identity,
		[u8; 4],
		Identity,
		[u8; 8],
		BoundedVec<ReferenceOf<T>, ConstU32<PAGE_LENGTH>>,
		OptionQuery,
	>;

	/// Height that the sweep goes on from: what ended below it is gone. Invariant: TTL-I4.
	///
	/// Written in every block; one above its number once everything due is swept.
	#[pallet::storage]
	pub type SweepHeight<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

	/// What the sweep has done in this block; absent between blocks. Invariant: TTL-I5.
	#[pallet::storage]
	pub type SweptInBlock<T: Config> = StorageValue<_, BlockSweep, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An entry has been put, new or over another.
		#[codec(index = 0)]
		EntryPut {
			/// Owner of the entry.
			owner: T::AccountId,
			/// Its key.
			key: KeyOf<T>,
			/// Length of its value in bytes.
			value_len: u32,
			/// Revision of this put.
			revision: u64,
			/// First height at which the entry is dead.
			expires_at: BlockNumberFor<T>,
			/// Rent paid.
			charge: BalanceOf<T>,
		},
		/// An entry's life has been extended, if only by nothing.
		#[codec(index = 1)]
		EntryExtended {
			/// Owner of the entry.
			owner: T::AccountId,
			/// Its key.
			key: KeyOf<T>,
			/// Its revision, which stays.
			revision: u64,
			/// First height at which the entry is dead now.
			expires_at: BlockNumberFor<T>,
			/// Rent paid.
			charge: BalanceOf<T>,
		},
		/// An entry has been deleted by its owner.
		#[codec(index = 2)]
		EntryDeleted {
			/// Owner of the entry.
			owner: T::AccountId,
			/// Its key.
			key: KeyOf<T>,
			/// Revision that it had.
			revision: u64,
		},
		/// The sweep has removed dead entries in this block.
		#[codec(index = 3)]
		Pruned {
			/// How many.
			count: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The key has no bytes. Use 1 to `MaxKeyLength` bytes.
		#[codec(index = 0)]
		EmptyKey,
		/// The key has more than `MaxKeyLength` bytes. Use its hash as key.
		#[codec(index = 1)]
		KeyTooLong,
		/// The value has no bytes. Store one at least; a byte makes a flag.
		#[codec(index = 2)]
		EmptyValue,
		/// The value has more than `MaxValueLength` bytes. Split it over several keys.
		#[codec(index = 3)]
		ValueTooLong,
		/// The lifetime is less than `MinTtl` or more than `MaxTtl`. Choose one within, and extend it
		/// later.
		#[codec(index = 4)]
		TtlOutOfRange,
		/// The end would lie beyond the last block number. Shorten the lifetime.
		#[codec(index = 5)]
		ExpiryOverflow,
		/// The signer has no live entry under this key. Put it.
		#[codec(index = 6)]
		EntryNotFound,
		/// `Absent` was asked for, and an entry is live. Read it, then put on its revision.
		#[codec(index = 7)]
		EntryExists,
		/// The entry is absent, dead, or of another revision. Read it again.
		#[codec(index = 8)]
		RevisionMismatch,
		/// The charge would take the account below the existential deposit, or is on hold or frozen.
		/// Add funds, or store less.
		#[codec(index = 9)]
		InsufficientBalance,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let mut meter = WeightMeter::with_limit(T::SweepWeight::get());
			Self::sweep(now, T::SweepQuota::get(), &mut meter);
			Self::block_weight().saturating_add(meter.consumed())
		}

		fn on_idle(now: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			Self::sweep(now, u32::MAX, &mut meter);
			meter.consumed()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Self::report_swept();
		}

		#[cfg(feature = "std")]
		fn integrity_test() {
			Self::do_integrity_test();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state(now)
		}
	}

	// Indices are part of every encoded call: never reuse one.
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Puts `value` under the signer's `key` for `ttl` blocks, whether there is an entry or not.
		///
		/// ## Dispatch Origin
		///
		/// Signed; the signer is the owner and pays the rent.
		///
		/// ## Errors
		///
		/// [`Error::EmptyKey`], [`Error::KeyTooLong`], [`Error::EmptyValue`],
		/// [`Error::ValueTooLong`], [`Error::TtlOutOfRange`], [`Error::ExpiryOverflow`],
		/// [`Error::InsufficientBalance`].
		///
		/// ## Events
		///
		/// [`Event::EntryPut`].
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::put_weight(T::WeightInfo::kv_put_ttl, key, value))]
		pub fn kv_put_ttl(
			origin: OriginFor<T>,
			key: Vec<u8>,
			value: Vec<u8>,
			ttl: BlockNumberFor<T>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_put(owner, key, value, ttl, None)
		}

		/// Makes the entry under the signer's `key` live for at least `ttl` blocks from now; never
		/// shortens its life.
		///
		/// ## Dispatch Origin
		///
		/// Signed; the signer is the owner and pays the rent.
		///
		/// ## Errors
		///
		/// [`Error::EmptyKey`], [`Error::KeyTooLong`], [`Error::TtlOutOfRange`],
		/// [`Error::ExpiryOverflow`], [`Error::EntryNotFound`], [`Error::InsufficientBalance`].
		///
		/// ## Events
		///
		/// [`Event::EntryExtended`], also if nothing had to be extended.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::extend_weight(key))]
		pub fn kv_extend(
			origin: OriginFor<T>,
			key: Vec<u8>,
			ttl: BlockNumberFor<T>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_extend(owner, key, ttl)
		}

		/// Deletes the entry under the signer's `key`. Nothing of its rent is paid back.
		///
		/// ## Dispatch Origin
		///
		/// Signed; the signer is the owner.
		///
		/// ## Errors
		///
		/// [`Error::EmptyKey`], [`Error::KeyTooLong`], [`Error::EntryNotFound`].
		///
		/// ## Events
		///
		/// [`Event::EntryDeleted`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::kv_delete(Pallet::<T>::key_len(key)))]
		pub fn kv_delete(origin: OriginFor<T>, key: Vec<u8>) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_delete(owner, key)
		}

		/// Puts as [`Pallet::kv_put_ttl`] does, if `condition` holds of what is stored.
		///
		/// ## Dispatch Origin
		///
		/// Signed; the signer is the owner and pays the rent.
		///
		/// ## Errors
		///
		/// Those of [`Pallet::kv_put_ttl`], [`Error::EntryExists`] and [`Error::RevisionMismatch`].
		///
		/// ## Events
		///
		/// [`Event::EntryPut`].
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::put_weight(T::WeightInfo::kv_put_if, key, value))]
		pub fn kv_put_if(
			origin: OriginFor<T>,
			key: Vec<u8>,
			value: Vec<u8>,
			ttl: BlockNumberFor<T>,
			condition: Condition,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_put(owner, key, value, ttl, Some(condition))
		}
	}
}
