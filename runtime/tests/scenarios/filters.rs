//! No batch, derived account, multisig, proxy or scheduled call gets round the call filter, or changes a contract.

use crate::{
	common::{chain, run_block},
	wrappings::{
		add_proxy, as_derivative, as_multisig, as_proxy_of, by_bob_for, dispatch, filtered,
		give_alice_other_accounts, last_result_of_a_proxy, multisig, signed, transfer_to_ferdie,
		wrapped,
	},
};
use frame_support::{
	assert_ok,
	traits::{
		fungible::Mutate,
		schedule::{v3::Anon, DispatchTime},
		Bounded, GetCallName, StorePreimage,
	},
};
use frame_system::RawOrigin;
use gtos_runtime::{
	configs::{accounts::ProxyType, governance::pallet_origins::Origin},
	constants::currency::TOS,
	genesis_config_presets::LOCAL,
	Balances, BlockNumber, Hash, OriginCaller, Preimage, Proxy, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, Scheduler, System,
};
use pallet_contract_store::{code_hash, contract_address};
use pallet_staking::UnappliedSlashes;
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Dave};
use sp_runtime::{DispatchError, Perbill};
use std::collections::BTreeMap;

/// Slashes a tenth of Alice's stake; only root may.
fn manual_slash() -> RuntimeCall {
	RuntimeCall::Staking(pallet_staking::Call::manual_slash {
		validator_stash: AliceStash.to_account_id(),
		era: 0,
		slash_fraction: Perbill::from_percent(10),
	})
}

fn slashes() -> usize {
	UnappliedSlashes::<Runtime>::iter().map(|(_, slashes)| slashes.len()).sum()
}

/// What only root may call is refused to all others, however it is wrapped.
#[test]
fn call_of_root_is_refused_in_every_wrapping() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		give_alice_other_accounts();
		add_proxy(Alice, ProxyType::Any, 0);
		let calls = [
			manual_slash(),
			as_multisig(manual_slash()),
			as_proxy_of(Dave.to_account_id(), manual_slash()),
		];
		for call in calls.iter().flat_map(wrapped) {
			let _ = dispatch(call.clone(), signed(Alice));
			let _ = dispatch(call.clone(), Origin::StakingAdmin.into());
			let _ = by_bob_for(Alice, call.clone());
			assert_eq!(slashes(), 0, "{call:?}");
		}
	});
}

/// A scheduled call has the filter of its origin, be it stored in the agenda or as a preimage.
#[test]
fn scheduled_call_is_filtered_like_any_other() {
	for (origin, expected) in [
		(OriginCaller::Origins(Origin::StakingAdmin), Err(filtered())),
		(OriginCaller::system(RawOrigin::Signed(Alice.to_account_id())), Err(filtered())),
		(OriginCaller::system(RawOrigin::Root), Ok(())),
	] {
		for in_preimage in [false, true] {
			chain(LOCAL).execute_with(|| {
				run_block(0, vec![]);
				let bytes = codec::Encode::encode(&manual_slash());
				let call = if in_preimage {
					let len = bytes.len() as u32;
					let hash = Preimage::note(bytes.into()).expect("it is short");
					Bounded::Lookup { hash, len }
				} else {
					Bounded::Inline(bytes.try_into().expect("it is short"))
				};
				let when = DispatchTime::At(System::block_number() + 1);
				assert_ok!(<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::schedule(
					when,
					None,
					128,
					origin.clone(),
					call
				));
				run_block(0, vec![]);
				let results: Vec<_> = System::events()
					.into_iter()
					.filter_map(|record| match record.event {
						RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched {
							result,
							..
						}) => Some(result),
						_ => None,
					})
					.collect();
				assert_eq!(results, [expected], "{origin:?}");
				assert_eq!(slashes(), usize::from(expected.is_ok()));
			});
		}
	}
}

/// Nobody but root schedules.
#[test]
fn scheduler_takes_no_call_from_an_account() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let schedule = RuntimeCall::Scheduler(pallet_scheduler::Call::schedule {
			when: 5,
			maybe_periodic: None,
			priority: 0,
			call: Box::new(transfer_to_ferdie()),
		});
		assert_eq!(dispatch(schedule.clone(), signed(Alice)), Err(DispatchError::BadOrigin));
		assert_eq!(dispatch(schedule, Origin::StakingAdmin.into()), Err(DispatchError::BadOrigin));
	});
}

const CODE: &[u8] = b"\0asm\x01\0\0\0";
const SALT: Hash = Hash::repeat_byte(0xbb);

fn deploy() -> RuntimeCall {
	RuntimeCall::ContractStore(pallet_contract_store::Call::contract_deploy {
		code: CODE.to_vec(),
		salt: SALT,
	})
}

/// All storage items of the contract store.
fn contracts() -> BTreeMap<Vec<u8>, Vec<u8>> {
	let prefix = sp_io::hashing::twox_128(b"ContractStore");
	let mut items = BTreeMap::new();
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|key| key.starts_with(&prefix)) {
		items.insert(next.clone(), sp_io::storage::get(&next).expect("it has a key").to_vec());
		key = next;
	}
	items
}

/// CTR-R11: the pallet has no call but the two that deploy.
#[test]
fn contract_store_has_no_call_that_changes_a_contract() {
	let names = pallet_contract_store::Call::<Runtime>::get_call_names();
	assert_eq!(names, ["contract_deploy", "contract_deploy_hash"]);
}

/// CTR-R11: contracts of an account, its derived account, a multisig and a pure proxy are deployed once, and stay
/// although the pure proxy is killed.
#[test]
fn contract_stays_as_it_is_in_every_wrapping() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		give_alice_other_accounts();
		add_proxy(Alice, ProxyType::Storage, 0);
		assert_ok!(Proxy::create_pure(signed(Alice), ProxyType::Any, 0, 0));
		let created = System::block_number();
		let pure = Proxy::pure_account(&Alice.to_account_id(), &ProxyType::Any, 0, None);
		Balances::set_balance(&pure, 100 * TOS);
		let ways = [
			deploy(),
			as_derivative(deploy()),
			as_multisig(deploy()),
			as_proxy_of(pure.clone(), deploy()),
			as_proxy_of(Dave.to_account_id(), deploy()),
		];
		for way in &ways {
			assert_ok!(dispatch(way.clone(), signed(Alice)));
		}
		let derived = pallet_utility::derivative_account_id(Alice.to_account_id(), 0);
		let before = contracts();
		for deployer in
			[Alice.to_account_id(), derived, multisig(), pure.clone(), Dave.to_account_id()]
		{
			let address = contract_address(&deployer, SALT, code_hash(CODE));
			assert_eq!(gtos_runtime::ContractStore::code(address), Some(CODE.to_vec()));
		}

		for call in ways.iter().flat_map(wrapped) {
			let _ = dispatch(call.clone(), signed(Alice));
			let _ = by_bob_for(Alice, call.clone());
			let _ = dispatch(call.clone(), RuntimeOrigin::root());
			assert_eq!(contracts(), before, "{call:?}");
		}

		let kill = RuntimeCall::Proxy(pallet_proxy::Call::kill_pure {
			spawner: Alice.to_account_id().into(),
			proxy_type: ProxyType::Any,
			index: 0,
			height: created,
			ext_index: System::extrinsic_index().unwrap_or_default(),
		});
		assert_ok!(dispatch(as_proxy_of(pure, kill), signed(Alice)));
		assert_ok!(last_result_of_a_proxy());
		assert_eq!(contracts(), before);
	});
}
