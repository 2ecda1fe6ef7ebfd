//! A mock runtime's pallets from authorship to slashing, wired as the runtime wires them.
//!
//! Only for tests. [`impl_staking_configs!`] implements the `Config` traits of the pallets that
//! `pallet-aura-equivocation` and `pallet-liveness` need around them, and [`begin_block`] begins a
//! block in a slot. Each of the two mocks has its own list of pallets, system pallet and genesis.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

use frame_support::{assert_ok, traits::OnInitialize};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature, Slot};
use sp_runtime::{
	traits::{One, Saturating},
	Digest, DigestItem,
};

/// Account of a mock runtime.
pub type AccountId = u64;

/// Balance of a mock runtime.
pub type Balance = u128;

/// The digest item with which a header claims `slot`.
pub fn pre_digest(slot: u64) -> DigestItem {
	CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(Slot::from(slot))
}

/// Begins the next block on `parent` in `slot`: clears the events, runs the hooks of `AllPallets`
/// and sets the time to the beginning of the slot.
pub fn begin_block<T, AllPallets>(parent: T::Hash, slot: u64)
where
	T: pallet_aura::Config + pallet_timestamp::Config<Moment = u64>,
	AllPallets: OnInitialize<BlockNumberFor<T>>,
{
	let number = System::<T>::block_number().saturating_add(One::one());
	System::<T>::reset_events();
	System::<T>::initialize(&number, &parent, &Digest { logs: vec![pre_digest(slot)] });
	AllPallets::on_initialize(number);
	let now = slot.saturating_mul(pallet_aura::Pallet::<T>::slot_duration());
	assert_ok!(pallet_timestamp::Pallet::<T>::set(RawOrigin::None.into(), now));
}

/// Implements the `Config` traits of timestamp, balances, authorship, staking, historical, session, Aura
/// and offences for the mock runtime `$runtime`, and declares its `SessionKeys`, which are Aura's key.
///
/// The mock runtime must give the pallets the same names as the real runtime. Its eras have three
/// sessions. The crates of these pallets, `frame-election-provider-support` and `sp-runtime` are
/// dependencies of the crate that calls the macro.
///
/// - `authority_id`: Aura's key type.
/// - `max_authorities`: `Get<u32>`, maximum number of authorities.
/// - `slot_duration_ms`: a constant, length of a slot.
/// - `session_length_blocks`: `Get` of a block number.
/// - `author_handlers`: event handler of `pallet-authorship`.
/// - `election_solver`: solver of the elections.
/// - `session_handler`: handler of `pallet-session`.
/// - `session_manager`: manager of `pallet-session`.
/// - `offence_handler`: handler of `pallet-offences`.
/// - `slash_defer_duration_eras`: `Get<u32>`, eras from an offence to its slash.
#[macro_export]
macro_rules! impl_staking_configs {
	(
		$runtime:ident {
			authority_id: $authority_id:ty,
			max_authorities: $max_authorities:ty,
			slot_duration_ms: $slot_duration_ms:expr,
			session_length_blocks: $session_length_blocks:ty,
			author_handlers: $author_handlers:ty,
			election_solver: $election_solver:ty,
			session_handler: $session_handler:ty,
			session_manager: $session_manager:ty,
			offence_handler: $offence_handler:ty,
			slash_defer_duration_eras: $slash_defer_duration_eras:ty $(,)?
		}
	) => {
		#[frame_support::derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
		impl pallet_timestamp::Config for $runtime {
			type MinimumPeriod = frame_support::traits::ConstU64<{ $slot_duration_ms / 2 }>;
			type OnTimestampSet = Aura;
		}

		#[frame_support::derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
		impl pallet_balances::Config for $runtime {
			type AccountStore = System;
			type Balance = $crate::Balance;
		}

		impl pallet_authorship::Config for $runtime {
			type EventHandler = $author_handlers;
			type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Aura>;
		}

		frame_support::parameter_types! {
			/// Without a bound.
			pub ElectionLimits: frame_election_provider_support::bounds::ElectionBounds =
				frame_election_provider_support::bounds::ElectionBoundsBuilder::default().build();
		}

		/// The election of the runtime, on chain.
		pub struct OnChainPhragmen;

		impl frame_election_provider_support::onchain::Config for OnChainPhragmen {
			type Bounds = ElectionLimits;
			type DataProvider = Staking;
			type MaxBackersPerWinner = frame_support::traits::ConstU32<1_000>;
			type MaxWinnersPerPage = frame_support::traits::ConstU32<100>;
			type Solver = $election_solver;
			type Sort = frame_support::traits::ConstBool<true>;
			type System = $runtime;
			type WeightInfo = ();
		}

		#[frame_support::derive_impl(pallet_staking::config_preludes::TestDefaultConfig)]
		impl pallet_staking::Config for $runtime {
			type AdminOrigin = frame_system::EnsureRoot<$crate::AccountId>;
			type Currency = Balances;
			type ElectionProvider =
				frame_election_provider_support::onchain::OnChainExecution<OnChainPhragmen>;
			type EraPayout = ();
			type GenesisElectionProvider = Self::ElectionProvider;
			type NextNewSession = Session;
			type OldCurrency = Balances;
			type SessionInterface = Self;
			type SlashDeferDuration = $slash_defer_duration_eras;
			type TargetList = pallet_staking::UseValidatorsMap<Self>;
			type UnixTime = Timestamp;
			type VoterList = pallet_staking::UseNominatorsAndValidatorsMap<Self>;
		}

		sp_runtime::impl_opaque_keys! {
			pub struct SessionKeys {
				pub aura: Aura,
			}
		}

		impl pallet_session::historical::Config for $runtime {
			type FullIdentification = ();
			type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
			type RuntimeEvent = RuntimeEvent;
		}

		/// Sessions of `session_length_blocks` from genesis on.
		type Sessions = pallet_session::PeriodicSessions<$session_length_blocks, ()>;

		impl pallet_session::Config for $runtime {
			type Currency = Balances;
			type DisablingStrategy =
				pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
			type KeyDeposit = ();
			type Keys = SessionKeys;
			type NextSessionRotation = Sessions;
			type RuntimeEvent = RuntimeEvent;
			type SessionHandler = $session_handler;
			type SessionManager = $session_manager;
			type ShouldEndSession = Sessions;
			type ValidatorId = $crate::AccountId;
			type ValidatorIdOf = sp_runtime::traits::ConvertInto;
			type WeightInfo = ();
		}

		impl pallet_aura::Config for $runtime {
			type AllowMultipleBlocksPerSlot = frame_support::traits::ConstBool<false>;
			type AuthorityId = $authority_id;
			type DisabledValidators = Session;
			type MaxAuthorities = $max_authorities;
			type SlotDuration = frame_support::traits::ConstU64<{ $slot_duration_ms }>;
		}

		impl pallet_offences::Config for $runtime {
			type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
			type OnOffenceHandler = $offence_handler;
			type RuntimeEvent = RuntimeEvent;
		}
	};
}
