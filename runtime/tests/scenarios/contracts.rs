//! Contracts on the whole runtime: signed transactions in blocks, their costs, and that no call
//! overwrites a deployed contract.

use crate::common::{chain, run_block, sign};
use frame_support::traits::fungible::Mutate;
use gtos_runtime::{
	configs::{accounts::ProxyType, fees::TreasuryAccount},
	constants::{
		block,
		currency::{EXISTENTIAL_DEPOSIT, TOS},
		storage::MAX_CODE_LENGTH_BYTES,
	},
	genesis_config_presets::{DEV, LOCAL},
	AccountId, Balance, Balances, BlockNumber, ContractStore, Hash, Multisig, Runtime, RuntimeCall,
	RuntimeEvent, Session, System,
};
use pallet_contract_store::{code_hash, contract_address, Call, Codes, Error};
use pallet_contract_store_runtime_api::runtime_decl_for_contract_store_api::ContractStoreApiV1;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::{
	traits::TypedGet,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult,
};
use std::collections::BTreeMap;

const CODE: &[u8] = b"\0asm\x01\0\0\0";
const SALT: Hash = Hash::repeat_byte(0xaa);

fn deploy(code: &[u8]) -> RuntimeCall {
	RuntimeCall::ContractStore(Call::contract_deploy { code: code.to_vec(), salt: SALT })
}

fn deploy_hash(code: &[u8]) -> RuntimeCall {
	let code_hash = code_hash(code);
	RuntimeCall::ContractStore(Call::contract_deploy_hash { code_hash, salt: SALT })
}

fn longest(filling: u8) -> Vec<u8> {
	vec![filling; MAX_CODE_LENGTH_BYTES as usize]
}

fn address(who: Sr25519Keyring, code: &[u8]) -> Hash {
	contract_address(&who.to_account_id(), SALT, code_hash(code))
}

fn fee() -> Balance {
	System::events()
		.into_iter()
		.rev()
		.find_map(|record| match record.event {
			RuntimeEvent::TransactionPayment(
				pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
			) => Some(actual_fee),
			_ => None,
		})
		.expect("a fee was paid")
}

/// All storage items of the pallet.
fn store() -> BTreeMap<Vec<u8>, Vec<u8>> {
	let prefix = sp_io::hashing::twox_128(b"ContractStore");
	let mut items = BTreeMap::new();
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|key| key.starts_with(&prefix)) {
		items.insert(next.clone(), sp_io::storage::get(&next).expect("it has a key").to_vec());
		key = next;
	}
	items
}

fn already_deployed() -> ApplyExtrinsicResult {
	Ok(Err(Error::<Runtime>::AlreadyDeployed.into()))
}

/// CTR-R8, CTR-R9: the deployer pays the fee and the price, and the treasury gets its share.
#[test]
fn deployment_of_the_longest_code_pays_fee_and_price() {
	chain(DEV).execute_with(|| {
		let alice = Balances::free_balance(Alice.to_account_id());
		let treasury = Balances::free_balance(TreasuryAccount::get());
		let code = longest(7);
		assert_eq!(run_block(0, vec![sign(Alice, 0, deploy(&code))]), [Ok(Ok(()))]);
		let price = ContractStore::quote(MAX_CODE_LENGTH_BYTES).expect("it is not too long");
		assert_eq!(alice - Balances::free_balance(Alice.to_account_id()), fee() + price);
		assert_eq!(
			Balances::free_balance(TreasuryAccount::get()) - treasury,
			fee() * 80 / 100 + price
		);
		assert_eq!(ContractStore::code(address(Alice, &code)), Some(code));
	});
}

/// A deployment that exceeds the normal length of a block has to wait for the next one.
#[test]
fn deployments_of_the_longest_code_fill_a_block_by_its_length() {
	chain(DEV).execute_with(|| {
		let fitting = block::NORMAL_RATIO * block::MAX_LENGTH_BYTES / MAX_CODE_LENGTH_BYTES;
		let deploy_nth = |n: u32| sign(Alice, n, deploy(&longest(n as u8)));
		let mut results = run_block(0, (0..=fitting).map(deploy_nth).collect());
		let last = results.pop().expect("there are results");
		assert!(results.iter().all(|result| *result == Ok(Ok(()))), "{results:?}");
		let full = TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);
		assert_eq!(last, Err(full));
	});
}

/// CTR-R11: a second deployment is refused in the same block, in the next, and after sessions have
/// changed.
#[test]
fn second_deployment_is_refused_at_any_time() {
	chain(LOCAL).execute_with(|| {
		let results = run_block(
			0,
			vec![
				sign(Alice, 0, deploy(CODE)),
				sign(Alice, 1, deploy(CODE)),
				sign(Alice, 2, deploy_hash(CODE)),
			],
		);
		assert_eq!(results, [Ok(Ok(())), already_deployed(), already_deployed()]);
		let before = store();
		run_block(0, vec![]);
		let session = Session::current_index();
		let mut nonce = 3;
		while Session::current_index() < session + 3 {
			let twice =
				vec![sign(Alice, nonce, deploy(CODE)), sign(Alice, nonce + 1, deploy_hash(CODE))];
			assert_eq!(run_block(0, twice), [already_deployed(), already_deployed()]);
			nonce += 2;
		}
		assert_eq!(store(), before);
	});
}

