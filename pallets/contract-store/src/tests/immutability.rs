//! CTR-R11: no signer and no wrapper around a call can change what an address holds.

use super::*;
use frame_support::weights::Weight;
use sp_runtime::DispatchError;

/// Both calls that deploy to the address of Alice's contract.
fn overwrites() -> [RuntimeCall; 2] {
	[deploy(CODE, SALT), deploy_hash(code_hash(CODE), SALT)]
}

fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	pallet_utility::Call::batch { calls }.into()
}

fn already_deployed() -> DispatchError {
	Error::<Test>::AlreadyDeployed.into()
}

fn last_event() -> RuntimeEvent {
	System::events().pop().expect("there is one").event
}

/// Deploys Alice's contract, runs `attempt` in the same block, in the next block or much later, and
/// checks that it changes nothing in the store.
fn attack(attempt: impl Fn()) {
	for blocks in [0, 1, 1_000] {
		on_chain(|| {
			assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
			let before = store();
			for _ in 0..blocks {
				next_block();
			}
			attempt();
			assert_eq!(store(), before);
		});
	}
}

/// CTR-R11: a second deployment to an address fails.
#[test]
fn overwrite_by_the_deployer_is_refused() {
	attack(|| {
		for call in overwrites() {
			assert_noop!(dispatch(ALICE, call), Error::<Test>::AlreadyDeployed);
		}
	});
}

/// CTR-R11: another deployer with the same code and salt gets a contract of its own.
#[test]
fn deployment_by_another_account_leaves_the_first_unchanged() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let before = store();
		assert_ok!(dispatch(BOB, deploy(CODE, SALT)));
		assert_ok!(dispatch(CHARLIE, deploy_hash(code_hash(CODE), SALT)));
		let after = store();
		assert_eq!(after.len(), before.len() + 2 * 3);
		assert!(before.iter().all(|(key, value)| after.get(key) == Some(value)));
	});
}

/// The batch itself succeeds and names the call that failed.
#[test]
fn overwrite_in_a_batch_is_refused() {
	attack(|| {
		for call in overwrites() {
			assert_ok!(dispatch(ALICE, batch(vec![call])));
			let interrupted =
				pallet_utility::Event::BatchInterrupted { index: 0, error: already_deployed() };
			assert_eq!(last_event(), interrupted.into());
		}
	});
}

#[test]
fn overwrite_in_an_atomic_batch_is_refused() {
	attack(|| {
		for call in overwrites() {
			let calls = vec![deploy(b"would be new", SALT), call];
			assert_noop!(
				dispatch(ALICE, pallet_utility::Call::batch_all { calls }.into()),
				Error::<Test>::AlreadyDeployed
			);
		}
	});
}

#[test]
fn overwrite_in_a_forced_batch_is_refused() {
	attack(|| {
		let calls = overwrites().to_vec();
		assert_ok!(dispatch(ALICE, pallet_utility::Call::force_batch { calls }.into()));
		assert_eq!(last_event(), pallet_utility::Event::BatchCompletedWithErrors.into());
	});
}

#[test]
fn overwrite_in_a_nested_batch_is_refused() {
	attack(|| {
		assert_ok!(dispatch(ALICE, batch(vec![batch(overwrites().to_vec())])));
	});
}

/// Of two deployments to one address in a batch, the first succeeds and stays.
#[test]
fn overwrite_in_the_batch_of_the_deployment_is_refused() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, batch(overwrites().to_vec())));
		let interrupted =
			pallet_utility::Event::BatchInterrupted { index: 1, error: already_deployed() };
		assert_eq!(last_event(), interrupted.into());
		assert_eq!(DeployerContractCount::<Test>::get(&ALICE), 1);
		assert_eq!(ContractStore::code(address(&ALICE, CODE, SALT)), Some(CODE.to_vec()));
	});
}

/// A derivative account is another deployer with another address, and here it cannot pay.
#[test]
fn overwrite_through_a_derivative_account_is_refused() {
	attack(|| {
		for call in overwrites() {
			let call = pallet_utility::Call::as_derivative { index: 0, call: call.into() };
			assert_noop!(dispatch(ALICE, call.into()), Error::<Test>::InsufficientBalance);
		}
	});
}

/// A proxy acts for Alice, so the deployer is Alice.
#[test]
fn overwrite_through_a_proxy_is_refused() {
	attack(|| {
		assert_ok!(Proxy::add_proxy(RuntimeOrigin::signed(ALICE), BOB, (), 0));
		for call in overwrites().into_iter().chain([batch(overwrites().to_vec())]) {
			let batched = matches!(call, RuntimeCall::Utility(_));
			let call = pallet_proxy::Call::proxy {
				real: ALICE,
				force_proxy_type: None,
				call: call.into(),
			};
			assert_ok!(dispatch(BOB, call.into()));
			let result = if batched { Ok(()) } else { Err(already_deployed()) };
			assert_eq!(last_event(), pallet_proxy::Event::ProxyExecuted { result }.into());
		}
	});
}

