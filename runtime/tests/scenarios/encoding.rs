//! Pins of the encodings and indices that clients depend on. Changing one of them changes the
//! protocol.

use codec::Encode;
use frame_support::traits::PalletsInfoAccess;
use gtos_runtime::{
	check_weight::CheckWeight, configs::accounts::ProxyType, constants::block::WEIGHT_PER_BYTE,
	AllPalletsWithSystem, RuntimeCall, TxExtension, VERSION,
};
use sp_runtime::{traits::TransactionExtension, StateVersion};

/// STA-R1: every pallet has a fixed index.
#[test]
fn pallet_indices_are_pinned() {
	let mut pallets =
		AllPalletsWithSystem::infos().into_iter().map(|p| (p.index, p.name)).collect::<Vec<_>>();
	pallets.sort();
	assert_eq!(
		pallets,
		[
			(0, "System"),
			(1, "Timestamp"),
			(2, "GenesisParameters"),
			(3, "Scheduler"),
			(4, "Preimage"),
			(5, "Migrations"),
			(6, "Upgrades"),
			(10, "Balances"),
			(11, "TransactionPayment"),
			(12, "FeePot"),
			(20, "Authorship"),
			(21, "Staking"),
			(22, "Historical"),
			(23, "Session"),
			(24, "Aura"),
			(25, "Grandpa"),
			(26, "Offences"),
			(27, "VoterList"),
			(28, "AuraEquivocation"),
			(29, "Liveness"),
			(30, "Payouts"),
			(40, "Treasury"),
			(41, "Referenda"),
			(42, "ConvictionVoting"),
			(43, "TechnicalCommittee"),
			(44, "Whitelist"),
			(45, "Origins"),
			(60, "Utility"),
			(61, "Multisig"),
			(62, "Proxy"),
			(80, "ContractStore"),
			(81, "TtlKv"),
		]
	);
}

#[test]
fn transaction_extensions_are_pinned() {
	let extensions = TxExtension::metadata()
		.into_iter()
		.map(|extension| extension.identifier)
		.collect::<Vec<_>>();
	assert_eq!(
		extensions,
		[
			"CheckNonZeroSender",
			"CheckSpecVersion",
			"CheckTxVersion",
			"CheckGenesis",
			"CheckMortality",
			"CheckNonce",
			"CheckWeight",
			"ChargeTransactionPayment",
			"CheckMetadataHash",
			"WeightReclaim",
		]
	);
}

/// HAS-R9, HAS-R7: state layout 1, and an extrinsics root of layout 0.
#[test]
fn version_names_the_chain_and_uses_state_version_one() {
	assert_eq!(&*VERSION.spec_name, "gtos");
	assert_eq!(VERSION.system_version, 1);
	assert_eq!(VERSION.state_version(), StateVersion::V1);
	assert_eq!(VERSION.extrinsics_root_state_version(), StateVersion::V0);
}

#[test]
fn transfers_are_allowed_only_to_proxies_of_type_any() {
	use frame_support::traits::InstanceFilter;
	let transfer = RuntimeCall::Balances(pallet_balances::Call::transfer_all {
		dest: sp_core::crypto::AccountId32::new([1; 32]).into(),
		keep_alive: false,
	});
	assert!(ProxyType::Any.filter(&transfer));
	for kind in [
		ProxyType::NonTransfer,
		ProxyType::Governance,
		ProxyType::Staking,
		ProxyType::CancelProxy,
		ProxyType::Storage,
	] {
		assert!(!kind.filter(&transfer), "{kind:?}");
	}
}

#[test]
fn storage_proxy_deploys_and_puts_and_does_nothing_else() {
	use frame_support::traits::InstanceFilter;
	let deploy = RuntimeCall::from(pallet_contract_store::Call::contract_deploy {
		code: vec![1],
		salt: Default::default(),
	});
	let put = RuntimeCall::from(pallet_ttl_kv::Call::kv_delete { key: vec![1] });
	let chill = RuntimeCall::from(pallet_staking::Call::chill {});
	assert!(ProxyType::Storage.filter(&deploy) && ProxyType::Storage.filter(&put));
	assert!(!ProxyType::Storage.filter(&chill));
}

#[test]
fn staking_proxy_ends_the_suspension_of_its_validator() {
	use frame_support::traits::InstanceFilter;
	let rejoin = RuntimeCall::from(pallet_liveness::Call::rejoin {});
	assert_eq!(rejoin.encode(), [29, 0]);
	for (kind, may) in [
		(ProxyType::Any, true),
		(ProxyType::NonTransfer, true),
		(ProxyType::Governance, false),
		(ProxyType::Staking, true),
		(ProxyType::CancelProxy, false),
		(ProxyType::Storage, false),
	] {
		assert_eq!(kind.filter(&rejoin), may, "{kind:?}");
	}
}

/// A proxy may add and remove only proxies of its own type and of the types below.
#[test]
fn proxy_types_are_ordered_by_what_they_permit() {
	use frame_support::traits::InstanceFilter;
	use ProxyType::{Any, CancelProxy, Governance, NonTransfer, Staking, Storage};
	let all = [Any, NonTransfer, Governance, Staking, CancelProxy, Storage];
	for kind in all {
		let below = match kind {
			Any => all.to_vec(),
			// Without Storage: its calls spend, which NonTransfer must not do.
			NonTransfer => vec![NonTransfer, Governance, Staking, CancelProxy],
			Governance | Staking | CancelProxy | Storage => vec![kind],
		};
		for other in all {
			assert_eq!(kind.is_superset(&other), below.contains(&other), "{kind:?}, {other:?}");
		}
	}
}

/// ECO-R2: each byte of a call adds to the weight of its transaction.
#[test]
fn transaction_weighs_more_for_each_byte_of_its_call() {
	let weight = |length| {
		let remark = vec![0; length];
		let call = RuntimeCall::System(frame_system::Call::remark { remark });
		TransactionExtension::weight(&CheckWeight::default(), &call).ref_time()
	};
	// Lengths whose compact prefixes have the same length.
	let (short, long) = (65_536_u32, 262_144_u32);
	let difference = WEIGHT_PER_BYTE.ref_time() * u64::from(long - short);
	assert_eq!(weight(long as usize) - weight(short as usize), difference);
}