/// CTR-R11: a second deployment by an atomic batch, a proxy or a multisig on behalf of the deployer is
/// refused as well.
#[test]
fn second_deployment_is_refused_however_it_is_wrapped() {
	chain(DEV).execute_with(|| {
		let (alice, bob) = (Alice.to_account_id(), Bob.to_account_id());
		let mut signatories = [alice.clone(), bob.clone()];
		signatories.sort();
		let either = Multisig::multi_account_id(&signatories, 1);
		Balances::set_balance(&either, 100 * TOS);
		let as_either = |call: RuntimeCall| {
			RuntimeCall::Multisig(pallet_multisig::Call::as_multi_threshold_1 {
				other_signatories: vec![bob.clone()],
				call: Box::new(call),
			})
		};
		let add_proxy = RuntimeCall::Proxy(pallet_proxy::Call::add_proxy {
			delegate: bob.clone().into(),
			proxy_type: ProxyType::Any,
			delay: 0,
		});
		let results = run_block(
			0,
			vec![
				sign(Alice, 0, deploy(CODE)),
				sign(Alice, 1, as_either(deploy(CODE))),
				sign(Alice, 2, add_proxy),
			],
		);
		assert_eq!(results, [Ok(Ok(())), Ok(Ok(())), Ok(Ok(()))]);
		let of_either = contract_address(&either, SALT, code_hash(CODE));
		assert_eq!(ContractStore::code(of_either), Some(CODE.to_vec()));

		let before = store();
		let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all {
			calls: vec![deploy(b"would be new"), deploy(CODE)],
		});
		let proxy = RuntimeCall::Proxy(pallet_proxy::Call::proxy {
			real: alice.into(),
			force_proxy_type: None,
			call: Box::new(deploy_hash(CODE)),
		});
		let results = run_block(
			0,
			vec![
				sign(Alice, 3, batch),
				sign(Alice, 4, as_either(deploy(CODE))),
				sign(Bob, 0, proxy),
			],
		);
		// The call of the proxy pallet succeeds; its event has the result of the inner call.
		assert_eq!(results, [already_deployed(), already_deployed(), Ok(Ok(()))]);
		let result = Err(Error::<Runtime>::AlreadyDeployed.into());
		let executed = RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result });
		assert!(System::events().iter().any(|record| record.event == executed));
		assert_eq!(store(), before);
	});
}

/// CTR-R14, STA-R10: a failed deployment leaves the store unchanged and costs the fee only.
#[test]
fn deployment_that_fails_costs_its_fee_and_nothing_else() {
	chain(DEV).execute_with(|| {
		assert_eq!(run_block(0, vec![sign(Bob, 0, deploy(CODE))]), [Ok(Ok(()))]);
		let mut too_long = longest(7);
		too_long.push(7);
		let cases = [
			(deploy(b""), Error::<Runtime>::EmptyCode),
			(deploy(&too_long), Error::CodeTooLong),
			(deploy_hash(b"unknown"), Error::UnknownCode),
			(deploy(CODE), Error::AlreadyDeployed),
		];
		let before = store();
		for (nonce, (call, error)) in (1..).zip(cases) {
			let bob = Balances::free_balance(Bob.to_account_id());
			let results = run_block(0, vec![sign(Bob, nonce, call)]);
			assert_eq!(results, [Ok(Err(error.into()))]);
			assert_eq!(bob - Balances::free_balance(Bob.to_account_id()), fee());
			assert_eq!(store(), before);
		}
	});
}

/// CTR-R8: the fee is paid first; the balance that is left must cover the whole price.
#[test]
fn deployment_is_refused_if_the_fee_leaves_too_little_for_the_price() {
	chain(DEV).execute_with(|| {
		let who = Bob.to_account_id();
		assert_eq!(run_block(0, vec![sign(Bob, 0, deploy(b"another!"))]), [Ok(Ok(()))]);
		let needed =
			EXISTENTIAL_DEPOSIT + ContractStore::quote(8).expect("it is not too long") + fee();
		Balances::set_balance(&who, needed - 1);
		let before = store();
		let results = run_block(0, vec![sign(Bob, 1, deploy(CODE))]);
		assert_eq!(results, [Ok(Err(Error::<Runtime>::InsufficientBalance.into()))]);
		assert_eq!(store(), before);

		Balances::set_balance(&who, needed);
		assert_eq!(run_block(0, vec![sign(Bob, 2, deploy(CODE))]), [Ok(Ok(()))]);
		assert_eq!(Balances::free_balance(&who), EXISTENTIAL_DEPOSIT);
	});
}

/// CTR-R15: the runtime API gives the same answers as the pallet.
#[test]
fn runtime_api_answers_about_a_contract() {
	type Api = Runtime;
	chain(DEV).execute_with(|| {
		assert_eq!(run_block(0, vec![sign(Alice, 0, deploy(CODE))]), [Ok(Ok(()))]);
		let (alice, hash) = (Alice.to_account_id(), code_hash(CODE));
		let address = <Api as ContractStoreApiV1<_, AccountId, BlockNumber, Balance>>::address(
			alice.clone(),
			SALT,
			hash,
		);
		assert_eq!(address, self::address(Alice, CODE));
		assert_eq!(Api::code(address), Some(CODE.to_vec()));
		assert_eq!(Api::code_by_hash(hash), Some(CODE.to_vec()));
		// Named in full, because `Core` has a function `metadata` as well.
		let record =
			<Api as ContractStoreApiV1<_, AccountId, BlockNumber, Balance>>::metadata(address)
				.expect("it is deployed");
		assert_eq!((record.deployer.clone(), record.block_number), (alice.clone(), 1));
		assert_eq!(Api::contracts(alice, 0, 100).items, [address]);
		assert_eq!(Api::proof_keys(address)[1], Codes::<Runtime>::hashed_key_for(hash));
	});
}
