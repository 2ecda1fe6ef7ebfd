//! Answers of the runtime API (CTR-R15).

use super::*;

fn salt(index: u32) -> H256 {
	H256::from_low_u64_be(index.into())
}

/// Deploys `count` contracts of Alice and returns their addresses in order.
fn deploy_many(count: u32) -> Vec<H256> {
	(0..count)
		.map(|index| {
			assert_ok!(dispatch(ALICE, deploy(CODE, salt(index))));
			address(&ALICE, CODE, salt(index))
		})
		.collect()
}

fn page(items: &[H256], next: Option<u32>) -> ContractPage {
	ContractPage { items: items.to_vec(), next }
}

/// CTR-R15: code is returned without its SCALE length prefix.
#[test]
fn code_of_a_contract_is_the_bare_bytes() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let address = address(&ALICE, CODE, SALT);
		assert_eq!(ContractStore::code(address), Some(CODE.to_vec()));
		assert_eq!(ContractStore::code_by_hash(code_hash(CODE)), Some(CODE.to_vec()));
		assert_eq!(ContractStore::metadata(address).map(|r| r.code_hash), Some(code_hash(CODE)));
	});
}

#[test]
fn queries_of_absent_contracts_return_none() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let address = address(&ALICE, CODE, SALT);
		assert_eq!(ContractStore::code(code_hash(CODE)), None);
		assert_eq!(ContractStore::code_by_hash(address), None);
		assert_eq!(ContractStore::metadata(code_hash(CODE)), None);
		assert_eq!(ContractStore::contracts(BOB, 0, 10), page(&[], None));
	});
}

#[test]
fn contracts_in_pages_are_in_order_of_deployment() {
	on_chain(|| {
		let all = deploy_many(5);
		let contracts = |start, limit| ContractStore::contracts(ALICE, start, limit);
		assert_eq!(contracts(0, 2), page(&all[0..2], Some(2)));
		assert_eq!(contracts(2, 2), page(&all[2..4], Some(4)));
		assert_eq!(contracts(4, 2), page(&all[4..5], None));
		assert_eq!(contracts(0, 4), page(&all[0..4], Some(4)));
		assert_eq!(contracts(0, 5), page(&all, None));
		assert_eq!(contracts(0, 6), page(&all, None));
	});
}

#[test]
fn contracts_with_limit_zero_have_a_next_if_the_index_exists() {
	on_chain(|| {
		deploy_many(2);
		let contracts = |start| ContractStore::contracts(ALICE, start, 0);
		assert_eq!(contracts(0), page(&[], Some(0)));
		assert_eq!(contracts(1), page(&[], Some(1)));
		assert_eq!(contracts(2), page(&[], None));
		assert_eq!(contracts(u32::MAX), page(&[], None));
	});
}

#[test]
fn contracts_past_the_last_are_none() {
	on_chain(|| {
		deploy_many(2);
		for start in [2, 3, u32::MAX] {
			for limit in [1, 100, u32::MAX] {
				assert_eq!(ContractStore::contracts(ALICE, start, limit), page(&[], None));
			}
		}
	});
}

/// CTR-R15: 99, 100 and 101 contracts in pages of at most 100.
#[test]
fn contracts_with_a_large_limit_are_at_most_the_page_size() {
	on_chain(|| {
		let mut all = deploy_many(99);
		let contracts = || ContractStore::contracts(ALICE, 0, u32::MAX);
		assert_eq!(contracts(), page(&all, None));
		for index in 99..101 {
			assert_ok!(dispatch(ALICE, deploy(CODE, salt(index))));
			all.push(address(&ALICE, CODE, salt(index)));
			let next = (index >= 100).then_some(100);
			assert_eq!(contracts(), page(&all[..100.min(all.len())], next));
		}
		assert_eq!(ContractStore::contracts(ALICE, 100, u32::MAX), page(&all[100..], None));
	});
}

#[test]
fn quote_up_to_the_longest_code_is_the_price() {
	on_chain(|| {
		assert_eq!(ContractStore::quote(0), Some(price_with(0)));
		assert_eq!(ContractStore::quote(1), Some(price_with(1)));
		assert_eq!(ContractStore::quote(LONGEST as u32 - 1), Some(price_with(LONGEST - 1)));
		assert_eq!(ContractStore::quote(LONGEST as u32), Some(price_with(LONGEST)));
		assert_eq!(ContractStore::quote(LONGEST as u32 + 1), None);
		assert_eq!(ContractStore::quote(u32::MAX), None);
	});
}

#[test]
fn quote_of_a_deployment_is_what_it_pays() {
	on_chain(|| {
		for code in [CODE, &[7; 1_000]] {
			let quoted = ContractStore::quote(code.len() as u32);
			let before = Balances::free_balance(ALICE);
			assert_ok!(dispatch(ALICE, deploy(code, SALT)));
			assert_eq!(Some(before - Balances::free_balance(ALICE)), quoted);
		}
	});
}

#[test]
fn proof_keys_are_those_of_record_and_code() {
	on_chain(|| {
		let address = address(&ALICE, CODE, SALT);
		let record = Contracts::<Test>::hashed_key_for(address);
		assert_eq!(ContractStore::proof_keys(address), std::slice::from_ref(&record));
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let code = Codes::<Test>::hashed_key_for(code_hash(CODE));
		assert_eq!(ContractStore::proof_keys(address), [record, code]);
	});
}

/// A client verifies the proof that a node makes, with storage keys that the client derives itself.
#[test]
fn proof_of_a_deployed_contract_is_verified() {
	use pallet_contract_store_runtime_api::{verify_proof, ProvenContract};
	use sp_state_machine::prove_read_on_trie_backend;

	let mut chain = new_test_ext();
	chain.execute_with(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
	});
	for (salt, deployed) in [(SALT, true), (OTHER_SALT, false)] {
		let address = address(&ALICE, CODE, salt);
		let (keys, record) = chain.execute_with(|| {
			(ContractStore::proof_keys(address), ContractStore::metadata(address))
		});
		let backend = chain.as_backend();
		let nodes = prove_read_on_trie_backend(&backend, keys).expect("the state is complete");
		let expected = record.map(|record| ProvenContract { record, code: CODE.to_vec() });
		assert_eq!(expected.is_some(), deployed);
		assert_eq!(verify_proof(*backend.root(), nodes.into_iter_nodes(), address), Ok(expected));
	}
}
