//! Key-value entries that expire.
//!
//! Every account has its own keyspace. An entry is put for a number of blocks and paid for in
//! advance, by size and time. At the height where it ends, no reader finds it. A bounded
//! sweep removes it from the state, in that block or, if many entries end together, in one of the
//! blocks after it. The rules are in `specs/ttl-kv.md`; comments name them by their ids.
//!
//! # Terms
//!
//! - *live*: `now < expires_at`. *Dead*: stored, but no longer live. *Found*: stored and live.
//! - *reference*: record in the expiry index that names an entry which ends at a height.
//! - *sweep*: the removal of dead entries by the hooks. *Backlog*: the dead entries that it has not
//!   removed yet.
//!
//! # Properties
//!
//! - Only the owner of an entry changes, extends or deletes it, with a signed call. No answer depends
//!   on whether the sweep has removed an entry yet.
//! - Work in a block is bounded: the guaranteed part of the sweep by [`Config::SweepQuota`] and
//!   [`Config::SweepWeight`], the rest by [`Config::IdleSweepWeight`] and the weight that the block has
//!   left. The guaranteed part removes more than the calls of a full block can add, so no load makes
//!   the backlog grow.
//! - Work for an answer is bounded in items and in bytes ([`Config::MaxQueryBytes`]). What exceeds the
//!   bounds is in the answer to the next call.
//! - No account can make a put of another account fail: no part of the index can fill up.
//! - The sweep moves no balance, so it cannot fail.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod entries;
mod index;
#[cfg(feature = "std")]
mod integrity;
mod limits;
#[cfg(test)]
mod mock;
mod queries;
mod rent;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use index::PAGE_LENGTH;
pub use pallet::*;
pub use pallet_ttl_kv_runtime_api::{BacklogPosition, EntryMetadata, EntryPage, Statistics};
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

	/// Version of the storage layout. Version 1 has entries with an expiry index. Rehearsals of upgrades migrate to
	/// version 2.
	const STORAGE_VERSION: StorageVersion =
		StorageVersion::new(if cfg!(feature = "rehearsal") { 2 } else { 1 });

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency that rent is paid in.
		type Currency: Balanced<Self::AccountId>;

		/// Receives the rent. `()` burns it.
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

		/// Bytes that each entry is charged for in addition to its value and twice its key: for the rest
		/// of its storage key, its fixed fields, the owner in its reference, and trie nodes.
		#[pallet::constant]
		type EntryOverheadBytes: Get<u32>;

		/// Rent of one byte for one block. Zero makes storage free.
		#[pallet::constant]
		type RentPerByteBlock: Get<BalanceOf<Self>>;

		/// Most references that the sweep takes before the extrinsics of a block. [`FullBlockQuota`]
		/// computes a quota that is large enough from the weights.
		#[pallet::constant]
		type SweepQuota: Get<u32>;

		/// Most weight that the sweep uses before the extrinsics of a block.
		#[pallet::constant]
		type SweepWeight: Get<Weight>;

		/// Most weight that the sweep uses after the extrinsics of a block, however much the block has
		/// left. Zero leaves the whole sweep to [`Config::SweepWeight`].
		#[pallet::constant]
		type IdleSweepWeight: Get<Weight>;

		/// What writing or removing an entry takes longer on a large state than on that of the benchmarks, which
		/// has few items.
		#[pallet::constant]
		type LargeStateOverhead: Get<Weight>;

		/// Most items of one answer to [`Pallet::list`].
		#[pallet::constant]
		type MaxPageSize: Get<u32>;

		/// Most stored entries that [`Pallet::list`] looks at for one answer.
		#[pallet::constant]
		type MaxPageScan: Get<u32>;

		/// Most pages of the index on which one call of [`Pallet::statistics`] counts the backlog.
		#[pallet::constant]
		type MaxBacklogScan: Get<u32>;

		/// Bytes after which an answer ends: keys and values for [`Pallet::list`], pages of the index for
		/// [`Pallet::statistics`]. An answer reads at most one entry or page more.
		#[pallet::constant]
		type MaxQueryBytes: Get<u32>;

		/// Weights of the calls and of the sweep.
		type WeightInfo: WeightInfo;
	}

	/// Entries by owner and key. Dead ones stay until the sweep removes them.
	///
	/// Written by calls of the owner; removed by calls of the owner and by the sweep. Bounded by prepaid
	/// rent.
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

	/// Revision of the newest put of any account; 0 before the first put. Never decreases (TTL-R13).
	// Whitelisted: all calls of a block together cost one read and one write of the database, whose
	// weight `on_initialize` declares in every block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type LastRevision<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// Number of stored entries and their total length. Invariant: TTL-I2.
	///
	/// Written with every change of an entry.
	// Whitelisted for the same reason as `LastRevision`.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Totals<T: Config> = StorageValue<_, StoreTotals, ValueQuery>;

	/// References of the entries that end at a height, by height and page, both big-endian; see
	/// [`PAGE_LENGTH`].
	///
	/// A reference is written and removed together with its entry. Bounded by the entries: no reference
	/// is stale and no page is empty. Invariant: TTL-I1.
	// Identity: the sweep iterates pages in order, and callers control little of these integers of
	// fixed width, so paths of the trie stay short.
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

	/// Height from which the sweep continues: entries that ended below it are removed. Invariant: TTL-I4.
	///
	/// Written in every block. It is one above the block number when no due reference is left.
	#[pallet::storage]
	pub type SweepHeight<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

	/// Progress of the sweep in this block; absent between blocks. Invariant: TTL-I5.
	///
	/// Written by the sweep, removed by `on_finalize`.
	#[pallet::storage]
	pub type SweptInBlock<T: Config> = StorageValue<_, BlockSweep, ValueQuery>;

	/// What happens to entries (TTL-R16).
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An entry has been put, either a new one or over a live one.
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
		/// `kv_extend` succeeded, even if the entry already lived long enough.
		#[codec(index = 1)]
		EntryExtended {
			/// Owner of the entry.
			owner: T::AccountId,
			/// Its key.
			key: KeyOf<T>,
			/// Its revision, which an extension does not change.
			revision: u64,
			/// First height at which the entry is dead, after the extension.
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
			/// Revision of the deleted entry.
			revision: u64,
		},
		/// The sweep has removed dead entries in this block.
		#[codec(index = 3)]
		Pruned {
			/// Number of removed entries.
			count: u32,
		},
	}

	/// Why a call is refused (TTL-R17).
	#[pallet::error]
	pub enum Error<T> {
		/// The key has no bytes. Use 1 to `MaxKeyLength` bytes.
		#[codec(index = 0)]
		EmptyKey,
		/// The key has more than `MaxKeyLength` bytes. Use its hash as key.
		#[codec(index = 1)]
		KeyTooLong,
		/// The value has no bytes. Store at least one byte; a single byte can serve as a flag.
		#[codec(index = 2)]
		EmptyValue,
		/// The value has more than `MaxValueLength` bytes. Split it over several keys.
		#[codec(index = 3)]
		ValueTooLong,
		/// The lifetime is less than `MinTtl` or more than `MaxTtl`. Choose one within these limits, and
		/// extend the entry later.
		#[codec(index = 4)]
		TtlOutOfRange,
		/// The entry would end beyond the highest block number. Choose a shorter lifetime.
		#[codec(index = 5)]
		ExpiryOverflow,
		/// The signer has no live entry under this key. Put it first.
		#[codec(index = 6)]
		EntryNotFound,
		/// The condition was `Absent`, but an entry is live. Read the entry, then put on condition of its
		/// revision.
		#[codec(index = 7)]
		EntryExists,
		/// The entry is absent, dead, or has another revision. Read it again.
		#[codec(index = 8)]
		RevisionMismatch,
		/// The charge exceeds what the account can spend: its balance without the existential deposit and
		/// without funds on hold or frozen. Add funds, or store less.
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
			let mut meter = WeightMeter::with_limit(remaining.min(T::IdleSweepWeight::get()));
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
		/// Puts `value` under the signer's `key` for `ttl` blocks. Replaces the entry that is there.
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

		/// Makes the entry under the signer's `key` live for at least `ttl` blocks from now. Never shortens
		/// its life.
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
		/// [`Event::EntryExtended`], even if the entry already lived long enough.
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

		/// Deletes the entry under the signer's `key`. Pays no rent back.
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
		#[pallet::weight(Pallet::<T>::delete_weight(key))]
		pub fn kv_delete(origin: OriginFor<T>, key: Vec<u8>) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_delete(owner, key)
		}

		/// Puts like [`Pallet::kv_put_ttl`], but only if `condition` holds for the entry under the
		/// key.
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
