//! Development keys, whose secrets are public: those derived from the development phrase.

use sp_core::{
	crypto::DEV_PHRASE,
	ecdsa, ed25519, sr25519,
	storage::{well_known_keys, Storage},
	Pair,
};
use sp_runtime::{traits::IdentifyAccount, MultiSigner};
use std::{collections::HashMap, iter};

/// Names from which documentation, tools and options such as `--alice` derive development keys.
const NAMES: [&str; 8] = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie", "One", "Two"];

/// Finds a public development key anywhere in `storage`: account, authority, session key, staker.
///
/// Returns its derivation and scheme.
pub fn find(storage: &Storage) -> Option<String> {
	let known = well_known();
	let children = storage.children_default.values().flat_map(|child| &child.data);
	storage
		.top
		.iter()
		// The runtime's Wasm contains development keys in its presets.
		.filter(|(key, _)| key.as_slice() != well_known_keys::CODE)
		.chain(children)
		.flat_map(|(key, value)| [key, value])
		.flat_map(|bytes| bytes.windows(32))
		.find_map(|window| known.get(window).cloned())
}

/// Account ids of the development keys, each with its derivation and scheme.
///
/// An sr25519 or ed25519 key is its own account id, so that session keys are found too.
fn well_known() -> HashMap<[u8; 32], String> {
	// The last path is the one that `devAccounts` of the balances pallet endows.
	let paths = iter::once(String::new())
		.chain(NAMES.iter().flat_map(|name| [format!("//{name}"), format!("//{name}//stash")]))
		.chain(iter::once("//Sender//0".into()));
	paths
		.flat_map(|path| {
			let label =
				|scheme| format!("{}{path} ({scheme})", if path.is_empty() { "root" } else { "" });
			[
				(account::<sr25519::Pair>(&path), label("sr25519")),
				(account::<ed25519::Pair>(&path), label("ed25519")),
				(account::<ecdsa::Pair>(&path), label("ecdsa")),
			]
		})
		.collect()
}

fn account<P: Pair>(path: &str) -> [u8; 32]
where
	P::Public: Into<MultiSigner>,
{
	let pair = P::from_string(&format!("{DEV_PHRASE}{path}"), None)
		.expect("the development phrase and hard derivations are valid; qed");
	let signer: MultiSigner = pair.public().into();
	signer.into_account().into()
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

	fn storage(key: &[u8], value: &[u8]) -> Storage {
		let mut storage = Storage::default();
		storage.top.insert(key.to_vec(), value.to_vec());
		storage
	}

	#[test]
	fn key_in_a_storage_key_is_found() {
		let key = [[7; 48].as_slice(), Sr25519Keyring::Alice.to_raw_public().as_slice()].concat();
		assert_eq!(find(&storage(&key, b"")), Some("//Alice (sr25519)".into()));
	}

	#[test]
	fn key_in_a_storage_value_is_found() {
		let value =
			[&b"prefix"[..], Ed25519Keyring::Ferdie.to_raw_public().as_slice(), b"rest"].concat();
		assert_eq!(find(&storage(b"key", &value)), Some("//Ferdie (ed25519)".into()));
	}

	#[test]
	fn stash_and_ecdsa_accounts_are_found() {
		let stash = Sr25519Keyring::BobStash.to_raw_public();
		assert_eq!(find(&storage(b"key", &stash)), Some("//Bob//stash (sr25519)".into()));
		let ecdsa = account::<ecdsa::Pair>("//Charlie");
		assert_eq!(find(&storage(b"key", &ecdsa)), Some("//Charlie (ecdsa)".into()));
	}

	#[test]
	fn other_keys_and_the_runtime_code_are_not_found() {
		assert_eq!(find(&storage(&[1; 80], &[2; 80])), None);
		let alice = Sr25519Keyring::Alice.to_raw_public();
		assert_eq!(find(&storage(well_known_keys::CODE, &alice)), None);
	}
}
