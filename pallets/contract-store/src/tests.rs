//! Tests, one file for each call or subject. Doc comments name the rules that a test checks.

mod contract_deploy;
mod contract_deploy_hash;
mod encoding;
mod immutability;
mod integrity;
mod invariants;
mod payment;
mod properties;
mod queries;

use crate::{code_hash, contract_address, mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{traits::Dispatchable, AccountId32, DispatchResult};
use std::collections::BTreeMap;

/// The shortest Wasm module: magic and version.
const CODE: &[u8] = b"\0asm\x01\0\0\0";
const SALT: H256 = H256::repeat_byte(0xaa);
const OTHER_SALT: H256 = H256::repeat_byte(0xbb);
/// Longest code, in bytes.
const LONGEST: usize = 262_144;

fn deploy(code: &[u8], salt: H256) -> RuntimeCall {
	Call::contract_deploy { code: code.to_vec(), salt }.into()
}

fn deploy_hash(code_hash: H256, salt: H256) -> RuntimeCall {
	Call::contract_deploy_hash { code_hash, salt }.into()
}

/// Dispatches `call` as an extrinsic of `who` does: a failure undoes everything.
fn dispatch(who: AccountId32, call: RuntimeCall) -> DispatchResult {
	call.dispatch(RuntimeOrigin::signed(who)).map(drop).map_err(|failed| failed.error)
}

fn address(who: &AccountId32, code: &[u8], salt: H256) -> H256 {
	contract_address(who, salt, code_hash(code))
}

/// Price by the formula of CTR-R7, with the numbers of the specification.
fn price_with(stored: usize) -> Balance {
	(512 + stored as Balance) * 100_000_000
}

/// Keys and values under the store's prefix.
fn store() -> BTreeMap<Vec<u8>, Vec<u8>> {
	let prefix = sp_io::hashing::twox_128(b"ContractStore");
	let mut items = BTreeMap::new();
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key) {
		if !next.starts_with(&prefix) {
			break;
		}
		let value = sp_io::storage::get(&next).expect("it has a key");
		items.insert(next.clone(), value.to_vec());
		key = next;
	}
	items
}

/// The store's own events of this block, in order.
fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::ContractStore(event) => Some(event),
			_ => None,
		})
		.collect()
}
