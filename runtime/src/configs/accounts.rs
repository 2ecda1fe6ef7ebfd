//! Batches, multisigs and proxies (ECO-R9: their deposits; HAS-R18: their accounts).

use crate::{
	constants::currency::deposit, Balance, Balances, Runtime, RuntimeCall, RuntimeEvent, System,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{ConstU32, InstanceFilter},
};
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
	/// Everything that moves no balance to another account.
	#[codec(index = 1)]
	NonTransfer,
	/// Vote and take part in referenda, the committee and the treasury.
	#[codec(index = 2)]
	Governance,
	/// Bond, nominate, validate and set session keys.
	#[codec(index = 3)]
	Staking,
	/// Reject announcements of other proxies.
	#[codec(index = 4)]
	CancelProxy,
	/// Deploy contracts, and put, extend and delete entries. The account that the proxy acts for pays.
	#[codec(index = 5)]
	Storage,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		// `pallet-proxy` filters every call inside a batch again, so a batch may pass here.
		let batch = matches!(call, RuntimeCall::Utility(_));
		match self {
			ProxyType::Any => true,
			// An allow list: calls of a pallet that is added later are refused until it is listed.
			ProxyType::NonTransfer => {
				batch
					|| matches!(
						call,
						RuntimeCall::System(_)
							| RuntimeCall::Preimage(_)
							| RuntimeCall::Staking(_)
							| RuntimeCall::Session(_)
							| RuntimeCall::VoterList(_)
							| RuntimeCall::Liveness(_)
							| RuntimeCall::Treasury(_)
							| RuntimeCall::Referenda(_)
							| RuntimeCall::ConvictionVoting(_)
							| RuntimeCall::TechnicalCommittee(_)
							| RuntimeCall::Whitelist(_)
							| RuntimeCall::Multisig(_)
							| RuntimeCall::Proxy(_)
					)
			},
			ProxyType::Governance => {
				batch
					|| matches!(
						call,
						RuntimeCall::Preimage(_)
							| RuntimeCall::Treasury(_)
							| RuntimeCall::Referenda(_)
							| RuntimeCall::ConvictionVoting(_)
							| RuntimeCall::TechnicalCommittee(_)
							| RuntimeCall::Whitelist(_)
					)
			},
			ProxyType::Staking => {
				batch
					|| matches!(
						call,
						RuntimeCall::Staking(_)
							| RuntimeCall::Session(_)
							| RuntimeCall::VoterList(_)
							| RuntimeCall::Liveness(_)
					)
			},
			ProxyType::CancelProxy => {
				matches!(call, RuntimeCall::Proxy(pallet_proxy::Call::reject_announcement { .. }))
			},
			ProxyType::Storage => {
				batch || matches!(call, RuntimeCall::ContractStore(_) | RuntimeCall::TtlKv(_))
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
