//! Batches, multisigs and proxies (ECO-R9: their deposits; HAS-R18: their accounts; STA-R16: what each type of
//! proxy may do).

use crate::{
	constants::currency::deposit, Balance, Balances, Runtime, RuntimeCall, RuntimeEvent, System,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{ConstU32, InstanceFilter},
};
use pallet_staking::RewardDestination;
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

impl pallet_utility::Config for Runtime {
	type PalletsOrigin = crate::OriginCaller;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// One item of 88 bytes: key, depositor, time point and bookkeeping.
	pub const MultisigDepositBase: Balance = deposit(1, 88);
	/// One account identifier.
	pub const MultisigDepositFactor: Balance = deposit(0, 32);
	/// One item of 8 bytes, plus its key.
	pub const ProxyDepositBase: Balance = deposit(1, 8);
	/// One proxy: account identifier, type and delay.
	pub const ProxyDepositFactor: Balance = deposit(0, 37);
	pub const AnnouncementDepositBase: Balance = deposit(1, 8);
	/// One announcement: account identifier, call hash and height.
	pub const AnnouncementDepositFactor: Balance = deposit(0, 68);
}

impl pallet_multisig::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<100>;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
}

/// What a proxy may do on behalf of another account. Variants are appended only.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// Everything that moves no balance to another account, and acts for no other account.
	#[codec(index = 1)]
	NonTransfer,
	/// Vote and take part in referenda, the committee and the treasury.
	#[codec(index = 2)]
	Governance,
	/// Bond, nominate, validate and set session keys. Rewards go to the stash.
	#[codec(index = 3)]
	Staking,
	/// Reject announcements of other proxies.
	#[codec(index = 4)]
	CancelProxy,
	/// Deploy contracts, and put, extend and delete entries. The account that the proxy acts for pays.
	#[codec(index = 5)]
	Storage,
}

/// Whether `call` batches calls, or dispatches one as a derived account. Each inner call is filtered again, because
/// `pallet-proxy` adds the filter to the origin, and `pallet-utility` passes the origin on.
fn is_batch(call: &RuntimeCall) -> bool {
	matches!(call, RuntimeCall::Utility(_))
}

/// Whether `call` is one of the staking pallets' and lets no account but the stash have the rewards.
fn is_staking(call: &RuntimeCall) -> bool {
	match call {
		RuntimeCall::Staking(
			pallet_staking::Call::set_payee { payee } | pallet_staking::Call::bond { payee, .. },
		) => matches!(payee, RewardDestination::Staked | RewardDestination::Stash),
		RuntimeCall::Staking(_)
		| RuntimeCall::Session(_)
		| RuntimeCall::VoterList(_)
		| RuntimeCall::Liveness(_) => true,
		_ => false,
	}
}

/// Whether `call` is a call of governance.
fn is_governance(call: &RuntimeCall) -> bool {
	matches!(
		call,
		RuntimeCall::Preimage(_)
			| RuntimeCall::Treasury(_)
			| RuntimeCall::Referenda(_)
			| RuntimeCall::ConvictionVoting(_)
			| RuntimeCall::TechnicalCommittee(_)
			| RuntimeCall::Whitelist(_)
	)
}

/// Whether `call` manages the account's own proxies or announcements.
///
/// `proxy`, `proxy_announced` and `announce` are missing. They act for a third account, for which the account may be
/// a proxy of any type, and `pallet-proxy` starts there with a new origin without the filter.
fn manages_proxies(call: &RuntimeCall) -> bool {
	matches!(
		call,
		RuntimeCall::Proxy(
			pallet_proxy::Call::add_proxy { .. }
				| pallet_proxy::Call::remove_proxy { .. }
				| pallet_proxy::Call::reject_announcement { .. }
				| pallet_proxy::Call::remove_announcement { .. }
		)
	)
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	// Allow lists: calls of a pallet that is added later are refused until it is listed. `Multisig` is on none,
	// because a multisig is another account, which acts without the filter.
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			ProxyType::Any => true,
			ProxyType::NonTransfer => {
				is_batch(call)
					|| is_staking(call)
					|| is_governance(call)
					|| manages_proxies(call)
					|| matches!(call, RuntimeCall::System(_))
			},
			ProxyType::Governance => is_batch(call) || is_governance(call),
			ProxyType::Staking => is_batch(call) || is_staking(call),
			ProxyType::CancelProxy => {
				matches!(call, RuntimeCall::Proxy(pallet_proxy::Call::reject_announcement { .. }))
			},
			ProxyType::Storage => {
				is_batch(call)
					|| matches!(call, RuntimeCall::ContractStore(_) | RuntimeCall::TtlKv(_))
			},
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(mine, theirs) if mine == theirs => true,
			(ProxyType::Any, _) => true,
			// `NonTransfer` may make every call of these types itself. `Storage` is not one of
			// them, because its calls pay the treasury, which is a transfer.
			(
				ProxyType::NonTransfer,
				ProxyType::Governance | ProxyType::Staking | ProxyType::CancelProxy,
			) => true,
			_ => false,
		}
	}
}

impl pallet_proxy::Config for Runtime {
	type AnnouncementDepositBase = AnnouncementDepositBase;
	type AnnouncementDepositFactor = AnnouncementDepositFactor;
	type BlockNumberProvider = System;
	type CallHasher = BlakeTwo256;
	type Currency = Balances;
	type MaxPending = ConstU32<32>;
	type MaxProxies = ConstU32<32>;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type ProxyType = ProxyType;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
}
