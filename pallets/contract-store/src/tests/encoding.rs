//! Pins of the bytes that clients and proofs depend on. Changing one of them changes the protocol.
//! The expected values come from an independent computation.

use super::*;
use codec::{Encode, MaxEncodedLen};
use frame_support::traits::{GetStorageVersion, StorageVersion};
use hex_literal::hex;
use sp_runtime::{DispatchError, ModuleError};

const CODE_HASH: H256 =
	H256(hex!("f6a5dbf080e9c9d7834145653bce4c8cded62e664d7ddcdb5c526f5877006d74"));
const ADDRESS: H256 =
	H256(hex!("1b48258116e2c16df1fb699ef14664a3a3829957e367ac55228bb40f350efdf5"));

/// CTR-R1: BLAKE2b-256 of the code.
#[test]
fn code_hash_is_pinned() {
	assert_eq!(code_hash(CODE), CODE_HASH);
}

/// CTR-R2: BLAKE2b-256 of tag, deployer, salt and code hash.
#[test]
fn contract_address_is_pinned() {
	assert_eq!(contract_address(&ALICE, SALT, CODE_HASH), ADDRESS);
	let preimage = [&b"gtos/contract/1"[..], &[1; 32], &[0xaa; 32], CODE_HASH.as_bytes()].concat();
	assert_eq!(preimage.len(), 111);
	assert_eq!(sp_io::hashing::blake2_256(&preimage), ADDRESS.0);
}

/// CTR-R3: clients compute these storage keys for proofs.
#[test]
fn storage_keys_are_pinned() {
	let pallet = hex!("8c6d2650d807d953e21d955216caeb3c");
	let codes = hex!("29f09a1b1e65650877530fe7894f3789");
	let contracts = hex!("4342193e496fab7ec59d615ed0dc5530");
	let deployer_contracts = hex!("afffcdd32f63be03d032eb362252738d");
	let deployer_contract_count = hex!("b83c61237dbe2ed5873902efcd4e6917");
	let alice = [&hex!("c035f853fcd0f0589e30c9e2dc1a0f57")[..], &[1; 32]].concat();
	let seven = hex!("0e0d969b0e48cab707000000");

	let key = Codes::<Test>::hashed_key_for(CODE_HASH);
	assert_eq!(key, [&pallet[..], &codes, CODE_HASH.as_bytes()].concat());
	assert_eq!(key.len(), 64);

	let key = Contracts::<Test>::hashed_key_for(ADDRESS);
	assert_eq!(key, [&pallet[..], &contracts, ADDRESS.as_bytes()].concat());
	assert_eq!(key.len(), 64);

	let key = DeployerContracts::<Test>::hashed_key_for(&ALICE, 7);
	assert_eq!(key, [&pallet[..], &deployer_contracts, &alice, &seven].concat());
	assert_eq!(key.len(), 92);

	let key = DeployerContractCount::<Test>::hashed_key_for(&ALICE);
	assert_eq!(key, [&pallet[..], &deployer_contract_count, &alice].concat());
	assert_eq!(key.len(), 80);
}

/// CTR-R4: order and widths of the fields of a record.
#[test]
fn contract_record_encoding_is_pinned() {
	let record: ContractRecordOf<Test> = ContractRecord {
		code_hash: CODE_HASH,
		code_len: 0x0403_0201,
		deployer: ALICE,
		block_number: 0x0807_0605,
		timestamp: 0x100f_0e0d_0c0b_0a09,
	};
	let bytes = [
		CODE_HASH.as_bytes(),
		&[1, 2, 3, 4],
		&[1; 32],
		&[5, 6, 7, 8],
		&[9, 10, 11, 12, 13, 14, 15, 16],
	]
	.concat();
	assert_eq!(record.encode(), bytes);
	assert_eq!(bytes.len(), 80);
	assert_eq!(ContractRecordOf::<Test>::max_encoded_len(), 80);
}

/// CTR-R3: code is stored as its compact length and its bytes.
#[test]
fn stored_values_are_pinned() {
	on_chain(|| {
		assert_ok!(dispatch(ALICE, deploy(CODE, SALT)));
		let raw = |key: Vec<u8>| sp_io::storage::get(&key).expect("it is set").to_vec();
		assert_eq!(raw(Codes::<Test>::hashed_key_for(CODE_HASH)), [&[8 << 2][..], CODE].concat());
		assert_eq!(raw(DeployerContracts::<Test>::hashed_key_for(&ALICE, 0)), ADDRESS.as_bytes());
		assert_eq!(raw(DeployerContractCount::<Test>::hashed_key_for(&ALICE)), [1, 0, 0, 0]);
	});
}

/// CTR-R5: clients encode calls like this.
#[test]
fn calls_are_pinned() {
	assert_eq!(
		deploy(CODE, SALT).encode(),
		[&hex!("50 00 20 0061736d01000000")[..], &[0xaa; 32]].concat()
	);
	assert_eq!(
		deploy_hash(CODE_HASH, SALT).encode(),
		[&hex!("50 01")[..], CODE_HASH.as_bytes(), &[0xaa; 32]].concat()
	);
}

/// CTR-R13: clients decode events like this.
#[test]
fn events_are_pinned() {
	let deployed = Event::ContractDeployed {
		address: ADDRESS,
		deployer: ALICE,
		code_hash: CODE_HASH,
		salt: SALT,
		code_len: 8,
		price: price_with(8),
	};
	assert_eq!(
		RuntimeEvent::from(deployed).encode(),
		[
			&hex!("50 00")[..],
			ADDRESS.as_bytes(),
			&[1; 32],
			CODE_HASH.as_bytes(),
			&[0xaa; 32],
			&hex!("08000000"),
			// 52,000,000,000
			&hex!("0008711b0c0000000000000000000000"),
		]
		.concat()
	);
	let stored = Event::<Test>::CodeStored { code_hash: CODE_HASH, code_len: 8 };
	assert_eq!(
		RuntimeEvent::from(stored).encode(),
		[&hex!("50 01")[..], CODE_HASH.as_bytes(), &hex!("08000000")].concat()
	);
}

/// CTR-R14: clients decode an error by its index.
#[test]
fn errors_are_pinned() {
	let errors = [
		(Error::<Test>::EmptyCode, "EmptyCode"),
		(Error::CodeTooLong, "CodeTooLong"),
		(Error::UnknownCode, "UnknownCode"),
		(Error::AlreadyDeployed, "AlreadyDeployed"),
		(Error::InsufficientBalance, "InsufficientBalance"),
	];
	for (index, (error, name)) in (0_u8..).zip(errors) {
		let module = ModuleError { index: 80, error: [index, 0, 0, 0], message: Some(name) };
		assert_eq!(DispatchError::from(error), DispatchError::Module(module));
	}
}

#[test]
fn storage_version_is_set_by_genesis() {
	on_chain(|| {
		assert_eq!(ContractStore::in_code_storage_version(), StorageVersion::new(1));
		assert_eq!(ContractStore::on_chain_storage_version(), StorageVersion::new(1));
		assert_eq!(store().len(), 1, "genesis stores nothing else");
	});
}
