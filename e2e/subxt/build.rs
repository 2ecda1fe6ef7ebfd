//! Copies the metadata that `GTOS_METADATA` names to where the `subxt` macro reads it.

use std::{env, fs, path::Path};

fn main() {
	println!("cargo::rerun-if-env-changed=GTOS_METADATA");
	let metadata = env::var("GTOS_METADATA").expect("GTOS_METADATA names a file with metadata");
	println!("cargo::rerun-if-changed={metadata}");
	let out_dir = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
	fs::copy(&metadata, Path::new(&out_dir).join("metadata.scale")).expect("the file can be read");
}
