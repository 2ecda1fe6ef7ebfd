//! Commands whose options come from the SDK and from us.

use super::*;
use codec::{Decode, Encode};
use gtos_runtime::SessionKeys;
use sp_core::crypto::Ss58Codec;
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::OpaqueKeys;
use std::path::Path;

/// Parses `gtos key ARGUMENTS` with the development chain and the folder of a keystore.
fn key_command(arguments: &[&str], keystore: &Path) -> (Cli, KeyCommand) {
	let keystore = keystore.to_str().expect("the path is text");
	let shared = ["--chain", "dev", "--keystore-path", keystore];
	let arguments = [&["gtos", "key"], arguments, &shared].concat();
	let mut cli = Cli::try_from_iter(arguments).expect("arguments are valid");
	match cli.subcommand.take() {
		Some(Subcommand::Key(command)) => (cli, command),
		other => panic!("{other:?} is not a key command"),
	}
}

#[test]
fn secret_uris_give_the_keys_that_are_inserted_with_the_same_password() {
	let folder = tempfile::tempdir().expect("there is room");
	let keystore = folder.path().join("keystore");
	let file = folder.path().join("password");
	std::fs::write(&file, "secret").expect("there is room");
	let file = file.to_str().expect("the path is text");

	for (scheme, key_type) in [("sr25519", "aura"), ("ed25519", "gran")] {
		let insert = [
			["insert", "--suri", "//Alice"],
			["--scheme", scheme, "--key-type"],
			[key_type, "--password", "secret"],
		];
		let (cli, command) = key_command(&insert.concat(), &keystore);
		let KeyCommand::Stock(command) = command else { panic!("it is the SDK's") };
		command.run(&cli).expect("the key is inserted");
	}
	let prove = |arguments: &[&str]| {
		let owner = Sr25519Keyring::Bob.to_account_id();
		let address = owner.to_ss58check();
		let start = ["prove-ownership", "--owner", &address];
		let (cli, command) = key_command(&[&start, arguments].concat(), &keystore);
		let KeyCommand::ProveOwnership(command) = command else { panic!("it is ours") };
		let proven = command.session_keys(&cli).expect("the keys are there");
		let keys = SessionKeys::decode(&mut &proven.keys[..]).expect("these are session keys");
		let proof = proven.proof.expect("there is a proof");
		assert!(keys.ownership_proof_is_valid(&owner.encode(), &proof));
		keys
	};

	let suris = ["--aura-suri", "//Alice", "--grandpa-suri", "//Alice"];
	let inserted = prove(&["--password", "secret"]);
	assert_eq!(prove(&[&suris[..], &["--password", "secret"]].concat()), inserted);
	assert_eq!(prove(&[&suris[..], &["--password-filename", file]].concat()), inserted);
	assert_ne!(prove(&suris), inserted);
}

#[test]
fn tracing_targets_with_json_are_refused() {
	let arguments = ["gtos", "--log-format", "json", "--tracing-targets", "pool=trace"];
	let cli = Cli::try_from_iter(arguments).expect("arguments are valid");
	let refused = logging::init_json::<Cli>(&cli.run.base.shared_params);
	assert!(matches!(refused, Err(sc_cli::Error::Input(_))), "{refused:?}");
}
