//! `contract_deploy_hash`.

use super::*;

/// CTR-R10, CTR-R4, CTR-R13: the record has the length of the stored code.
#[test]
fn deploy_hash_of_known_code_stores_a_contract_with_its_length() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		next_block();
		assert_ok!(dispatch(BOB, deploy_hash(code_hash(CODE), OTHER_SALT)));
		let address = address(&BOB, CODE, OTHER_SALT);
		assert_eq!(
			ContractStore::metadata(address),
			Some(ContractRecord {
				code_hash: code_hash(CODE),
				code_len: 8,
				deployer: BOB,
				block_number: 2,
				timestamp: GENESIS_MS + 2 * SLOT_MS,
			})
		);
		assert_eq!(ContractStore::code(address), Some(CODE.to_vec()));
		assert_eq!(DeployerContracts::<Test>::get(&BOB, 0), Some(address));
		assert_eq!(
			events(),
			[Event::ContractDeployed {
				address,
				deployer: BOB,
				code_hash: code_hash(CODE),
				salt: OTHER_SALT,
				code_len: 8,
				price: price_with(0),
			}]
		);
	});
}

/// CTR-R10: the length is right for SCALE length prefixes of one, two and four bytes.
#[test]
fn deploy_hash_of_any_length_records_that_length() {
	on_chain(|| {
		for length in [1, 63, 64, 16_383, 16_384, LONGEST] {
			let code = vec![7; length];
			assert_ok!(dispatch(ALICE, deploy(&code, SALT)));
			assert_ok!(dispatch(BOB, deploy_hash(code_hash(&code), SALT)));
			let record = ContractStore::metadata(address(&BOB, &code, SALT)).expect("deployed");
			assert_eq!(record.code_len, length as u32);
		}
	});
}

/// CTR-R10: a deployer may deploy its own code again, with another salt.
#[test]
fn deploy_hash_of_own_code_with_another_salt_stores_a_second_contract() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		assert_ok!(dispatch(ALICE, deploy_hash(code_hash(CODE), OTHER_SALT)));
		assert_eq!(DeployerContractCount::<Test>::get(&ALICE), 2);
	});
}

/// CTR-R10: the chain has to hold the code.
#[test]
fn deploy_hash_of_unknown_code_is_refused() {
	on_chain(|| {
		assert_noop!(
			dispatch(ALICE, deploy_hash(code_hash(CODE), SALT)),
			Error::<Test>::UnknownCode
		);
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		// An address is not a code hash.
		assert_noop!(
			dispatch(ALICE, deploy_hash(address(&ALICE, CODE, SALT), SALT)),
			Error::<Test>::UnknownCode
		);
	});
}

/// CTR-R10: only a signed origin can deploy.
#[test]
fn deploy_hash_without_a_signature_is_refused() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				ContractStore::contract_deploy_hash(origin, code_hash(CODE), OTHER_SALT),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	});
}

/// CTR-R10: the first check that fails decides the error.
#[test]
fn deploy_hash_with_several_faults_is_refused_for_the_first() {
	on_chain(|| {
		let call = || deploy_hash(code_hash(CODE), SALT);
		assert_noop!(dispatch(NOBODY, call()), Error::<Test>::UnknownCode);
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		assert_noop!(dispatch(NOBODY, call()), Error::<Test>::InsufficientBalance);
		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(BOB),
			NOBODY,
			EXISTENTIAL_DEPOSIT + price_with(0)
		));
		assert_ok!(dispatch(NOBODY, call()));
		assert_noop!(dispatch(NOBODY, call()), Error::<Test>::AlreadyDeployed);
	});
}
