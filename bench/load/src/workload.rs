//! The calls that are measured.

use crate::{accounts::AccountId, error::Result, metadata::Metadata};
use codec::{Compact, Decode, Encode};
use serde::Serialize;
use sp_crypto_hashing::blake2_256;

/// What transactions do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Workload {
	/// Move the existential deposit to another account.
	Transfer,
	/// Put an expiring entry under a new key.
	Put,
	/// Deploy new contract code.
	Deploy,
}

/// Makes the calls of a workload.
pub struct Calls {
	workload: Workload,
	/// Pallet and call.
	index: [u8; 2],
	amount: u128,
	value_bytes: usize,
	ttl_blocks: u32,
}

impl Calls {
	/// Fails if the chain does not have the calls.
	pub fn new(
		metadata: &Metadata,
		workload: Workload,
		value_bytes: usize,
		ttl_blocks: u32,
	) -> Result<Self> {
		let (pallet, call, arguments): (_, _, &[&str]) = match workload {
			Workload::Transfer => ("Balances", "transfer_keep_alive", &["dest", "value"]),
			Workload::Put => ("TtlKv", "kv_put_ttl", &["key", "value", "ttl"]),
			Workload::Deploy => ("ContractStore", "contract_deploy", &["code", "salt"]),
		};
		let index = metadata.call(pallet, call, arguments)?;
		let amount = u128::decode(&mut metadata.constant("Balances", "ExistentialDeposit")?)?;
		Ok(Self { workload, index, amount, value_bytes, ttl_blocks })
	}

	/// Encoded call number `number` of those that belong to `salt`. A transfer goes to `recipient`.
	pub fn call(&self, salt: u64, number: u64, recipient: &AccountId) -> Vec<u8> {
		let mut call = self.index.to_vec();
		let name = blake2_256(&(salt, number).encode());
		match self.workload {
			Workload::Transfer => call.extend(transfer(recipient, self.amount)),
			Workload::Put => {
				(&name[..], bytes(&name, self.value_bytes), self.ttl_blocks).encode_to(&mut call)
			},
			Workload::Deploy => (bytes(&name, self.value_bytes), name).encode_to(&mut call),
		}
		call
	}

	/// Encoded call that moves `amount` to `recipient`.
	pub fn funding(metadata: &Metadata, recipient: &AccountId, amount: u128) -> Result<Vec<u8>> {
		let index = metadata.call("Balances", "transfer_keep_alive", &["dest", "value"])?;
		Ok([&index[..], &transfer(recipient, amount)].concat())
	}
}

/// The arguments of a transfer: variant `Id` of an address, and the amount.
fn transfer(recipient: &AccountId, amount: u128) -> Vec<u8> {
	(0_u8, recipient, Compact(amount)).encode()
}

/// As many bytes that look random and differ for each name.
fn bytes(name: &[u8; 32], count: usize) -> Vec<u8> {
	let mut block = *name;
	let mut bytes = Vec::with_capacity(count.next_multiple_of(32));
	while bytes.len() < count {
		block = blake2_256(&block);
		bytes.extend(block);
	}
	bytes.truncate(count);
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;

	fn calls(workload: Workload, value_bytes: usize) -> Calls {
		Calls { workload, index: [81, 0], amount: 1, value_bytes, ttl_blocks: 100 }
	}

	#[test]
	fn value_has_the_length_that_is_asked_for() {
		for length in [0, 1, 32, 33, 16_384] {
			let call = calls(Workload::Put, length).call(1, 1, &[0; 32]);
			let (key, value, ttl) =
				<(Vec<u8>, Vec<u8>, u32)>::decode(&mut &call[2..]).expect("these are arguments");
			assert_eq!((key.len(), value.len(), ttl), (32, length, 100));
		}
	}

	#[test]
	fn deployments_differ_so_that_each_stores_its_code() {
		let calls = calls(Workload::Deploy, 1_024);
		let code = |number| calls.call(1, number, &[0; 32])[2..1_026].to_vec();
		assert_ne!(code(1), code(2));
	}

	#[test]
	fn transfer_names_recipient_and_amount() {
		let call = calls(Workload::Transfer, 0).call(1, 1, &[9; 32]);
		assert_eq!(call, [&[81, 0, 0][..], &[9; 32], &[4]].concat());
	}
}
