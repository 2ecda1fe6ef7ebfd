//! Every call that anybody may send fits a block, however short the slots (STA-R12).

use crate::{block_limits::chain_with, common::sign};
use codec::Decode;
use frame_metadata::RuntimeMetadata;
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::{Get, GetCallMetadata},
	weights::Weight,
};
use gtos_runtime::{
	configs::{governance::TechnicalCollective, RuntimeBlockLength, RuntimeBlockWeights},
	constants::{
		block,
		staking::MAX_NOMINATIONS,
		storage::{
			MAX_CODE_LENGTH_BYTES, MAX_KEY_LENGTH_BYTES, MAX_TTL_BLOCKS, MAX_VALUE_LENGTH_BYTES,
		},
	},
	AccountId, Address, Hash, Runtime, RuntimeCall,
};
use pallet_genesis_parameters::{budget::block_budget, NetworkProfile, MAX_SLOT_DURATION_MS};
use scale_info::TypeDef;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::traits::TrailingZeroInput;

/// The shortest slots that genesis accepts for a network.
const SHORTEST_SLOTS: [(u64, NetworkProfile, &str); 2] =
	[(775, NetworkProfile::Wan, "wan"), (100, NetworkProfile::Lan, "lan")];

/// Slots of chains on which the calls are weighed.
const SLOTS: [(u64, &str); 9] = [
	(775, "wan"),
	(800, "wan"),
	(1_000, "wan"),
	(6_000, "wan"),
	(100, "lan"),
	(150, "lan"),
	(250, "lan"),
	(500, "lan"),
	(1_000, "lan"),
];

/// Calls that replace the runtime. Only root can make the first two, which fit only large blocks, and TXN-R28 makes an
/// exception for the last one (UPG-R1).
const UPGRADES: [&str; 3] =
	["System.set_code", "System.set_code_without_checks", "System.apply_authorized_upgrade"];

/// All calls of all pallets by name, with arguments that are zero or empty.
fn smallest_calls() -> Vec<(String, RuntimeCall)> {
	let RuntimeMetadata::V14(metadata) = Runtime::metadata().1 else {
		panic!("the legacy metadata is of version 14");
	};
	let mut calls = Vec::new();
	for pallet in &metadata.pallets {
		let Some(declared) = &pallet.calls else { continue };
		let declared = metadata.types.resolve(declared.ty.id).expect("the type is registered");
		let TypeDef::Variant(declared) = &declared.type_def else {
			panic!("the calls of {} are an enum", pallet.name);
		};
		for call in &declared.variants {
			let name = format!("{}.{}", pallet.name, call.name);
			match RuntimeCall::decode(&mut TrailingZeroInput::new(&[pallet.index, call.index])) {
				Ok(call) => calls.push((name, call)),
				// The runtime has no tasks.
				Err(error) => assert_eq!(name, "System.do_task", "{error}"),
			}
		}
	}
	calls
}

