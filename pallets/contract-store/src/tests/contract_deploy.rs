//! `contract_deploy`.

use super::*;

/// CTR-R9, CTR-R4, CTR-R12: one item each of code, record, index and count.
#[test]
fn deploy_of_new_code_stores_code_record_and_index() {
	on_chain(|| {
		next_block();
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let address = address(&ALICE, CODE, SALT);
		assert_eq!(Codes::<Test>::get(code_hash(CODE)).map(Vec::from), Some(CODE.to_vec()));
		assert_eq!(
			Contracts::<Test>::get(address),
			Some(ContractRecord {
				code_hash: code_hash(CODE),
				code_len: 8,
				deployer: ALICE,
				block_number: 2,
				timestamp: GENESIS_MS + 2 * SLOT_MS,
			})
		);
		assert_eq!(DeployerContracts::<Test>::get(&ALICE, 0), Some(address));
		assert_eq!(DeployerContractCount::<Test>::get(&ALICE), 1);
		// The fifth item is the storage version.
		assert_eq!(store().len(), 5);
	});
}

/// CTR-R13: the events come after all writes.
#[test]
fn deploy_of_new_code_deposits_the_code_event_and_then_the_contract_event() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		assert_eq!(
			events(),
			[
				Event::CodeStored { code_hash: code_hash(CODE), code_len: 8 },
				Event::ContractDeployed {
					address: address(&ALICE, CODE, SALT),
					deployer: ALICE,
					code_hash: code_hash(CODE),
					salt: SALT,
					code_len: 8,
					price: price_with(8),
				},
			]
		);
		// Nothing follows them; the events of the payment came before.
		let all = System::events();
		assert!(all[all.len() - 2..]
			.iter()
			.all(|record| matches!(record.event, RuntimeEvent::ContractStore(_))));
	});
}

/// CTR-R9, CTR-R13: known code is not stored again and has no event.
#[test]
fn deploy_of_known_code_stores_only_the_contract() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		next_block();
		assert_ok!(dispatch(BOB, deploy(CODE, SALT)));
		assert_eq!(
			events(),
			[Event::ContractDeployed {
				address: address(&BOB, CODE, SALT),
				deployer: BOB,
				code_hash: code_hash(CODE),
				salt: SALT,
				code_len: 8,
				price: price_with(0),
			}]
		);
		assert_eq!(Codes::<Test>::iter_keys().count(), 1);
		assert_eq!(Contracts::<Test>::iter_keys().count(), 2);
	});
}

/// CTR-R2: code, salt and deployer all distinguish contracts.
#[test]
fn deploy_with_another_code_salt_or_deployer_gives_another_contract() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		assert_ok!(dispatch(ALICE, deploy(b"other code", SALT)));
		assert_ok!(dispatch(ALICE, deploy(CODE, OTHER_SALT)));
		assert_ok!(dispatch(BOB, deploy(CODE, SALT)));
		assert_eq!(Contracts::<Test>::iter_keys().count(), 4);
		assert_eq!(Codes::<Test>::iter_keys().count(), 2);
	});
}

/// CTR-R12: the index has the order of deployment.
#[test]
fn deploy_after_another_gets_the_next_index() {
	on_chain(|| {
		for (index, salt) in [OTHER_SALT, SALT, H256::zero()].into_iter().enumerate() {
			assert_ok!(dispatch(ALICE, deploy(CODE, salt)));
			assert_eq!(
				DeployerContracts::<Test>::get(&ALICE, index as u32),
				Some(address(&ALICE, CODE, salt))
			);
		}
		assert_eq!(DeployerContractCount::<Test>::get(&ALICE), 3);
		assert_eq!(DeployerContractCount::<Test>::get(&BOB), 0);
	});
}

/// CTR-R6: code has at least one byte.
#[test]
fn deploy_of_empty_code_is_refused_and_of_one_byte_accepted() {
	on_chain(|| {
		assert_noop!(dispatch(ALICE, deploy(b"", SALT)), Error::<Test>::EmptyCode);
		assert_ok!(dispatch(ALICE, deploy(b"\0", SALT)));
	});
}

/// CTR-R6: code of up to `MaxCodeLength` bytes is accepted, and code of one byte more is refused.
#[test]
fn deploy_of_the_longest_code_is_accepted_and_of_one_byte_more_refused() {
	on_chain(|| {
		let code = vec![7; LONGEST + 1];
		assert_ok!(dispatch(ALICE, deploy(&code[..LONGEST - 1], SALT)));
		assert_ok!(dispatch(ALICE, deploy(&code[..LONGEST], SALT)));
		assert_noop!(dispatch(ALICE, deploy(&code, SALT)), Error::<Test>::CodeTooLong);
		let longest = ContractStore::metadata(address(&ALICE, &code[..LONGEST], SALT));
		assert_eq!(longest.map(|record| record.code_len), Some(LONGEST as u32));
	});
}

/// CTR-R9: only a signed origin can deploy.
#[test]
fn deploy_without_a_signature_is_refused() {
	on_chain(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				ContractStore::contract_deploy(origin, CODE.to_vec(), SALT),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	});
}

/// CTR-R9: the first check that fails decides the error.
#[test]
fn deploy_with_several_faults_is_refused_for_the_first() {
	on_chain(|| {
		// The account cannot pay either.
		assert_noop!(dispatch(NOBODY, deploy(b"", SALT)), Error::<Test>::EmptyCode);
		let too_long = vec![7; LONGEST + 1];
		assert_noop!(dispatch(NOBODY, deploy(&too_long, SALT)), Error::<Test>::CodeTooLong);
		assert_noop!(dispatch(NOBODY, deploy(CODE, SALT)), Error::<Test>::InsufficientBalance);

		let spare = price_with(8);
		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(BOB),
			NOBODY,
			EXISTENTIAL_DEPOSIT + spare
		));
		assert_ok!(dispatch(NOBODY, deploy(CODE, SALT)));
		assert_eq!(Balances::free_balance(NOBODY), EXISTENTIAL_DEPOSIT);
		assert_noop!(dispatch(NOBODY, deploy(CODE, SALT)), Error::<Test>::AlreadyDeployed);
	});
}

/// The weight grows with the length up to the limit, and no further.
#[test]
fn deploy_of_too_long_code_weighs_as_much_as_the_longest() {
	use frame_support::dispatch::GetDispatchInfo;
	let weight = |length| deploy(&vec![7; length], SALT).get_dispatch_info().call_weight;
	assert!(weight(1).ref_time() < weight(2).ref_time());
	assert!(weight(LONGEST - 1).ref_time() < weight(LONGEST).ref_time());
	assert_eq!(weight(LONGEST), weight(LONGEST + 1));
	assert_eq!(weight(LONGEST), weight(4 * LONGEST));
}
