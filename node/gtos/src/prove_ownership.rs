//! `key prove-ownership`: the proof that `session.setKeys` requires, for keys inserted by hand.

use crate::keystore;
use codec::Encode;
use gtos_node_types::user_error;
use sc_cli::{
	utils::{pair_from_suri, read_uri},
	KeystoreParams, SharedParams, SubstrateCli,
};
use sc_keystore::{Keystore, LocalKeystore};
use sc_rpc_api::author::GeneratedSessionKeys;
use sc_service::config::KeystoreConfig;
use sp_core::{
	crypto::{key_types, AccountId32, SecretString, Ss58Codec},
	ed25519,
	proof_of_possession::statement_of_ownership,
	sr25519, Pair,
};
use std::{fmt::Display, path::Path};

/// Options of `key prove-ownership`.
#[derive(Debug, clap::Args)]
pub struct ProveOwnershipCmd {
	/// Account that will call `session.setKeys`: an address, or 0x and 64 hexadecimal digits.
	#[arg(long, value_name = "ACCOUNT")]
	pub owner: AccountId32,

	/// Public Aura key to prove, if the keystore holds several.
	#[arg(long, value_name = "KEY", value_parser = parse_key::<sr25519::Public>)]
	pub aura: Option<sr25519::Public>,

	/// Public GRANDPA key to prove, if the keystore holds several.
	#[arg(long, value_name = "KEY", value_parser = parse_key::<ed25519::Public>)]
	pub grandpa: Option<ed25519::Public>,

	/// Secret URI of the Aura key, or a file that holds it, to use instead of the keystore.
	#[arg(long, value_name = "SURI", requires = "grandpa_suri", conflicts_with = "aura")]
	pub aura_suri: Option<String>,

	/// Secret URI of the GRANDPA key, or a file that holds it, to use instead of the keystore.
	#[arg(long, value_name = "SURI", requires = "aura_suri", conflicts_with = "grandpa")]
	pub grandpa_suri: Option<String>,

	#[command(flatten)]
	pub shared_params: SharedParams,

	#[command(flatten)]
	pub keystore_params: KeystoreParams,
}

impl ProveOwnershipCmd {
	/// Prints keys and proof as `author_rotateKeysWithOwner` returns them.
	pub fn run<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<()> {
		let json = serde_json::to_string_pretty(&self.session_keys(cli)?)
			.map_err(|error| user_error(error.to_string()))?;
		println!("{json}");
		Ok(())
	}

	/// Keys and proof, from the secret URIs if they are given, else from the keystore.
	pub fn session_keys<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<GeneratedSessionKeys> {
		match (&self.aura_suri, &self.grandpa_suri) {
			(Some(aura), Some(grandpa)) => {
				let password = self.password()?;
				let aura: sr25519::Pair = derive("aura", aura, &password)?;
				let grandpa: ed25519::Pair = derive("grandpa", grandpa, &password)?;
				let statement = statement_of_ownership(&self.owner.encode());
				Ok(with_proof(
					&aura.public(),
					&grandpa.public(),
					(aura.sign(&statement), grandpa.sign(&statement)),
				))
			},
			_ => {
				let keystore = self.open_keystore(cli)?;
				let aura =
					select("aura", self.aura, keystore.sr25519_public_keys(key_types::AURA))?;
				let grandpa = select(
					"grandpa",
					self.grandpa,
					keystore.ed25519_public_keys(key_types::GRANDPA),
				)?;
				prove(&keystore, &self.owner, &aura, &grandpa)
			},
		}
	}

	/// The password, from the option that the operator chose.
	fn password(&self) -> sc_cli::Result<Option<SecretString>> {
		// The folder determines only the path, which is not used here.
		match self.keystore_params.keystore_config(Path::new(""))? {
			KeystoreConfig::Path { password, .. } => Ok(password),
			KeystoreConfig::InMemory => Ok(None),
		}
	}

	fn open_keystore<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<LocalKeystore> {
		match keystore::config(cli, &self.shared_params, &self.keystore_params)? {
			KeystoreConfig::Path { path, password } if path.is_dir() => {
				Ok(LocalKeystore::open(path, password)?)
			},
			KeystoreConfig::Path { path, .. } => {
				Err(user_error(format!("there is no keystore at {}", path.display())).into())
			},
			KeystoreConfig::InMemory => Err(user_error("the keystore holds no keys").into()),
		}
	}
}

fn parse_key<P: Ss58Codec>(text: &str) -> Result<P, String> {
	P::from_string(text).map_err(|error| error.to_string())
}

/// The pair that `key insert` stores for a secret URI and a password.
fn derive<P: Pair>(
	name: &str,
	suri: &String,
	password: &Option<SecretString>,
) -> sc_cli::Result<P> {
	let pair = pair_from_suri(&read_uri(Some(suri))?, password.clone())
		.map_err(|error| user_error(format!("--{name}-suri: {error}")))?;
	Ok(pair)
}