/// The account that a proxy acts for is the deployer and pays.
#[test]
fn deployment_through_a_proxy_belongs_to_the_proxied_account() {
	on_chain(|| {
		assert_ok!(Proxy::add_proxy(RuntimeOrigin::signed(ALICE), BOB, (), 0));
		let (alice, bob) = (Balances::free_balance(ALICE), Balances::free_balance(BOB));
		let call = deploy(CODE, SALT).into();
		let call = pallet_proxy::Call::proxy { real: ALICE, force_proxy_type: None, call };
		assert_ok!(dispatch(BOB, call.into()));
		assert_eq!(
			ContractStore::metadata(address(&ALICE, CODE, SALT)).map(|record| record.deployer),
			Some(ALICE)
		);
		assert_eq!(Balances::free_balance(ALICE), alice - price_with(8));
		assert_eq!(Balances::free_balance(BOB), bob);
	});
}

/// Multisig account of Alice and Bob with threshold 1.
fn one_of_two() -> AccountId32 {
	Multisig::multi_account_id(&[ALICE, BOB], 1)
}

fn as_one_of_two(call: RuntimeCall) -> RuntimeCall {
	let other_signatories = vec![BOB];
	pallet_multisig::Call::as_multi_threshold_1 { other_signatories, call: call.into() }.into()
}

/// Dispatches `call` through the multisig of Alice and Bob with threshold 2: Alice approves, Bob
/// executes.
fn as_both(call: RuntimeCall) {
	let at = Multisig::timepoint();
	for (who, other, timepoint) in [(ALICE, BOB, None), (BOB, ALICE, Some(at))] {
		let call = pallet_multisig::Call::as_multi {
			threshold: 2,
			other_signatories: vec![other],
			maybe_timepoint: timepoint,
			call: call.clone().into(),
			max_weight: Weight::MAX,
		};
		assert_ok!(dispatch(who, call.into()));
	}
}

fn multisig_result() -> DispatchResult {
	match last_event() {
		RuntimeEvent::Multisig(pallet_multisig::Event::MultisigExecuted { result, .. }) => result,
		other => panic!("{other:?} is not the execution of a multisig"),
	}
}

fn pay(who: AccountId32) {
	assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(CHARLIE), who, 100 * TOS));
}

#[test]
fn overwrite_through_a_multisig_with_threshold_one_is_refused() {
	on_chain(|| {
		pay(one_of_two());
		assert_ok!(dispatch(ALICE, as_one_of_two(deploy(CODE, SALT))));
		let before = store();
		assert_eq!(
			ContractStore::metadata(address(&one_of_two(), CODE, SALT)).map(|r| r.deployer),
			Some(one_of_two())
		);
		for call in overwrites() {
			assert_noop!(dispatch(ALICE, as_one_of_two(call)), Error::<Test>::AlreadyDeployed);
		}
		assert_eq!(store(), before);
	});
}

#[test]
fn overwrite_through_a_multisig_with_threshold_two_is_refused() {
	on_chain(|| {
		let both = Multisig::multi_account_id(&[ALICE, BOB], 2);
		pay(both.clone());
		as_both(deploy(CODE, SALT));
		assert_eq!(multisig_result(), Ok(()));
		assert!(ContractStore::metadata(address(&both, CODE, SALT)).is_some());
		let before = store();
		for call in overwrites() {
			next_block();
			as_both(call);
			assert_eq!(multisig_result(), Err(already_deployed()));
		}
		assert_eq!(store(), before);
	});
}

/// A multisig account is a different deployer from its signatories.
#[test]
fn deployment_through_a_multisig_leaves_a_signatorys_contract_unchanged() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let before = store();
		pay(one_of_two());
		assert_ok!(dispatch(ALICE, as_one_of_two(deploy(CODE, SALT))));
		let after = store();
		assert!(before.iter().all(|(key, value)| after.get(key) == Some(value)));
	});
}

/// CTR-R12: reaping an account changes neither its contracts nor its index.
#[test]
fn contracts_of_a_reaped_deployer_stay() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let before = store();
		assert_ok!(Balances::transfer_all(RuntimeOrigin::signed(ALICE), BOB, false));
		assert!(!System::account_exists(&ALICE));
		assert_eq!(store(), before);

		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(BOB), ALICE, 100 * TOS));
		assert_noop!(dispatch(ALICE, deploy(CODE, SALT)), Error::<Test>::AlreadyDeployed);
		assert_ok!(dispatch(ALICE, deploy(CODE, OTHER_SALT)));
		assert_eq!(
			DeployerContracts::<Test>::get(&ALICE, 1),
			Some(address(&ALICE, CODE, OTHER_SALT))
		);
	});
}

/// CTR-R11: the pallet has no other calls, and no hook that writes.
#[test]
fn pallet_has_two_calls_and_no_hooks_that_write() {
	use frame_support::traits::{GetCallName, Hooks};
	assert_eq!(Call::<Test>::get_call_names(), ["contract_deploy", "contract_deploy_hash"]);
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let root = || sp_io::storage::root(sp_runtime::StateVersion::V1);
		let before = root();
		ContractStore::on_initialize(2);
		ContractStore::on_idle(2, Weight::MAX);
		ContractStore::on_poll(2, &mut frame_support::weights::WeightMeter::new());
		ContractStore::on_finalize(2);
		ContractStore::on_runtime_upgrade();
		assert_eq!(root(), before);
	});
}
