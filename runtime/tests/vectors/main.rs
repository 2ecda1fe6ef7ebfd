//! Runs every vector of `vectors/` against the real runtime, and checks that none is left out.
//!
//! The `kind` of a file names the type of its cases, which [`kinds::run`] runs.

mod authorship;
mod chain;
mod economics;
mod elections;
mod encoding;
mod fee_pot;
mod finality;
mod governance;
mod hashing;
mod kinds;
mod liveness;
mod metadata;
mod offences;
mod pages;
mod rpc;
mod scenario;
mod sessions;
mod slashes;
mod state;
mod transactions;
mod upgrades;
mod validity;
mod vector_file;

use std::{
	collections::{BTreeMap, BTreeSet},
	thread,
};
use vector_file::{vectors_folder, VectorFile};

/// Folders of vectors, each with its test below.
const FOLDERS: [&str; 10] = [
	"conformance/consensus",
	"conformance/contract-store",
	"conformance/economics",
	"conformance/hashing-and-signing",
	"conformance/rpc",
	"conformance/state",
	"conformance/transactions",
	"conformance/ttl-kv",
	"conformance/upgrades",
	"encoding",
];

/// Calls that are nested as deep as an extrinsic may need more stack than a test's thread has.
const STACK_BYTES: usize = 256 * 1024 * 1024;

fn run_folder(folder: &'static str) {
	assert!(FOLDERS.contains(&folder), "{folder} is missing from FOLDERS");
	let run = move || {
		let files = VectorFile::read_folder(folder);
		assert!(!files.is_empty(), "{folder} is empty");
		let failures: Vec<String> = files.iter().flat_map(kinds::run).collect();
		assert!(failures.is_empty(), "{} vectors fail:\n{}", failures.len(), failures.join("\n"));
	};
	let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(run).expect("threads start");
	if let Err(panic) = thread.join() {
		std::panic::resume_unwind(panic);
	}
}

#[test]
fn consensus() {
	run_folder("conformance/consensus");
}

#[test]
fn contract_store() {
	run_folder("conformance/contract-store");
}

#[test]
fn economics() {
	run_folder("conformance/economics");
}

#[test]
fn encoding() {
	run_folder("encoding");
}

#[test]
fn hashing_and_signing() {
	run_folder("conformance/hashing-and-signing");
}

#[test]
fn rpc() {
	run_folder("conformance/rpc");
}

#[test]
fn state() {
	run_folder("conformance/state");
}

#[test]
fn transactions() {
	run_folder("conformance/transactions");
}

#[test]
fn ttl_kv() {
	run_folder("conformance/ttl-kv");
}

#[test]
fn upgrades() {
	run_folder("conformance/upgrades");
}

#[test]
fn folders_all_have_a_test() {
	let found: BTreeSet<String> = VectorFile::read_all().map(|file| file.folder()).collect();
	assert_eq!(found, FOLDERS.iter().map(ToString::to_string).collect());
}

#[test]
fn kinds_all_have_a_schema_and_a_file() {
	let schemas: BTreeSet<String> = std::fs::read_dir(vectors_folder().join("schema"))
		.expect("vectors/schema is there")
		.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
		.filter(|name| name != "common.schema.json")
		.map(|name| name.strip_suffix(".schema.json").expect("all are schemas").to_owned())
		.collect();
	let kinds: BTreeSet<String> = kinds::KINDS.iter().map(ToString::to_string).collect();
	let used: BTreeSet<String> = VectorFile::read_all().map(|file| file.kind).collect();
	assert_eq!(schemas, kinds);
	assert_eq!(used, kinds);
}

#[test]
fn rules_and_vectors_name_each_other() {
	let stated = pages::rules();
	let mut carried: BTreeMap<String, String> = BTreeMap::new();
	for file in VectorFile::read_all() {
		for rule in file.carried_rules() {
			carried.insert(rule, file.path.clone());
		}
	}
	let mut faults: Vec<String> = Vec::new();
	for (rule, page) in &stated {
		if !carried.contains_key(rule) {
			faults.push(format!("specs/{page}.md: no vector carries {rule}"));
		}
	}
	for (rule, path) in &carried {
		if !stated.contains_key(rule) {
			faults.push(format!("vectors/{path}: no page states {rule}"));
		}
	}
	assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// JSON-RPC vectors need a node, so the node's own tests have to read them.
#[test]
fn rpc_vectors_are_read_by_the_node() {
	assert!(rpc::node_reads_vectors(), "no file under node/ reads vectors/conformance/rpc");
}
