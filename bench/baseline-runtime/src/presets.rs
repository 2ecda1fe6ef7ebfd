//! The networks that this runtime can start. They have the validators of the presets of GTOS with the same names.

use crate::{AccountId, Balance};
use alloc::{string::ToString, vec::Vec};
use serde_json::json;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// One validator: Alice.
pub const DEV: &str = "dev";
/// Three validators: Alice, Bob and Charlie.
pub const LOCAL: &str = "local";

/// Balance with which each well-known account starts.
const ENDOWMENT: Balance = 1 << 60;

/// Names of the presets.
pub fn names() -> Vec<PresetId> {
	[DEV, LOCAL].into_iter().map(PresetId::from).collect()
}

/// The preset called `name`, as JSON that amends the default configuration.
pub fn get(name: &PresetId) -> Option<Vec<u8>> {
	let alice = (Sr25519Keyring::Alice, Ed25519Keyring::Alice);
	let bob = (Sr25519Keyring::Bob, Ed25519Keyring::Bob);
	let charlie = (Sr25519Keyring::Charlie, Ed25519Keyring::Charlie);
	match name.as_ref() {
		DEV => Some(genesis(&[alice])),
		LOCAL => Some(genesis(&[alice, bob, charlie])),
		_ => None,
	}
}

fn genesis(validators: &[(Sr25519Keyring, Ed25519Keyring)]) -> Vec<u8> {
	let balances: Vec<(AccountId, Balance)> =
		Sr25519Keyring::well_known().map(|key| (key.to_account_id(), ENDOWMENT)).collect();
	let aura: Vec<AuraId> = validators.iter().map(|(key, _)| key.public().into()).collect();
	let grandpa: Vec<(GrandpaId, u64)> =
		validators.iter().map(|(_, key)| (key.public().into(), 1)).collect();
	let patch = json!({
		"balances": { "balances": balances },
		"aura": { "authorities": aura },
		"grandpa": { "authorities": grandpa },
	});
	patch.to_string().into_bytes()
}
