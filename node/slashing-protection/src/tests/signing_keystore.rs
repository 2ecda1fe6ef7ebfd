//! Keys with which a keystore cannot sign.

use crate::signing_keystore::{ensure_usable, SigningKeystore};
use sc_keystore::LocalKeystore;
use sp_core::{
	bytes::to_hex,
	crypto::{key_types, KeyTypeId},
	ed25519, sr25519, Pair,
};
use sp_keystore::KeystorePtr;
use std::path::Path;

fn open(folder: &Path, password: Option<&str>) -> KeystorePtr {
	let password = password.map(|password| password.to_string().into());
	SigningKeystore::wrap(LocalKeystore::open(folder, password).unwrap().into())
}

/// The session keys of `//Alice` under a password.
fn keys(password: Option<&str>) -> [(Vec<u8>, KeyTypeId); 2] {
	let aura = sr25519::Pair::from_string("//Alice", password).unwrap().public();
	let grandpa = ed25519::Pair::from_string("//Alice", password).unwrap().public();
	[(aura.0.to_vec(), key_types::AURA), (grandpa.0.to_vec(), key_types::GRANDPA)]
}

#[test]
fn keys_count_only_with_the_password_with_which_they_were_inserted() {
	let folder = tempfile::tempdir().unwrap();
	let keys = keys(Some("right"));
	let keystore = open(folder.path(), Some("right"));
	for (public, key_type) in &keys {
		keystore.insert(*key_type, "//Alice", public).unwrap();
	}
	assert!(keystore.has_keys(&keys));
	ensure_usable(&*keystore).unwrap();

	for password in [None, Some("wrong")] {
		let keystore = open(folder.path(), password);
		for key in &keys {
			assert!(!keystore.has_keys(std::slice::from_ref(key)), "{password:?}");
		}
		let error = ensure_usable(&*keystore).unwrap_err();
		for (kind, (public, _)) in ["Aura", "GRANDPA"].into_iter().zip(&keys) {
			let key = format!("the {kind} key {}", to_hex(public, false));
			assert!(error.contains(&key), "{key}: {error}");
		}
	}
}

#[test]
fn key_that_is_stored_under_another_public_key_does_not_count() {
	let folder = tempfile::tempdir().unwrap();
	let keystore = open(folder.path(), None);
	let [_, (public, key_type)] = keys(None);
	keystore.insert(key_type, "//Bob", &public).unwrap();
	assert!(!keystore.has_keys(&[(public.clone(), key_type)]));
	let error = ensure_usable(&*keystore).unwrap_err();
	assert!(error.contains("GRANDPA") && error.contains(&to_hex(&public, false)), "{error}");
}

#[test]
fn keys_of_other_types_are_left_to_the_keystore() {
	let folder = tempfile::tempdir().unwrap();
	let keystore = open(folder.path(), None);
	let other = KeyTypeId(*b"test");
	keystore.insert(other, "//Bob", &[7; 32]).unwrap();
	assert!(keystore.has_keys(&[(vec![7; 32], other)]));
	ensure_usable(&*keystore).unwrap();
}