/// The key that the operator chose, or the only one in the keystore.
fn select<P: Display>(name: &str, chosen: Option<P>, mut held: Vec<P>) -> sc_cli::Result<P> {
	match (chosen, held.pop()) {
		(Some(chosen), _) => Ok(chosen),
		(None, None) => Err(user_error(format!("the keystore holds no {name} key")).into()),
		(None, Some(only)) if held.is_empty() => Ok(only),
		(None, Some(last)) => {
			held.push(last);
			let keys = held.iter().map(P::to_string).collect::<Vec<_>>().join(", ");
			Err(user_error(format!(
				"the keystore holds several {name} keys: choose one of {keys} with --{name}"
			))
			.into())
		},
	}
}

/// Signs with each session key of the keystore that `owner` owns it.
fn prove(
	keystore: &LocalKeystore,
	owner: &AccountId32,
	aura: &sr25519::Public,
	grandpa: &ed25519::Public,
) -> sc_cli::Result<GeneratedSessionKeys> {
	let statement = statement_of_ownership(&owner.encode());
	let signatures = (
		signature(aura, keystore.sr25519_sign(key_types::AURA, aura, &statement))?,
		signature(grandpa, keystore.ed25519_sign(key_types::GRANDPA, grandpa, &statement))?,
	);
	Ok(with_proof(aura, grandpa, signatures))
}

/// Keys in the order of the runtime's `SessionKeys`, and the proof that it checks: a SCALE tuple of
/// signatures, each over `"POP_"` and the encoded account.
fn with_proof(
	aura: &sr25519::Public,
	grandpa: &ed25519::Public,
	signatures: (sr25519::Signature, ed25519::Signature),
) -> GeneratedSessionKeys {
	GeneratedSessionKeys {
		keys: (aura, grandpa).encode().into(),
		proof: Some(signatures.encode().into()),
	}
}

fn signature<S, E: Display>(
	key: &impl Display,
	signed: Result<Option<S>, E>,
) -> Result<S, sc_service::Error> {
	signed
		.map_err(|error| user_error(format!("the keystore cannot sign with {key}: {error}")))?
		.ok_or_else(|| user_error(format!("the keystore does not hold {key}")))
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Decode;
	use gtos_runtime::SessionKeys;
	use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
	use sp_runtime::traits::OpaqueKeys;

	/// Keys and proof of Alice's session keys for `owner`.
	fn session_keys(owner: &AccountId32) -> GeneratedSessionKeys {
		let keystore = LocalKeystore::in_memory();
		let aura = keystore
			.sr25519_generate_new(key_types::AURA, Some("//Alice"))
			.expect("the seed is valid");
		let grandpa = keystore
			.ed25519_generate_new(key_types::GRANDPA, Some("//Alice"))
			.expect("the seed is valid");
		prove(&keystore, owner, &aura, &grandpa).expect("the keystore holds both keys")
	}

	#[test]
	fn proof_convinces_the_runtime_for_its_owner_only() {
		let owner = Sr25519Keyring::Bob.to_account_id();
		let GeneratedSessionKeys { keys, proof } = session_keys(&owner);
		let keys =
			SessionKeys::decode(&mut &keys[..]).expect("these are the runtime's session keys");
		let proof = proof.expect("there is a proof");
		assert!(keys.ownership_proof_is_valid(&owner.encode(), &proof));
		let other = Sr25519Keyring::Charlie.to_account_id();
		assert!(!keys.ownership_proof_is_valid(&other.encode(), &proof));
	}

	#[test]
	fn json_has_the_fields_of_the_rpc() {
		let owner = Sr25519Keyring::Bob.to_account_id();
		let json = serde_json::to_value(session_keys(&owner)).expect("it serialises");
		let length = |field: &str| json[field].as_str().map(str::len);
		assert_eq!(length("keys"), Some(2 + 2 * 64));
		assert_eq!(length("proof"), Some(2 + 2 * 128));
	}

	#[test]
	fn key_outside_the_keystore_is_refused() {
		let (aura, grandpa) = (Sr25519Keyring::Eve.public(), Ed25519Keyring::Eve.public());
		let owner = Sr25519Keyring::Bob.to_account_id();
		assert!(prove(&LocalKeystore::in_memory(), &owner, &aura, &grandpa).is_err());
	}

	#[test]
	fn several_keys_without_a_choice_are_refused() {
		let (alice, bob) = (Sr25519Keyring::Alice.public(), Sr25519Keyring::Bob.public());
		assert!(select("aura", None, vec![alice, bob]).is_err());
		assert_eq!(select("aura", Some(bob), vec![alice, bob]).ok(), Some(bob));
		assert_eq!(select("aura", None, vec![alice]).ok(), Some(alice));
		assert!(select::<sr25519::Public>("aura", None, Vec::new()).is_err());
	}
}
