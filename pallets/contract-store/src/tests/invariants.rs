//! Each invariant is broken by hand, and `try_state` has to name it.

use super::*;

/// A chain on which Alice has three contracts with two codes and Bob has one, from three blocks.
fn chain() -> sp_io::TestExternalities {
	let mut chain = new_test_ext();
	chain.execute_with(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		next_block();
		assert_ok!(dispatch(ALICE, deploy(CODE, OTHER_SALT)));
		assert_ok!(dispatch(BOB, deploy_hash(code_hash(CODE), SALT)));
		next_block();
		assert_ok!(dispatch(ALICE, deploy(b"other code", SALT)));
		assert_eq!(ContractStore::do_try_state(), Ok(()));
	});
	chain
}

/// The error of `try_state` after `corrupt` has changed the storage.
fn broken(corrupt: impl FnOnce()) -> &'static str {
	chain().execute_with(|| {
		corrupt();
		ContractStore::do_try_state().expect_err("an invariant is broken").into()
	})
}

fn first() -> H256 {
	address(&ALICE, CODE, SALT)
}

fn stored(code: &[u8]) -> CodeOf<Test> {
	code.to_vec().try_into().expect("it is short")
}

fn change(address: H256, change: impl FnOnce(&mut ContractRecordOf<Test>)) {
	Contracts::<Test>::mutate(address, |record| change(record.as_mut().expect("it exists")));
}

#[test]
fn store_without_contracts_is_sound() {
	new_test_ext().execute_with(|| assert_eq!(ContractStore::do_try_state(), Ok(())));
}

/// CTR-I1: stored code has at least one byte and hashes to its key.
#[test]
fn code_that_does_not_match_its_key_is_found() {
	assert_eq!(
		broken(|| Codes::<Test>::insert(code_hash(CODE), stored(b"another"))),
		"CTR-I1: code does not hash to its key"
	);
	assert_eq!(
		broken(|| Codes::<Test>::insert(code_hash(b""), stored(b""))),
		"CTR-I1: code is empty"
	);
	assert_eq!(
		broken(|| {
			// A vector that has one byte although its length prefix says eight.
			sp_io::storage::set(&Codes::<Test>::hashed_key_for(code_hash(CODE)), &[8 << 2, 0]);
		}),
		"CTR-I1: code cannot be decoded"
	);
}

/// CTR-I1: a lowered bound makes longer code unreadable, so it may never be lowered.
#[test]
fn code_longer_than_a_lowered_bound_is_found() {
	let usual = MaxCodeLength::get();
	assert_eq!(
		broken(|| MaxCodeLength::set(CODE.len() as u32 - 1)),
		"CTR-I1: code cannot be decoded"
	);
	MaxCodeLength::set(usual);
}

/// CTR-I2: a record names stored code and its length.
#[test]
fn record_without_its_code_is_found() {
	assert_eq!(broken(|| Codes::<Test>::remove(code_hash(CODE))), "CTR-I2: a record has no code");
	assert_eq!(
		broken(|| change(first(), |record| record.code_len += 1)),
		"CTR-I2: a record has another length than its code"
	);
	assert_eq!(
		broken(|| sp_io::storage::set(&Contracts::<Test>::hashed_key_for(first()), &[0; 79])),
		"CTR-I2: a record cannot be decoded"
	);
}

/// CTR-I3: every code has a record.
#[test]
fn code_without_a_record_is_found() {
	assert_eq!(
		broken(|| Codes::<Test>::insert(code_hash(b"orphan"), stored(b"orphan"))),
		"CTR-I3: code has no record"
	);
}

/// CTR-I4: every index is below the deployer's count.
#[test]
fn index_with_a_row_beyond_its_count_is_found() {
	for row in [3, 4, u32::MAX] {
		assert_eq!(
			broken(|| DeployerContracts::<Test>::insert(&ALICE, row, first())),
			"CTR-I4: a row lies beyond its deployer's count"
		);
	}
	assert_eq!(
		broken(|| DeployerContractCount::<Test>::remove(&BOB)),
		"CTR-I4: a row lies beyond its deployer's count"
	);
}

/// CTR-I4: every index below the count has a row.
#[test]
fn index_with_a_gap_is_found() {
	let gap = "CTR-I4: an index has a gap";
	assert_eq!(broken(|| DeployerContracts::<Test>::remove(&ALICE, 1)), gap);
	assert_eq!(broken(|| DeployerContractCount::<Test>::insert(&ALICE, 4)), gap);
	assert_eq!(broken(|| DeployerContractCount::<Test>::insert(CHARLIE, 1)), gap);
}

/// CTR-I4: a row names a contract of its deployer that no other row names.
#[test]
fn index_row_that_names_the_wrong_contract_is_found() {
	let row = |deployer: AccountId32, index, address| {
		broken(|| DeployerContracts::<Test>::insert(deployer, index, address))
	};
	assert_eq!(row(ALICE, 1, H256::zero()), "CTR-I4: a row has no record");
	assert_eq!(row(ALICE, 1, first()), "CTR-I4: an address is twice in an index");
	assert_eq!(
		row(ALICE, 1, address(&BOB, CODE, SALT)),
		"CTR-I4: a row is in another deployer's index"
	);
	assert_eq!(
		broken(|| sp_io::storage::set(
			&DeployerContracts::<Test>::hashed_key_for(&ALICE, 1),
			&[0; 31]
		)),
		"CTR-I4: a row cannot be decoded"
	);
}

/// CTR-I4: every record has a row.
#[test]
fn record_without_an_index_row_is_found() {
	assert_eq!(
		broken(|| {
			let record = Contracts::<Test>::get(first()).expect("it exists");
			Contracts::<Test>::insert(H256::zero(), record);
		}),
		"CTR-I4: a record is in no index"
	);
}

/// CTR-I5: a record is at most as new as the current block and its timestamp.
#[test]
fn record_of_the_future_is_found() {
	let future = "CTR-I5: a record is newer than the current block";
	let last = || address(&ALICE, b"other code", SALT);
	assert_eq!(broken(|| change(last(), |record| record.block_number += 1)), future);
	assert_eq!(broken(|| change(last(), |record| record.timestamp += 1)), future);
}

/// CTR-I5: the records of a deployer are in order of time.
#[test]
fn record_older_than_the_one_before_it_is_found() {
	let older = "CTR-I5: a record is older than the one before it in its index";
	let second = || address(&ALICE, CODE, OTHER_SALT);
	assert_eq!(broken(|| change(second(), |record| record.block_number = 0)), older);
	assert_eq!(broken(|| change(second(), |record| record.timestamp = 0)), older);
}