/// Calls that weigh more with more or longer arguments, with as many and as long ones as can succeed.
fn largest_calls() -> Vec<RuntimeCall> {
	let account: AccountId = Bob.to_account_id();
	let address = Address::Id(account.clone());
	// The rest of the transaction is shorter than this.
	let length = RuntimeBlockLength::get().max.get(DispatchClass::Normal) - 1_024;
	let bytes = || vec![7; length as usize];
	let key = || vec![7; MAX_KEY_LENGTH_BYTES as usize];
	let value = || vec![7; MAX_VALUE_LENGTH_BYTES as usize];
	let ttl = MAX_TTL_BLOCKS;
	let put =
		RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_ttl { key: key(), value: value(), ttl });
	let nominate = RuntimeCall::Staking(pallet_staking::Call::nominate {
		targets: vec![address.clone(); MAX_NOMINATIONS as usize],
	});
	let code = vec![7; MAX_CODE_LENGTH_BYTES as usize];
	let deploy = RuntimeCall::ContractStore(pallet_contract_store::Call::contract_deploy {
		code,
		salt: Hash::zero(),
	});
	let max_signatories: u32 = <Runtime as pallet_multisig::Config>::MaxSignatories::get();
	let by_multisig = |call: &RuntimeCall| {
		RuntimeCall::Multisig(pallet_multisig::Call::as_multi {
			threshold: max_signatories as u16,
			other_signatories: vec![account.clone(); max_signatories as usize - 1],
			maybe_timepoint: None,
			max_weight: call.get_dispatch_info().call_weight,
			call: Box::new(call.clone()),
		})
	};
	let by_proxy = |call: &RuntimeCall| {
		RuntimeCall::Proxy(pallet_proxy::Call::proxy {
			real: address.clone(),
			force_proxy_type: None,
			call: Box::new(call.clone()),
		})
	};
	let in_batch = |call: &RuntimeCall| {
		RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: vec![call.clone()] })
	};
	let mut calls = vec![
		RuntimeCall::System(frame_system::Call::remark_with_event { remark: bytes() }),
		RuntimeCall::Preimage(pallet_preimage::Call::note_preimage { bytes: bytes() }),
		RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_if {
			key: key(),
			value: value(),
			ttl,
			condition: pallet_ttl_kv::Condition::Revision(7),
		}),
		RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_extend { key: key(), ttl }),
		RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_delete { key: key() }),
		RuntimeCall::TechnicalCommittee(pallet_collective::Call::close {
			proposal_hash: Hash::zero(),
			index: 0,
			proposal_weight_bound:
				<Runtime as pallet_collective::Config<TechnicalCollective>>::MaxProposalWeight::get(
				),
			length_bound: length,
		}),
	];
	for call in [put, nominate, deploy] {
		calls.extend([by_multisig(&call), by_proxy(&call), in_batch(&call), call]);
	}
	calls
}

/// The largest weight of a transaction of this class, without its base weight. With more it fits no block.
fn limit(class: DispatchClass) -> Weight {
	let weights = RuntimeBlockWeights::get();
	let of_class = weights.get(class);
	of_class.max_extrinsic.unwrap_or_else(|| {
		// TXN-R28: what hooks and base weight leave of a block.
		let hooks = block::AVERAGE_ON_INITIALIZE_RATIO * weights.max_block;
		weights.max_block.saturating_sub(hooks).saturating_sub(of_class.base_extrinsic)
	})
}

/// Weight of a transaction with this call, and the largest that fits a block.
fn weight_and_limit(call: RuntimeCall) -> (Weight, Weight) {
	let info = sign(Alice, 0, call).get_dispatch_info();
	(info.total_weight(), limit(info.class))
}

/// STA-R12: whatever slot genesis accepts, a block is not smaller than with the shortest one.
#[test]
fn shortest_slots_have_the_smallest_blocks() {
	for (shortest, network, _) in SHORTEST_SLOTS {
		let least = block_budget(shortest, network).expect("genesis accepts the slot");
		for slot in shortest..=MAX_SLOT_DURATION_MS {
			let budget = block_budget(slot, network).expect("the slot is longer");
			assert!(budget.weight_ms >= least.weight_ms, "{slot} ms");
			assert!(budget.length_bytes >= least.length_bytes, "{slot} ms");
		}
	}
	assert!(SHORTEST_SLOTS.iter().all(|(slot, _, name)| SLOTS.contains(&(*slot, *name))));
}

/// STA-R12: the weights that do not depend on arguments, such as those for the largest number of votes, of
/// nominators on a page or of parts that unbond.
#[test]
fn every_call_but_an_upgrade_fits_a_block_of_every_slot() {
	for (slot, network) in SLOTS {
		chain_with(slot, network).execute_with(|| {
			let mut upgrades = 0;
			for (name, call) in smallest_calls() {
				let (weight, limit) = weight_and_limit(call);
				if UPGRADES.contains(&name.as_str()) {
					upgrades += 1;
				} else {
					assert!(
						weight.all_lte(limit),
						"{slot} ms, {network}: {name} weighs {weight:?}, and {limit:?} fits"
					);
				}
			}
			assert_eq!(upgrades, UPGRADES.len());
		});
	}
}

/// STA-R12: the weights of the largest arguments.
#[test]
fn every_call_with_its_largest_arguments_fits_a_block_of_every_slot() {
	for (slot, network) in SLOTS {
		chain_with(slot, network).execute_with(|| {
			for call in largest_calls() {
				let name = format!("{:?}", call.get_call_metadata());
				let (weight, limit) = weight_and_limit(call);
				assert!(
					weight.all_lte(limit),
					"{slot} ms, {network}: {name} weighs {weight:?}, and {limit:?} fits"
				);
			}
		});
	}
}
