//! Commands whose options come from the SDK and from us.

use super::*;
use codec::{Decode, Encode};
use gtos_node_slashing_protection::{Record, RecordFile, Seal};
use gtos_runtime::{Hash, SessionKeys};
use sc_network::config::SyncMode;
use sp_core::{crypto::Ss58Codec, H256};
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

/// Runs `gtos slashing-protection COMMAND FILE` for the node with this keystore.
fn slashing_protection(command: &str, file: &Path, keystore: &Path) -> sc_cli::Result<()> {
	let [file, keystore] = [file, keystore].map(|path| path.to_str().expect("the path is text"));
	let arguments = ["gtos", "slashing-protection", command, file];
	let shared = ["--chain", "dev", "--keystore-path", keystore];
	let cli = Cli::try_from_iter([&arguments[..], &shared].concat()).expect("arguments are valid");
	run_subcommand(&cli, cli.subcommand.as_ref().expect("it is a command"))
}

/// A record of the chain with this genesis, with a seal in this slot.
fn sealed(genesis: u8, slot: u64) -> Record {
	let mut record = Record::new(Hash::repeat_byte(genesis));
	let seal = Seal { slot, pre_seal_hash: Hash::repeat_byte(1) };
	record.sign_seal(H256([7; 32]), seal).expect("it is the first");
	record
}

#[test]
fn record_is_exported_and_merged_and_never_into_that_of_another_chain() {
	let folder = tempfile::tempdir().expect("there is room");
	let path = |name: &str| folder.path().join(name);
	let (old, new, other) = (path("old/keystore"), path("new/keystore"), path("other/keystore"));
	for (keystore, record) in [(&old, sealed(0, 5)), (&other, sealed(1, 5))] {
		std::fs::create_dir(keystore.parent().expect("it has one")).expect("there is room");
		RecordFile::beside(keystore).save(&record).expect("there is room");
	}

	let file = path("exported");
	slashing_protection("export", &file, &old).expect("there is a record");
	assert!(slashing_protection("export", &file, &old).is_err(), "nothing is overwritten");
	slashing_protection("import", &file, &new).expect("there is none to contradict it");
	assert_eq!(RecordFile::beside(&new).load().expect("it is valid"), Some(sealed(0, 5)));

	// What was signed since is kept.
	RecordFile::beside(&new).save(&sealed(0, 6)).expect("there is room");
	slashing_protection("import", &file, &new).expect("it can be repeated");
	assert_eq!(RecordFile::beside(&new).load().expect("it is valid"), Some(sealed(0, 6)));

	assert!(slashing_protection("import", &file, &other).is_err());
	assert_eq!(RecordFile::beside(&other).load().expect("it is valid"), Some(sealed(1, 5)));
	assert!(slashing_protection("export", &path("more"), &path("nowhere/keystore")).is_err());
	assert!(slashing_protection("import", &path("more"), &new).is_err());
}

#[test]
fn damaged_record_is_kept_aside_when_another_one_is_imported() {
	let folder = tempfile::tempdir().expect("there is room");
	let (keystore, exported) = (folder.path().join("keystore"), folder.path().join("exported"));
	let own = RecordFile::beside(&keystore);
	RecordFile::at(exported.clone()).save(&sealed(0, 5)).expect("there is room");
	std::fs::write(own.path(), "{").expect("there is room");
	slashing_protection("import", &exported, &keystore).expect("the damaged one gives way");
	assert_eq!(own.load().expect("it is valid"), Some(sealed(0, 5)));
	let aside = folder.path().join("slashing-protection.json.damaged");
	assert_eq!(std::fs::read_to_string(aside).expect("it was renamed"), "{");

	// A record that a later version of the node has written is not damaged.
	let later = r#"{"version":9}"#;
	std::fs::write(own.path(), later).expect("there is room");
	let refused = slashing_protection("import", &exported, &keystore);
	let refusal = refused.expect_err("it may hold more").to_string();
	assert!(refusal.contains("has version 9"), "{refusal}");
	assert_eq!(std::fs::read_to_string(own.path()).expect("it is there"), later);
}

/// The endpoints of a node with these arguments, as they are completed.
fn endpoints(arguments: &[&str]) -> Vec<RpcEndpoint> {
	let cli = Cli::try_from_iter([&["gtos"], arguments].concat()).expect("arguments are valid");
	let endpoints =
		cli.run.base.rpc_addr(9944).expect("they are consistent").expect("there are some");
	let mut endpoints: Vec<RpcEndpoint> = endpoints.into_iter().map(Into::into).collect();
	endpoints.iter_mut().for_each(answer_any_host);
	endpoints
}

#[test]
fn external_endpoint_with_safe_methods_answers_any_host() {
	for arguments in [&["--rpc-external"][..], &["--rpc-external", "--rpc-methods", "safe"]] {
		assert!(endpoints(arguments).iter().all(|it| it.cors.is_none()), "{arguments:?}");
	}
	let local: &[&str] = &[];
	for arguments in [local, &["--unsafe-rpc-external", "--rpc-methods", "unsafe"]] {
		assert!(endpoints(arguments).iter().all(|it| it.cors.is_some()), "{arguments:?}");
	}
}

#[test]
fn warp_sync_with_reserved_peers_only_needs_no_more_than_there_are() {
	let peer = "/ip4/192.0.2.1/tcp/30333/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
	let required = |sync_mode, is_reserved_only, reserved: usize| {
		let mut network = NetworkConfiguration::new_memory();
		network.sync_mode = sync_mode;
		if is_reserved_only {
			network.default_peers_set.non_reserved_mode = NonReservedPeerMode::Deny;
		}
		network.default_peers_set.reserved_nodes =
			vec![peer.parse().expect("it is an address"); reserved];
		warp_with_reserved_peers(&mut network).map(|()| network.min_peers_to_start_warp_sync)
	};
	assert_eq!(required(SyncMode::Warp, true, 2), Ok(Some(2)));
	assert_eq!(required(SyncMode::Warp, true, 5), Ok(Some(3)));
	assert_eq!(required(SyncMode::Warp, false, 2), Ok(None));
	assert_eq!(required(SyncMode::Full, true, 0), Ok(None));
	let refusal = required(SyncMode::Warp, true, 0).expect_err("there is no peer");
	assert!(refusal.contains("--reserved-nodes"), "{refusal}");
}
